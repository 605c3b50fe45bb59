"""What pages of tools and comparisons show of stacks."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django import template

from apps.github.chart import StarChart, star_chart
from apps.github.growth import Reading
from apps.stacks.models import Adoption, Stack, UsedWith
from apps.stacks.selectors import (
    Move,
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

register = template.Library()

SHOWN_STACKS = 6


@dataclass(slots=True)
class ToolStacks:
    """Who runs a tool, since when, with what, what they moved from and to."""

    usage: Usage
    stacks: list[Stack] = field(default_factory=list)
    chart: StarChart | None = None
    companions: list[UsedWith] = field(default_factory=list)
    came: list[Move] = field(default_factory=list)
    left: list[Move] = field(default_factory=list)


@register.simple_tag
def stacks_of_tool(tool: Tool) -> ToolStacks:
    """Five queries; two for a tool that nobody runs."""
    usage = usage_of(tool)
    found = ToolStacks(usage, left=moves_from(tool))
    if usage.total:
        found.stacks = stacks_of(tool, limit=SHOWN_STACKS)
        found.companions = companions_of(tool)
        found.came = moves_to(tool)
    if usage.total or found.left:
        found.chart = adoption_chart(adoption_of([tool]).get(tool.pk, []))
    return found


def adoption_chart(months: Sequence[Adoption]) -> StarChart | None:
    """How many stacks ran a tool, month by month: all, and where there are any those with evidence and those proved."""
    counts = {
        "a": ("All stacks", [row.claimed + row.verified + row.proved for row in months]),
        "b": ("With evidence", [row.verified + row.proved for row in months]),
        "c": ("Proved", [row.proved for row in months]),
    }
    return star_chart(
        {
            key: (name, [Reading(row.month, count) for row, count in zip(months, column, strict=True)])
            for key, (name, column) in counts.items()
            if any(column)
        }
    )


@register.simple_tag
def moves_among(tools: Sequence[Tool]) -> list[Move]:
    """The moves between the sides of a comparison. One query."""
    return moves_between(tools)


@register.simple_tag
def usages_of(tools: Sequence[Tool]) -> list[tuple[Tool, Usage]]:
    """How many stacks run each. No query."""
    return [(tool, usage_of(tool)) for tool in tools]
