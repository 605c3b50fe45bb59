"""Names of tools in a text that somebody pasted: lines, commas, Markdown, a README. Pure: knows no database."""

import re

# A longer text is no list of names.
MAX_CHARACTERS = 100_000
MAX_NAMES = 300
# Longer than any tool's name.
MAX_NAME_CHARACTERS = 60

# A bullet or number, with a box to tick or without: "- ", "* [x] ", "3. ", "• ".
_BULLET = re.compile(r"(?:[-*+•‣◦·–—]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?")
_LINK = re.compile(r"!?\[([^\[\]]{0,200})\]\([^()\s]{0,500}\)")
_HEADING = re.compile(r"#{1,6}\s")
_ADDRESS = re.compile(r"<?(?:https?://|www\.)\S+")
# What begins a description: a dash between spaces, a colon, a bracket.
_DESCRIPTION = re.compile(r"\s[-–—=]+(?:\s|$)|:(?:\s|$)|\s?[(\[{]|\s->|\s=>")
_MARKS = re.compile(r"[*_`~]{1,3}(?=\S)|(?<=\S)[*_`~]{1,3}")
_SEPARATOR = re.compile(r"[,;|\t/](?=\s)|[,;|\t]|\s[+&•·]\s|\s/\s|,?\s+and\s+", re.IGNORECASE)
# Emoji and other pictures, and what joins and colours them.
_PICTURES = re.compile(
    "[\u2190-\u21ff\u2300-\u23ff\u2460-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030-\u303d\ufe0e\ufe0f\u200d\U0001f000-\U0001faff]+"
)
_VERSION = re.compile(r"\s+v?\d+(?:\.[\dx]+)*\.?$", re.IGNORECASE)
# Words that stand around names and are none.
_NOISE = frozenset(
    ["", "and", "or", "with", "we use", "our stack", "stack", "tech stack", "tools", "etc", "contents"]
)


def split_names(text: str) -> list[str]:
    """The names in `text`, in their order, each once, at most `MAX_NAMES`; without descriptions, links and emoji.

    In a text with bullets only these count, and of a bullet that begins with a link or bold words only those. Raises
    `ValueError` above `MAX_CHARACTERS`.
    """
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"The text has more than {MAX_CHARACTERS} characters.")
    lines = [line.strip() for line in text.splitlines()]
    bullets = [line for line in lines if _BULLET.match(line)]
    # A list of its own, among headings and sentences; in a mere list of names one bullet more or less says nothing.
    has_headings = any(_HEADING.match(line) for line in lines)
    chosen = (
        bullets if bullets and (has_headings or 2 * len(bullets) >= len(list(filter(None, lines)))) else lines
    )
    found: dict[str, str] = {}
    for line in chosen:
        for name in _names(line):
            found.setdefault(name.lower(), name)
            if len(found) == MAX_NAMES:
                return list(found.values())
    return list(found.values())


def _names(line: str) -> list[str]:
    if _HEADING.match(line):
        return []
    is_bullet = _BULLET.match(line)
    line = line[is_bullet.end() :] if is_bullet else line
    link = _LINK.match(line)
    if is_bullet and link and not _SEPARATOR.match(line[link.end() :].lstrip()):
        # As of awesome lists: a link, more links as pictures, and a sentence that may have commas.
        parts = [link[1]]
    else:
        line = _ADDRESS.sub(" ", _LINK.sub(r"\1", line))
        begin = line
        line = _DESCRIPTION.split(line, maxsplit=1)[0]
        if (
            begin.startswith(line)
            and begin[len(line) : len(line) + 1] == ":"
            and _SEPARATOR.search(begin[len(line) :])
        ):
            # What stands before the colon is a heading: Backend, Databases.
            line = _DESCRIPTION.split(begin[len(line) + 1 :].strip(), maxsplit=1)[0]
        parts = _SEPARATOR.split(line)
    return [name for part in parts if (name := _bare(part))]


def _bare(part: str) -> str:
    """The name in a part of a line; "" if there is none."""
    name = _MARKS.sub("", _PICTURES.sub(" ", part))
    name = " ".join(name.split()).strip(" .:!?\"'“”‘’<>-–—")
    name = _VERSION.sub("", name)
    if len(name) > MAX_NAME_CHARACTERS or name.lower() in _NOISE or not any(map(str.isalnum, name)):
        return ""
    return name
