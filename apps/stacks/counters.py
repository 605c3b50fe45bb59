"""Counters of what stacks run, and what they must equal."""

from collections.abc import Iterator
from functools import partial

from django.db import transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from apps.core.counters import Counter, Drift, Repair
from apps.stacks.models import Item, Stack, Tier
from apps.stacks.services.usage import settle
from apps.tools.models import Tool


def _count(items: QuerySet[Item], column: str) -> Coalesce:
    rows = items.order_by().values(column).annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(rows), 0)


def _usage(tier: Tier | None) -> Coalesce:
    items = Item.objects.current().of_public_stacks().filter(tool=OuterRef("pk"))
    return _count(items.filter(tier=tier) if tier else items, "tool")


def _items() -> Coalesce:
    return _count(Item.objects.current().filter(stack=OuterRef("pk")), "stack")


def mend_counted(*, dry_run: bool) -> Iterator[Drift]:
    """Count or uncount the tools of stacks of which `is_counted` says something else than `StackQuerySet.public`."""
    public = Stack.objects.public().values("pk")
    wrong = Stack.objects.filter(Q(is_counted=True) ^ Q(pk__in=public))
    for pk, said in wrong.order_by("pk").values_list("pk", "is_counted"):
        with transaction.atomic():
            if dry_run or settle(Stack.objects.filter(pk=pk)):
                yield Drift("stacks.Stack.is_counted", pk, int(said), int(not said))


# In the order of their names, in which they are mended: `is_counted` goes first, as it changes the tools' counts.
COUNTERS: list[Counter | Repair] = [
    Repair("stacks.Stack.is_counted", mend_counted),
    Counter("stacks.Stack.item_count", Stack.objects.all, "item_count", _items),
    Counter("tools.Tool.stack_count", Tool.objects.all, "stack_count", partial(_usage, None)),
    Counter("tools.Tool.verified_count", Tool.objects.all, "verified_count", partial(_usage, Tier.VERIFIED)),
    Counter("tools.Tool.proved_count", Tool.objects.all, "proved_count", partial(_usage, Tier.PROVED)),
]
