"""Replies and comments: adding, editing, removing. Owner: A1."""

from collections.abc import Sequence
from datetime import datetime

from apps.accounts.models import User
from apps.advice.models import Comment, Post, Reply
from apps.tools.models import Tool


def add_reply(
    *, author: User, post: Post, body: str, tools: Sequence[Tool] = (), at: datetime | None = None
) -> Reply:
    """Answer a thread, recommending `tools`; the draft of it goes. The same words by the same person twice are one.

    Raises `ValidationError` by field (body, tools), `PermissionDenied`.
    """
    raise NotImplementedError


def edit_reply(*, editor: User, reply: Reply, body: str, tools: Sequence[Tool] = ()) -> Reply:
    """Change a reply; what it said is kept. Raises as above."""
    raise NotImplementedError


def remove_reply(*, remover: User, reply: Reply) -> None:
    """Take a reply away, so that it can be restored; an accepted one is no longer. Raises `PermissionDenied`."""
    raise NotImplementedError


def restore_reply(*, restorer: User, reply: Reply) -> None:
    """Who removed it, or a moderator, shows it again. Raises `PermissionDenied`."""
    raise NotImplementedError


def add_comment(
    *, author: User, post: Post, reply: Reply | None = None, body: str, at: datetime | None = None
) -> Comment:
    """Remark on a thread, or on a reply in it. The same words by the same person twice are one. Raises as above."""
    raise NotImplementedError


def edit_comment(*, editor: User, comment: Comment, body: str) -> Comment:
    raise NotImplementedError


def remove_comment(*, remover: User, comment: Comment) -> None:
    raise NotImplementedError


def restore_comment(*, restorer: User, comment: Comment) -> None:
    raise NotImplementedError
