"""Tells people of votes for what they wrote; never whose, for votes are secret."""

from typing import Any

from apps.advice.models import Post, Reply
from apps.notifications.models import Kind
from apps.notifications.services import notify
from apps.tools.models import Point


def tell_author(target: Any) -> None:
    """Tell the author of what is voted on that somebody agrees with it: once for each, however many do."""
    if isinstance(target, Point):
        text = f"Somebody agrees with what you wrote on {target.tool}: “{target}”"
    elif isinstance(target, Post) and target.removed_at is None:
        text = f"Somebody finds your thread worth reading: “{target}”"
    elif isinstance(target, Reply) and target.removed_at is None:
        text = f"Somebody agrees with your reply in “{target.post}”"
    else:
        return
    if target.author:
        notify(
            person=target.author,
            kind=Kind.POINT_VOTE,
            actor=None,
            text=text,
            url=target.get_absolute_url(),
        )
