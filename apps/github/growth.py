"""Readings of a count, and the spans over which its growth is kept."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Reading:
    """A count on a day; `is_own` where our workers read it."""

    date: date
    count: int
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """The days before the newest reading over which a repository's growth is kept.

    A reading may lie `tolerance` days from the first of them and still stand for it; further off there is no answer.
    """

    days: int
    tolerance: int
    # Whether only what our own workers read will do.
    is_own_only: bool = False


SPANS = (
    # A week needs daily readings; the workers may have missed a day or two.
    Span(7, tolerance=2, is_own_only=True),
    # Readings of others are monthly, so the nearest one is half a month away at most, unless there is a gap.
    Span(90, tolerance=20),
    Span(365, tolerance=20),
)
