from datetime import UTC, datetime, timedelta
from math import log10, sqrt
from typing import Any

import pytest
from django.db.models import DateTimeField, IntegerField, Value
from hypothesis import example, given
from hypothesis import strategies as st

from apps.accounts.models import User
from apps.core.ranking import HOT_EPOCH, HOT_WINDOW, WILSON_Z, hotness, wilson_lower_bound

pytestmark = pytest.mark.django_db

counts = st.integers(0, 1_000_000)


def computed(up: int, down: int) -> float:
    """What the database says, which needs a row to say it about."""
    columns = {"up": Value(up, IntegerField()), "down": Value(down, IntegerField())}
    rows = User.objects.annotate(**columns).annotate(bound=wilson_lower_bound("up", "down"))
    bound: float = rows.values_list("bound", flat=True).get()
    return bound


def plain(up: int, down: int) -> float:
    """The formula as Wilson's paper and every textbook has it."""
    n = up + down
    if n == 0:
        return 0.0
    p = up / n
    z = WILSON_Z
    return (p + z**2 / (2 * n) - z * sqrt(p * (1 - p) / n + z**2 / (4 * n**2))) / (1 + z**2 / n)


def test_bound_is_that_of_the_plain_formula(alice: Any) -> None:
    @given(counts, counts)
    @example(0, 0)
    @example(1, 0)
    @example(0, 1)
    def check(up: int, down: int) -> None:
        assert computed(up, down) == pytest.approx(plain(up, down), abs=1e-9)

    check()


def test_bound_lies_below_the_share_of_votes_that_are_up(alice: Any) -> None:
    @given(counts, st.integers(1, 1_000_000))
    def check(up: int, down: int) -> None:
        assert -1e-9 <= computed(up, down) <= up / (up + down) + 1e-9

    check()


def test_bound_grows_with_votes_up_and_falls_with_votes_down(alice: Any) -> None:
    @given(counts, counts)
    def check(up: int, down: int) -> None:
        assert computed(up + 1, down) > computed(up, down) - 1e-9
        assert computed(up, down + 1) < computed(up, down) + 1e-9

    check()


@pytest.mark.parametrize(
    ("up", "down", "bound"), [(0, 0, 0.0), (1, 0, 0.379), (10, 0, 0.859), (100, 10, 0.8679), (0, 5, 0.0)]
)
def test_bound_of_known_counts(alice: Any, up: int, down: int, bound: float) -> None:
    assert computed(up, down) == pytest.approx(bound, abs=1e-3)


def hot(up: int, down: int, created_at: datetime) -> float:
    """What the database says of something written then."""
    columns = {"up": Value(up, IntegerField()), "down": Value(down, IntegerField())}
    rows = User.objects.annotate(**columns, at=Value(created_at, DateTimeField()))
    number: float = rows.annotate(hot=hotness("up", "down", "at")).values_list("hot", flat=True).get()
    return number


def test_hotness_is_that_of_the_plain_formula(alice: Any) -> None:
    @given(counts, counts, st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
    @example(0, 0, datetime(2020, 1, 1))  # noqa: DTZ001
    @example(0, 5, datetime(2026, 1, 1))  # noqa: DTZ001
    def check(up: int, down: int, at: datetime) -> None:
        score = up - down
        sign = (score > 0) - (score < 0)
        age = (at.replace(tzinfo=UTC) - HOT_EPOCH).total_seconds() / HOT_WINDOW.total_seconds()
        plain = sign * log10(max(1, abs(score))) + age
        assert hot(up, down, at.replace(tzinfo=UTC)) == pytest.approx(plain, abs=1e-6)

    check()


def test_ten_times_the_votes_make_up_for_a_window(alice: Any) -> None:
    now = datetime(2026, 3, 14, 9, tzinfo=UTC)

    assert hot(100, 0, now - HOT_WINDOW) == pytest.approx(hot(10, 0, now))
    assert hot(100, 0, now - HOT_WINDOW - timedelta(hours=1)) < hot(10, 0, now)
    # What is voted down is below what nobody voted on.
    assert hot(0, 10, now) < hot(0, 0, now)
