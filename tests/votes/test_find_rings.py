from collections import Counter
from random import Random

import pytest

from apps.votes.rings import Edge, FoundRing, find_rings
from tests.votes.populations import RING, camouflage, circle, clique, edges, honest_votes

Votes = Counter[tuple[int, int]]
SEEDS = range(20)


def judge(honest: Votes, ring: Votes) -> tuple[float, float]:
    """The shares of the ring's votes for one another, and of all other votes, that are found, 0 to 1."""
    rings = [set(found.members) for found in find_rings(edges(honest, ring))]
    total = honest + ring
    reversed_votes = {
        pair for pair in total if any(pair[0] in members and pair[1] in members for members in rings)
    }
    of_ring = {pair for pair in total if min(pair) >= RING}
    honest_pairs = total.keys() - of_ring
    return tuple(
        sum(total[pair] for pair in pairs & reversed_votes) / max(1, sum(total[pair] for pair in pairs))
        for pairs in (of_ring, honest_pairs)
    )  # type: ignore[return-value]


@pytest.mark.parametrize("seed", SEEDS)
def test_ring_of_ten_is_found_and_honest_people_are_not(seed: int) -> None:
    honest = honest_votes(seed)
    assert sum(honest.values()) > 4000
    random = Random(seed)
    ring = clique(seed, 10, each=random.randint(1, 4))

    found, touched = judge(honest, camouflage(seed, ring, share=random.uniform(0, 0.45)))

    assert found >= 0.9
    assert touched <= 0.001


@pytest.mark.parametrize("seed", SEEDS)
def test_circle_of_ten_is_found_and_honest_people_are_not(seed: int) -> None:
    ring = circle(seed, 10, each=6)

    found, touched = judge(honest_votes(seed), camouflage(seed, ring, share=0.4))

    assert found >= 0.9
    assert touched <= 0.001


@pytest.mark.parametrize("size", [3, 4, 6, 20, 50])
@pytest.mark.parametrize("shape", [clique, circle])
def test_ring_of_any_size_is_found(shape: object, size: int) -> None:
    ring = circle(size, size) if shape is circle else clique(size, size)
    if size < 6:
        ring = Counter(dict.fromkeys(ring, 5))

    found, touched = judge(honest_votes(size), camouflage(size, ring, share=0.4))

    assert found >= 0.9
    assert touched <= 0.001


def test_rings_beside_one_another_are_all_found() -> None:
    ring = clique(1, 10) + clique(2, 7, first=RING + 500) + circle(3, 6, first=RING + 900)

    found, touched = judge(honest_votes(3), camouflage(4, ring))

    assert found >= 0.9
    assert touched <= 0.001


def test_two_rings_that_vote_for_one_another_a_little_are_found() -> None:
    ring = clique(1, 10) + clique(2, 10, first=RING + 500)
    for at in range(4):
        ring[RING + at, RING + 500 + at] += 1
        ring[RING + 500 + at, RING + at] += 1

    found, touched = judge(honest_votes(3), ring)

    assert found >= 0.9
    assert touched <= 0.001


@pytest.mark.parametrize("seed", range(100, 110))
def test_honest_people_alone_are_no_ring(seed: int) -> None:
    assert find_rings(edges(honest_votes(seed))) == []


def everybody(people: int, each: int) -> Votes:
    return Counter({(a, b): each for a in range(people) for b in range(people) if a != b})


def field(seed: int, people: int, *, inside: int, outside: int, readers: int) -> Votes:
    """People who vote for what they read in their own field, and for some of the rest; some others read them."""
    random = Random(seed)
    members = range(RING, RING + people)
    popularity = [random.paretovariate(1.5) for _ in members]
    votes: Votes = Counter()
    for voter in members:
        chosen = random.choices(members, popularity, k=inside) + random.choices(range(1, 321), k=outside)
        votes.update((voter, author) for author in chosen if author != voter)
        votes.update((random.randint(1, 320), voter) for _ in range(readers))
    return votes


@pytest.mark.parametrize("seed", range(10))
def test_experts_of_a_small_field_are_no_ring(seed: int) -> None:
    large = field(seed, 30, inside=15, outside=5, readers=0)
    small = field(seed, 12, inside=12, outside=8, readers=4)

    assert find_rings(edges(honest_votes(seed), large)) == []
    assert find_rings(edges(honest_votes(seed), small)) == []


@pytest.mark.parametrize(
    ("name", "votes"),
    [
        ("two friends", Counter({(RING, RING + 1): 50, (RING + 1, RING): 50})),
        ("too few votes", clique(1, 3, each=1)),
        ("a chain", Counter({(RING + at, RING + at + 1): 9 for at in range(9)})),
        ("fans of one author", Counter({(RING + at, 7): 9 for at in range(20)})),
    ],
)
def test_group_is_no_ring(name: str, votes: Votes) -> None:
    assert find_rings(edges(honest_votes(1), votes)) == []


def test_community_of_a_young_site_is_no_ring() -> None:
    assert find_rings(edges(everybody(9, 3))) == []
    assert find_rings([]) == []


def test_ring_says_who_and_how_much() -> None:
    ring = Counter(dict.fromkeys(clique(1, 4), 4))
    ring[RING, 1] = 4
    votes = edges(honest_votes(5), ring)

    found = find_rings(votes)

    assert found == [FoundRing(tuple(range(RING, RING + 4)), 48 / 52)]
    Random(1).shuffle(votes)
    assert find_rings(votes) == found


def test_edges_of_one_pair_add_up_and_votes_for_oneself_are_left_out() -> None:
    ring = Counter(dict.fromkeys(circle(1, 3), 6))
    halves = [Edge(edge.voter, edge.author, 3) for edge in edges(ring) for _ in range(2)]
    selves = [Edge(RING, RING, 1000), Edge(RING, RING + 2, 0)]

    found = find_rings(edges(honest_votes(5)) + halves + selves)

    assert found == [FoundRing((RING, RING + 1, RING + 2), 1.0)]
