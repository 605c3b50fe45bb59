from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.github.weeks import LAST_PAGE, WEEKS_ON_A_PAGE, missing_page, nearest_sunday, week_of

TODAY = date(2026, 11, 25)
NEWEST = date(2026, 11, 22)
days = st.dates(date(2007, 1, 1), date(2040, 1, 1))


def weeks(*places: int) -> set[date]:
    """Sundays, by how many weeks they lie before the newest."""
    return {NEWEST - timedelta(weeks=place) for place in places}


@given(days)
def test_week_begins_on_the_sunday_before(day: date) -> None:
    sunday = week_of(day)

    assert sunday.isoweekday() == 7
    assert timedelta(0) <= day - sunday < timedelta(days=7)


@given(days)
def test_nearest_sunday_is_at_most_three_days_away(day: date) -> None:
    sunday = nearest_sunday(day)

    assert sunday.isoweekday() == 7
    assert abs(day - sunday) <= timedelta(days=3)


@pytest.mark.parametrize(
    ("stored", "began", "after", "page"),
    [
        (weeks(), None, 0, 1),
        (weeks(*range(30)), None, 0, 2),
        (weeks(*range(29)), None, 0, 1),
        (weeks(*range(1, 300)), None, 0, 1),
        (weeks(*range(75)), None, 0, 3),
        (weeks(*range(75), *range(90, 120)), None, 3, 5),
        (weeks(*range(70)), TODAY - timedelta(weeks=69), 0, None),
        (weeks(*range(70)), TODAY - timedelta(weeks=70), 0, 3),
        (weeks(), TODAY, 0, 1),
        (weeks(), TODAY, 1, None),
        (weeks(*range(WEEKS_ON_A_PAGE * LAST_PAGE)), None, 0, None),
        (weeks(), None, LAST_PAGE - 1, LAST_PAGE),
        (weeks(), None, LAST_PAGE, None),
    ],
)
def test_missing_page_is_the_first_with_a_week_that_is_not_stored(
    stored: set[date], began: date | None, after: int, page: int | None
) -> None:
    assert missing_page(stored, today=TODAY, began=began, after=after) == page
