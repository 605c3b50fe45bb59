"""The locks that every change of votes takes, and the counters that follow it.

Order: the thing voted on, then people by id. Only who holds the lock of the thing changes votes on it.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Q

from apps.accounts.models import User
from apps.votes.kinds import Kind
from apps.votes.models import Vote
from apps.votes.services.reputation import recompute_reputation


def lock_target(kind: Kind, pk: int, *, skip_locked: bool = False) -> Any:
    """The row voted on, locked until the transaction ends.

    Raises the model's `DoesNotExist` where it is gone; with `skip_locked`, also where somebody else holds it.
    """
    # Not its key, which every new vote's foreign key holds a share of: that deadlocks.
    return kind.model._default_manager.select_for_update(no_key=True, skip_locked=skip_locked).get(pk=pk)


def lock_people(ids: Iterable[int]) -> None:
    """Lock these people until the transaction ends: after the target, and in one order for all."""
    people = User.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
    list(people.values_list("pk"))


def change_counters(kind: Kind, target: Any, *, up: int, down: int) -> None:
    """Set the counters of a locked target to the votes that count, then its author's reputation."""
    counters = dict(zip(kind.counters, (up, down), strict=False))
    if all(getattr(target, name) == count for name, count in counters.items()):
        return
    for name, count in counters.items():
        setattr(target, name, count)
    kind.model._default_manager.filter(pk=target.pk).update(**counters)
    author_id = kind.author_of(target)
    if author_id is not None:
        lock_people([author_id])
        recompute_reputation(person_id=author_id, tool_id=getattr(target, f"{kind.tool}_id"))


def count_anew(kind: Kind, target: Any) -> None:
    """Bring the counters of a locked target in line with the votes on it."""
    votes = Vote.objects.filter(**{kind.column: target.pk}, state=Vote.State.COUNTED)
    counts = votes.aggregate(up=Count("id", filter=Q(value=1)), down=Count("id", filter=Q(value=-1)))
    change_counters(kind, target, **counts)
