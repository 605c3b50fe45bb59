"""How a count grew, from dated readings. Pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

# A reading may lie this far from the day that is asked for and still stand for it: readings are monthly,
# so the nearest one is half a month away at most; further than that there is a gap, and no answer.
TOLERANCE = timedelta(days=20)


@dataclass(frozen=True, slots=True)
class Reading:
    """A count on a day."""

    date: date
    count: int


@dataclass(frozen=True, slots=True)
class Growth:
    """`added` between the days `since` and `until`; `days` as asked for."""

    added: int
    since: date
    until: date
    days: int


def growth(readings: Sequence[Reading], *, days: int) -> Growth | None:
    """The growth over the last `days` days before the newest reading.

    `readings` ascend by date. None where no reading lies near enough to the first day.
    """
    if len(readings) < 2:
        return None
    last = readings[-1]
    wanted = last.date - timedelta(days=days)
    first = min(readings[:-1], key=lambda reading: abs(reading.date - wanted))
    if abs(first.date - wanted) > TOLERANCE:
        return None
    return Growth(added=last.count - first.count, since=first.date, until=last.date, days=days)
