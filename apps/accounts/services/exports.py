"""All that is a person's, as a file to take along. A request is a row that is due until a worker has written it."""

import gzip
import json
import logging
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import DataExport, User
from apps.accounts.services.personal import gather
from apps.core.jobs import ring_on_commit
from apps.core.mail import mail_link, post_mail

logger = logging.getLogger(__name__)

# After so many failures an export waits for a moderator, who can have it tried anew, or for the person to ask again.
MAX_ATTEMPTS = 5
# Gathering costs the worker much more than asking costs the person.
PAUSE = timedelta(days=1)
# Written in one go, so that a run stays far below a task's time limit.
BATCH = 5


def exports_of(person: User) -> QuerySet[DataExport]:
    """The exports of `person` that wait, failed or can be fetched, newest first; without the files."""
    return person.exports.defer("file")


@transaction.atomic
def request_export(*, person: User) -> DataExport:
    """Have all that is `person`'s gathered by a worker soon.

    Raises `ValidationError` with words while one waits, and within a day of the last request. One that failed for
    good is tried anew.
    """
    User.objects.select_for_update(no_key=True).get(pk=person.pk)
    now = timezone.now()
    last = exports_of(person).first()
    if last and last.written_at is None and last.attempts < MAX_ATTEMPTS:
        raise ValidationError("Your data is being gathered already. A mail tells you when it is ready.")
    if last and last.requested_at > now - PAUSE:
        raise ValidationError("You can ask for your data once a day. Try again tomorrow.")
    if last and last.written_at is None:
        last.requested_at, last.attempts, last.last_error = now, 0, ""
        last.save(update_fields=["requested_at", "attempts", "last_error"])
    else:
        last = DataExport.objects.create(person=person)
    ring_on_commit("apps.accounts.tasks.write_due_exports")
    return last


def write_due_exports() -> int:
    """Write the exports that wait; answers how many were written. Two workers never write the same one."""
    written = 0
    tried: list[int] = []
    for _ in range(BATCH):
        with transaction.atomic():
            due = DataExport.objects.filter(written_at=None, attempts__lt=MAX_ATTEMPTS).exclude(pk__in=tried)
            # Those that failed come last, so that one that cannot be written holds up no other.
            row = (
                due.select_for_update(skip_locked=True, no_key=True)
                .order_by("attempts", "requested_at")
                .first()
            )
            if row is None:
                break
            tried.append(row.pk)
            try:
                with transaction.atomic():
                    row.file = _compressed(row.person)
            except Exception as error:
                # Of whatever kind, in whichever app: the others shall have theirs.
                logger.exception("The data of person %s could not be gathered.", row.person_id)
                row.attempts += 1
                row.last_error = str(error)[:300]
                row.save(update_fields=["attempts", "last_error"])
                continue
            row.written_at = timezone.now()
            row.save(update_fields=["file", "written_at"])
            _tell(row.person)
            written += 1
    return written


def forget_exports() -> int:
    """Delete the files whose time is over; answers how many."""
    count, _ = DataExport.objects.filter(written_at__lt=timezone.now() - DataExport.LIFETIME).delete()
    return count


def _compressed(person: User) -> bytes:
    content = {"site": settings.PRODUCT_NAME, "written_at": timezone.now(), **gather(person)}
    text = json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)
    return gzip.compress(text.encode(), mtime=0)


def _tell(person: User) -> None:
    if not person.email:
        return
    body = (
        f"Hello {person.get_full_name()},\n\n"
        f"All that is yours on {settings.PRODUCT_NAME} is ready to be fetched, as JSON, for "
        f"{DataExport.LIFETIME.days} days:\n\n{mail_link(reverse('accounts:data'))}\n\n"
        "You need to sign in. If it was not you who asked for this, change your password.\n"
    )
    post_mail(to=[person.email], subject=f"Your data on {settings.PRODUCT_NAME} is ready", body=body)
