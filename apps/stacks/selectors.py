"""Reads that join: what stacks say of tools. What the pages of stacks show is in overview.py."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber

from apps.stacks.models import Adoption, Item, Stack, Tier, UsedWith
from apps.tools.models import Tool

# Of each pair of tools: what a reader takes in.
SHOWN_REASONS = 3
SHOWN_MOVES = 8
SHOWN_COMPANIONS = 8


@dataclass(frozen=True, slots=True)
class Usage:
    """How many public stacks run a tool now, by what stands behind it."""

    claimed: int
    verified: int
    proved: int

    @property
    def total(self) -> int:
        return self.claimed + self.verified + self.proved

    @property
    def tiers(self) -> list[tuple[Tier, int]]:
        """The best evidence first."""
        return [
            (Tier.PROVED, self.proved),
            (Tier.VERIFIED, self.verified),
            (Tier.CLAIMED, self.claimed),
        ]


def usage_of(tool: Tool) -> Usage:
    """From its counters: no query."""
    verified, proved = tool.verified_count, tool.proved_count
    return Usage(max(0, tool.stack_count - verified - proved), verified, proved)


def stacks_of(tool: Tool, *, limit: int) -> list[Stack]:
    """Public stacks that run `tool` now, those with the best evidence first, then the newest change. One query.

    Each has `tier`: of its item.
    """
    rank = Case(
        *(When(tier=tier, then=Value(at)) for at, tier in enumerate(reversed(Tier))),
        output_field=IntegerField(),
    )
    items = (
        Item.objects.current()
        .of_public_stacks()
        .filter(tool=tool)
        .select_related("stack__person", "stack__company")
        .order_by(rank, F("stack__changed_at").desc(), F("stack_id").desc())
    )
    return [_with_tier(item) for item in items[:limit]]


def _with_tier(item: Item) -> Stack:
    stack: Stack = item.stack
    stack.tier = item.tier
    return stack


def companions_of(tool: Tool) -> list[UsedWith]:
    """Tools that are run together with it more often than chance would have it; `other` is selected. One query."""
    rows = UsedWith.objects.filter(tool=tool, other__is_listed=True).select_related("other")
    return list(rows.order_by("rank")[:SHOWN_COMPANIONS])


def adoption_of(tools: Sequence[Tool]) -> dict[int, list[Adoption]]:
    """The months of each tool by its id, oldest first, without gaps; no key for what nobody ran. One query."""
    months: dict[int, list[Adoption]] = {}
    for row in Adoption.objects.filter(tool__in=tools).order_by("tool", "month"):
        months.setdefault(row.tool_id, []).append(row)
    return months


@dataclass(slots=True)
class Move:
    """That public stacks replaced a tool by another: how many times, and why, as their owners say, newest first."""

    tool: Tool
    other: Tool
    count: int
    # Past items with `why_not`, `until` and `stack` (with its owner).
    reasons: list[Item] = field(default_factory=list)


def moves_from(tool: Tool) -> list[Move]:
    """What stacks replaced `tool` by, most often first. One query."""
    return _moves(Q(tool=tool, replaced_by__is_listed=True))[:SHOWN_MOVES]


def moves_to(tool: Tool) -> list[Move]:
    """What stacks replaced by `tool`, most often first. One query."""
    return _moves(Q(replaced_by=tool, tool__is_listed=True))[:SHOWN_MOVES]


def moves_between(tools: Iterable[Tool]) -> list[Move]:
    """The moves among `tools`, in each direction, most often first. One query."""
    chosen = list(tools)
    return _moves(Q(tool__in=chosen, replaced_by__in=chosen))


def _moves(which: Q) -> list[Move]:
    """Of each pair the number of moves, and the rows of those with the newest reasons."""
    pair = [F("tool"), F("replaced_by")]
    silent = Case(When(why_not="", then=Value(1)), default=Value(0))
    newest = [silent.asc(), F("until").desc(), F("id").desc()]
    rows: QuerySet[Any] = (
        Item.objects.past()
        .of_public_stacks()
        .filter(which)
        .annotate(
            moves=Window(Count("pk"), partition_by=pair),
            at=Window(RowNumber(), partition_by=pair, order_by=newest),
        )
        .filter(at__lte=SHOWN_REASONS)
        .select_related("tool", "replaced_by", "stack__person", "stack__company")
        .order_by("-moves", "tool", "replaced_by", "at")
    )
    moves: dict[tuple[int, int | None], Move] = {}
    for item in rows:
        move = moves.setdefault(
            (item.tool_id, item.replaced_by_id), Move(item.tool, item.replaced_by, item.moves)
        )
        if item.why_not:
            move.reasons.append(item)
    return list(moves.values())
