"""When a repository is looked at next. Pure functions."""

import zlib
from datetime import timedelta

from apps.github.models import Repository

State = Repository.State

# An hour less than a day, so that every day has its snapshot however late the workers come.
LONGEST = timedelta(hours=23)
# More often than this nobody would see a difference. If all 10,000 came so often, in batches of 50, that would
# still be 200 points an hour of GitHub's 5,000.
SHORTEST = timedelta(hours=1)

# One more look a day for each so many people who care, and for each so many stars that come on a day.
PEOPLE_A_LOOK = 5
STARS_A_LOOK = 10

# Up to this part of the wait is taken off by the id, so that what was read at once does not come due at once for ever.
SPREAD = 0.2

# States that change rarely, and of which no figure is shown as of today.
RARELY = {
    State.MISSING: timedelta(days=30),
    State.BLOCKED: timedelta(days=7),
    State.FORBIDDEN: timedelta(days=7),
}
# Daily like all others until it counts as missing (outcomes.py): GitHub has had hours in which it found nothing, after
# which no figure shall be older than a day.
WHILE_NOT_FOUND = LONGEST

# After a failure that is not GitHub's as a whole, doubled with each in a row, up to a day.
FIRST_RETRY = timedelta(minutes=5)
LAST_RETRY = timedelta(days=1)


def next_look(
    *,
    pk: int,
    state: Repository.State,
    interest: int = 0,
    stars_a_day: float = 0.0,
    failures: int = 0,
    missing_count: int = 0,
    is_scarce: bool = False,
) -> timedelta:
    """How long after this look the next one is due.

    An hour to 23 for what goes well: `1 + interest / 5 + stars_a_day / 10` looks a day. `is_scarce`: without a token
    there are few requests, so once a day for each, and where that is too many services/refresh.py says whose turn it
    is. Raises nothing.
    """
    if state in RARELY:
        return RARELY[state]
    if missing_count:
        return WHILE_NOT_FOUND
    if failures:
        return min(FIRST_RETRY * (1 << min(failures - 1, 10)), LAST_RETRY)
    looks = 1 + max(0, interest) / PEOPLE_A_LOOK + abs(stars_a_day) / STARS_A_LOOK
    if is_scarce or state == State.ARCHIVED:
        # Nobody pushes to an archived one, and its stars hardly move.
        looks = 1
    wait = min(timedelta(days=1) / looks, LONGEST)
    return max(SHORTEST, wait * (1 - SPREAD * _place(pk)))


def _place(pk: int) -> float:
    """A number from 0 to 1 that depends on the id alone, evenly spread over neighbouring ids."""
    return zlib.crc32(pk.to_bytes(8, "big")) / 2**32
