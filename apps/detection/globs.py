"""Which of many globs match a path, without trying each."""

import re
from collections.abc import Iterable
from typing import Generic, TypeVar

Value = TypeVar("Value")

_WILD = re.compile(r"[*?\[]")


def _expression(glob: str) -> re.Pattern[str]:
    """`*` and `?` stop at a slash, `**/` stands for any folders and none, `[ab]` for one of the letters."""
    out = []
    for part in re.findall(r"\*\*/|\*+|\?|\[[^\]/]+\]|.", glob, re.DOTALL):
        if part == "**/":
            out.append("(?:[^/]+/)*")
        elif part.startswith("**"):
            out.append(".*")
        elif part == "*":
            out.append("[^/]*")
        elif part == "?":
            out.append("[^/]")
        elif len(part) > 2 and part.startswith("["):
            inner = part[1:-1].replace("\\", r"\\").replace("[", r"\[").replace("^", r"\^")
            out.append(f"[^{inner[1:]}]" if inner.startswith("!") and len(inner) > 1 else f"[{inner}]")
        else:
            out.append(re.escape(part))
    return re.compile("".join(out), re.DOTALL)


# So many letters before the first star, or behind the last, lead to globs that may match. Few lengths, few look-ups.
KEY_LENGTHS = (10, 6, 3, 1, 0)


def _key_length(text: str) -> int:
    return next(length for length in KEY_LENGTHS if length <= len(text))


class Globs(Generic[Value]):
    """Globs without regard to case, each with a value.

    One without a slash is matched with the name of the file, one with a slash with the whole path from the root.
    """

    def __init__(self, globs: Iterable[tuple[str, Value]]) -> None:
        self._names = _Index[Value]()
        self._paths = _Index[Value]()
        for glob, value in globs:
            (self._paths if "/" in glob else self._names).add(glob.lower(), value)

    def matches(self, path: str) -> list[Value]:
        """The values of the globs that match `path`."""
        path = path.lower()
        return self._names.matches(path.rpartition("/")[2]) + self._paths.matches(path)


class _Index(Generic[Value]):
    """Globs by what they begin or end with."""

    def __init__(self) -> None:
        self._exact: dict[str, list[Value]] = {}
        self._heads: dict[str, list[tuple[re.Pattern[str], Value]]] = {}
        self._tails: dict[str, list[tuple[re.Pattern[str], Value]]] = {}
        self._head_lengths: set[int] = set()
        self._tail_lengths: set[int] = set()

    def add(self, glob: str, value: Value) -> None:
        wild = _WILD.search(glob)
        if wild is None:
            self._exact.setdefault(glob, []).append(value)
        elif length := _key_length(glob[: wild.start()]):
            self._heads.setdefault(glob[:length], []).append((_expression(glob), value))
            self._head_lengths.add(length)
        else:
            length = _key_length(re.split(r"[*?\]]", glob)[-1])
            self._tails.setdefault(glob[len(glob) - length :], []).append((_expression(glob), value))
            self._tail_lengths.add(length)

    def matches(self, text: str) -> list[Value]:
        found = list(self._exact.get(text, ()))
        for length in self._head_lengths:
            if candidates := self._heads.get(text[:length]):
                found += [value for expression, value in candidates if expression.fullmatch(text)]
        end = len(text)
        for length in self._tail_lengths:
            if candidates := self._tails.get(text[end - length :] if length <= end else ""):
                found += [value for expression, value in candidates if expression.fullmatch(text)]
        return found
