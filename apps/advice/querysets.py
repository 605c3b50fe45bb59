from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from apps.accounts.models import User

Row = TypeVar("Row", bound=models.Model, covariant=True)

# What a search looks through; the index post_by_words is of the same.
WORDS = SearchVector("title", "body", config="english")
# So many of those with the words are looked at closely: of a word that more have, any of them.
SEARCH_CANDIDATES = 1000
# Less, and no reply: a page that tells nobody who searches anything.
MIN_INDEXED_CHARACTERS = 200


class WrittenQuerySet(models.QuerySet[Row]):
    """Of what people wrote: it can be removed, by its author or a moderator, and restored."""

    def shown(self) -> Self:
        """What anybody may see."""
        return self.filter(removed_at=None)

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """What `user` may see: moderators see what was removed, too, and authors what is theirs."""
        if user.is_staff:
            return self
        if user.is_anonymous:
            return self.shown()
        return self.filter(Q(removed_at=None) | Q(author=user))


class PostQuerySet(WrittenQuerySet[Row]):
    """Threads."""

    def unanswered(self) -> Self:
        """The shown questions that nobody has replied to; by the index post_unanswered."""
        return self.filter(removed_at=None, kind="advice", reply_count=0)

    def named_like(self, query: str) -> Self:
        """Those with the words of `query` in title or body, best first; none for an empty one."""
        if not query:
            return self.none()
        words = SearchQuery(query, config="english", search_type="websearch")
        found = self.alias(words=WORDS).filter(words=words).order_by().values("pk")[:SEARCH_CANDIDATES]
        relevance = SearchRank(SearchVector("title", config="english"), words)
        return self.filter(pk__in=found).annotate(relevance=relevance).order_by(F("relevance").desc(), "-id")

    def indexable(self) -> Self:
        """The shown ones whose pages search engines shall know: no thin ones, and none that is made up."""
        shown = self.filter(removed_at=None).exclude(author__is_demo=True).alias(characters=Length("body"))
        return shown.filter(Q(reply_count__gt=0) | Q(characters__gte=MIN_INDEXED_CHARACTERS))


class _InThreadQuerySet(WrittenQuerySet[Row]):
    """Of what stands in a thread, which can be removed too."""

    def shown(self) -> Self:
        """What anybody may see: of threads that anybody may see."""
        return self.filter(removed_at=None, post__removed_at=None)

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """What `user` may see, of threads that they may see."""
        if user.is_staff or user.is_anonymous:
            return super().visible_to(user)
        own_thread = Q(post__author=user)
        return super().visible_to(user).filter(Q(post__removed_at=None) | own_thread)


class ReplyQuerySet(_InThreadQuerySet[Row]):
    """Replies."""


class CommentQuerySet(_InThreadQuerySet[Row]):
    """Comments; those on a removed reply stand, and the reply's words do not."""
