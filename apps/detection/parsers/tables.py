"""Values out of TOML and JSON of which any may have another type than its place promises."""

import re
from typing import Any

from apps.detection.parsers.base import load_toml
from apps.detection.sights import UnreadableError

# A file with more than a few faults is better read by its owner first; each costs reading it once more.
MAX_FAULTS = 3

# Characters of a file that is read again without what is faulty in it. People write less.
MAX_MENDED = 200_000


def load_partly(text: str) -> tuple[dict[str, Any], UnreadableError | None]:
    """TOML without those of its tables that cannot be read, and the first fault found, if any."""
    first: UnreadableError | None = None
    for _ in range(MAX_FAULTS):
        try:
            return load_toml(text), first
        except UnreadableError as error:
            first = first or error
            if error.line is None or len(text) > MAX_MENDED:
                break
            text = _without_table(text, error.line)
    return {}, first


def _without_table(text: str, line: int) -> str:
    """`text` with the table, from its heading to the next, in which `line` stands blanked out."""
    lines = text.split("\n")
    starts = [
        number for number, content in enumerate(lines) if re.match(r"\[[^\[\],=]|\[\[[^\[\],=]", content)
    ]
    start = max((number for number in starts if number < line), default=0)
    end = min((number for number in starts if number >= line), default=len(lines))
    return "\n".join([*lines[:start], *([""] * (end - start)), *lines[end:]])


def table(value: Any, *keys: str) -> dict[str, Any]:
    """The table under `keys`, from one to the next; an empty one for anything else."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def words(value: Any) -> list[str]:
    """The strings of a list; of anything else none."""
    return [item for item in items(value) if isinstance(item, str)]


def word(value: Any) -> str:
    """A string on one line, without space around it; "" for anything else."""
    return " ".join(value.split()) if isinstance(value, str) else ""
