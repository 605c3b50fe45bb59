"""How alike two stacks are. Pure functions; a worker ranks similar stacks by them.

    likeness(A, B) = sum of w(t) over tools t in both / sum of w(t) over tools t in either
    w(t) = ln((1 + N) / (1 + n(t)))      N stacks in all, of which n(t) run t

The weighted Jaccard index (Jaccard 1912; with weights: Ioffe 2010) by inverse document frequency (Spärck Jones 1972):
what nearly everybody runs says little, what few run says much. 0: nothing in common, 1: the same tools. Symmetric.
Minor tools are left out by the caller.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping

# What a page shows with room to spare where some of them fall away.
MOST_SIMILAR = 12
# Fewer in common is chance.
FEWEST_SHARED = 2
LEAST_LIKENESS = 0.1
# Once so many share one of a stack's rarest tools, those that share only commoner ones are not looked at: it would cost
# much, and they are hardly the most alike.
ENOUGH = 500


class Crowd:
    """All stacks by id with the ids of their tools, ready to be compared with."""

    def __init__(self, stacks: Mapping[int, frozenset[int]]) -> None:
        self.stacks = stacks
        self._running: dict[int, list[int]] = defaultdict(list)
        for stack, tools in stacks.items():
            for tool in tools:
                self._running[tool].append(stack)
        self._weights = {
            tool: math.log((1 + len(stacks)) / (1 + len(running))) for tool, running in self._running.items()
        }
        self._sums = {stack: self._weigh(tools) for stack, tools in stacks.items()}

    def _weigh(self, tools: Iterable[int]) -> float:
        return math.fsum(self._weights[tool] for tool in tools)

    def likeness(self, a: int, b: int) -> float:
        """From 0 to 1; see the formula above. Two stacks of which all run all they have are the same: 1."""
        shared = self.stacks[a] & self.stacks[b]
        return self._share(self._weigh(shared), a, b) if shared else 0.0

    def _share(self, shared: float, a: int, b: int) -> float:
        either = self._sums[a] + self._sums[b] - shared
        return min(1.0, shared / either) if either > 1e-9 else 1.0

    def most_similar(self, stack: int) -> list[tuple[int, float, int]]:
        """The most alike first: id, likeness, number of tools in common. More in common, then the lower id, break ties.

        Among those that share one of its rarest tools: `ENOUGH` at least, where there are so many.
        """
        own = self.stacks[stack]
        found: set[int] = set()
        for tool in sorted(own, key=lambda tool: (len(self._running[tool]), tool)):
            found.update(self._running[tool])
            if len(found) > ENOUGH:
                break
        found.discard(stack)
        scored = []
        for other in found:
            shared = own & self.stacks[other]
            if len(shared) < FEWEST_SHARED:
                continue
            score = round(self._share(self._weigh(shared), stack, other), 4)
            if score >= LEAST_LIKENESS:
                scored.append((other, score, len(shared)))
        scored.sort(key=lambda one: (-one[1], -one[2], one[0]))
        return scored[:MOST_SIMILAR]
