"""The counter of replies, and what it must equal."""

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from apps.advice.models import Post, Reply
from apps.core.counters import Counter


def _shown_replies() -> Coalesce:
    """How many replies to the outer thread are not removed."""
    rows = Reply.objects.filter(post=OuterRef("pk"), removed_at=None).order_by().values("post")
    return Coalesce(Subquery(rows.annotate(count=Count("pk")).values("count")), 0)


COUNTERS = [Counter("advice.Post.reply_count", Post.objects.all, "reply_count", _shown_replies)]
