"""Loading the pros and cons of the starter catalogue. Votes and answers hang on them: a row stays what it is."""

from collections.abc import Mapping

from apps.core.folding import fold
from apps.tools.entries import ToolEntry
from apps.tools.models import Point, Tool
from apps.tools.points import pair_up


def load_points(entries: Mapping[int, ToolEntry]) -> set[str]:
    """Bring the catalogue's pros and cons of each tool, by its id, to what its entry says. Call it in a transaction.

    A statement keeps its row while it folds to the same, else while its words are like those before; only what is left
    over is deleted or created. What a person said is theirs: the catalogue does not say the same again.
    Answers the slugs of the entries whose rows changed. The number of queries does not depend on theirs.
    """
    # People who add one wait until all of this is written, and it sees all that they added before.
    list(Tool.objects.select_for_update(no_key=True).filter(pk__in=entries).order_by("pk").values_list("pk"))
    ours: dict[int, list[Point]] = {pk: [] for pk in entries}
    theirs: set[tuple[int, str, str]] = set()
    for point in Point.objects.filter(tool__in=entries).order_by("id"):
        if point.origin == Tool.Origin.CATALOGUE:
            ours[point.tool_id].append(point)
        else:
            theirs.add((point.tool_id, point.kind, point.folded))
    stale: list[int] = []
    edited: list[Point] = []
    fresh: list[Point] = []
    changed: set[str] = set()
    for pk, entry in entries.items():
        wanted = [point for point in _wanted(pk, entry) if (pk, point.kind, point.folded) not in theirs]
        pairs = _pairs(ours[pk], wanted)
        gone = [row.pk for row in ours[pk] if row.pk not in {row.pk for row, _ in pairs}]
        kept = {id(point) for _, point in pairs}
        new = [point for point in wanted if id(point) not in kept]
        other = [row for row, point in pairs if _take_over(row, point)]
        if gone or new or other:
            changed.add(entry.slug)
        stale += gone
        edited += other
        fresh += new
    Point.objects.filter(pk__in=stale).delete()
    Point.objects.bulk_update(edited, ["text", "folded", "about", "position"], batch_size=500)
    Point.objects.bulk_create(fresh, batch_size=2000)
    return changed


def _wanted(tool_id: int, entry: ToolEntry) -> list[Point]:
    return [
        Point(
            tool_id=tool_id,
            kind=kind,
            text=point.text,
            folded=fold(point.text),
            about=point.about,
            position=at,
            origin=Tool.Origin.CATALOGUE,
        )
        for kind, points in ((Point.Kind.PRO, entry.pros), (Point.Kind.CON, entry.cons))
        for at, point in enumerate(points)
    ]


def _pairs(rows: list[Point], wanted: list[Point]) -> list[tuple[Point, Point]]:
    """Which row says which of the wanted statements of one tool: by the same words first, then by like ones."""
    by_words = {(row.kind, row.folded): row for row in rows}
    pairs = []
    reworded: dict[str, list[Point]] = {kind: [] for kind in Point.Kind.values}
    for point in wanted:
        row = by_words.pop((point.kind, point.folded), None)
        if row:
            pairs.append((row, point))
        else:
            reworded[point.kind].append(point)
    for kind, points in reworded.items():
        left = {row.pk: row for row in by_words.values() if row.kind == kind}
        texts = {pk: row.text for pk, row in left.items()}
        found = pair_up(texts, {at: point.text for at, point in enumerate(points)})
        pairs += [(left[pk], points[at]) for pk, at in found.items()]
    return pairs


def _take_over(row: Point, point: Point) -> bool:
    """Give `row` the words and place of `point`; answers whether anything changed."""
    columns = ("text", "folded", "about", "position")
    before = [getattr(row, name) for name in columns]
    after = [getattr(point, name) for name in columns]
    for name, value in zip(columns, after, strict=True):
        setattr(row, name, value)
    return before != after
