from collections.abc import Callable
from typing import Any

import pytest

from apps.tools.models import Alternative, Integration, Tool
from apps.tools.services.alternatives import replace_alternatives
from tests.factories.tools import (
    AlternativeFactory,
    CategoryFactory,
    FunctionFactory,
    IntegrationFactory,
    PackageFactory,
    ToolFactory,
)

pytestmark = pytest.mark.django_db


ROW = ("pk", "tool", "other", "rank", "likeness")


def ranked(tool: Tool) -> list[Tool]:
    return [row.other for row in Alternative.objects.filter(tool=tool).order_by("rank")]


def test_alternatives_are_ranked_by_likeness_for_both_sides() -> None:
    flask = ToolFactory(language="Python")
    near = ToolFactory(language="Python")
    far = ToolFactory(language="Ruby")

    count = replace_alternatives(compared=[])

    assert count == 6
    assert ranked(flask) == [near, far]
    assert ranked(near) == [flask, far]
    assert Alternative.objects.get(tool=flask, other=near).likeness == pytest.approx(0.55)


def test_tools_of_another_category_are_no_alternatives() -> None:
    ToolFactory()
    ToolFactory(function=FunctionFactory(slug="databases", parent=CategoryFactory(slug="data-stores")))

    assert replace_alternatives(compared=[]) == 0


def test_tools_of_another_category_are_alternatives_when_much_is_shared_and_people_compare_them() -> None:
    flask = ToolFactory(language="Python")
    other = ToolFactory(
        language="Python",
        function=FunctionFactory(slug="queues", parent=CategoryFactory(slug="data-stores")),
    )
    pair = (flask.pk, other.pk)

    replace_alternatives(compared=[pair, pair])

    assert ranked(flask) == [other]
    assert ranked(other) == [flask]


def test_shared_packages_and_integrations_count() -> None:
    flask, near, far, python = ToolFactory.create_batch(4)
    for tool, type_ in ((flask, "pypi"), (near, "pypi"), (far, "gem")):
        PackageFactory(tool=tool, type=type_)
    for tool in (flask, near):
        IntegrationFactory(tool=tool, other=python, kind=Integration.Kind.CONNECTS_TO)

    replace_alternatives(compared=[])

    assert ranked(flask)[0] == near
    assert Alternative.objects.get(tool=flask, other=near).likeness == pytest.approx(0.65)


@pytest.mark.parametrize(
    "kind", [Integration.Kind.EXTENDS, Integration.Kind.RUNS_ON, Integration.Kind.BUILT_WITH]
)
def test_companion_is_no_alternative(kind: Integration.Kind) -> None:
    IntegrationFactory(kind=kind)

    assert replace_alternatives(compared=[]) == 0


@pytest.mark.parametrize("kind", [Integration.Kind.CONNECTS_TO, Integration.Kind.MONITORS])
def test_tool_that_only_talks_to_another_is_an_alternative(kind: Integration.Kind) -> None:
    IntegrationFactory(kind=kind)

    assert replace_alternatives(compared=[]) == 2


def test_stars_break_ties() -> None:
    flask = ToolFactory()
    few, many = ToolFactory(stars=5), ToolFactory(stars=50)

    replace_alternatives(compared=[])

    assert ranked(flask) == [many, few]


def test_unlisted_tool_has_no_alternatives_and_is_none() -> None:
    shown, hidden = ToolFactory(), ToolFactory(is_listed=False)

    count = replace_alternatives(compared=[(shown.pk, hidden.pk)])

    assert count == 0


def test_former_alternatives_are_replaced() -> None:
    stale = AlternativeFactory(other=ToolFactory(is_listed=False))

    replace_alternatives(compared=[])

    assert not Alternative.objects.filter(pk=stale.pk).exists()


def test_ranking_keeps_its_rows_when_repeated() -> None:
    ToolFactory.create_batch(5, language="Python")
    replace_alternatives(compared=[])
    before = list(Alternative.objects.order_by("pk").values_list(*ROW))

    count = replace_alternatives(compared=[])

    assert count == len(before) == 20
    assert list(Alternative.objects.order_by("pk").values_list(*ROW)) == before


def test_ranking_writes_anew_what_changed() -> None:
    far, *near = ToolFactory.create_batch(3, language="Python")
    replace_alternatives(compared=[])
    Tool.objects.filter(pk=far.pk).update(language="Ruby")

    replace_alternatives(compared=[])

    assert [ranked(tool) for tool in near] == [[near[1], far], [near[0], far]]
    assert set(Alternative.objects.filter(tool=far).values_list("likeness", flat=True)) == {0.4}


def test_ranking_costs_the_same_for_many_tools(count_queries: Callable[..., Any]) -> None:
    ToolFactory.create_batch(40, stars=1)

    with count_queries(at_most=10):
        count = replace_alternatives(compared=[])

    assert count == 40 * 16
