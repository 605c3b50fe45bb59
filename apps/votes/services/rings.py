"""Reverses the votes of rings, and restores them where a moderator finds that it was none."""

import logging
from collections.abc import Iterator

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.votes.kinds import WRITTEN, Kind
from apps.votes.models import Ring, Vote
from apps.votes.rings import Edge, FoundRing, find_rings
from apps.votes.services.counting import by_established
from apps.votes.services.targets import count_anew, lock_target

logger = logging.getLogger(__name__)

State = Vote.State


def reverse_rings() -> list[Ring]:
    """Find the voting rings, and reverse the votes of each ring's members for one another; answers the new rings.

    May be killed at any time: first it finishes what an earlier run, or a restoring, has left. Votes that are
    reversed, and those that a moderator restored, are no evidence any more, so the same votes make no second ring.
    """
    for ring in Ring.objects.order_by("pk"):
        _settle(ring)
    rings = [_record(found) for found in find_rings(_edges())]
    for ring in rings:
        _settle(ring)
    return rings


def restore_ring(*, ring: Ring, by: User) -> None:
    """Have the votes of a ring count again, because the moderator `by` finds it is none. Repeating it is harmless."""
    Ring.objects.filter(pk=ring.pk, restored_at=None).update(restored_at=timezone.now(), restored_by=by)
    ring.refresh_from_db()
    _settle(ring)
    logger.info("Ring %s was restored by %s.", ring.pk, by)


def _edges() -> Iterator[Edge]:
    for kind in WRITTEN:
        author = f"{kind.name}__{kind.author}"
        votes = Vote.objects.filter(
            state=State.COUNTED, value=Vote.Value.UP, ring=None, **{f"{author}__isnull": False}
        )
        pairs = votes.order_by().values_list("voter", author).annotate(votes=Count("pk"))
        for voter, writer, count in pairs:
            yield Edge(voter, writer, count)


@transaction.atomic
def _record(found: FoundRing) -> Ring:
    """Log a ring for moderators. Its votes are reversed after, one thing at a time."""
    ring = Ring.objects.create(inside_share=found.inside_share, vote_count=0)
    ring.members.set(found.members)
    ring.vote_count = sum(_to_settle(kind, ring).count() for kind in WRITTEN)
    ring.save(update_fields=["vote_count"])
    logger.warning("Ring %s: %s accounts, %s votes.", ring.pk, len(found.members), ring.vote_count)
    return ring


def _to_settle(kind: Kind, ring: Ring) -> QuerySet[Vote]:
    """The votes of a ring on a kind of thing that are not yet as they should be."""
    if ring.restored_at:
        return Vote.objects.filter(ring=ring, state=State.REVERSED, **{f"{kind.name}__isnull": False})
    members = list(ring.members.values_list("pk", flat=True))
    # Not those that a moderator restored: they keep the ring that they were in.
    return Vote.objects.filter(
        ~Q(state=State.REVERSED),
        ring=None,
        value=Vote.Value.UP,
        voter__in=members,
        **{f"{kind.name}__{kind.author}__in": members},
    )


def _settle(ring: Ring) -> None:
    """Reverse the votes of a ring, or restore them, one thing at a time under its lock."""
    for kind in WRITTEN:
        targets = _to_settle(kind, ring).order_by(kind.column).values_list(kind.column, flat=True).distinct()
        for pk in list(targets):
            _settle_target(kind, pk, ring.pk)


@transaction.atomic
def _settle_target(kind: Kind, pk: int, ring_id: int) -> None:
    try:
        target = lock_target(kind, pk)
    except ObjectDoesNotExist:
        return
    # Read anew under the lock: a moderator may have restored it since.
    ring = Ring.objects.get(pk=ring_id)
    # Ids, because the first update would take the votes out of the second.
    votes = Vote.objects.filter(
        pk__in=list(_to_settle(kind, ring).filter(**{kind.column: pk}).values_list("pk", flat=True))
    )
    if ring.restored_at:
        established = list(by_established(votes).values_list("pk", flat=True))
        votes.update(state=State.PENDING)
        votes.filter(pk__in=established).update(state=State.COUNTED)
    else:
        votes.update(state=State.REVERSED, ring=ring)
    count_anew(kind, target)
