from datetime import UTC, date, datetime, timedelta
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.github.releases import ABANDONED_AFTER, is_abandoned, release_days

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FIRST = date(2024, 1, 1)


def days(*offsets: int) -> list[date]:
    return [FIRST + timedelta(days=offset) for offset in offsets]


def test_release_days_is_the_median_of_the_intervals() -> None:
    assert release_days(days(0, 10, 40, 340)) == 30


def test_release_days_does_not_need_an_order() -> None:
    assert release_days(days(40, 0, 340, 10)) == 30


def test_release_days_counts_several_of_one_day_once() -> None:
    assert release_days(days(0, 0, 0, 10, 10, 30)) == 15


@pytest.mark.parametrize("dates", [[], days(0), days(0, 30), days(0, 0, 30)])
def test_release_days_is_unknown_when_there_are_too_few(dates: list[date]) -> None:
    assert release_days(dates) is None


@given(st.lists(st.integers(1, 400), min_size=2, max_size=10))
def test_release_days_lies_among_the_intervals(intervals: list[int]) -> None:
    found = release_days(days(0, *accumulate(intervals)))

    assert found is not None
    assert min(intervals) <= found <= max(intervals)


@pytest.mark.parametrize(
    ("since_push", "archived", "abandoned"),
    [
        (ABANDONED_AFTER, False, False),
        (ABANDONED_AFTER + timedelta(seconds=1), False, True),
        (ABANDONED_AFTER + timedelta(seconds=1), True, False),
        (timedelta(0), False, False),
    ],
)
def test_repository_is_abandoned_when_it_was_not_pushed_to_for_long(
    since_push: timedelta, archived: bool, abandoned: bool
) -> None:
    assert is_abandoned(pushed_at=NOW - since_push, archived=archived, now=NOW) == abandoned


def test_repository_is_not_abandoned_when_the_last_push_is_unknown() -> None:
    assert not is_abandoned(pushed_at=None, archived=False, now=NOW)
