"""Casting votes and taking them back."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model

from apps.accounts.models import User
from apps.accounts.permissions import check_takes_part, is_established
from apps.votes.kinds import Kind, kind_of
from apps.votes.models import Ring, Vote
from apps.votes.services.targets import change_counters, lock_people, lock_target
from apps.votes.services.telling import tell_author

# On an account's first day, when its votes wait to be counted. As many as Discourse allows a newcomer in a day:
# plenty for a person who looks around, little for a robot.
FIRST_DAY_VOTES = 50


@transaction.atomic
def cast_vote(*, voter: User, target: Model, value: int) -> Vote | None:
    """Set the vote of `voter` on `target`: 1 up, -1 down where the kind allows it, 0 takes it back.

    Answers the vote as it stands now, None without one; `target`'s counters are brought up to date. Repeating a call
    changes nothing. The vote of an account that is not established waits with no weight (see counting.py); one for
    what a fellow of a voting ring wrote is kept, reversed (see rings.py).

    Raises `PermissionDenied` with words for the person, `ValueError` for another value, and the model's
    `DoesNotExist` if the target is gone. Whether the voter may see the target is the caller's to check.
    """
    kind = kind_of(target)
    if value not in kind.values:
        raise ValueError(f"A {kind.name} can't be voted {value}.")
    established = is_established(voter)
    if not established:
        check_takes_part(voter)
    locked = lock_target(kind, target.pk)
    author_id = kind.author_of(locked)
    if author_id == voter.pk:
        raise PermissionDenied("You can't vote on what you wrote yourself.")

    vote = Vote.objects.filter(voter=voter, **{kind.column: target.pk}).first()
    before = weight(vote)
    if value == 0:
        _delete(vote)
        vote = None
    elif vote is None:
        if not established:
            _check_first_day(voter, author_id)
        vote = Vote(voter=voter, value=value, state=_first_state(established), **{kind.column: target.pk})
        _mark_ring(vote, author_id)
        vote.save(force_insert=True)
    elif vote.value != value or (vote.state == Vote.State.PENDING and established):
        vote.value = value
        if vote.state == Vote.State.PENDING:
            vote.state = _first_state(established)
        _mark_ring(vote, author_id)
        vote.save(update_fields=["value", "state", "ring", "changed_at"])
    _move_counters(kind, locked, before=before, after=weight(vote))
    if weight(vote) == 1 and before != 1:
        tell_author(locked)

    for name in kind.counters:
        setattr(target, name, getattr(locked, name))
    return vote


@transaction.atomic
def take_back(*, voter_id: int, kind: Kind, pk: int) -> None:
    """Take a vote back for a person who can't do so: one whose account is being closed.

    Raises the model's `DoesNotExist` if the target is gone.
    """
    target = lock_target(kind, pk)
    vote = Vote.objects.filter(voter=voter_id, **{kind.column: pk}).first()
    before = weight(vote)
    _delete(vote)
    _move_counters(kind, target, before=before, after=0)


def weight(vote: Vote | None) -> int:
    """What a vote counts: 1, -1, or 0 for one that is not there, waits or is reversed."""
    return vote.value if vote and vote.state == Vote.State.COUNTED else 0


def _first_state(established: bool) -> Vote.State:
    return Vote.State.COUNTED if established else Vote.State.PENDING


def _check_first_day(voter: User, author_id: int | None) -> None:
    """Raise `PermissionDenied` if a newcomer has cast all the votes they may."""
    # The voter, so that votes cast at once are counted all; and the author now, because people are locked by id.
    lock_people([voter.pk] if author_id is None else [voter.pk, author_id])
    if Vote.objects.filter(voter=voter).count() >= FIRST_DAY_VOTES:
        raise PermissionDenied(
            f"On its first day an account can vote {FIRST_DAY_VOTES} times. Go on with it tomorrow."
        )


def _mark_ring(vote: Vote, author_id: int | None) -> None:
    """Reverse a vote up that is about to be written, if voter and author are in a ring that is not restored."""
    if author_id is None or vote.value != Vote.Value.UP or vote.state == Vote.State.REVERSED:
        return
    ring = Ring.objects.filter(restored_at=None, members=vote.voter_id).filter(members=author_id).first()
    if ring:
        vote.state, vote.ring = Vote.State.REVERSED, ring


def _delete(vote: Vote | None) -> None:
    if vote:
        vote.delete()


def _move_counters(kind: Kind, target: Any, *, before: int, after: int) -> None:
    """Move the counters of a locked target by what one vote counted before and counts now."""
    counts = {value: getattr(target, name) for value, name in zip((1, -1), kind.counters, strict=False)}
    # A counter that has drifted is for `recount` to mend; it shall keep nobody from voting.
    moved = {value: max(0, count + (after == value) - (before == value)) for value, count in counts.items()}
    change_counters(kind, target, up=moved[1], down=moved.get(-1, 0))
