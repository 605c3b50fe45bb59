from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.github.growth import TOLERANCE, Growth, Reading, growth

LAST = date(2026, 8, 1)

series = st.dictionaries(
    st.dates(date(2018, 12, 1), LAST), st.integers(0, 500_000), min_size=2, max_size=30
).map(lambda counts: [Reading(day, count) for day, count in sorted(counts.items())])


def test_growth_is_the_difference_to_the_reading_of_that_day() -> None:
    readings = [Reading(date(2025, 8, 1), 100), Reading(date(2026, 5, 3), 130), Reading(LAST, 160)]

    grown = growth(readings, days=365)

    assert grown == Growth(added=60, since=date(2025, 8, 1), until=LAST, days=365)


def test_growth_is_negative_when_stars_were_lost() -> None:
    grown = growth([Reading(date(2026, 5, 3), 130), Reading(LAST, 100)], days=90)

    assert grown is not None
    assert grown.added == -30


@pytest.mark.parametrize("away", [-TOLERANCE, TOLERANCE])
def test_growth_takes_a_reading_at_the_edge_of_the_tolerance(away: timedelta) -> None:
    first = Reading(LAST - timedelta(days=90) + away, 1)

    grown = growth([first, Reading(LAST, 2)], days=90)

    assert grown is not None
    assert grown.since == first.date


@pytest.mark.parametrize("away", [-TOLERANCE - timedelta(days=1), TOLERANCE + timedelta(days=1)])
def test_growth_is_unknown_when_the_nearest_reading_is_too_far(away: timedelta) -> None:
    first = Reading(LAST - timedelta(days=90) + away, 1)

    assert growth([first, Reading(LAST, 2)], days=90) is None


@pytest.mark.parametrize("readings", [[], [Reading(LAST, 5)]])
def test_growth_is_unknown_when_there_are_fewer_than_two_readings(readings: list[Reading]) -> None:
    assert growth(readings, days=90) is None


@given(series, st.integers(1, 2000))
@settings(deadline=None, max_examples=150)
def test_growth_starts_at_the_nearest_reading_or_is_unknown(readings: list[Reading], days: int) -> None:
    wanted = readings[-1].date - timedelta(days=days)
    nearest = min(abs(reading.date - wanted) for reading in readings[:-1])

    grown = growth(readings, days=days)

    assert (grown is None) == (nearest > TOLERANCE)
    if grown:
        counts = {reading.date: reading.count for reading in readings}
        assert abs(grown.since - wanted) == nearest
        assert grown.since < grown.until == readings[-1].date
        assert grown.added == counts[grown.until] - counts[grown.since]
