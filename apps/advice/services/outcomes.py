"""What became of questions: asking after 30, 90 and 365 days, and the answers. Owner: A2."""

from apps.accounts.models import User
from apps.advice.models import Outcome, Post
from apps.tools.models import Tool

AFTER_DAYS = (30, 90, 365)


def ask_for_outcomes() -> int:
    """Ask those whose questions are due what they chose and how it went; answers how many. For a worker."""
    raise NotImplementedError


def answer_outcome(
    *, person: User, post: Post, verdict: str, chosen: Tool | None = None, text: str = ""
) -> Outcome:
    """Who asked tells what became of it: the last period asked for, or the next one if nobody asked yet.

    Told again within the period, it takes the place of what was told. Raises `ValidationError` by field,
    `PermissionDenied`.
    """
    raise NotImplementedError
