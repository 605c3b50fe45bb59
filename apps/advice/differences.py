"""What changed from one version of a text to the next. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

# difflib's time goes up with the third power of the length where words repeat, and people choose those: of one text so
# many pairs of words are compared, some hundredths of a second's work; the rest is shown as replaced.
MAX_PAIRS = 40_000
# Of what stayed the same: so much before and after a change lets a reader find the place.
CONTEXT_CHARACTERS = 160

_LINES = re.compile(r"[^\n]*\n|[^\n]+\Z")
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the text: `kind` is "same", "old" (it went), "new" (it came) or "cut" (the same, left out here)."""

    kind: str
    text: str


def differences(before: str, after: str) -> list[Part]:
    """The pieces of both texts in their order: without "new" they are `before`, without "old" `after`."""
    found: list[Part] = []
    for part in _by_lines(before, after):
        if found and found[-1].kind == part.kind:
            found[-1] = Part(part.kind, found[-1].text + part.text)
        elif part.text:
            found.append(part)
    return found


def shortened(parts: Sequence[Part]) -> list[Part]:
    """The same with long pieces that did not change cut down to their ends, beside what did."""
    found: list[Part] = []
    for at, part in enumerate(parts):
        if part.kind != "same":
            found.append(part)
            continue
        head = part.text[:CONTEXT_CHARACTERS] if at else ""
        tail = part.text[-CONTEXT_CHARACTERS:] if at < len(parts) - 1 else ""
        # Leaving out a few words would make it harder to read, not shorter.
        if len(part.text) <= len(head) + len(tail) + CONTEXT_CHARACTERS:
            found.append(part)
        else:
            kept = (Part("same", head), Part("cut", part.text[len(head) : len(part.text) - len(tail)]))
            found += [piece for piece in (*kept, Part("same", tail)) if piece.text]
    return found


def _by_lines(before: str, after: str) -> Iterator[Part]:
    left = MAX_PAIRS
    lines = _Pair(_LINES.findall(before), _LINES.findall(after))
    for kind, olds, news in lines.pieces(left):
        if kind == "same":
            yield Part(kind, "".join(olds))
            continue
        words = _Pair(_WORDS.findall("".join(olds)), _WORDS.findall("".join(news)))
        for kind, gone, come in words.pieces(left):
            yield Part("same" if kind == "same" else "old", "".join(gone))
            yield Part("new", "".join(come))
        left -= words.cost if words.cost <= left else 0


class _Pair:
    """Two lists of words or lines. Most edits leave both ends as they are, and comparing those costs nothing."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        shorter = min(len(old), len(new))
        start = next((at for at in range(shorter) if old[at] != new[at]), shorter)
        end = next((at for at in range(shorter - start) if old[-1 - at] != new[-1 - at]), shorter - start)
        self.head, self.tail = old[:start], old[len(old) - end :]
        self.old, self.new = old[start : len(old) - end], new[start : len(new) - end]
        self.cost = len(self.old) * len(self.new)

    def pieces(self, most: int) -> Iterator[tuple[str, Sequence[str], Sequence[str]]]:
        """What is the "same", and what was "changed" into what; in one piece where it costs more than `most`."""
        yield "same", self.head, ()
        if self.cost > most:
            yield "changed", self.old, self.new
        else:
            matcher = SequenceMatcher(None, self.old, self.new, autojunk=False)
            for tag, i1, i2, j1, j2 in matcher.get_opcodes():
                old, new = self.old[i1:i2], self.new[j1:j2]
                if tag == "equal":
                    yield "same", old, ()
                else:
                    yield "changed", old, new
        yield "same", self.tail, ()
