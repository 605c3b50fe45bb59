"""Mail to people. A mail is a row that is due until a worker has sent it; then it is gone."""

import logging
from datetime import timedelta

from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.core.jobs import ring
from apps.core.models import OutgoingMail

logger = logging.getLogger(__name__)

# After so many failures a mail waits for a moderator, who can have it tried anew.
MAX_ATTEMPTS = 20
# Sent in one go, so that a run stays far below a task's time limit.
BATCH = 50
# Seconds between one failure and the next try.
RETRY_SECONDS = 60
# What nobody said otherwise of is old news after this.
LIFETIME = timedelta(days=3)


def post_mail(
    *,
    to: list[str],
    subject: str,
    body: str,
    headers: dict[str, str] | None = None,
    lifetime: timedelta = LIFETIME,
) -> None:
    """Have a plain-text mail sent by a worker soon; with Redis away it is sent here and now."""
    mail = OutgoingMail.objects.create(
        # A line break would end the header.
        subject=" ".join(subject.split())[:300],
        to=to,
        body=body,
        headers=headers or {},
        expires_at=timezone.now() + lifetime,
    )
    transaction.on_commit(lambda: _wake_worker(mail.pk))


def _wake_worker(pk: int) -> None:
    if not ring("apps.core.tasks.send_due_mail"):
        send_due_mail(only=pk)


def send_due_mail(*, only: int | None = None) -> int:
    """Send the mail that waits, or `only` that row; answers how many were sent. Two workers never send the same one."""
    now = timezone.now()
    OutgoingMail.objects.filter(expires_at__lt=now).delete()
    due = OutgoingMail.objects.filter(attempts__lt=MAX_ATTEMPTS).filter(
        Q(tried_at=None) | Q(tried_at__lt=now - timedelta(seconds=RETRY_SECONDS))
    )
    if only is not None:
        due = due.filter(pk=only)
    sent = 0
    for _ in range(BATCH):
        with transaction.atomic():
            # Those that failed come last, so that one bad mail holds up no other.
            mail = due.select_for_update(skip_locked=True).order_by("attempts", "created_at").first()
            if mail is None:
                break
            try:
                EmailMessage(mail.subject, mail.body, to=mail.to, headers=mail.headers).send()
            except Exception as error:
                # Of whatever kind: an address that no header can hold must not hold up the others either.
                logger.warning("Mail %s could not be sent: %s", mail.pk, error)
                mail.attempts += 1
                mail.tried_at = now
                mail.last_error = str(error)[:300]
                mail.save(update_fields=["attempts", "tried_at", "last_error"])
                continue
            mail.delete()
            sent += 1
    return sent
