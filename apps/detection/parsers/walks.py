"""Walks through values that YAML and JSON gave."""

from collections.abc import Iterator
from typing import Any

from apps.detection.parsers import yamls
from apps.detection.parsers.tables import items


def pairs(value: Any) -> Iterator[tuple[str, Any]]:
    """Each key with its value of all maps within `value`, however deep, in order."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(key, str):
                yield key, inner
            yield from pairs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from pairs(inner)


def strings(value: Any) -> Iterator[str]:
    """A string itself, or the strings of a list, and of lists within it (GitLab's !reference)."""
    if isinstance(value, str):
        yield value
    for inner in items(value):
        yield from strings(inner)


def first_line(text: str) -> int | None:
    """The line on which a script begins: below its key, if it is a block of several lines."""
    line = yamls.line_of(text)
    return line + 1 if line and "\n" in text else line
