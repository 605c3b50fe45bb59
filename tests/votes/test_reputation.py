import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.votes.reputation import reputation

counts = st.integers(min_value=0, max_value=10**7)
remarks = st.lists(st.tuples(counts, counts), max_size=10)


@pytest.mark.parametrize(
    ("votes", "earned"),
    [
        ([], 0),
        ([(0, 0)], 0),
        ([(1, 0)], 10),
        ([(3, 0)], 20),
        ([(2, 1)], 10),
        ([(100, 0)], 66),
        ([(0, 9)], 0),
        ([(3, 0), (0, 50)], 20),
        ([(3, 0)] * 10, 200),
        ([(30, 0)], 49),
    ],
)
def test_reputation_is_what_the_formula_says(votes: list[tuple[int, int]], earned: int) -> None:
    assert reputation(votes) == earned


@given(remarks)
def test_reputation_is_never_negative(votes: list[tuple[int, int]]) -> None:
    assert reputation(votes) >= 0


@given(remarks, counts, counts)
def test_reputation_grows_with_votes_up_and_shrinks_with_votes_down(
    votes: list[tuple[int, int]], up: int, down: int
) -> None:
    before = reputation([*votes, (up, down)])

    assert reputation([*votes, (up + 1, down)]) >= before >= reputation([*votes, (up, down + 1)])


@given(remarks, st.randoms(use_true_random=False))
def test_reputation_does_not_depend_on_the_order(votes: list[tuple[int, int]], random: object) -> None:
    shuffled = list(votes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert reputation(shuffled) == reputation(votes)


@given(counts, st.integers(min_value=1, max_value=1000))
def test_reputation_of_a_popular_remark_grows_ever_more_slowly(up: int, more: int) -> None:
    first = reputation([(up + more, 0)]) - reputation([(up, 0)])
    second = reputation([(up + 2 * more, 0)]) - reputation([(up + more, 0)])

    # Rounding down may shift a point from one to the other.
    assert second <= first + 1
