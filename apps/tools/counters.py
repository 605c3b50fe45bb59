"""Counters of follows and answers, and what they must equal."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from apps.core.counters import Counter
from apps.tools.models import Point, PointAnswer, Tool, ToolFollow


def _count(rows: Callable[[], QuerySet[Any]], column: str) -> Coalesce:
    """How many of `rows` name the outer row in `column`."""
    named = rows().filter(**{column: OuterRef("pk")}).order_by().values(column)
    return Coalesce(Subquery(named.annotate(count=Count("pk")).values("count")), 0)


def _answer_counter(field: str, *, is_true: bool) -> Counter:
    answers = PointAnswer.objects.filter(is_true=is_true, is_counted=True).all
    return Counter(f"tools.Point.{field}", Point.objects.all, field, partial(_count, answers, "point"))


COUNTERS = [
    Counter(
        "tools.Tool.follower_count",
        Tool.objects.all,
        "follower_count",
        partial(_count, ToolFollow.objects.all, "tool"),
    ),
    _answer_counter("true_count", is_true=True),
    _answer_counter("outdated_count", is_true=False),
]
