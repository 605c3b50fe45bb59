"""Similar stacks, worked out ahead of the pages: for those that changed within minutes, for all every night."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import islice

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.core.locks import hold_lock
from apps.stacks.likeness import Crowd
from apps.stacks.models import Item, SimilarStack, Stack

# Of one transaction: what a crash or a stack that is deleted meanwhile loses.
BATCH = 200


def rank_due_stacks() -> int:
    """Rank the similar stacks of those that are due; answers how many were."""
    due = dict(Stack.objects.filter(likeness_due_at__lte=timezone.now()).values_list("pk", "likeness_due_at"))
    if not due:
        return 0
    rank(crowd(), due)
    for at in set(due.values()):
        # What changed again meanwhile stays due.
        Stack.objects.filter(pk__in=due, likeness_due_at=at).update(likeness_due_at=None)
    return len(due)


def rank_all_stacks() -> int:
    """Rank those of every public stack anew, and forget those of others; answers how many stacks were ranked."""
    SimilarStack.objects.exclude(stack__in=Stack.objects.public()).delete()
    return rank(crowd(), Stack.objects.public().order_by("pk").values_list("pk", flat=True))


def rank(among: Crowd, pks: Iterable[int]) -> int:
    """Replace the similar stacks of `pks` by those of `among`; answers how many stacks were ranked.

    Of stacks that were deleted since `among` was read nothing is kept, and they hold up no other.
    """
    left = iter(pks)
    count = 0
    while batch := list(islice(left, BATCH)):
        try:
            _replace(among, batch)
        except IntegrityError:
            # One of them was deleted meanwhile; the others are ranked one by one.
            for pk in batch:
                _replace_one(among, pk)
        count += len(batch)
    return count


def _replace_one(among: Crowd, pk: int) -> None:
    try:
        _replace(among, [pk])
    except IntegrityError:
        # The next night knows who is left.
        return


@transaction.atomic
def _replace(among: Crowd, pks: Collection[int]) -> None:
    with hold_lock("similar stacks"):
        SimilarStack.objects.filter(stack__in=pks).delete()
        SimilarStack.objects.bulk_create(
            SimilarStack(stack_id=pk, other_id=other, rank=rank, likeness=score, shared=shared)
            for pk in pks
            if pk in among.stacks
            for rank, (other, score, shared) in enumerate(among.most_similar(pk), start=1)
        )


def crowd() -> Crowd:
    """All public stacks with what they run; without minor tools."""
    tools: dict[int, set[int]] = defaultdict(set)
    items = Item.objects.current().of_public_stacks().filter(tool__is_minor=False, tool__is_listed=True)
    for stack, tool in items.order_by().values_list("stack_id", "tool_id").iterator(chunk_size=10_000):
        tools[stack].add(tool)
    return Crowd({stack: frozenset(found) for stack, found in tools.items()})
