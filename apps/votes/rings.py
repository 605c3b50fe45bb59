"""Finds rings: accounts that vote for one another as no honest people do. Pure: the vote graph in, groups out.

What gives a ring away is not that its members vote for one another: friends and experts of a small field do, too. It is
that they do so *mainly*, in *both* directions, and in a *pattern* that reading does not make:

1. Of what each member gives, and of what each gets, a large share stays in the group. Popular authors get from
   everywhere, so no group around them holds a large share of what they get; experts of a niche also vote, and are voted
   for, outside it; newcomers have too few votes to say anything.
2. Everybody votes for (nearly) everybody, or everybody votes mainly for one other and is voted for mainly by one other,
   which closes a circle. People who vote for what they read reach neither in a group of more than a few.

A member's closeness to a group is the product of both: the geometric mean of the two shares, times how much of the
pattern there is. A ring is a group, connected by votes in both directions or around, in which everybody's closeness is
at least `MIN_CLOSENESS`.

There are two searches. Circles are what hangs together by votes that are each close enough by themselves. Cliques
are peeled out of the people whose votes are answered: again and again those with the least share of answered votes go,
and what falls into pieces is taken apart, until a group is a ring or too small. Honest people's votes are rarely
answered, so they go first. What is found is set aside and the search begins anew, for a ring that was taken apart while
a closer one was found. Camouflage, honest votes of ring members, lowers their share, but does not hide them until it is
the larger part of what they give.

networkx is imported when rings are searched, once a night in one worker: every process imports this module.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx as nx

# Two who vote for each other are friends; three or more are a ring.
MIN_MEMBERS = 3
# More people do not keep a secret: a larger group is a community, unless a part of it is close in itself.
MAX_MEMBERS = 60
# Of all who vote: a larger part of a young site is its community, whoever it votes for.
MAX_PART_OF_PEOPLE = 0.25
# Votes that each member gives to the others, and gets from them: fewer do little harm, and can be chance.
MIN_VOTES = 5
# Everybody for everybody with two thirds of the votes inside is 0.67; the same with half of the pairs is 0.33.
# Measured in made-up populations (tests/votes/populations.py): honest people alone reach 0.1, a field of thirty that
# votes three quarters inside 0.2. One of twelve reaches 0.4 if it votes three quarters inside and nobody else votes
# for it: that looks like a ring, and a moderator must tell them apart; three fifths inside and some readers do not.
MIN_CLOSENESS = 0.4
# The share of the weakest that goes in each step of the search: one by one in small groups, fewer steps in large ones.
PEELED_AT_ONCE = 0.05


@dataclass(frozen=True, slots=True)
class Edge:
    """That `voter` gave `votes` votes up to what `author` wrote."""

    voter: int
    author: int
    votes: int


@dataclass(frozen=True, slots=True)
class FoundRing:
    """A ring: its members, sorted, and the share of all votes they gave that went to one another, 0 to 1."""

    members: tuple[int, ...]
    inside_share: float


class _Graph:
    """Who gave how many votes to whom, and what each gave and got in all."""

    def __init__(self, edges: Iterable[Edge]) -> None:
        self.votes: Counter[tuple[int, int]] = Counter()
        for edge in edges:
            if edge.voter != edge.author and edge.votes > 0:
                self.votes[edge.voter, edge.author] += edge.votes
        self.gave: Counter[int] = Counter()
        self.got: Counter[int] = Counter()
        for (voter, author), votes in self.votes.items():
            self.gave[voter] += votes
            self.got[author] += votes

    def share(self, voter: int, author: int, given: int, got: int) -> float:
        """The geometric mean of `given` as a share of what `voter` gave and `got` as one of what `author` got."""
        return sqrt(given / self.gave[voter] * got / self.got[author])

    def close(self) -> nx.DiGraph:
        """The votes that are a large share of what their voter gave and of what their author got."""
        import networkx as nx

        return nx.DiGraph(
            pair
            for pair, votes in self.votes.items()
            if votes >= MIN_VOTES and self.share(*pair, votes, votes) >= MIN_CLOSENESS
        )

    def answered(self) -> dict[int, set[int]]:
        """For each person those for whom they vote and who vote for them."""
        answered: dict[int, set[int]] = defaultdict(set)
        for voter, author in self.votes:
            if (author, voter) in self.votes:
                answered[voter].add(author)
        return answered

    def share_among(self, others: Iterable[int], member: int) -> float:
        """The share of what the member gives and gets that `others` get and give, 0 to 1."""
        given = got = 0
        for other in others:
            given += self.votes[member, other]
            got += self.votes[other, member]
        return self.share(member, member, given, got)

    def share_in(self, group: nx.DiGraph, member: int) -> float:
        """The share of what the member gives and gets that goes along the edges of `group`, 0 to 1."""
        given = sum(self.votes[pair] for pair in group.out_edges(member))
        got = sum(self.votes[pair] for pair in group.in_edges(member))
        return self.share(member, member, given, got)

    def is_ring(self, members: set[int]) -> bool:
        """Whether everybody in the group is close enough to it."""
        import networkx as nx

        inside = nx.DiGraph(
            (one, other) for one in members for other in members if (one, other) in self.votes
        )
        return all(
            self.share_in(inside, member) * self.pattern_in(inside, member) >= MIN_CLOSENESS
            for member in members
        )

    def pattern_in(self, inside: nx.DiGraph, member: int) -> float:
        """How much of a clique or a circle there is around the member, 0 to 1; 0 with too few votes to tell."""
        gives = [self.votes[pair] for pair in inside.out_edges(member)]
        gets = [self.votes[pair] for pair in inside.in_edges(member)]
        if min(sum(gives), sum(gets)) < MIN_VOTES:
            return 0.0
        clique = (len(gives) + len(gets)) / 2 / (len(inside) - 1)
        circle = min(max(gives) / sum(gives), max(gets) / sum(gets))
        return max(clique, circle)


def find_rings(edges: Iterable[Edge]) -> list[FoundRing]:
    """The rings among people who vote for one another, by their smallest member. See above for how it decides.

    `edges` are the votes up that count, for what somebody wrote; their order does not matter, several of one pair add
    up, and votes for oneself are left out. Nobody is in two rings.
    """
    graph = _Graph(edges)
    most = min(MAX_MEMBERS, int(len(graph.gave) * MAX_PART_OF_PEOPLE))
    rings = [part for part in _parts(graph.close()) if len(part) <= most and graph.is_ring(part)]
    answered = graph.answered()
    people = set(answered).difference(*rings)
    while found := _peel(graph, answered, people, most):
        rings += found
        people = people.difference(*found)
    return [FoundRing(tuple(sorted(ring)), _inside_share(graph, ring)) for ring in sorted(rings, key=min)]


def _parts(group: nx.DiGraph) -> list[set[int]]:
    """The strongly connected components, without those too small for a ring."""
    import networkx as nx

    return [part for part in nx.strongly_connected_components(group) if len(part) >= MIN_MEMBERS]


def _pieces(answered: dict[int, set[int]], people: set[int]) -> list[set[int]]:
    """What hangs together by answered votes among these people, without what is too small for a ring."""
    pieces = []
    left = set(people)
    while left:
        piece: set[int] = set()
        border = {left.pop()}
        while border:
            piece |= border
            border = left.intersection(set().union(*(answered[member] for member in border)))
            left -= border
        if len(piece) >= MIN_MEMBERS:
            pieces.append(piece)
    return pieces


def _peel(graph: _Graph, answered: dict[int, set[int]], people: set[int], most: int) -> list[set[int]]:
    """The cliques that one peeling of the people whose votes are answered finds."""
    rings = []
    groups = _pieces(answered, people)
    while groups:
        members = groups.pop()
        if len(members) <= most and graph.is_ring(members):
            rings.append(members)
            continue
        shares = {member: graph.share_among(answered[member] & members, member) for member in members}
        # Ties go by number, so that the answer is always the same.
        weakest = sorted(members, key=lambda member: (shares[member], member))
        members.difference_update(weakest[: ceil(len(members) * PEELED_AT_ONCE)])
        groups += _pieces(answered, members)
    return rings


def _inside_share(graph: _Graph, ring: set[int]) -> float:
    inside = sum(votes for (voter, author), votes in graph.votes.items() if voter in ring and author in ring)
    return inside / sum(graph.gave[member] for member in ring)
