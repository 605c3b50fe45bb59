"""Versions as people and manifests write them. Pure: knows no database."""

import re

MAX_CHARACTERS = 60
# What stands before or around a number in a constraint: ^18.2, ~> 3.1, >=2,<3, v1.4, ==1.0.*, 16-alpine.
_NUMBER = re.compile(
    r"(?<![\w.])v?(\d+(?:\.\d+)*(?:[-+.]?(?:alpha|beta|rc|pre|dev|a|b|m)(?![a-z])[-.]?\d*)?)", re.IGNORECASE
)
_NAMED = re.compile(r"[\w.+-]{1,20}")


def plain(version: str) -> str:
    """The number in a version or constraint: "^18.2.0" is 18.2.0, ">=2,<3" is 2; "" where it has none.

    A name by itself, such as "lts" or "bookworm", stays; "*" and "latest" say nothing.
    """
    version = version.strip()
    match = _NUMBER.search(version)
    if match:
        return match[1][:MAX_CHARACTERS]
    return version if _NAMED.fullmatch(version) and version.lower() not in ("latest", "x") else ""


def is_exact(version: str) -> bool:
    """Whether it names one version, as lock files do, rather than a range."""
    return bool(re.fullmatch(r"[v=]*\d+(?:\.\d+)+[\w.+-]*", version.strip()))


def says_the_same(a: str, b: str) -> bool:
    """Whether one of two plain versions is the other, as exactly or less: 3 and 3.1.2."""
    shorter, longer = sorted((a, b), key=len)
    return longer == shorter or longer.startswith(f"{shorter}.") or not shorter


def is_lower(a: str, b: str) -> bool:
    """Whether version `a` is lower than `b`, number by number; what is no number is not compared."""
    return _numbers(a) < _numbers(b)


def _numbers(version: str) -> list[int]:
    # Nobody writes longer ones, and Python refuses to read very long numbers.
    return [int(part) for part in re.findall(r"\d{1,18}", version)]
