"""Counters of votes, and what they must equal."""

from collections.abc import Callable
from functools import partial

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from apps.core.counters import Counter, Repair
from apps.votes.kinds import KINDS, Kind
from apps.votes.models import Vote
from apps.votes.services.reputation import mend_reputation


def _votes(kind: Kind, value: int) -> Coalesce:
    """The counted votes of this value on each row of the kind."""
    rows = Vote.objects.filter(
        **{kind.column: OuterRef("pk")}, value=value, state=Vote.State.COUNTED
    ).order_by()
    return Coalesce(Subquery(rows.values(kind.column).annotate(count=Count("pk")).values("count")), 0)


def _counter(kind: Kind, field: str, value: int) -> Counter:
    actual: Callable[[], Coalesce] = partial(_votes, kind, value)
    return Counter(f"{kind.model._meta.label}.{field}", kind.model._default_manager.all, field, actual)


COUNTERS: list[Counter | Repair] = [
    *(
        _counter(kind, field, value)
        for kind in KINDS.values()
        for field, value in zip(kind.counters, (1, -1), strict=False)
    ),
    # After the counters that it derives from.
    Repair("votes.Reputation", mend_reputation),
]
