"""What stacks say of tools."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.stacks.selectors import (
    SHOWN_REASONS,
    Usage,
    adoption_of,
    companions_of,
    moves_between,
    moves_from,
    moves_to,
    stacks_of,
    usage_of,
)
from apps.tools.models import Tool
from tests.factories.stacks import AdoptionFactory, CompanyFactory, ItemFactory, StackFactory, UsedWithFactory
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db


def test_usage_is_told_by_tier() -> None:
    usage = usage_of(Tool(stack_count=9, verified_count=3, proved_count=1))

    assert usage == Usage(claimed=5, verified=3, proved=1)
    assert usage.total == 9
    assert [(tier.value, count) for tier, count in usage.tiers] == [
        ("proved", 1),
        ("verified", 3),
        ("claimed", 5),
    ]
    assert usage_of(Tool(stack_count=1, verified_count=2)).claimed == 0


def test_stacks_of_a_tool_begin_with_the_best_evidence(count_queries: Callable[..., Any]) -> None:
    tool = ToolFactory()
    claimed, newer, proved, verified = StackFactory.create_batch(4)
    for stack, tier in ((claimed, "claimed"), (newer, "claimed"), (proved, "proved"), (verified, "verified")):
        ItemFactory(stack=stack, tool=tool, tier=tier)
    ItemFactory(tool=tool, until="2024")
    ItemFactory(tool=tool, stack=StackFactory(visibility="unlisted"))
    company = StackFactory(company=CompanyFactory())
    ItemFactory(tool=tool, stack=company, tier="proved")

    with count_queries(at_most=1):
        found = stacks_of(tool, limit=4)
        names = [(stack.pk, stack.tier, stack.owner_name) for stack in found]

    assert [(pk, tier) for pk, tier, _ in names] == [
        (company.pk, "proved"),
        (proved.pk, "proved"),
        (verified.pk, "verified"),
        (newer.pk, "claimed"),
    ]


def test_companions_are_those_listed_in_their_order() -> None:
    row = UsedWithFactory(rank=2)
    best = UsedWithFactory(tool=row.tool, rank=1)
    UsedWithFactory(tool=row.tool, rank=3, other=ToolFactory(is_listed=False))

    assert companions_of(row.tool) == [best, row]


def test_adoption_is_by_tool_and_month(count_queries: Callable[..., Any]) -> None:
    later = AdoptionFactory(month="2026-02-01")
    AdoptionFactory(tool=later.tool, month="2026-01-01")
    AdoptionFactory()
    unused = ToolFactory()

    with count_queries(at_most=1):
        found = adoption_of([later.tool, unused])

    assert [f"{row.month:%Y-%m}" for row in found.pop(later.tool_id)] == ["2026-01", "2026-02"]
    assert found == {}


def move(tool: Tool, other: Tool, **values: Any) -> None:
    ItemFactory(tool=tool, replaced_by=other, **{"until": "2025", **values})


def test_moves_are_counted_with_their_newest_reasons(count_queries: Callable[..., Any]) -> None:
    flask, django, fastapi = ToolFactory.create_batch(3)
    for number in range(SHOWN_REASONS + 1):
        move(flask, django, why_not=f"Reason {number}", until=f"202{number}")
    move(flask, django)
    move(flask, fastapi)
    move(django, flask, why_not="Too large")
    move(flask, django, stack=StackFactory(visibility="private"), why_not="Secret")
    move(flask, django, stack=StackFactory(is_hidden=True), why_not="Secret")
    move(flask, ToolFactory(is_listed=False))
    ItemFactory(tool=flask, until="2024")

    with count_queries(at_most=1):
        found = moves_from(flask)
        told = [[(item.why_not, item.stack.owner_name != "") for item in one.reasons] for one in found]

    assert [(one.tool, one.other, one.count) for one in found] == [(flask, django, 5), (flask, fastapi, 1)]
    assert told == [[("Reason 3", True), ("Reason 2", True), ("Reason 1", True)], []]
    assert [(one.tool, one.count) for one in moves_to(flask)] == [(django, 1)]
    assert [(one.tool, one.other, one.count) for one in moves_between([flask, django])] == [
        (flask, django, 5),
        (django, flask, 1),
    ]
    assert moves_to(fastapi)[0].reasons == []
