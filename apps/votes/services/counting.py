"""Counts the votes that waited until their voters were established."""

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import QuerySet

from apps.accounts.permissions import established_people
from apps.votes.kinds import KINDS, Kind
from apps.votes.models import Vote
from apps.votes.services.targets import count_anew, lock_target
from apps.votes.services.telling import tell_author

# Things voted on in one run: some seconds' work, far below a task's time limit. The next run goes on.
BATCH = 2000


def by_established(votes: QuerySet[Vote]) -> QuerySet[Vote]:
    """Those of `votes` whose voter is established by now."""
    return votes.filter(voter__in=established_people())


def count_pending_votes() -> int:
    """Count the waiting votes of people who are established by now; answers how many.

    One thing at a time, under its lock, so that it may run twice at once and be killed at any time. A thing that
    somebody votes on at the moment is left for the next run.
    """
    pending = by_established(Vote.objects.filter(state=Vote.State.PENDING))
    counted = 0
    for kind in KINDS.values():
        targets = pending.filter(**{f"{kind.column}__isnull": False}).order_by(kind.column)
        for pk in list(targets.values_list(kind.column, flat=True).distinct()[:BATCH]):
            counted += _count_votes(kind, pk)
    return counted


@transaction.atomic
def _count_votes(kind: Kind, pk: int) -> int:
    try:
        target = lock_target(kind, pk, skip_locked=True)
    except ObjectDoesNotExist:
        return 0
    # Looked up again under the lock: one may have been taken back, or counted by another worker.
    waiting = by_established(Vote.objects.filter(state=Vote.State.PENDING, **{kind.column: pk}))
    values = dict(waiting.values_list("pk", "value"))
    Vote.objects.filter(pk__in=values).update(state=Vote.State.COUNTED)
    count_anew(kind, target)
    if Vote.Value.UP in values.values():
        tell_author(target)
    return len(values)
