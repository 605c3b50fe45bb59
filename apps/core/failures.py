"""Tasks that failed, kept for the status page and the admin."""

import logging
from datetime import timedelta
from threading import Thread
from typing import Any

from celery.signals import task_failure, task_revoked
from django.db import connection
from django.utils import timezone

from apps.core.models import TaskFailure

logger = logging.getLogger(__name__)

# Long enough to see whether something fails since a release or since last month.
KEPT = timedelta(days=30)
# A worker goes on without the row where the database does not take it within so many seconds.
WRITE_SECONDS = 5


@task_failure.connect
def note_failure(sender: Any, task_id: str, exception: BaseException, **_: object) -> None:
    """A task raised, ran out of time, or killed its process at each of its tries."""
    _note(sender.name, task_id, repr(exception))


@task_revoked.connect
def note_expired_retry(sender: Any, request: Any, expired: bool, **_: object) -> None:
    """A task that killed its process is tried again, and by then its message had run out: no failure to Celery."""
    if expired and request.retries:
        _note(
            sender.name,
            request.id,
            f"Its process died at start {request.retries} of 4; then its message ran out.",
        )


def _note(task: str, task_id: str, reason: str) -> None:
    """Keep it by a connection of its own.

    That of the task may be broken; and the main process of a worker, which notes lost ones, must have none open
    that new processes would inherit.
    """
    # PostgreSQL takes no NUL.
    reason = reason.replace("\0", "")[:500]
    writer = Thread(target=_write, args=(task[:200], task_id[:40], reason), daemon=True)
    writer.start()
    writer.join(WRITE_SECONDS)


def _write(task: str, task_id: str, reason: str) -> None:
    try:
        TaskFailure.objects.create(task=task, task_id=task_id, reason=reason)
    except Exception:
        logger.exception("The failure of %s could not be kept.", task)
    finally:
        connection.close()


def forget_old_failures() -> int:
    """Delete the failures that are older than `KEPT`; answers how many."""
    count, _ = TaskFailure.objects.filter(at__lt=timezone.now() - KEPT).delete()
    return count
