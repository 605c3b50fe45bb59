"""What a parser is. Each module of this package has `PARSERS`, and `parsers/__init__.py` joins them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from apps.detection.sights import Sight


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file that was decoded: without byte-order mark, line ends as \\n."""

    path: str
    text: str


@dataclass(slots=True)
class Tree:
    """The other files of the folder, for what is said in another place: catalogs, central versions, parents."""

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
        for path, text in self.texts.items():
            if path.rpartition("/")[2] == name:
                yield TextFile(path, text)


# Raises `UnreadableError` for what it can't read. What it yielded before that counts.
Parse = Callable[[TextFile, Tree], Iterator[Sight]]


@dataclass(frozen=True, slots=True)
class Parser:
    """`patterns`: globs on the base name, or with a slash on the end of the path ("package.json", "requirements/*.txt")."""

    patterns: tuple[str, ...]
    parse: Parse
    # Of lock files: may be long, and give versions to what a manifest names.
    is_lock: bool = False
