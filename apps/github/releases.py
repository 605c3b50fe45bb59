"""What releases and pushes say of a project. Pure functions."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median

# Fewer are one interval or none, which is no habit yet.
MIN_RELEASES = 3

# A finished library may rest for a year and more; in two, somebody who cared would have followed its dependencies.
ABANDONED_AFTER = timedelta(days=730)


def release_days(dates: Collection[date]) -> int | None:
    """The median number of days between releases on `dates`, in whatever order; None where they are too few to tell.

    Several on one day count as one: they are the same fix for several lines of versions.
    """
    days = sorted(set(dates))
    if len(days) < MIN_RELEASES:
        return None
    return round(median((after - before).days for before, after in pairwise(days)))


def is_abandoned(*, pushed_at: datetime | None, archived: bool, now: datetime) -> bool:
    """Whether nobody works on it any more, by the look of it, though its owner has not archived it.

    `pushed_at` None: not known, so nothing is said.
    """
    return not archived and pushed_at is not None and now - pushed_at > ABANDONED_AFTER
