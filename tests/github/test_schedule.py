from collections import Counter
from datetime import timedelta
from itertools import pairwise
from math import ceil
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.github.models import Repository
from apps.github.outcomes import MISSING_LOOKS, MISSING_TIME
from apps.github.schedule import LONGEST, SHORTEST, next_look

State = Repository.State
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WELL = [State.NEW, State.OK, State.ARCHIVED, State.DUPLICATE]


@given(
    pk=st.integers(1, 2**63 - 1),
    state=st.sampled_from(WELL),
    interest=st.integers(0, 2**31),
    stars_a_day=st.floats(-1e6, 1e6),
    is_scarce=st.booleans(),
)
def test_wait_is_from_an_hour_to_23(
    pk: int, state: State, interest: int, stars_a_day: float, is_scarce: bool
) -> None:
    wait = next_look(pk=pk, state=state, interest=interest, stars_a_day=stars_a_day, is_scarce=is_scarce)

    assert HOUR <= SHORTEST <= wait <= LONGEST <= 23 * HOUR


@given(pk=st.integers(1, 10**6), interest=st.integers(0, 10_000), stars_a_day=st.floats(-10_000, 10_000))
def test_wait_never_grows_with_interest_or_with_change(pk: int, interest: int, stars_a_day: float) -> None:
    wait = next_look(pk=pk, state=State.OK, interest=interest, stars_a_day=stars_a_day)

    assert next_look(pk=pk, state=State.OK, interest=interest + 1, stars_a_day=stars_a_day) <= wait
    assert next_look(pk=pk, state=State.OK, interest=interest, stars_a_day=stars_a_day * 2) <= wait


def test_wait_is_short_where_people_care_or_stars_move() -> None:
    nobody = next_look(pk=1, state=State.OK)

    assert next_look(pk=1, state=State.OK, interest=50) < nobody / 5
    assert next_look(pk=1, state=State.OK, stars_a_day=100) < nobody / 5
    assert next_look(pk=1, state=State.OK, stars_a_day=-100) < nobody / 5


@pytest.mark.parametrize("kind", [{"state": State.ARCHIVED}, {"state": State.OK, "is_scarce": True}])
def test_wait_is_about_a_day_where_more_is_no_use_or_not_to_be_had(kind: dict[str, object]) -> None:
    assert next_look(pk=1, interest=1000, stars_a_day=1000, **kind) == next_look(pk=1, state=State.OK)


def test_what_was_read_at_once_does_not_come_due_at_once() -> None:
    hours = Counter(next_look(pk=pk, state=State.OK) // (HOUR / 2) for pk in range(1, 10_001))

    assert len(hours) >= 9
    assert max(hours.values()) < 2_000


def test_same_repository_has_the_same_wait() -> None:
    assert next_look(pk=7, state=State.OK) == next_look(pk=7, state=State.OK)


@pytest.mark.parametrize(("state", "days"), [(State.MISSING, 30), (State.BLOCKED, 7), (State.FORBIDDEN, 7)])
def test_wait_is_long_in_states_that_rarely_change(state: State, days: int) -> None:
    assert next_look(pk=1, state=state, interest=1000, failures=3, missing_count=3) == days * DAY


def test_what_was_not_found_is_looked_for_daily_until_it_is_missing() -> None:
    wait = next_look(pk=1, state=State.OK, interest=1000, failures=9, missing_count=9)

    assert wait == LONGEST
    assert wait * (MISSING_LOOKS - 1) < MISSING_TIME


def test_wait_after_failures_grows_up_to_a_day() -> None:
    waits = [next_look(pk=1, state=State.OK, interest=1000, failures=n) for n in range(1, 1100)]

    assert waits[:4] == [timedelta(minutes=n) for n in (5, 10, 20, 40)]
    assert all(earlier <= later for earlier, later in pairwise(waits))
    assert waits[-1] == DAY


def test_ten_thousand_repositories_stay_under_the_quota_of_an_hour() -> None:
    # The shortest realistic mix: a few that everybody looks at, and stars that move as never before.
    random = Random(4)
    waits = [
        next_look(
            pk=pk,
            state=State.OK,
            interest=int(random.paretovariate(0.7) * 10),
            stars_a_day=random.paretovariate(0.7) * 10,
        )
        for pk in range(1, 10_001)
    ]
    looks = sum(HOUR / wait for wait in waits)

    # A run each minute, whose last batch may be nearly empty, and as much again for halves, names and retries.
    points = 2 * (ceil(looks / 50) + 60)

    assert looks > 2_000
    assert points < 4_000
    # And even with all of them at the shortest wait, asked for in batches of seven.
    assert 10_000 * (HOUR / SHORTEST) / 7 < 4_000
