"""Weeks of a star history, and the pages that GitHub tells them on. Pure functions."""

from collections.abc import Container
from datetime import date, timedelta

# Of `GET /repos/{owner}/{repo}/stargazers/history`: the newest week first.
WEEKS_ON_A_PAGE = 30
LAST_PAGE = 100


def week_of(day: date) -> date:
    """The Sunday on or before `day`: GitHub's weeks begin on Sundays."""
    return day - timedelta(days=(day.weekday() + 1) % 7)


def nearest_sunday(day: date) -> date:
    """The Sunday nearest to `day`: GitHub's weeks may begin some hours before or after midnight in UTC."""
    return week_of(day + timedelta(days=3))


def missing_page(stored: Container[date], *, today: date, began: date | None, after: int = 0) -> int | None:
    """The first page beyond page `after` with a week that is not among `stored`, by their Sundays.

    None where none is missing since the week of `began` (None: not known), or GitHub has no such page.
    """
    newest = week_of(today)
    for place in range(after * WEEKS_ON_A_PAGE, LAST_PAGE * WEEKS_ON_A_PAGE):
        week = newest - timedelta(weeks=place)
        if began and week < week_of(began):
            break
        if week not in stored:
            return place // WEEKS_ON_A_PAGE + 1
    return None
