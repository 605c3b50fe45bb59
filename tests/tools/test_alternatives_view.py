from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.tools.models import Tool
from tests.factories.tools import AlternativeFactory, ToolFactory

pytestmark = pytest.mark.django_db


def test_page_lists_alternatives_by_rank_with_their_facts(client: Client) -> None:
    flask = ToolFactory(name="Flask")
    second = ToolFactory(name="Bottle")
    first = ToolFactory(name="Sanic", stars=18_000, language="Python", license="MIT")
    AlternativeFactory(tool=flask, other=second, rank=2)
    AlternativeFactory(tool=flask, other=first, rank=1)

    response = client.get("/tools/flask/alternatives/")

    assert [row.other for row in response.context["alternatives"]] == [first, second]
    assert "18K stars" in response.text
    assert first.tagline in response.text


def test_page_leads_to_the_comparison_with_each(client: Client) -> None:
    AlternativeFactory(tool=ToolFactory(name="Flask"), other=ToolFactory(name="Bottle"))

    assert 'href="/stackups/bottle-vs-flask/"' in client.get("/tools/flask/alternatives/").text


def test_page_leaves_out_what_is_not_listed(client: Client) -> None:
    AlternativeFactory(tool=ToolFactory(name="Flask"), other=ToolFactory(is_listed=False))

    response = client.get("/tools/flask/alternatives/")

    assert "We know of nothing that is much like Flask." in response.text
    assert "noindex" in response.text


def test_page_with_alternatives_is_for_search_engines(client: Client) -> None:
    AlternativeFactory(tool=ToolFactory(name="Flask"))

    assert "noindex" not in client.get("/tools/flask/alternatives/").text


def test_page_keeps_to_eight_queries_on_many_rows(
    client: Client, make_rich_tool: Callable[..., Tool], count_queries: Callable[..., Any]
) -> None:
    make_rich_tool("Flask", rows=30)

    with count_queries(at_most=8):
        response = client.get("/tools/flask/alternatives/")

    assert len(response.context["alternatives"]) == 30
