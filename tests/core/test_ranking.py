from math import sqrt
from typing import Any

import pytest
from django.db.models import IntegerField, Value
from hypothesis import example, given
from hypothesis import strategies as st

from apps.accounts.models import User
from apps.core.ranking import WILSON_Z, wilson_lower_bound

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
