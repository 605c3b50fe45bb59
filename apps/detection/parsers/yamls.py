"""YAML as plain values, from hostile text.

PyYAML's events are built into dicts, lists, strings and None here, and not by one of its loaders, because that

- takes every tag ("!Ref", "!ENV", "!reference") for what it stands before, and builds no object of any kind,
- leaves scalars as they are written: 3.10 is "3.10" and not 3.1, "on" is no truth,
- knows the line of each string, for evidence,
- refuses depth, and aliases that unfold to too much, while reading: a billion laughs costs nothing.
"""

from collections.abc import Iterator
from typing import Any

import yaml

from apps.detection.sights import Limits, UnreadableError

# The C reader is some ten times as fast; a PyYAML that was built without libyaml lacks it.
_Reader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

# Of values in all documents of a file, aliases unfolded. A megabyte of workflows or manifests has some 60,000; reading
# as many as this takes half a second.
MAX_VALUES = 100_000

# Characters of all strings, aliases unfolded: a script that stands once is read once.
MAX_CHARACTERS = 2_000_000

MAX_DEPTH = Limits().depth

_NULLS = frozenset(["", "~", "null", "Null", "NULL"])


class Word(str):
    """A string and the line that it begins on, counted from 1."""

    __slots__ = ("line",)
    line: int


def line_of(value: object) -> int | None:
    """The line of a string that `load` gave; None for anything else."""
    return value.line if isinstance(value, Word) else None


def load(text: str, *, depth: int = MAX_DEPTH, values: int = MAX_VALUES) -> Any:
    """The first document that is not empty: dict, list, `Word` or None.

    Keys and scalars are `Word`s as written; null is None. Of equal keys the last one counts. Raises `UnreadableError`.
    """
    return next((document for document in load_all(text, depth=depth, values=values) if document), None)


def load_all(text: str, *, depth: int = MAX_DEPTH, values: int = MAX_VALUES) -> Iterator[Any]:
    """Each document, as `load` gives it. Raises `UnreadableError` on reaching what can't be read."""
    try:
        reader = _Reader(text)
        try:
            yield from _Builder(reader, depth, values).documents()
        finally:
            reader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise UnreadableError(
            f"is not YAML: {error.problem or error.context}", mark.line + 1 if mark else None
        ) from None
    except (yaml.YAMLError, UnicodeError, ValueError):
        raise UnreadableError("is not YAML: it holds characters that YAML does not allow") from None


class _Builder:
    """Builds values from events without recursion in Python's stack deeper than `depth`."""

    def __init__(self, reader: Any, depth: int, values: int) -> None:
        self.next_event = reader.get_event
        self.depth = depth
        self.left = values
        self.characters_left = MAX_CHARACTERS
        # Values with what each of them has cost, in values and in characters.
        self.anchors: dict[str, tuple[Any, int, int]] = {}

    def documents(self) -> Iterator[Any]:
        while event := self.next_event():
            if isinstance(event, yaml.DocumentStartEvent):
                self.anchors = {}
                yield self._value(self.next_event(), self.depth)

    def _value(self, event: Any, depth: int) -> Any:
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise UnreadableError(f"uses an anchor that is not there: {event.anchor}", _line(event))
            value, size, length = self.anchors[event.anchor]
            self._spend(size, length, event)
            return value
        before, characters_before = self.left, self.characters_left
        self._spend(1, len(event.value) if isinstance(event, yaml.ScalarEvent) else 0, event)
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event)
        elif not depth:
            raise UnreadableError(f"is nested more than {self.depth} deep", _line(event))
        elif isinstance(event, yaml.SequenceStartEvent):
            value = []
            while not isinstance(inner := self.next_event(), yaml.SequenceEndEvent):
                value.append(self._value(inner, depth - 1))
        else:
            value = self._mapping(depth)
        if event.anchor:
            self.anchors[event.anchor] = value, before - self.left, characters_before - self.characters_left
        return value

    def _scalar(self, event: Any) -> Word | None:
        if event.implicit[0] and event.value in _NULLS:
            return None
        word = Word(event.value)
        word.line = _line(event)
        return word

    def _mapping(self, depth: int) -> dict[Any, Any]:
        mapping: dict[Any, Any] = {}
        merged: list[dict[Any, Any]] = []
        while not isinstance(event := self.next_event(), yaml.MappingEndEvent):
            key = self._value(event, depth - 1)
            value = self._value(self.next_event(), depth - 1)
            if key == "<<":
                # Aliases among them were paid for.
                merged += [
                    part for part in (value if isinstance(value, list) else [value]) if isinstance(part, dict)
                ]
            elif key is None or isinstance(key, str):
                mapping[key] = value
        for part in merged:
            for key, value in part.items():
                mapping.setdefault(key, value)
        return mapping

    def _spend(self, size: int, length: int, event: Any) -> None:
        self.left -= size
        self.characters_left -= length
        if self.left < 0 or self.characters_left < 0:
            raise UnreadableError("unfolds to too many values", _line(event))


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 1
