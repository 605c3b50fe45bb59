from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from apps.github.growth import Reading
from apps.github.models import Snapshot
from apps.tools import selectors
from apps.tools.models import Integration, Point, Tool
from apps.tools.selectors import CategoryCount
from tests.factories.tools import (
    CategoryFactory,
    FunctionFactory,
    IntegrationFactory,
    LayerFactory,
    PointFactory,
    StarReadingFactory,
    ToolFactory,
    ToolRepositoryFactory,
)

pytestmark = pytest.mark.django_db


def shape(nodes: list[CategoryCount]) -> dict[str, Any]:
    return {node.node.slug: (node.count, shape(list(node.children))) for node in nodes}


def test_taxonomy_counts_listed_tools_from_the_functions_up() -> None:
    ToolFactory.create_batch(2)
    ToolFactory(is_listed=False)
    ToolFactory(function=FunctionFactory(slug="languages"))
    ToolFactory(function=FunctionFactory(slug="databases", parent=CategoryFactory(slug="data-stores")))

    assert shape(selectors.taxonomy()) == {
        "application-and-data": (
            4,
            {
                "data-stores": (1, {"databases": (1, {})}),
                "languages-and-frameworks": (3, {"languages": (1, {}), "microframeworks": (2, {})}),
            },
        )
    }


def test_taxonomy_leaves_out_what_holds_no_listed_tool() -> None:
    LayerFactory(slug="devops")
    FunctionFactory()
    ToolFactory(is_listed=False)

    assert selectors.taxonomy() == []


def test_taxonomy_is_in_the_order_of_positions() -> None:
    for position, slug in ((2, "a"), (1, "b"), (1, "c")):
        ToolFactory(function=FunctionFactory(slug=slug, position=position))

    [layer] = selectors.taxonomy()

    assert [node.node.slug for node in layer.children[0].children] == ["b", "c", "a"]


def test_taxonomy_costs_one_query_with_all_addresses(count_queries: Callable[..., Any]) -> None:
    for slug in "abcdefgh":
        ToolFactory(function=FunctionFactory(slug=slug))

    with count_queries(at_most=1):
        [layer] = selectors.taxonomy()
        addresses = {node.node.get_absolute_url() for node in layer.children[0].children}

    assert len(addresses) == 8


def test_repository_of_a_tool_is_the_primary_one(count_queries: Callable[..., Any]) -> None:
    known, unknown = ToolFactory(stars=7), ToolFactory()
    ToolRepositoryFactory(tool=known)
    ToolRepositoryFactory(tool=unknown)

    with count_queries(at_most=1):
        found = selectors.repositories_of([known, unknown])

    assert {pk: repository.stars for pk, repository in found.items()} == {known.pk: 7}


def test_readings_ascend_by_date(count_queries: Callable[..., Any]) -> None:
    later = StarReadingFactory(date="2026-02-01", stars=20)
    StarReadingFactory(repository=later.repository, date="2026-01-01", stars=10)
    other = ToolRepositoryFactory().repository

    with count_queries(at_most=1):
        found = selectors.readings_of([later.repository, other])

    assert found == {
        later.repository.pk: [Reading(date(2026, 1, 1), 10), Reading(date(2026, 2, 1), 20)],
        other.pk: [],
    }


def test_readings_of_our_own_are_the_last_of_each_month(count_queries: Callable[..., Any]) -> None:
    theirs = StarReadingFactory(date="2026-08-01", stars=1)
    repository, other = theirs.repository, ToolRepositoryFactory().repository
    days = [date(2026, 9, 29), date(2026, 9, 30), date(2026, 10, 1), date(2026, 12, 31), date(2027, 1, 1)]
    for row in (repository, other):
        Snapshot.objects.bulk_create(
            Snapshot(repository=row, date=day, stars=stars, forks=0) for stars, day in enumerate(days, 2)
        )

    with count_queries(at_most=1):
        found = selectors.readings_of([repository, other])

    own = [Reading(days[at], at + 2, is_own=True) for at in (1, 2, 3, 4)]
    assert found == {repository.pk: [Reading(date(2026, 8, 1), 1), *own], other.pk: own}


def test_reading_is_our_own_when_another_is_of_the_same_day() -> None:
    theirs = StarReadingFactory(date="2026-08-01", stars=1)
    Snapshot.objects.create(repository=theirs.repository, date="2026-08-01", stars=2, forks=0)

    found = selectors.readings_of([theirs.repository])

    assert found == {theirs.repository_id: [Reading(date(2026, 8, 1), 2, is_own=True)]}


def test_readings_of_a_former_repository_are_left_out(count_queries: Callable[..., Any]) -> None:
    theirs = StarReadingFactory(repository__same_since=date(2026, 9, 15), date="2026-09-01", stars=50_000)
    repository, other = theirs.repository, StarReadingFactory(date="2026-09-01", stars=1).repository
    StarReadingFactory(repository=repository, date="2026-10-01", stars=7)
    own = [(date(2026, 8, 31), 50_000), (date(2026, 9, 14), 50_000), (date(2026, 9, 15), 5)]
    for row, readings in [(repository, own), (other, own[:1])]:
        Snapshot.objects.bulk_create(
            Snapshot(repository=row, date=day, stars=stars, forks=0) for day, stars in readings
        )

    with count_queries(at_most=1):
        found = selectors.readings_of([repository, other])

    assert found == {
        repository.pk: [Reading(date(2026, 9, 15), 5, is_own=True), Reading(date(2026, 10, 1), 7)],
        other.pk: [Reading(date(2026, 8, 31), 50_000, is_own=True), Reading(date(2026, 9, 1), 1)],
    }


def test_readings_of_nothing_are_none() -> None:
    assert selectors.readings_of([]) == {}


def test_integrations_are_seen_from_both_sides(count_queries: Callable[..., Any]) -> None:
    flask, python = ToolFactory(name="Flask"), ToolFactory(name="Python")
    IntegrationFactory(tool=flask, other=python, kind=Integration.Kind.RUNS_ON)

    with count_queries(at_most=1):
        found = selectors.integrations_of([flask, python])

    assert [(link.words, link.other) for link in found[flask.pk]] == [("runs on", python)]
    assert [(link.words, link.other) for link in found[python.pk]] == [("runs", flask)]


@pytest.mark.parametrize("side", ["tool", "other"])
def test_integration_with_an_unlisted_tool_is_left_out(side: str) -> None:
    hidden, shown = ToolFactory(is_listed=False), ToolFactory()
    IntegrationFactory(**{side: hidden, "other" if side == "tool" else "tool": shown})

    assert selectors.integrations_of([shown]) == {shown.pk: []}


def test_integrations_are_sorted_by_words_then_name() -> None:
    tool = ToolFactory()
    for name, kind in (("b", "runs_on"), ("C", "extends"), ("A", "runs_on")):
        IntegrationFactory(tool=tool, other=ToolFactory(name=name, slug=name.lower()), kind=kind)

    links = selectors.integrations_of([tool])[tool.pk]

    assert [(link.words, link.other.name) for link in links] == [
        ("extends", "C"),
        ("runs on", "A"),
        ("runs on", "b"),
    ]


def test_points_are_parted_and_the_most_voted_come_first(count_queries: Callable[..., Any]) -> None:
    tool, other = ToolFactory(), ToolFactory()
    low, high = PointFactory(tool=tool, up_count=1), PointFactory(tool=tool, up_count=9)
    con = PointFactory(tool=tool, kind=Point.Kind.CON)

    with count_queries(at_most=1):
        found = selectors.points_of([tool, other])

    assert (found[tool.pk].pros, found[tool.pk].cons) == ([high, low], [con])
    assert (found[other.pk].pros, found[other.pk].cons) == ([], [])


@pytest.mark.parametrize("tools", [0, 1, 4])
def test_selectors_take_any_number_of_tools(tools: int) -> None:
    rows: list[Tool] = ToolFactory.create_batch(tools)

    assert len(selectors.points_of(rows)) == len(selectors.integrations_of(rows)) == tools
    assert selectors.repositories_of(rows) == {}
