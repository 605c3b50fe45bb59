"""A decision as a record in Markdown: MADR 4 (https://adr.github.io/madr/). Pure."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from markdown_it import MarkdownIt
from markdown_it.token import Token

# Signs that mean something in a line of Markdown, and those that do at its start: lists, numbers, quotes.
_SIGN = re.compile(r"[\\`*_\[\]<>&#~]|^[-+=]|(?<=^\d)[.)]|(?<=^\d\d)[.)]")
# A piece of code, or what begins raw HTML: no automatic link, and not escaped already.
_CODE_OR_TAG = re.compile(
    r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)|(?<!\\)<(?!https?:|mailto:)", re.DOTALL | re.IGNORECASE
)

_parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 20})


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided. All texts are plain lines, but for `body`, which is Markdown."""

    title: str
    decided_on: date
    # A username; empty if nobody is there any more.
    decider: str
    body: str
    chosen: Sequence[str]
    # Names, and why not; the reason may be empty.
    rejected: Sequence[tuple[str, str]]
    # A partial date, "2025-11", and words, "Would choose it again"; they may be empty.
    since: str
    again: str
    # Whole addresses; that of a stack may be empty.
    address: str
    stack_name: str = ""
    stack_address: str = ""


def record(decision: Decision) -> str:
    """The record as Markdown, with a line break at its end."""
    options = [*decision.chosen, *(name for name, _ in decision.rejected)]
    blocks = [
        _front_matter(decision),
        f"# {_plain(decision.title)}",
        "## Context and Problem Statement",
        _contained(decision.body),
        "## Considered Options",
        _list(_plain(name) for name in options),
        "## Decision Outcome",
        f"Chosen option: {_quoted(decision.chosen)}, for the reasons given above.",
    ]
    if decision.since or decision.again:
        since = f"In use since {_plain(decision.since)}." if decision.since else ""
        again = f"{_plain(decision.again)}." if decision.again else ""
        blocks += ["### Consequences", _list(filter(None, [since, again]))]
    if any(why for _, why in decision.rejected):
        blocks.append("## Pros and Cons of the Options")
        for name, why in decision.rejected:
            if why:
                blocks += [f"### {_plain(name)}", _list([f"Bad, because: {_plain(why)}"])]
    more = [f"Discussion: <{decision.address}>"]
    if decision.stack_address:
        more.append(f"In use in: [{_plain(decision.stack_name)}](<{decision.stack_address}>)")
    blocks += ["## More Information", _list(more)]
    return "\n\n".join(blocks) + "\n"


def _front_matter(decision: Decision) -> str:
    lines = ["---", 'status: "accepted"', f"date: {decision.decided_on.isoformat()}"]
    if decision.decider:
        # A string of JSON is one of YAML.
        lines.append(f"decision-makers: {json.dumps(f'@{decision.decider}')}")
    return "\n".join([*lines, "---"])


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"* {line}" for line in lines)


def _quoted(names: Sequence[str]) -> str:
    quoted = [f'"{_plain(name)}"' for name in names]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def _plain(text: str) -> str:
    """A line of plain text, so that Markdown takes no sign in it for its own."""
    return _SIGN.sub(r"\\\g<0>", " ".join(text.split()))


def _contained(text: str) -> str:
    """Markdown that is read as on our pages, where HTML is text, with headings below the record's; it ends here."""
    text = text.rstrip()
    lines = text.split("\n")
    tokens = _parser.parse(text)
    for token in tokens:
        if token.type == "inline" and token.map:
            start, end = token.map
            block = _CODE_OR_TAG.sub(
                lambda found: found[0] if found[1] else "\\<", "\n".join(lines[start:end])
            )
            lines[start:end] = block.split("\n")
    # From the end on: a heading of several lines becomes one.
    for token in reversed(tokens):
        if token.type == "heading_open" and token.map and token.tag in ("h1", "h2") and not token.level:
            start, end = token.map
            if token.markup.startswith("#"):
                lines[start] = re.sub(r"#+", "###", lines[start], count=1)
            else:
                lines[start:end] = ["### " + " ".join(line.strip() for line in lines[start : end - 1])]
    if tokens and tokens[-1].type == "fence" and not _is_closed(tokens[-1], lines):
        lines.append(tokens[-1].markup)
    return "\n".join(lines)


def _is_closed(fence: Token, lines: Sequence[str]) -> bool:
    """Whether a block of code that is the last of a text has a line that ends it."""
    end = re.fullmatch(r" {0,3}(`+|~+)\s*", lines[-1])
    is_another = fence.map is not None and fence.map[0] < len(lines) - 1
    return is_another and end is not None and end[1].startswith(fence.markup)
