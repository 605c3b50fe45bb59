"""The picture of the layers."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from apps.stacks.layers import beds

COUNTS = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 300)), max_size=4)


@given(COUNTS)
def test_beds_lie_side_by_side_and_fill_the_whole(counts: list[tuple[str, int]]) -> None:
    found = beds(counts, whole=100, gap=0.6, least=3)

    assert [bed.slug for bed in found] == [slug for slug, count in counts if count]
    for before, after in pairwise(found):
        assert abs(before.start + before.length + 0.6 - after.start) < 1e-9
    assert all(bed.length > 2 for bed in found)
    assert not found or abs(found[-1].start + found[-1].length + 0.3 - 100) < 1e-9


def test_beds_are_as_long_as_their_share() -> None:
    first, second = beds([("a", 30), ("b", 10)], whole=102, gap=1, least=3)

    assert (round(first.length), round(second.length)) == (75, 25)
