"""Addresses of services, such as postgres://localhost/shop, in settings of any kind."""

import re
from collections.abc import Iterator

from apps.detection.parsers.base import Lines

# "postgresql+asyncpg", "jdbc:mysql" and "mongodb+srv" name one thing before or behind the sign.
_ADDRESS = re.compile(
    r"(?<![\w.+-])(?:jdbc:|r2dbc:)?([a-z][a-z0-9]{1,19})(?:\+[a-z0-9_]{1,20})?(?::[a-z0-9]{1,20})?://"
)
_JDBC = re.compile(r"(?<![\w.+-])jdbc:([a-z][a-z0-9]{1,19}):")

# They say how to get somewhere and not what is there.
_PLAIN = frozenset(
    ["http", "https", "ftp", "file", "ssh", "git", "tcp", "udp", "ws", "wss", "unix", "data", "docker", "oci"]
)


def read_schemes(text: str) -> Iterator[tuple[str, int]]:
    """(scheme, line) for each scheme in `text`, once each, lines counted from 1: ("postgres", 3)."""
    lines = Lines(text)
    seen = set(_PLAIN)
    for expression in (_ADDRESS, _JDBC):
        for match in expression.finditer(text):
            if match[1] not in seen:
                seen.add(match[1])
                yield match[1], lines.at(match.start())
