"""Tells people of votes for what they wrote; never whose, for votes are secret."""

from typing import Any

from apps.notifications.models import Kind
from apps.notifications.services import notify
from apps.tools.models import Point


def tell_author(target: Any) -> None:
    """Tell the author of a pro or con that somebody agrees with it: once for each, however many do."""
    if isinstance(target, Point) and target.author:
        notify(
            person=target.author,
            kind=Kind.POINT_VOTE,
            actor=None,
            text=f"Somebody agrees with what you wrote on {target.tool}: “{target}”",
            url=target.get_absolute_url(),
        )
