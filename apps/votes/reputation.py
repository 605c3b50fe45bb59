"""What people earn by what they wrote. Pure: numbers in, a number out."""

from collections.abc import Iterable
from math import floor, log2

# The first vote that a remark is ahead earns so much.
FIRST_VOTE = 10


def reputation(votes: Iterable[tuple[int, int]]) -> int:
    """What a person earned on a tool: `votes` are those up and down on each thing they wrote there.

    Each thing earns floor(10 * log2(1 + max(0, up - down))), and the things add up: 10 for one vote ahead, 20 for
    three, 66 for a hundred. The logarithm, because the tenth agreement says less than the first: ten remarks that
    three people each found right are worth more than one that thirty did. Never below 0 for anything written: who
    was wrong once earns nothing by it, and loses nothing of what they earned elsewhere. Bounds: at least 0; at most
    10 * log2(1 + up) for each thing. More votes up never earn less, more votes down never more, and the order of the
    things does not matter.
    """
    return sum(floor(FIRST_VOTE * log2(1 + max(0, up - down))) for up, down in votes)
