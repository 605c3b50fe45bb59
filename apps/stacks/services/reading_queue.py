"""Readings that wait for a worker: a row that is due is the queue, and its claim a lease."""

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.detection.sights import Report
from apps.notifications.models import Kind
from apps.notifications.services import notify
from apps.stacks.models import Reading
from apps.stacks.services.readings import report_columns

# Longer than a worker is silent while it reads; each progress begins it anew. Who is silent for longer is dead.
LEASE = timedelta(minutes=3)
# So often a worker may have died of it, or GitHub have failed.
MAX_ATTEMPTS = 4
# Enough to come back to a review after a week-end; nothing points to a reading, published or not.
KEPT = timedelta(days=7)

_OPEN = (Reading.State.WAITING, Reading.State.READING)


@transaction.atomic
def claim_reading() -> Reading | None:
    """The reading that is due for longest, for this worker alone until `due_at`; None where none is.

    One that was claimed `MAX_ATTEMPTS` times without an end is given up.
    """
    while True:
        now = timezone.now()
        due = Reading.objects.filter(due_at__lte=now, state__in=_OPEN).order_by("due_at", "id")
        reading = due.select_for_update(skip_locked=True, no_key=True).select_related(None).first()
        if reading is None:
            return None
        if reading.attempts >= MAX_ATTEMPTS:
            fail_reading(reading, "We tried several times and did not come to an end. Try again later.")
            continue
        reading.state = Reading.State.READING
        reading.attempts += 1
        reading.due_at = now + LEASE
        reading.save(update_fields=["state", "attempts", "due_at"])
        return reading


def note_progress(reading: Reading, *, done: int, total: int) -> bool:
    """Say how many files of how many are read, and hold the claim for longer; False: it is no longer ours, stop.

    The same count as before may be said, to hold the claim.
    """
    due_at = timezone.now() + LEASE
    is_ours = bool(_ours(reading).update(done=done, total=total, due_at=due_at))
    if is_ours:
        reading.done, reading.total, reading.due_at = done, total, due_at
    return is_ours


def put_off_reading(reading: Reading, *, wait: timedelta, count: bool = True) -> None:
    """Have it claimed again after `wait`. `count=False`: GitHub wants us to wait, which is none of its attempts."""
    _ours(reading).update(
        state=Reading.State.WAITING,
        due_at=timezone.now() + wait,
        attempts=reading.attempts if count else reading.attempts - 1,
    )


@transaction.atomic
def finish_reading(reading: Reading, *, report: Report, commit: str, github_id: int | None = None) -> bool:
    """Keep what was found and tell the person; whether it was still ours."""
    changed = _ours(reading).update(
        state=Reading.State.READY,
        due_at=None,
        commit=commit,
        github_id=github_id,
        done=reading.total,
        **report_columns(report),
    )
    if changed:
        _tell(reading, f"{reading.repository} was read: look at what we found, then publish it")
    return bool(changed)


@transaction.atomic
def fail_reading(reading: Reading, error: str) -> bool:
    """Give it up, with the reason in words for the person; whether it was still ours."""
    changed = _ours(reading).update(state=Reading.State.FAILED, due_at=None, error=error[:300])
    if changed:
        _tell(reading, f"{reading.repository} could not be read")
    return bool(changed)


def forget_old_readings() -> int:
    """Delete the readings that are older than `KEPT`; answers how many."""
    return Reading.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]


def _ours(reading: Reading) -> QuerySet[Reading]:
    """The row while nobody else claimed it, nor the person threw it away."""
    return Reading.objects.filter(pk=reading.pk, due_at=reading.due_at, state__in=_OPEN)


def _tell(reading: Reading, text: str) -> None:
    notify(person=reading.person, kind=Kind.STACK, actor=None, text=text, url=reading.get_absolute_url())
