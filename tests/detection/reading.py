"""How the tests of parsers look at what one of them sees in a file."""

from collections.abc import Mapping

from apps.detection.globs import Globs
from apps.detection.parsers import PARSERS
from apps.detection.parsers.base import TextFile, Tree
from apps.detection.sights import Kind, Sight, UnreadableError

_GLOBS = Globs(
    (f"**/{pattern}" if "/" in pattern else pattern, parser)
    for parser in PARSERS
    for pattern in parser.patterns
)


def read(path: str, text: str, beside: Mapping[str, str] | None = None) -> list[Sight]:
    """What the parsers of `path` see in it, with the other files `beside`; raises as they do."""
    tree = Tree({path: text, **(beside or {})})
    parsers = dict.fromkeys(_GLOBS.matches(path))
    assert parsers, f"nobody reads {path}"
    return [sight for parser in parsers for sight in parser.parse(TextFile(path, text), tree)]


def read_partly(path: str, text: str) -> tuple[list[Sight], UnreadableError | None]:
    """What was seen before the parser gave up, and why it did."""
    seen: list[Sight] = []
    for parser in dict.fromkeys(_GLOBS.matches(path)):
        try:
            for sight in parser.parse(TextFile(path, text), Tree({path: text})):
                seen.append(sight)  # noqa: PERF402
        except UnreadableError as error:
            return seen, error
    return seen, None


def told(sights: list[Sight], kind: Kind = Kind.PACKAGE) -> list[str]:
    """Each as "line name version scope", with a "?" where it is not direct."""
    return [
        " ".join(
            str(part)
            for part in (
                sight.line,
                sight.name,
                sight.version,
                sight.scope.value,
                "" if sight.is_direct else "?",
            )
            if part not in ("", None)
        )
        for sight in sights
        if sight.kind == kind
    ]


def names(sights: list[Sight], kind: Kind = Kind.PACKAGE) -> list[str]:
    return [sight.name for sight in sights if sight.kind == kind]
