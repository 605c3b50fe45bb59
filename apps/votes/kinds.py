"""The kinds of things that people vote on. A new one is an entry here and a column of `Vote`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, Q, QuerySet

from apps.accounts.models import User
from apps.advice.models import Post, Reply
from apps.tools.models import Point, Tool


@dataclass(frozen=True, slots=True)
class Kind:
    """What votes need to know of one kind of thing."""

    # In addresses, and the foreign key of `Vote`.
    name: str
    model: type[Model]
    # The rows that a person may see, and so vote on: none that was removed, whoever may see it.
    visible_to: Callable[[User | AnonymousUser], QuerySet[Any]]
    # The columns that count the votes up and, where they are allowed, down.
    counters: tuple[str] | tuple[str, str]
    # The foreign keys to who wrote it and to the tool that they earn reputation on; empty where nobody did.
    author: str = ""
    tool: str = ""
    # What the control calls it, where a row has no short name of its own.
    spoken: str = ""
    # The rows that earn: not those that were removed and can be restored.
    earning: Q = field(default_factory=Q)

    @property
    def column(self) -> str:
        """The column of `Vote`."""
        return f"{self.name}_id"

    @property
    def has_down(self) -> bool:
        return len(self.counters) > 1

    @property
    def values(self) -> tuple[int, ...]:
        """What can be cast; 0 takes a vote back."""
        return (1, 0, -1) if self.has_down else (1, 0)

    def author_of(self, target: Model) -> int | None:
        """The id of who wrote `target`; None where nobody did, or their account is closed."""
        return getattr(target, f"{self.author}_id") if self.author else None


KINDS = {
    kind.name: kind
    for kind in (
        Kind("tool", Tool, lambda user: Tool.objects.visible_to(user), counters=("vote_count",)),
        Kind(
            "point",
            Point,
            lambda user: Point.objects.filter(tool__in=Tool.objects.visible_to(user)),
            counters=("up_count", "down_count"),
            author="author",
            tool="tool",
        ),
        Kind(
            "post",
            Post,
            lambda _: Post.objects.shown(),
            counters=("up_count", "down_count"),
            author="author",
            tool="tool",
            earning=Q(removed_at=None),
        ),
        Kind(
            "reply",
            Reply,
            lambda _: Reply.objects.shown(),
            counters=("up_count", "down_count"),
            author="author",
            tool="tool",
            spoken="this reply",
            earning=Q(removed_at=None),
        ),
    )
}
# The kinds by which people earn reputation.
WRITTEN = [kind for kind in KINDS.values() if kind.author]


def kind_of(target: Model) -> Kind:
    """The kind of `target`. Raises `KeyError` for what nobody votes on."""
    return KINDS[target._meta.model_name or ""]
