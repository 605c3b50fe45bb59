from collections.abc import Callable
from typing import Any

import pytest
from django.template import Context, Template

from apps.comparisons.templatetags.comparisons import POPULAR, comparisons_of
from tests.factories.comparisons import make_comparison
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db


def test_versus_url_is_the_one_address_of_a_comparison() -> None:
    flask, actix = ToolFactory(name="Flask"), ToolFactory(name="Actix")

    html = Template("{% load comparisons %}{% versus_url flask actix %}").render(
        Context({"flask": flask, "actix": actix})
    )

    assert html == "/stackups/actix-vs-flask/"


def test_comparisons_of_a_tool_are_few_and_cost_two_queries(count_queries: Callable[..., Any]) -> None:
    flask = ToolFactory(name="Flask")
    for _ in range(POPULAR + 2):
        make_comparison(flask, ToolFactory())

    with count_queries(at_most=2):
        found = comparisons_of(flask)

    assert len(found) == POPULAR
    assert all(flask in row.tools for row in found)
