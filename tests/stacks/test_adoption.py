"""Adoption over time, and what is used with what."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.stacks.models import Adoption, Item, UsedWith
from apps.stacks.services import adoption
from apps.stacks.services.adoption import MONTHS, find_companions, measure_adoption
from apps.tools.models import Tool
from tests.factories.stacks import AdoptionFactory, ItemFactory, StackFactory, UsedWithFactory
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db

TODAY = timezone.now().date()
THIS = TODAY.replace(day=1)
LAST_YEAR = TODAY.year - 1


@pytest.fixture
def tool() -> Tool:
    tool: Tool = ToolFactory()
    return tool


def counts(tool: Tool, tier: str = "claimed") -> dict[str, int]:
    """By month, those that are not 0."""
    rows = Adoption.objects.filter(tool=tool).values_list("month", tier)
    return {f"{month:%Y-%m}": count for month, count in rows if count}


def run(tool: Tool, **values: Any) -> Item:
    item: Item = ItemFactory(tool=tool, **values)
    return item


@pytest.mark.parametrize(
    ("since", "until", "months"),
    [
        ("-02", "-05", ["-02", "-03", "-04"]),
        ("-02-15", "-04-15", ["-02", "-03"]),
        ("-02-16", "-04-16", ["-03", "-04"]),
        ("-11", "", ["-11", "-12"]),
        ("", "-08", ["-07"]),
        ("-05", "-05", []),
    ],
)
def test_tool_runs_from_since_to_until(tool: Tool, since: str, until: str, months: list[str]) -> None:
    """Of the year before last; a year alone stands for July."""
    year = LAST_YEAR - 1
    run(tool, since=f"{year}{since}", until=f"{year}{until}" if until else f"{LAST_YEAR}-01")

    measure_adoption()

    assert list(counts(tool)) == [f"{year}{month}" for month in months]


def test_tool_that_runs_counts_until_now_without_gaps(tool: Tool) -> None:
    run(tool, since=f"{LAST_YEAR}-03")
    run(tool, since=f"{LAST_YEAR}-05", until=f"{LAST_YEAR}-07")

    rows = measure_adoption()

    found = counts(tool)
    assert rows == len(found) == (TODAY.year - LAST_YEAR) * 12 + TODAY.month - 2
    assert [found[f"{LAST_YEAR}-{month:02}"] for month in (3, 4, 5, 6, 7)] == [1, 1, 2, 2, 1]
    assert found[f"{TODAY:%Y-%m}"] == 1


def test_unknown_begin_is_the_month_in_which_we_were_told(tool: Tool) -> None:
    item = run(tool)
    Item.objects.filter(pk=item.pk).update(created_at=datetime(LAST_YEAR, 12, 31, tzinfo=UTC))

    measure_adoption()

    assert next(iter(counts(tool))) == f"{LAST_YEAR}-12"


def test_what_runs_since_today_counts_this_month(tool: Tool) -> None:
    run(tool, since=(TODAY + timedelta(days=1)).isoformat())

    measure_adoption()

    assert counts(tool) == {f"{TODAY:%Y-%m}": 1}


def test_adoption_is_by_tier(tool: Tool) -> None:
    for tier in ("claimed", "verified", "verified", "proved"):
        run(tool, since=f"{TODAY:%Y-%m}", tier=tier)

    measure_adoption()

    assert [counts(tool, tier)[f"{TODAY:%Y-%m}"] for tier in ("claimed", "verified", "proved")] == [1, 2, 1]


def test_tool_that_came_back_counts_once_a_month(tool: Tool) -> None:
    stack = StackFactory()
    run(tool, stack=stack, since=f"{LAST_YEAR}-01", until=f"{LAST_YEAR}-06")
    run(tool, stack=stack, since=f"{LAST_YEAR}-03", until=f"{LAST_YEAR}-04")
    run(tool, stack=stack, since=f"{LAST_YEAR}-04")

    measure_adoption()

    assert set(counts(tool).values()) == {1}


def test_long_ago_is_told_by_the_first_month(tool: Tool) -> None:
    run(tool, since="1999")

    assert measure_adoption() == MONTHS


def test_private_stacks_and_tools_that_are_not_listed_do_not_count(tool: Tool) -> None:
    run(tool, stack=StackFactory(visibility="private"))
    run(ToolFactory(is_listed=False))
    AdoptionFactory(tool=tool, month=date(2020, 1, 1))

    assert measure_adoption() == 0
    assert not Adoption.objects.exists()


def test_tools_of_several_owners_are_used_together() -> None:
    a, b, c, d = ToolFactory.create_batch(4)
    for _ in range(3):
        stack = StackFactory()
        for tool in (a, b, c):
            ItemFactory(stack=stack, tool=tool)
    for _ in range(5):
        ItemFactory(tool=c)
    ItemFactory(tool=d)
    UsedWithFactory(tool=a, other=d)

    find_companions()

    rows = {
        (row.tool_id, row.other_id): (row.rank, row.stacks, row.lift)
        for row in UsedWith.objects.order_by("tool", "rank")
    }
    # Of 9 stacks 3 run a and b, all of them c, which 8 run: 3 x 9 / (3 x 8).
    assert rows[a.pk, b.pk] == rows[b.pk, a.pk] == (1, 3, 3.0)
    assert rows[a.pk, c.pk] == (2, 3, 1.125)
    assert len(rows) == 6


def test_habit_of_one_person_is_no_companion() -> None:
    a, b = ToolFactory.create_batch(2)
    person = StackFactory().person
    for _ in range(4):
        stack = StackFactory(person=person)
        ItemFactory(stack=stack, tool=a)
        ItemFactory(stack=stack, tool=b)

    assert find_companions() == 0


def test_companions_are_neither_minor_nor_private_nor_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adoption, "FEWEST_OWNERS", 1)
    a, minor, hidden = ToolFactory(), ToolFactory(is_minor=True), ToolFactory(is_listed=False)
    everywhere = ToolFactory()
    stack, private = StackFactory(), StackFactory(visibility="private")
    for tool in (a, minor, hidden, everywhere):
        ItemFactory(stack=stack, tool=tool)
        ItemFactory(stack=private, tool=tool)

    assert find_companions() == 0
