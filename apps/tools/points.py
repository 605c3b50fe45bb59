"""What a pro or con may say, which ones say nearly the same, and how they age. Pure: knows no database.

Order of a list: those that still hold before those that are old; among each the highest Wilson bound of the votes first
(`Point.rank`), then `position`, then the id.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta

from packaging.version import InvalidVersion, Version
from rapidfuzz import fuzz, process

from apps.core.folding import fold
from apps.core.folding import names_address as names_address
from apps.core.folding import one_line as one_line

# Of each kind, per person and tool: enough for what one knows well, too few to fill a page alone.
MAX_POINTS_EACH = 5
# On an account's first day, on all tools together: what a person can check in a day, and little for a robot.
FIRST_DAY_POINTS = 10
# Of everybody, on all tools together: one every three minutes is faster than one thinks and checks.
POINT_LIMIT = "20/hour"
# On an account's first day, when they wait to be counted: as many as votes.
FIRST_DAY_ANSWERS = 50
# For slips of the pen; later the votes are on what was read.
EDIT_WINDOW = timedelta(minutes=15)
# Of each kind on pages that show more than points; the rest has a page of its own.
SHOWN_POINTS = 10
# Of each kind, the best by votes: of these those pages choose what to show, the old ones last.
READ_POINTS = 100
# Of each kind, on a page of the page of their own.
POINTS_PAGE = 50

# 0 to 100. Of 874 pairs of different statements about one tool in the catalogue, none is as alike as this.
SIMILAR_CUTOFF = 72
SHOWN_SIMILAR = 5
# Of each kind, the best by votes: with more, comparing takes longer than the rest of the page.
COMPARED_POINTS = 500
# What is shorter is like everything.
MIN_COMPARED_CHARACTERS = 4

# Before it there was little of what people build with today.
FIRST_YEAR = 1970
# A year's release of most tools is out of support by then.
OLD_YEARS = 3
# Fewer may be one person with a friend.
ENOUGH_ANSWERS = 3

_YEAR = re.compile(r"[0-9]{4}")
_VERSION = re.compile(r"(v?[0-9]{1,4}(?:\.[0-9]{1,5}){0,3})(?:\.x)?", re.IGNORECASE)


def problem_of_about(about: str, *, today: date) -> str:
    """What is wrong with the version or year of a pro or con, in words for its author; empty: nothing."""
    if _YEAR.fullmatch(about):
        if FIRST_YEAR <= int(about) <= today.year:
            return ""
        return f"Write a year from {FIRST_YEAR} to {today.year}."
    if _VERSION.fullmatch(about):
        return ""
    return "Write the version or the year that it is about, such as 3.1, 18.x or 2025."


def major_version(text: str) -> int | None:
    """The major version that a release's tag names ("v3.1.0", "php-8.4"); None where it can't be told."""
    try:
        return Version(re.sub(r"^\D+", "", text)).major
    except InvalidVersion:
        return None


def marks(
    *, about: str, true_count: int, outdated_count: int, latest_release: str, today: date
) -> tuple[str, ...]:
    """Why a pro or con is old, in words for readers; nothing: it holds, for all that is known.

    It is old when it is about a year at least `OLD_YEARS` back; about a version whose major is lower than that of
    `latest_release` (empty: unknown); or when `ENOUGH_ANSWERS` people answered "Still true?" and most of them said no.
    """
    found = []
    if _YEAR.fullmatch(about):
        if today.year - int(about) >= OLD_YEARS:
            found.append(f"{today.year - int(about)} years old")
    elif version := _VERSION.fullmatch(about):
        own, latest = major_version(version[1]), major_version(latest_release)
        if own is not None and latest is not None and own < latest:
            found.append("about an older version")
    answers = true_count + outdated_count
    if answers >= ENOUGH_ANSWERS and outdated_count > true_count:
        found.append(f"{outdated_count} of {answers} say it is no longer true")
    return tuple(found)


def similar(text: str, others: Mapping[int, str]) -> list[int]:
    """The keys of the `others` that say nearly what `text` says, the most alike first."""
    folded = fold(text)
    if len(folded) < MIN_COMPARED_CHARACTERS:
        return []
    folds = {key: fold(other) for key, other in others.items()}
    found = process.extract(
        folded, folds, scorer=fuzz.token_set_ratio, score_cutoff=SIMILAR_CUTOFF, limit=SHOWN_SIMILAR
    )
    return [key for _, _, key in found]


def pair_up(old: Mapping[int, str], new: Mapping[int, str]) -> dict[int, int]:
    """Which of the `new` texts is which of the `old` ones in other words: keys of new by keys of old.

    The most alike pair first; none that is less alike than `SIMILAR_CUTOFF`.
    """
    folds = {key: fold(text) for key, text in new.items()}
    likeness = [
        (fuzz.token_set_ratio(fold(text), folded), old_key, new_key)
        for old_key, text in old.items()
        for new_key, folded in folds.items()
    ]
    pairs: dict[int, int] = {}
    for score, old_key, new_key in sorted(likeness, key=lambda one: (-one[0], one[1], one[2])):
        if score >= SIMILAR_CUTOFF and old_key not in pairs and new_key not in pairs.values():
            pairs[old_key] = new_key
    return pairs
