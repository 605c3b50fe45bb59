import re
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.github.chart import GAP, HEIGHT, LABEL_DISTANCE, WIDTH, StarChart, star_chart
from apps.github.growth import Reading

readings = st.dictionaries(
    st.dates(date(2015, 1, 1), date(2026, 11, 22)), st.integers(0, 2_000_000_000), min_size=2, max_size=25
).map(lambda counts: [Reading(day, count) for day, count in sorted(counts.items())])
series = st.dictionaries(
    st.sampled_from("abcd"), readings.map(lambda rows: ("Tool", rows)), min_size=1, max_size=4
)


def monthly(first: date, *counts: int) -> list[Reading]:
    return [Reading(first + timedelta(days=30 * at), count) for at, count in enumerate(counts)]


def chart_of(**by_key: list[Reading]) -> StarChart:
    chart = star_chart({key: (key.upper(), rows) for key, rows in by_key.items()})
    assert chart is not None
    return chart


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path)]


def test_star_chart_is_none_when_no_series_has_two_readings() -> None:
    assert star_chart({"a": ("Flask", [Reading(date(2026, 1, 1), 5)]), "b": ("Django", [])}) is None


def test_star_chart_leaves_out_a_series_of_one_reading() -> None:
    chart = chart_of(a=monthly(date(2026, 1, 1), 5), b=monthly(date(2026, 1, 1), 5, 6))

    assert [line.key for line in chart.lines] == ["b"]


def test_star_chart_has_one_time_axis_for_all_series() -> None:
    early, late = monthly(date(2024, 1, 1), 10, 20), monthly(date(2026, 10, 1), 10, 20)

    chart = chart_of(a=early, b=late)

    assert points(chart.lines[0].solid)[0][0] == 0
    assert points(chart.lines[1].solid)[0][0] == pytest.approx(1004 / 1096 * WIDTH, abs=1)
    assert [year for year, _ in chart.years] == [2024, 2025, 2026, 2027]
    assert chart.years[-1][1] == 100


def test_star_chart_leaves_out_the_year_that_begins_before_the_axis() -> None:
    chart = chart_of(a=monthly(date(2024, 6, 10), 10, 20))

    assert chart.years == [(2025, 100)]


@pytest.mark.parametrize(
    ("peak", "ticks"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (3, [0, 1, 2, 3]),
        (5, [0, 2, 4, 6]),
        (9, [0, 5, 10]),
        (100, [0, 25, 50, 75, 100]),
        (72_014, [0, 20_000, 40_000, 60_000, 80_000]),
        (1_000_000, [0, 250_000, 500_000, 750_000, 1_000_000]),
    ],
)
def test_star_chart_has_round_ticks(peak: int, ticks: list[int]) -> None:
    chart = chart_of(a=monthly(date(2026, 1, 1), 0, peak))

    assert [count for count, _ in chart.counts] == ticks
    assert (chart.counts[0][1], chart.counts[-1][1]) == (100, 0)


def test_star_chart_joins_readings_across_a_gap_by_a_dotted_line() -> None:
    first, last = date(2024, 1, 1), date(2024, 1, 1) + GAP + timedelta(days=1)

    line = chart_of(a=[Reading(first, 10), Reading(last, 20)]).lines[0]

    assert line.solid.count("L") == 0
    assert line.dotted.count("L") == 1
    assert points(line.dotted) == points(line.solid)


def test_star_chart_joins_readings_just_within_the_gap_by_a_solid_line() -> None:
    first = date(2024, 1, 1)

    line = chart_of(a=[Reading(first, 10), Reading(first + GAP, 20)]).lines[0]

    assert (line.solid.count("L"), line.dotted) == (1, "")


def test_star_chart_moves_labels_of_equal_ends_apart() -> None:
    rows = monthly(date(2026, 1, 1), 50, 100)

    chart = chart_of(a=rows, b=rows, c=rows, d=rows)

    assert [line.end_y for line in chart.lines] == [0] * 4
    assert [line.label_y for line in chart.lines] == [
        0,
        LABEL_DISTANCE,
        2 * LABEL_DISTANCE,
        3 * LABEL_DISTANCE,
    ]


def test_star_chart_moves_labels_up_when_they_would_fall_out_below() -> None:
    empty, high = monthly(date(2026, 1, 1), 0, 0), monthly(date(2026, 1, 1), 0, 100)

    chart = chart_of(a=empty, b=empty, c=high)

    assert [line.label_y for line in chart.lines] == [100 - LABEL_DISTANCE, 100, 0]


def test_star_chart_table_has_the_newest_reading_of_each_year() -> None:
    a = [Reading(date(2023, 3, 1), 1), Reading(date(2023, 9, 1), 2), Reading(date(2026, 1, 1), 3)]
    b = [Reading(date(2025, 5, 1), 7), Reading(date(2025, 6, 1), 8)]

    table = chart_of(a=a, b=b).table

    assert [(row.year, list(row.cells)) for row in table] == [
        (2023, [a[1], None]),
        (2025, [None, b[1]]),
        (2026, [a[2], None]),
    ]


def test_star_chart_says_whose_readings_it_shows() -> None:
    theirs = monthly(date(2026, 1, 1), 10, 20)
    own = [Reading(date(2026, month, 28), month, is_own=True) for month in (9, 10)]

    both, others, ours = chart_of(a=theirs, b=own), chart_of(a=theirs), chart_of(a=own)

    assert (both.own_since, both.has_others) == (date(2026, 9, 28), True)
    assert (others.own_since, others.has_others) == (None, True)
    assert (ours.own_since, ours.has_others) == (date(2026, 9, 28), False)


@given(series)
@settings(deadline=None, max_examples=80)
def test_star_chart_draws_every_line_inside_the_plot(
    given_series: dict[str, tuple[str, list[Reading]]],
) -> None:
    chart = star_chart(given_series)

    assert chart is not None
    drawn = [point for line in chart.lines for point in points(line.solid + line.dotted)]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in drawn)
    assert all(0 <= at <= 100 for line in chart.lines for at in (line.end_x, line.end_y, line.label_y))


@given(series)
@settings(deadline=None, max_examples=80)
def test_star_chart_shows_every_reading_once(given_series: dict[str, tuple[str, list[Reading]]]) -> None:
    chart = star_chart(given_series)

    assert chart is not None
    assert [line.key for line in chart.lines] == list(given_series)
    for line in chart.lines:
        rows = given_series[line.key][1]
        gaps = sum(after.date - before.date > GAP for before, after in pairwise(rows))
        assert len(points(line.solid)) == len(rows)
        assert line.dotted.count("M") == gaps
        assert (line.first, line.last) == (rows[0], rows[-1])


@given(series)
@settings(deadline=None, max_examples=80)
def test_star_chart_keeps_labels_apart(given_series: dict[str, tuple[str, list[Reading]]]) -> None:
    chart = star_chart(given_series)

    assert chart is not None
    heights = sorted(line.label_y for line in chart.lines)
    assert all(below - above >= LABEL_DISTANCE - 0.011 for above, below in pairwise(heights))


@given(series)
@settings(deadline=None, max_examples=80)
def test_star_chart_ticks_cover_the_peak_in_equal_steps(
    given_series: dict[str, tuple[str, list[Reading]]],
) -> None:
    peak = max(reading.count for _, rows in given_series.values() for reading in rows)

    chart = star_chart(given_series)

    assert chart is not None
    ticks = [count for count, _ in chart.counts]
    assert 2 <= len(ticks) <= 5
    assert len({after - before for before, after in pairwise(ticks)}) == 1
    assert ticks[-2] < max(peak, 1) <= ticks[-1]
    assert chart.grid.count("M") == len(ticks)


@given(series)
@settings(deadline=None, max_examples=80)
def test_star_chart_table_ends_with_the_newest_readings(
    given_series: dict[str, tuple[str, list[Reading]]],
) -> None:
    chart = star_chart(given_series)

    assert chart is not None
    for at, (_, rows) in enumerate(given_series.values()):
        cells = [(row.year, row.cells[at]) for row in chart.table if row.cells[at]]
        assert [year for year, _ in cells] == sorted({reading.date.year for reading in rows})
        assert cells[-1][1] == rows[-1]
