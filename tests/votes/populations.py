"""Seeded populations of people who vote: honest ones, and rings among them. Edges of `rings.find_rings`."""

from collections import Counter
from functools import cache
from random import Random

from apps.votes.rings import Edge

# Ids of ring members begin here.
RING = 100_000


# Several tests take the same one; nobody changes it.
@cache
def honest_votes(seed: int, people: int = 320) -> Counter[tuple[int, int]]:
    """Several thousand votes of `people`: by popularity, within fields, of newcomers, and of niches of experts.

    A twentieth is popular; each belongs to one of several fields and mostly votes there; a fifth are newcomers with
    one to three votes; three niches of five to eight experts vote for one another, among many other votes.
    """
    random = Random(seed)
    votes: Counter[tuple[int, int]] = Counter()
    everybody = range(1, people + 1)
    popularity = [random.paretovariate(1.1) for _ in everybody]
    field = {person: random.randrange(8) for person in everybody}
    for voter in everybody:
        is_newcomer = random.random() < 0.2
        number = random.randint(1, 3) if is_newcomer else random.randint(5, 40)
        near = [
            weight * (6 if field[author] == field[voter] else 1)
            for author, weight in zip(everybody, popularity, strict=True)
        ]
        for author in random.choices(everybody, near, k=number):
            if author != voter:
                votes[voter, author] += 1
    for _ in range(3):
        niche = random.sample(everybody, random.randint(5, 8))
        for voter in niche:
            for author in niche:
                if author != voter and random.random() < 0.8:
                    votes[voter, author] += random.randint(1, 2)
            for author in random.choices(everybody, popularity, k=30):
                if author != voter:
                    votes[voter, author] += 1
            for reader in random.sample(everybody, 30):
                if reader != voter:
                    votes[reader, voter] += 1
    return votes


def clique(
    seed: int, size: int, *, first: int = RING, reach: float = 1.0, each: int = 3
) -> Counter[tuple[int, int]]:
    """Everybody votes for everybody (a share `reach` of the others) 1 to `each` times."""
    random = Random(seed)
    members = range(first, first + size)
    return Counter(
        {
            (voter, author): random.randint(1, each)
            for voter in members
            for author in members
            if author != voter and random.random() < reach
        }
    )


def circle(seed: int, size: int, *, first: int = RING, each: int = 8) -> Counter[tuple[int, int]]:
    """Each votes `each` times for the next, and the last for the first."""
    members = range(first, first + size)
    return Counter({(member, first + (member + 1 - first) % size): each for member in members})


def camouflage(
    seed: int, ring: Counter[tuple[int, int]], people: int = 320, share: float = 0.3, noise: float = 0.1
) -> Counter[tuple[int, int]]:
    """`ring` and the honest votes of its members, `share` of all they give; some honest people vote for them, too."""
    random = Random(seed)
    votes = Counter(ring)
    given: Counter[int] = Counter()
    for (voter, _), number in ring.items():
        given[voter] += number
    for voter, number in given.items():
        for _ in range(round(number * share / (1 - share))):
            votes[voter, random.randint(1, people)] += 1
        for _ in range(round(number * noise)):
            votes[random.randint(1, people), voter] += 1
    return votes


def edges(*graphs: Counter[tuple[int, int]]) -> list[Edge]:
    total: Counter[tuple[int, int]] = Counter()
    for graph in graphs:
        total.update(graph)
    return [Edge(voter, author, number) for (voter, author), number in total.items()]
