"""What people wrote as HTML: Markdown, with mentions of people and tools as links. Owner: A2."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from apps.accounts.models import User
from apps.tools.models import Tool


@dataclass(frozen=True, slots=True)
class Rendered:
    """The HTML of a text, and whom and what it mentions: only people and tools that there are."""

    html: SafeString
    people: Sequence[User]
    tools: Sequence[Tool]


def render(text: str) -> Rendered:
    """The text as HTML: `@name` of a shown person and `#slug` of a listed tool are links, but not in code or links.

    At most two queries; none where nothing is mentioned.
    """
    raise NotImplementedError


def link_count(text: str) -> int:
    """How many links to other sites the text has; for the limit of newcomers."""
    raise NotImplementedError
