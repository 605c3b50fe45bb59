from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from apps.tools.models import Category, Tool
from tests.factories.tools import (
    CategoryFactory,
    FunctionFactory,
    LayerFactory,
    ToolFactory,
    ToolRepositoryFactory,
)

pytestmark = pytest.mark.django_db


def test_listed_leaves_out_what_is_not() -> None:
    listed = ToolFactory()
    ToolFactory(is_listed=False)

    assert list(Tool.objects.listed()) == [listed]


def test_unlisted_tool_is_visible_to_moderators_only(alice: Any, maud: Any) -> None:
    ToolFactory(is_listed=False)

    assert not Tool.objects.visible_to(AnonymousUser()).exists()
    assert not Tool.objects.visible_to(alice).exists()
    assert Tool.objects.visible_to(maud).exists()


@pytest.mark.parametrize("level", ["layer", "category", "function"])
def test_in_category_holds_the_tools_of_the_node_and_below(level: str) -> None:
    inside = ToolFactory()
    other_layer = LayerFactory(slug="devops")
    ToolFactory(
        function=FunctionFactory(slug="builds", parent=CategoryFactory(slug="ci", parent=other_layer))
    )
    node = next(node for node in inside.function.trail if node.level == level)

    assert list(Tool.objects.in_category(node)) == [inside]


def test_with_function_selects_the_whole_trail(count_queries: Callable[..., Any]) -> None:
    ToolFactory()
    tool = Tool.objects.with_function().get()

    with count_queries(at_most=0):
        address = tool.function.get_absolute_url()

    assert address.endswith("/microframeworks/")


def test_with_trail_selects_the_parents(count_queries: Callable[..., Any]) -> None:
    FunctionFactory()
    function = Category.objects.with_trail().get(level="function")

    with count_queries(at_most=0):
        trail = function.trail

    assert len(trail) == 3


def test_stars_are_those_of_the_primary_repository() -> None:
    tool = ToolFactory(stars=72_014)
    ToolRepositoryFactory(
        tool=tool,
        repository__stars=5,
        repository__figures_on="2026-08-01",
        repository__figures_source="dataset",
    )

    [row] = Tool.objects.with_stars()

    assert (row.stars, row.forks, row.figures_on) == (72_014, 14_402, date(2026, 8, 1))


def test_stars_are_unknown_without_a_primary_repository() -> None:
    tool = ToolFactory()
    ToolRepositoryFactory(tool=tool)

    [row] = Tool.objects.with_stars()

    assert (row.stars, row.forks, row.figures_on) == (None, None, None)


def test_most_starred_comes_first_and_unknown_not_at_all() -> None:
    few, many = ToolFactory(stars=1), ToolFactory(stars=2)
    ToolFactory()

    assert list(Tool.objects.most_starred()) == [many, few]


def grew(name: str, *, trend: float | None, added: int | None = 10, **others: Any) -> Tool:
    tool: Tool = ToolFactory(
        name=name,
        stars=100,
        stars__grew_90=added,
        stars__trend_90=trend,
        stars__growth_on=date(2026, 8, 1),
        **others,
    )
    return tool


def test_trending_are_those_that_grew_most_for_their_size() -> None:
    slow, quick, equal = grew("Slow", trend=0.1), grew("Quick", trend=0.2), grew("Equal", trend=0.1)
    grew("Still", trend=0.0, added=0)
    grew("Shrinking", trend=-0.1, added=-10)
    grew("Of another time", trend=None)
    grew("Hidden", trend=0.3, is_listed=False)
    ToolFactory(name="Unknown")

    assert list(Tool.objects.trending(days=90)) == [quick, slow, equal]
    assert list(Tool.objects.trending(days=7)) == []


def test_trending_comes_with_its_numbers() -> None:
    ToolFactory(
        stars=72_014, stars__grew_7=120, stars__trend_7=0.5, stars__grew_90=3, stars__growth_on="2026-07-30"
    )

    [row] = Tool.objects.trending(days=7)

    assert (row.stars, row.grown, row.trend) == (72_014, 120, 0.5)
    assert (row.figures_on, row.growth_on) == (date(2026, 8, 1), date(2026, 7, 30))


def test_growth_is_unknown_where_it_is_of_another_time() -> None:
    grew("Old", trend=None, added=10)
    grew("New", trend=-0.1, added=-10)
    ToolFactory(name="Without")

    rows = Tool.objects.with_growth(90).order_by("id")

    assert [row.grown for row in rows] == [None, -10, None]
