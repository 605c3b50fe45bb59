from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from apps.accounts.models import User

Row = TypeVar("Row", bound=models.Model, covariant=True)

# What a search looks through; the index post_by_words is of the same.
WORDS = SearchVector("title", "body", config="english")


class WrittenQuerySet(models.QuerySet[Row]):
    """Of what people wrote: it can be removed, by its author or a moderator, and restored."""

    def shown(self) -> Self:
        """What anybody may see."""
        return self.filter(removed_at=None)

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """What `user` may see: moderators see what was removed, too, and authors what they removed themselves."""
        if user.is_staff:
            return self
        if user.is_anonymous:
            return self.shown()
        return self.filter(Q(removed_at=None) | Q(author=user, removed_by=user))


class PostQuerySet(WrittenQuerySet[Row]):
    """Threads."""


class ReplyQuerySet(WrittenQuerySet[Row]):
    def shown(self) -> Self:
        """What anybody may see: of threads that anybody may see."""
        return self.filter(removed_at=None, post__removed_at=None)
