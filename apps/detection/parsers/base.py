"""What a parser is, and what all of them read with. Each module of this package has `PARSERS`; `__init__` joins them.

A parser says what it saw and leaves the rest to `detect`: what is vendored, a sample or the project's own is taken out
there. The names of packages that are made here (the project itself, members of its workspace) are told by sights of
`Kind.OWN`, with `type` and `name` as for `Kind.PACKAGE`:

    yield Sight(Kind.OWN, "left-pad", file.path, type="npm")

YAML is read by `parsers/yamls.py`.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from apps.detection.sights import Limits, Sight, UnreadableError

MAX_DEPTH = Limits().depth


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file that was decoded: without byte-order mark, line ends as \\n."""

    path: str
    text: str


@dataclass(slots=True)
class Tree:
    """The other files of the folder, for what is said in another place: catalogs, central versions, parents.

    Of `texts` each is decoded anew when it is taken: keep none longer than needed.
    """

    texts: Mapping[str, str]

    def nearest(self, path: str, name: str) -> TextFile | None:
        """The file called `name` in the folder of `path` or the closest one above it."""
        folder = path.rpartition("/")[0]
        while True:
            found = f"{folder}/{name}" if folder else name
            if found in self.texts:
                return TextFile(found, self.texts[found])
            if not folder:
                return None
            folder = folder.rpartition("/")[0]

    def named(self, name: str) -> Iterator[TextFile]:
        """All files of that name, wherever they are."""
        for path in self.texts:
            if path.rpartition("/")[2] == name:
                yield TextFile(path, self.texts[path])


# Raises `UnreadableError` for what it can't read. What it yielded before that counts.
Parse = Callable[[TextFile, Tree], Iterator[Sight]]


@dataclass(frozen=True, slots=True)
class Parser:
    """`patterns`: globs on the base name, or with a slash on the end of the path: "package.json", "requirements/*.txt".

    `**/` in the middle of one stands for any folders. Case does not matter.
    """

    patterns: tuple[str, ...]
    parse: Parse
    # Of lock files: may be long, and give versions to what a manifest names.
    is_lock: bool = False


class Lines:
    """From a place in a text to the number of its line, counted from 1."""

    def __init__(self, text: str) -> None:
        self.text = text
        # What was counted last: going on from there, on or back, a long text is counted once.
        self._offset, self._line = 0, 1

    def at(self, offset: int) -> int:
        if offset >= self._offset:
            self._line += self.text.count("\n", self._offset, offset)
        else:
            self._line -= self.text.count("\n", offset, self._offset)
        self._offset = offset
        return self._line

    def of(self, needle: str, start: int = 0) -> int | None:
        """The line where `needle` stands first, from the offset `start` on."""
        offset = self.text.find(needle, start)
        return None if offset < 0 else self.at(offset)


def each_line(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a long text with their numbers, from 1, without a list of all of them."""
    start = 0
    for number in range(1, text.count("\n") + 2):
        end = text.find("\n", start)
        yield number, text[start:] if end < 0 else text[start:end]
        start = end + 1


# Values in one file of JSON. A package of a lock file has some 7 in 350 bytes, so 5 MB of it 100,000; as Python's
# objects each takes a hundred bytes and more.
MAX_JSON_VALUES = 300_000

# A part that is not closed runs to the end of the text, so that none is looked through twice.
_STRINGS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_NO_BRACKETS = re.compile(r"[^\[\]{}]+")
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}


def check_brackets(text: str, depth: int = MAX_DEPTH) -> None:
    """Raises `UnreadableError` if brackets, but those in "strings", stand in each other more than `depth` deep."""
    brackets = _NO_BRACKETS.sub("", _STRINGS.sub("", text))
    if len(brackets) > 2 * MAX_JSON_VALUES:
        raise UnreadableError("holds too many values")
    if max(accumulate(map(_STEPS.__getitem__, brackets)), default=0) > depth:
        raise UnreadableError(f"is nested more than {depth} deep")


# Characters. What people comment is short; lock files are written by programs.
MAX_COMMENTED = 1_000_000

_JSON_TOKENS = re.compile(r'("(?:[^"\\\n]|\\.)*+"?)|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
_JSON_COMMAS = re.compile(r'("(?:[^"\\\n]|\\.)*+"?)|,(?=\s*[}\]])', re.DOTALL)


def load_json(
    text: str, *, depth: int = MAX_DEPTH, hook: Callable[[list[tuple[str, Any]]], Any] | None = None
) -> Any:
    """JSON; comments and commas before a closing bracket are passed over. `hook` makes an object of its pairs.

    Raises `UnreadableError`.
    """
    # Commas in strings count as well: few are there.
    if text.count(",") > MAX_JSON_VALUES:
        raise UnreadableError("holds too many values")
    check_brackets(text, depth)
    try:
        return json.loads(text, object_pairs_hook=hook)
    except (ValueError, RecursionError):
        if len(text) > MAX_COMMENTED:
            raise UnreadableError("is not JSON that can be read") from None
        plain = _JSON_TOKENS.sub(lambda match: match[1] or re.sub(r"[^\n]", " ", match[0]), text)
        plain = _JSON_COMMAS.sub(lambda match: match[1] or " ", plain)
    try:
        return json.loads(plain, object_pairs_hook=hook)
    except json.JSONDecodeError as error:
        raise UnreadableError(f"is not JSON: {error.msg}", error.lineno) from None
    except (ValueError, RecursionError):
        raise UnreadableError("is not JSON that can be read") from None


# Characters. tomllib takes a second or two for a million; manifests have at most some 100,000, and lock files are read
# by their lines.
MAX_TOML = 300_000

# The time that tomllib takes for a dotted key grows with the square of its parts.
_DOTTED = re.compile(r"""(?:\.\s*+(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')\s*+){60}""")


def load_toml(text: str, *, depth: int = MAX_DEPTH) -> dict[str, Any]:
    """TOML. Raises `UnreadableError`."""
    if len(text) > MAX_TOML:
        raise UnreadableError(f"is longer than {MAX_TOML:,} characters")
    check_brackets(text, depth)
    if _DOTTED.search(text):
        raise UnreadableError("has a key of too many parts")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise UnreadableError(f"is not TOML: {error}", int(line[1]) if line else None) from None
    except (ValueError, RecursionError):
        raise UnreadableError("is not TOML that can be read") from None


_ELEMENTS = re.compile(r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<(/?)[A-Za-z_][^<>]*?(/?)>", re.DOTALL)


def load_xml(text: str, *, depth: int = MAX_DEPTH) -> Element:
    """XML without entities of its own; namespaces are taken off the names. Raises `UnreadableError`."""
    now = 0
    for match in _ELEMENTS.finditer(text):
        if match[1] is None:
            continue
        now += -1 if match[1] else 0 if match[2] else 1
        if now > depth:
            raise UnreadableError(f"is nested more than {depth} deep")
    try:
        # A declared encoding says nothing any more: the text was decoded.
        root: Element = fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text, count=1))
    except ParseError as error:
        raise UnreadableError("is not XML", error.position[0]) from None
    except DefusedXmlException:
        raise UnreadableError("is not read because it declares entities") from None
    except (ValueError, RecursionError):
        raise UnreadableError("is not XML that can be read") from None
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]
    return root
