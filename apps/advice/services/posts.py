"""Threads: publishing, editing, removing, accepting a reply. Owner: A1."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.accounts.models import User
from apps.advice.models import Draft, Post, Reply
from apps.tools.models import Tool


@dataclass(frozen=True, slots=True)
class Named:
    """A tool that a post names, in which role (`PostTool.Role`), and why it was rejected."""

    tool: Tool
    role: str
    why: str = ""


def publish_post(
    *,
    author: User,
    kind: str,
    title: str,
    body: str,
    tools: Sequence[Named],
    values: Mapping[str, Any] | None = None,
    draft: Draft | None = None,
    at: datetime | None = None,
) -> Post:
    """Publish a thread; `values`: team_size, stage, scale, constraints, decide_by, or since, again, stack.

    The draft goes with it. `at`: when it was written, if not now (demo content). Raises `ValidationError` by field
    (title, body, tools, ...) and `PermissionDenied`, with words for the person.
    """
    raise NotImplementedError


def edit_post(
    *,
    editor: User,
    post: Post,
    title: str,
    body: str,
    tools: Sequence[Named],
    values: Mapping[str, Any] | None = None,
    seen_version: int | None = None,
) -> Post:
    """Change what a thread says; what it said is kept as a `Revision`. Nothing changed is success.

    `seen_version`: refuse (`ValidationError`, code "changed") if it is no longer of this version. Raises as above.
    """
    raise NotImplementedError


def remove_post(*, remover: User, post: Post) -> None:
    """Take a thread away, so that it can be restored: its author while nobody else has replied, moderators always.

    Done twice is success. Raises `PermissionDenied`.
    """
    raise NotImplementedError


def restore_post(*, restorer: User, post: Post) -> None:
    """Show a removed thread again: who removed it, or a moderator. Done twice is success. Raises `PermissionDenied`."""
    raise NotImplementedError


def accept_reply(*, person: User, reply: Reply) -> None:
    """Who asked accepts this reply, in place of another; its author is told. Done twice is success.

    Raises `PermissionDenied`; `ValidationError` where the reply is removed.
    """
    raise NotImplementedError


def take_back_acceptance(*, person: User, post: Post) -> None:
    """Who asked accepts none after all. Done twice is success. Raises `PermissionDenied`."""
    raise NotImplementedError
