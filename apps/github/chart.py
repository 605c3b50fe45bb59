"""The geometry of a star-history chart: several repositories on one time axis. Pure functions; templates draw it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from apps.github.growth import Reading

# The drawing's own units; the page stretches it.
WIDTH, HEIGHT = 1000, 300

# Readings further apart than this are joined by a dotted line: what was between them is not known.
GAP = timedelta(days=200)

# Labels at the lines' ends stand at least so far apart, in per cent of the height.
LABEL_DISTANCE = 8.0


@dataclass(frozen=True, slots=True)
class Line:
    """One repository's line: SVG path data, and where its end and its label are, in per cent."""

    key: str
    name: str
    solid: str
    dotted: str
    end_x: float
    end_y: float
    label_y: float
    first: Reading
    last: Reading


@dataclass(frozen=True, slots=True)
class TableRow:
    """The newest reading of a year for each line, None where there is none."""

    year: int
    cells: Sequence[Reading | None]


@dataclass(frozen=True, slots=True)
class StarChart:
    """Lines, the ticks of both axes (value and position in per cent), and the same as a table by year.

    `own_since`: the day of the first reading of our own workers, None where there is none. `has_others`: whether there
    are readings of a dataset.
    """

    lines: Sequence[Line]
    counts: Sequence[tuple[int, float]]
    years: Sequence[tuple[int, float]]
    grid: str
    table: Sequence[TableRow]
    own_since: date | None
    has_others: bool


def star_chart(series: Mapping[str, tuple[str, Sequence[Reading]]]) -> StarChart | None:
    """A chart of `series`: by the key of the side, a name and its readings by ascending date.

    Series of fewer than two readings are left out; None where none is left.
    """
    drawn = {key: (name, readings) for key, (name, readings) in series.items() if len(readings) > 1}
    if not drawn:
        return None
    shown = [reading for _, readings in drawn.values() for reading in readings]
    first = min(readings[0].date for _, readings in drawn.values()).replace(day=1)
    newest = max(readings[-1].date for _, readings in drawn.values())
    last = date(newest.year + 1, 1, 1)
    # At least 1, so that there is an axis where nobody has starred anything yet.
    peak = max(1, *(reading.count for reading in shown))
    step = _step(peak)
    top = step * math.ceil(peak / step)

    def x(day: date) -> float:
        return (day - first) / (last - first) * WIDTH

    def y(count: int) -> float:
        return HEIGHT - count / top * HEIGHT

    ends = _spread({key: y(readings[-1].count) / HEIGHT * 100 for key, (_, readings) in drawn.items()})
    lines = []
    for key, (name, readings) in drawn.items():
        solid, dotted = _paths([(reading.date, x(reading.date), y(reading.count)) for reading in readings])
        end = readings[-1]
        lines.append(
            Line(
                key=key,
                name=name,
                solid=solid,
                dotted=dotted,
                end_x=round(x(end.date) / WIDTH * 100, 2),
                end_y=round(y(end.count) / HEIGHT * 100, 2),
                label_y=ends[key],
                first=readings[0],
                last=end,
            )
        )
    ticks = range(0, top + 1, step)
    return StarChart(
        lines=lines,
        counts=[(count, round(y(count) / HEIGHT * 100, 2)) for count in ticks],
        years=[
            (year, round(x(date(year, 1, 1)) / WIDTH * 100, 2))
            for year in range(first.year + (first.month > 1), last.year + 1)
        ],
        grid="".join(f"M0 {y(count):.0f}H{WIDTH}" for count in ticks),
        table=_table([readings for _, readings in drawn.values()], first.year, newest.year),
        own_since=min((reading.date for reading in shown if reading.is_own), default=None),
        has_others=not all(reading.is_own for reading in shown),
    )


def _step(peak: int) -> int:
    """The distance of grid lines for about four of them: 1, 2, 2.5 or 5 times a power of ten, at least 1."""
    power = 10 ** max(0, math.floor(math.log10(peak / 4)))
    factors = (1, 2, 5, 10) if power < 10 else (1, 2, 2.5, 5, 10)
    return next(int(power * factor) for factor in factors if power * factor >= peak / 4)


def _paths(points: Sequence[tuple[date, float, float]]) -> tuple[str, str]:
    """Path data of the joined readings, and of the dotted bridges over gaps."""
    solid, dotted = [f"M{points[0][1]:.0f} {points[0][2]:.1f}"], []
    for (day, x0, y0), (next_day, x1, y1) in pairwise(points):
        if next_day - day > GAP:
            dotted.append(f"M{x0:.0f} {y0:.1f}L{x1:.0f} {y1:.1f}")
            solid.append(f"M{x1:.0f} {y1:.1f}")
        else:
            solid.append(f"L{x1:.0f} {y1:.1f}")
    return "".join(solid), "".join(dotted)


def _spread(heights: Mapping[str, float]) -> dict[str, float]:
    """Move labels down until no two are nearer than `LABEL_DISTANCE`, then back up where they fall out below."""
    placed: dict[str, float] = {}
    last = -math.inf
    for key, height in sorted(heights.items(), key=lambda pair: (pair[1], pair[0])):
        last = max(height, last + LABEL_DISTANCE)
        placed[key] = last
    limit = 100.0
    for key in reversed(placed):
        placed[key] = round(min(placed[key], limit), 2)
        limit = placed[key] - LABEL_DISTANCE
    return placed


def _table(series: Sequence[Sequence[Reading]], first_year: int, last_year: int) -> list[TableRow]:
    by_year = [{reading.date.year: reading for reading in readings} for readings in series]
    return [
        TableRow(year, [years.get(year) for years in by_year])
        for year in range(first_year, last_year + 1)
        if any(year in years for years in by_year)
    ]
