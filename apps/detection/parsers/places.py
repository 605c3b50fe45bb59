"""Where in a text the names stand that a reader of TOML, JSON or XML found in it."""

from collections.abc import Iterator

from apps.detection.sights import UnreadableError

# A name that is not found as it is written (escapes, other quotes) costs a search through the whole text.
MAX_MISSES = 100

# Places looked at for one name: "a" stands everywhere.
MAX_TRIES = 50

# Lines of manifests and of lock files: the longest that are known have a tenth of it.
MAX_LINES = 50_000
MAX_LINES_OF_LOCK = 500_000

_OF_NAMES = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/@")


class Places:
    """Finds the lines of names that are asked for in the order in which they stand."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._at = 0
        # What was counted last: going on from there, a long text is counted once.
        self._counted = (0, 1)
        self._misses = 0

    def seek(self, *headings: str) -> int | None:
        """Go on behind the first of `headings` that is there, from the top, and say its line; to the top if none is."""
        for heading in headings:
            offset = self.text.find(heading)
            if offset >= 0:
                self._at = offset + len(heading)
                return self._line_at(offset)
        self._at = 0
        return None

    def line(self, name: str) -> int | None:
        """The next line, counted from 1, where `name` stands as a whole word; or the first one in the text."""
        if not name or self._misses >= MAX_MISSES:
            return None
        offset = self._find(name, self._at)
        if offset is None:
            self._misses += 1
            offset = self._find(name, 0)
        if offset is None:
            return None
        self._at = offset + len(name)
        return self._line_at(offset)

    def _line_at(self, offset: int) -> int:
        start, line = self._counted if self._counted[0] <= offset else (0, 1)
        self._counted = offset, line + self.text.count("\n", start, offset)
        return self._counted[1]

    def _find(self, name: str, start: int) -> int | None:
        for _ in range(MAX_TRIES):
            offset = self.text.find(name, start)
            if offset < 0:
                return None
            end = offset + len(name)
            if (offset == 0 or self.text[offset - 1] not in _OF_NAMES) and self.text[
                end : end + 1
            ] not in _OF_NAMES:
                return offset
            start = end
        return None


def numbered(text: str, most: int = MAX_LINES) -> Iterator[tuple[int, str]]:
    """The lines of a text with their numbers, one at a time. Raises `UnreadableError` behind the last allowed one."""
    start = 0
    for number in range(1, most + 1):
        end = text.find("\n", start)
        if end < 0:
            yield number, text[start:]
            return
        yield number, text[start:end]
        start = end + 1
    raise UnreadableError(f"has more than {most:,} lines", most)
