from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from apps.comparisons.models import Comparison, DifferenceText
from apps.comparisons.selectors import ALTERNATIVES, RELATED, stackup, stackups_about
from apps.tools.models import Tool
from tests.factories.comparisons import make_comparison
from tests.factories.tools import AlternativeFactory, StarReadingFactory, ToolFactory

pytestmark = pytest.mark.django_db


def tools(*names: str) -> list[Tool]:
    return [ToolFactory(name=name) for name in names]


def alike(tool: Tool, *others: tuple[Tool, float]) -> None:
    for rank, (other, likeness) in enumerate(others, start=1):
        AlternativeFactory(tool=tool, other=other, rank=rank, likeness=likeness)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_stackup_costs_ten_queries(
    rich_tools: Callable[[int], list[Tool]], count_queries: Callable[..., Any], count: int
) -> None:
    rich = list(Tool.objects.filter(pk__in=[tool.pk for tool in rich_tools(count)]).with_function())

    with count_queries(at_most=10) as queries:
        page = stackup(rich)

    assert len(queries) == 10
    assert [side.key for side in page.sides] == list("abcd"[:count])


def test_stackup_of_tools_of_which_nothing_is_known() -> None:
    page = stackup(tools("Actix", "Flask"))

    assert (page.slug, page.title) == ("actix-vs-flask", "Actix vs Flask")
    assert (page.chart, page.whole, list(page.written)) == (None, None, [])
    assert (list(page.alternatives), list(page.related)) == ([], [])
    assert page.counts == {"differences": 0, "pros": 0, "cons": 0}


def test_measures_are_unknown_without_a_repository() -> None:
    actix, flask = ToolFactory(name="Actix", stars=9_100), ToolFactory(name="Flask", stack_count=3)

    measures = {measure.label: measure for measure in stackup([actix, flask]).measures}

    assert measures["GitHub stars"].pairs == [(9_100, date(2026, 8, 1)), (None, None)]
    assert measures["Forks"].values == [1_820, None]
    assert measures["Stacks"].pairs == [(0, None), (3, None)]
    assert [measures[label].peak for label in ("GitHub stars", "Stacks", "Votes")] == [9_100, 3, 0]


def test_chart_has_the_readings_of_every_tool_by_its_side() -> None:
    actix, flask = ToolFactory(name="Actix", stars=10), ToolFactory(name="Flask")
    for month in (1, 2):
        StarReadingFactory(
            repository=actix.repository_links.get().repository, date=date(2026, month, 1), stars=0
        )

    chart = stackup([actix, flask]).chart

    assert chart
    assert [(line.key, line.name) for line in chart.lines] == [("a", "Actix")]


def test_written_comparison_is_numbered_and_has_a_text_for_each_side() -> None:
    actix, flask = tools("Actix", "Flask")
    comparison = make_comparison(actix, flask, differences=3)

    page = stackup([actix, flask])

    assert page.whole
    assert (page.whole.comparison, page.whole.title) == (comparison, "Actix vs Flask")
    assert [row.topic for row in page.whole.differences] == ["Topic 1", "Topic 2", "Topic 3"]
    assert [(side.key, text) for side, text in page.whole.differences[0].texts] == [
        ("a", "Actix says 1."),
        ("b", "Flask says 1."),
    ]
    assert [side.pick_when for side in page.sides] == [["you know it already"]] * 2


def test_written_comparisons_of_some_of_the_tools_follow_that_of_all() -> None:
    a, b, c = tools("A", "B", "C")
    make_comparison(a, b, differences=1)
    make_comparison(b, c, differences=1)
    make_comparison(a, c)
    make_comparison(a, ToolFactory(name="D"), differences=1)
    make_comparison(a, b, c, differences=2)

    page = stackup([a, b, c])

    assert [(written.title, written.is_whole) for written in page.written] == [
        ("A vs B vs C", True),
        ("A vs B", False),
        ("B vs C", False),
    ]
    assert page.counts["differences"] == 4
    assert [side.key for side, _ in page.written[2].differences[0].texts] == ["b", "c"]


def test_pick_when_is_not_taken_from_a_comparison_of_fewer_tools() -> None:
    a, b, c = tools("A", "B", "C")
    make_comparison(a, b, differences=1)

    page = stackup([a, b, c])

    assert page.whole is None
    assert [list(side.pick_when) for side in page.sides] == [[], [], []]


def test_text_about_a_tool_that_is_not_compared_is_left_out() -> None:
    actix, flask = tools("Actix", "Flask")
    difference = make_comparison(actix, flask, differences=1).differences.get()
    DifferenceText.objects.create(
        difference=difference, tool=ToolFactory(name="Rails"), text="Off the subject."
    )

    page = stackup([actix, flask])

    assert page.whole
    assert [side.tool.name for side, _ in page.whole.differences[0].texts] == ["Actix", "Flask"]


def test_comparison_whose_sides_are_others_than_its_slug_says_has_no_text_of_all() -> None:
    actix, flask, rails = tools("Actix", "Flask", "Rails")
    comparison = make_comparison(actix, rails, differences=1)
    Comparison.objects.filter(pk=comparison.pk).update(slug="actix-vs-flask")

    page = stackup([actix, flask])

    assert page.whole is None


def test_alternatives_are_those_most_like_all_the_tools_together() -> None:
    actix, flask, like_one, like_both, least = tools("Actix", "Flask", "One", "Both", "Least")
    alike(actix, (like_one, 0.7), (like_both, 0.4), (flask, 0.9))
    alike(flask, (like_both, 0.4), (least, 0.3), (actix, 0.9))

    page = stackup([actix, flask])

    assert [row.tool.name for row in page.alternatives] == ["Both", "One", "Least"]
    assert [(side.name, slug) for side, slug in page.alternatives[0].versus] == [
        ("Actix", "actix-vs-both"),
        ("Flask", "both-vs-flask"),
    ]


def test_alternatives_that_are_equally_alike_stand_by_slug() -> None:
    actix, flask, z, y = tools("Actix", "Flask", "Z", "Y")
    alike(actix, (z, 0.5), (y, 0.5))

    assert [row.tool.name for row in stackup([actix, flask]).alternatives] == ["Y", "Z"]


def test_alternatives_leave_out_tools_that_are_not_listed() -> None:
    actix, flask = tools("Actix", "Flask")
    alike(actix, (ToolFactory(is_listed=False), 0.9))

    assert list(stackup([actix, flask]).alternatives) == []


def test_alternatives_are_ten_at_most() -> None:
    actix, flask = tools("Actix", "Flask")
    alike(actix, *((ToolFactory(), 0.9 - at / 100) for at in range(ALTERNATIVES + 3)))

    assert len(stackup([actix, flask]).alternatives) == ALTERNATIVES


def test_related_comparisons_share_a_tool_and_are_filled_up_with_alternatives() -> None:
    actix, flask, rails, axum = tools("Actix", "Flask", "Rails", "Axum")
    make_comparison(actix, flask, differences=1)
    make_comparison(flask, rails)
    make_comparison(actix, flask, rails)
    alike(actix, (axum, 0.9))

    related = stackup([actix, flask]).related

    assert [(row.slug, row.title) for row in related] == [
        ("actix-vs-flask-vs-rails", "Actix vs Flask vs Rails"),
        ("flask-vs-rails", "Flask vs Rails"),
        ("actix-vs-axum", "Actix vs Axum"),
        ("axum-vs-flask", "Axum vs Flask"),
    ]


def test_related_comparisons_are_six_at_most_and_never_the_page_itself(
    rich_tools: Callable[[int], list[Tool]],
) -> None:
    rich = rich_tools(4)

    slugs = [row.slug for row in stackup(rich[:2]).related]

    assert len(slugs) == len(set(slugs)) == RELATED
    assert "rich-0-vs-rich-1" not in slugs


def test_related_comparisons_leave_out_tools_that_are_not_listed() -> None:
    actix, flask = tools("Actix", "Flask")
    make_comparison(actix, ToolFactory(is_listed=False))

    assert list(stackup([actix, flask]).related) == []


def test_stackups_about_a_tool_are_limited_and_cost_two_queries(count_queries: Callable[..., Any]) -> None:
    flask = ToolFactory(name="Flask")
    for name in "CBA":
        make_comparison(flask, ToolFactory(name=name))
    make_comparison(*tools("X", "Y"))

    with count_queries(at_most=2):
        found = stackups_about([flask], limit=2)

    assert [(row.slug, row.title) for row in found] == [
        ("a-vs-flask", "A vs Flask"),
        ("b-vs-flask", "B vs Flask"),
    ]
