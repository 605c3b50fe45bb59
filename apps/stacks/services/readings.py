"""Readings: what was found is kept, compared with a stack, reviewed and published."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from apps.accounts.models import User
from apps.detection.sights import Finding, Report
from apps.stacks.models import Item, Reading, Stack
from apps.tools.models import Tool


def store_reading(
    *,
    person: User,
    report: Report,
    source: str,
    stack: Stack | None = None,
    repository: str = "",
    commit: str = "",
) -> Reading:
    """Keep what was found as a reading that is ready. `findings` are dicts with the fields of `Finding`, at most
    `MAX_FINDINGS` (the direct and sure ones first), `unread` dicts with path and reason, `unknown` strings."""
    raise NotImplementedError


def read_names(*, person: User, text: str, stack: Stack | None = None) -> Reading:
    """A pasted list of names, one a line, or separated by commas, or Markdown with links: a reading of the tools that they name."""
    raise NotImplementedError


def ask_for_reading(*, person: User, repository: str, stack: Stack | None = None) -> Reading:
    """Have a worker read a public repository: `owner/name` or its address at github.com. The same one under way is answered again.

    Raises `ValidationError` with words. Rings `apps.stacks.tasks.read_due_repositories`.
    """
    raise NotImplementedError


@dataclass(slots=True)
class Row:
    """A line of the review: what a reading says of a tool beside what the stack says."""

    tool: Tool
    # "added", "upgraded", "same", "gone" (the stack has it with evidence of such files, the reading does not).
    change: str
    item: Item | None = None
    version: str = ""
    before: str = ""
    scope: str = ""
    findings: list[Finding] = field(default_factory=list)
    # Chosen unless the person says otherwise: not for what is minor, transitive or merely mentioned.
    is_chosen: bool = True


def compare_reading(reading: Reading, stack: Stack | None) -> list[Row]:
    """The review's rows: added, upgraded, gone, same, each by layer and name. A few queries, whatever the number."""
    raise NotImplementedError


def publish_reading(*, person: User, reading: Reading, stack: Stack, tools: Iterable[str]) -> Stack:
    """Bring `stack` to what the reading says for the chosen `tools` (slugs): adds, upgrades with evidence, drops those gone.

    In one transaction; a reading is published once, a second time is success without effect.
    """
    raise NotImplementedError
