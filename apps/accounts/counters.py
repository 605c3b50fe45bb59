"""Counters of people, and what they must equal."""

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from apps.accounts.models import PersonFollow, User
from apps.core.counters import Counter


def _followers() -> Coalesce:
    rows = PersonFollow.objects.filter(person=OuterRef("pk")).order_by().values("person")
    return Coalesce(Subquery(rows.annotate(count=Count("pk")).values("count")), 0)


FOLLOWERS = Counter("accounts.User.follower_count", User.objects.all, "follower_count", _followers)
