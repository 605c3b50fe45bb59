"""How alike two tools are. Pure functions; a worker ranks alternatives by them.

    likeness = 0.35 [same function] + 0.05 [same category] + 0.15 [same language]
             + 0.10 J(ecosystems) + 0.15 J(neighbours) + 0.20 min(1, times compared / 2)

`J` is the Jaccard index of two sets, 0 where both are empty; a bracket is 1 where it holds and 0 elsewhere
(a language that is unknown is the same as none). Popularity is no part of it: it only breaks ties. A tool that
is made with, added to or run on the other is its companion and no alternative, unless people compare the two.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

SAME_FUNCTION = 0.35
SAME_CATEGORY = 0.05
SAME_LANGUAGE = 0.15
SHARED_ECOSYSTEMS = 0.10
SHARED_NEIGHBOURS = 0.15
COMPARED_TOGETHER = 0.20

# Compared this often together counts in full.
COMPARED_IN_FULL = 2

# Less than the same function counts alone: two tools of one category in one language, say, do different things.
LEAST_LIKENESS = 0.33

# What a page shows with room to spare where some of them fall away.
MOST_ALTERNATIVES = 16


@dataclass(frozen=True, slots=True)
class Traits:
    """What likeness looks at. Ids are those of rows; `compared` counts the comparisons with each other tool."""

    id: int
    function: int
    category: int
    language: str = ""
    ecosystems: frozenset[str] = frozenset()
    neighbours: frozenset[int] = frozenset()
    companions: frozenset[int] = frozenset()
    compared: Mapping[int, int] = field(default_factory=dict)
    stars: int = 0


def jaccard(a: frozenset[object], b: frozenset[object]) -> float:
    """The share of the union that both have: 0 to 1, 0 for two empty sets."""
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared) if shared else 0.0


def likeness(a: Traits, b: Traits) -> float:
    """From 0 (nothing in common) to 1; symmetric. See the formula above."""
    compared = a.compared.get(b.id, 0)
    if not compared and (b.id in a.companions or a.id in b.companions):
        return 0.0
    return (
        SAME_FUNCTION * (a.function == b.function)
        + SAME_CATEGORY * (a.category == b.category)
        + SAME_LANGUAGE * bool(a.language and a.language == b.language)
        + SHARED_ECOSYSTEMS * jaccard(a.ecosystems, b.ecosystems)
        + SHARED_NEIGHBOURS * jaccard(a.neighbours, b.neighbours)
        + COMPARED_TOGETHER * min(1.0, compared / COMPARED_IN_FULL)
    )


def rank_alternatives(tool: Traits, candidates: Iterable[Traits]) -> Sequence[tuple[int, float]]:
    """The ids of the most alike, best first, with their likeness. More stars, then the lower id, break ties."""
    scored = [(likeness(tool, other), other) for other in candidates if other.id != tool.id]
    kept = [(score, other) for score, other in scored if score >= LEAST_LIKENESS]
    kept.sort(key=lambda pair: (-round(pair[0], 6), -pair[1].stars, pair[1].id))
    return [(other.id, score) for score, other in kept[:MOST_ALTERNATIVES]]


def rank_all(tools: Mapping[int, Traits]) -> Iterator[tuple[int, Sequence[tuple[int, float]]]]:
    """Each tool's id with its alternatives: as `rank_alternatives` ranks its category and all that it is compared with.

    Looks only at pairs of one function, with a neighbour in common or compared: all others reach
    SAME_CATEGORY + SAME_LANGUAGE + SHARED_ECOSYSTEMS at most, which is less than LEAST_LIKENESS.
    """
    peers: dict[int, list[int]] = defaultdict(list)
    around: dict[tuple[int, int], list[int]] = defaultdict(list)
    for tool in tools.values():
        peers[tool.function].append(tool.id)
        for neighbour in tool.neighbours:
            around[tool.category, neighbour].append(tool.id)
    for tool in tools.values():
        near = {*peers[tool.function], *(tool.compared.keys() & tools.keys())}
        for neighbour in tool.neighbours:
            near.update(around[tool.category, neighbour])
        yield tool.id, rank_alternatives(tool, [tools[id_] for id_ in near])
