"""What the pages of stacks and companies show, read with few queries whatever the number of rows."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from django.db.models import Count, Exists, OuterRef, Prefetch, QuerySet

from apps.accounts.models import User
from apps.stacks.layers import Layer, in_layers
from apps.stacks.models import Change, Company, Evidence, Item, SimilarStack, Stack, Tier, UsedWith
from apps.tools.models import Category, Tool

SHOWN_CHANGES = 8
# Changes read for them: what a first publication adds at most, which is told in one line.
READ_CHANGES = 300
# Tools added on one day that are told in one line: more than somebody adds one by one.
FOLDED_FROM = 4
SHOWN_SIMILAR = 6
SHOWN_WITH = 8
# Rows of "used with" looked at, best first: enough to find some that the stack does not run itself.
READ_WITH = 60
# Tiles in a row of a list.
TOP_TOOLS = 6
COMPANY_TOOLS = 60


class Beside(NamedTuple):
    """A tool that is often run together with one of the stack's, and how many public stacks run both."""

    tool: Tool
    beside: Tool
    stacks: int


@dataclass(slots=True)
class Overview:
    """What the page of a stack shows."""

    layers: list[Layer[Item]]
    past: list[Item]
    tiers: dict[str, int]
    changes: list[list[Change]]
    similar: list[SimilarStack]
    used_with: list[Beside]

    @property
    def tools(self) -> list[Tool]:
        return [item.tool for layer in self.layers for item in layer.rows + layer.minor]


def items_of(stack: Stack) -> QuerySet[Item]:
    """The items of a stack with their tools and evidence, in their order. Two queries."""
    rows: QuerySet[Item] = stack.items.select_related("tool__function__parent__parent", "replaced_by")
    return rows.prefetch_related(Prefetch("evidence", queryset=Evidence.objects.all()))


def overview_of(stack: Stack) -> Overview:
    """Five queries."""
    items = list(items_of(stack))
    current = [item for item in items if item.is_current]
    tiers = {tier.value: sum(item.tier == tier for item in current) for tier in reversed(Tier)}
    return Overview(
        layers=in_layers(current),
        past=sorted((item for item in items if item.until), key=lambda item: item.until, reverse=True),
        tiers={tier: count for tier, count in tiers.items() if count},
        changes=timeline(changes_of(stack)[:READ_CHANGES])[:SHOWN_CHANGES],
        similar=_similar(stack),
        used_with=_used_with([item.tool_id for item in current]),
    )


def changes_of(stack: Stack) -> QuerySet[Change]:
    rows: QuerySet[Change] = stack.changes.select_related("tool", "other")
    # Of some hundred tools as much as a line needs.
    rows = rows.only("stack_id", "on", "kind", "before", "after", "tool__name", "other__name")
    return rows.order_by("-on", "-id")


def timeline(changes: Iterable[Change]) -> list[list[Change]]:
    """`changes` as lines, in their order: each of one change, or of the tools that were added on one day."""
    lines: list[list[Change]] = []
    for (_, kind), some in groupby(changes, key=lambda change: (change.on, change.kind)):
        rows = list(some)
        if kind == Change.Kind.ADDED and len(rows) >= FOLDED_FROM:
            lines.append(rows)
        else:
            lines += [[row] for row in rows]
    return lines


def _similar(stack: Stack) -> list[SimilarStack]:
    rows = stack.similar.filter(other__in=Stack.objects.public())
    return list(rows.select_related("other__person", "other__company").order_by("rank")[:SHOWN_SIMILAR])


def _used_with(ids: Sequence[int]) -> list[Beside]:
    """Tools that other stacks run with those of `ids`, each once, the most remarkable first."""
    rows = UsedWith.objects.filter(tool__in=ids, other__is_listed=True).exclude(other__in=ids)
    found: dict[int, Beside] = {}
    for row in rows.select_related("tool", "other").order_by("-lift", "rank", "pk")[:READ_WITH]:
        found.setdefault(row.other_id, Beside(row.other, row.tool, row.stacks))
    return list(found.values())[:SHOWN_WITH]


class TileTool(NamedTuple):
    """As much of a tool as its tile needs."""

    name: str
    slug: str
    logo: str


@dataclass(slots=True)
class Row:
    """A stack in a list: how its tools spread over the layers and what stands behind them; its first tools."""

    stack: Stack
    # (slug, name, count) by layer.
    layers: list[tuple[str, str, int]] = field(default_factory=list)
    tools: list[TileTool] = field(default_factory=list)
    tiers: dict[str, int] = field(default_factory=dict)

    @property
    def more(self) -> int:
        return self.stack.item_count - len(self.tools)


def rows_of(stacks: Iterable[Stack]) -> list[Row]:
    """The rows of a list. One query: of some hundred items a stack only what a row shows is read."""
    rows = {stack.pk: Row(stack) for stack in stacks}
    values = (
        Item.objects.current()
        .filter(stack__in=rows)
        .order_by("tool__is_minor", "position", "pk")
        .values_list(
            "stack_id",
            "tier",
            "tool__name",
            "tool__slug",
            "tool__logo",
            "tool__function__parent__parent__slug",
            "tool__function__parent__parent__name",
            "tool__function__parent__parent__position",
        )
    )
    layers: dict[int, dict[tuple[int, str, str], int]] = {pk: defaultdict(int) for pk in rows}
    for pk, tier, name, slug, logo, layer_slug, layer_name, position in values:
        row = rows[pk]
        row.tiers[tier] = row.tiers.get(tier, 0) + 1
        layers[pk][position, layer_slug, layer_name] += 1
        if len(row.tools) < TOP_TOOLS:
            row.tools.append(TileTool(name, slug, logo))
    for pk, row in rows.items():
        row.layers = [(slug, name, count) for (_, slug, name), count in sorted(layers[pk].items())]
        row.tiers = {tier.value: row.tiers[tier] for tier in reversed(Tier) if tier in row.tiers}
    return list(rows.values())


def narrow(
    stacks: QuerySet[Stack], *, tool: Tool | None, layer: Category | None, tier: str, kind: str, company: str
) -> QuerySet[Stack]:
    """Those of `stacks` that run `tool` now, or something of `layer`, with evidence of `tier`; of a kind, of a company
    by slug or name."""
    if tool or layer or tier:
        items = Item.objects.current().filter(stack=OuterRef("pk"))
        if tool:
            items = items.filter(tool=tool)
        if layer:
            items = items.filter(tool__function__parent__parent=layer)
        if tier:
            items = items.filter(tier=tier)
        stacks = stacks.filter(Exists(items))
    if kind:
        stacks = stacks.filter(kind=kind)
    if company:
        named = Company.objects.listed()
        stacks = stacks.filter(company__in=named.filter(slug=company) | named.filter(name__iexact=company))
    return stacks


class Used(NamedTuple):
    """A tool, and how many of a company's public stacks run it."""

    tool: Tool
    stacks: int


def tools_of_company(stacks: QuerySet[Stack]) -> list[Used]:
    """What `stacks` run, what most of them run first; minor tools are left out. Two queries."""
    counts = (
        Item.objects.current()
        .filter(stack__in=stacks, tool__is_listed=True, tool__is_minor=False)
        .order_by()
        .values("tool")
        .annotate(stacks=Count("stack", distinct=True))
        .order_by("-stacks", "tool__name")
        .values_list("tool", "stacks")[:COMPANY_TOOLS]
    )
    found = dict(counts)
    tools = Tool.objects.in_bulk(found)
    return [Used(tools[pk], count) for pk, count in found.items()]


def people_of(company: Company) -> list[User]:
    """Those who belong to it and are still here."""
    people: QuerySet[User] = User.objects.shown().filter(memberships__company=company)
    return list(people.order_by("memberships__pk"))
