"""The four layers of a stack: what stands in each, and their picture. Pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from apps.tools.models import Category, Tool

# Whatever has a `tool`: an item, a row of a review. (To mypy a foreign key keeps no promise of a protocol.)
T = TypeVar("T")


@dataclass(slots=True)
class Layer(Generic[T]):
    """A layer of the taxonomy with what stands in it; `minor` apart: small parts of nearly everything."""

    node: Category
    rows: list[T] = field(default_factory=list)
    minor: list[T] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.rows) + len(self.minor)


def in_layers(rows: Iterable[T]) -> list[Layer[T]]:
    """`rows` by the layer of their tools, in the order of the taxonomy; within a layer in the order given.

    The places of the tools in the taxonomy are to be selected already (`tool__function__parent__parent`).
    """
    layers = by_layer(rows)
    for layer in layers:
        layer.minor = [row for row in layer.rows if _tool(row).is_minor]
        layer.rows = [row for row in layer.rows if not _tool(row).is_minor]
    return layers


def by_layer(rows: Iterable[T]) -> list[Layer[T]]:
    """As `in_layers`, with what is minor among the others."""
    layers: dict[int, Layer[T]] = {}
    for row in rows:
        node = _tool(row).function.trail[0]
        layers.setdefault(node.pk, Layer(node)).rows.append(row)
    return sorted(layers.values(), key=lambda layer: (layer.node.position, layer.node.name))


def _tool(row: Any) -> Tool:
    tool: Tool = row.tool
    return tool


@dataclass(frozen=True, slots=True)
class Bed:
    """A rectangle of the picture: where it begins and how long it is, in `at` of the whole."""

    slug: str
    start: float
    length: float


def beds(counts: Sequence[tuple[str, int]], *, whole: float, gap: float, least: float) -> list[Bed]:
    """Rectangles for (slug, count), as long as their share of `whole` less the gaps, and at least `least`.

    What the smallest are given more than their share is taken from the others.
    """
    counts = [(slug, count) for slug, count in counts if count > 0]
    total = sum(count for _, count in counts)
    if not total:
        return []
    room = whole - gap * len(counts)
    lengths = [max(least, room * count / total) for _, count in counts]
    scale = room / sum(lengths)
    result, start = [], gap / 2
    for (slug, _), length in zip(counts, lengths, strict=True):
        result.append(Bed(slug, start, length * scale))
        start += length * scale + gap
    return result
