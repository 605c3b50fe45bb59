"""Settings: examples of environments, which merely mention, and the configuration of databases, which tells.

Names and addresses in .env.example are what could be connected, not what is: their confidence is that of a mention.
Settings such as application.properties and appsettings.json are not read: they hold passwords more often than facts
that manifests do not tell.
"""

import re
from collections.abc import Iterator

from apps.detection.parsers.addresses import read_schemes
from apps.detection.parsers.base import Lines, Parser, TextFile, Tree
from apps.detection.sights import Kind, Sight

MENTIONED = 0.3
ADDRESSED = 0.6

# Laravel is set up by a copy of its example, so this is no mention: it is the database that one starts with.
LARAVEL_DATABASE = "DB_CONNECTION"

# A commented-out line of an example is not even that.
_VARIABLE = re.compile(r"\s*(?:export\s+)?([A-Z][A-Z0-9_]{2,80})\s*=\s*(.*)")


def _example(file: TextFile, tree: Tree) -> Iterator[Sight]:
    seen: set[str] = set()
    for number, line in enumerate(file.text.split("\n"), 1):
        match = _VARIABLE.match(line)
        if match is None:
            continue
        if match[1] not in seen:
            seen.add(match[1])
            yield Sight(Kind.RESOURCE, match[1], file.path, number, confidence=MENTIONED)
            if match[1] == LARAVEL_DATABASE and (adapter := match[2].strip(" \"'")).isalnum():
                yield Sight(Kind.SCHEME, adapter, file.path, number, confidence=ADDRESSED)
        for scheme, _ in read_schemes(match[2]):
            if scheme not in seen:
                seen.add(scheme)
                yield Sight(Kind.SCHEME, scheme, file.path, number, confidence=MENTIONED)


_ADAPTER = re.compile(r"""^[ \t]*(adapter|service):[ \t]*["']?([A-Za-z][\w-]*)""", re.MULTILINE)


def _rails(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """config/*.yml of Rails, line by line, for they are ERB templates: database.yml, cable.yml, storage.yml."""
    seen: set[str] = set()
    plain = _without_comments(file.text)
    lines = Lines(plain)
    # Rails keeps databases and sockets under "adapter", stores of files under "service".
    for match in _ADAPTER.finditer(plain):
        if match[2] not in seen:
            seen.add(match[2])
            kind = Kind.SCHEME if match[1] == "adapter" else Kind.RESOURCE
            name = match[2] if kind is Kind.SCHEME else f"storage.{match[2].lower()}"
            yield Sight(kind, name, file.path, lines.at(match.start()))
    for scheme, line in read_schemes(plain):
        if scheme not in seen:
            yield Sight(Kind.SCHEME, scheme, file.path, line, confidence=ADDRESSED)


def _without_comments(text: str) -> str:
    return "\n".join("" if line.lstrip().startswith("#") else line for line in text.split("\n"))


PARSERS = (
    Parser(
        (
            *(".env.example", ".env.sample", ".env.template", ".env.dist", ".env.*.example", ".env.*.sample"),
            *("env.example", "example.env", "sample.env", ".env-example", ".env-sample", ".env.defaults"),
        ),
        _example,
    ),
    Parser(
        (
            *("config/database.yml", "config/database.yml.*", "config/cable.yml", "config/storage.yml"),
            *(
                "config/redis.yml",
                "config/queue.yml",
                "config/cache.yml",
                "config/search.yml",
                "config/database.*.yml",
            ),
        ),
        _rails,
    ),
)
