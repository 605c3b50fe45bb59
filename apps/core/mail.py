"""Mail to people. A mail is a row that is due until a worker has sent it; then it is gone."""

import logging
from datetime import timedelta
from email.utils import make_msgid, parseaddr
from time import monotonic

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Now
from django.utils import timezone

from apps.core.jobs import ring, ring_on_commit
from apps.core.models import OutgoingMail

logger = logging.getLogger(__name__)

# After so many failures, some three hours, a mail waits for a moderator, who can have it tried anew.
MAX_ATTEMPTS = 20
# Between the first failure and the next try; twice that after the second failure, and so on.
RETRY = timedelta(minutes=1)
# A run goes on for no longer than this, far below a task's time limit: a server that hangs costs
# `EMAIL_TIMEOUT` seconds for each mail.
RUN_SECONDS = 120
# What nobody said otherwise of is old news after this.
LIFETIME = timedelta(days=3)


# Addresses that nobody can have (RFC 2606), such as those of the demo people: nothing is mailed there.
NOBODYS = ".invalid"

# Where mails link to in development, which has no public address.
DEVELOPMENT_URL = "http://localhost:8000"


def mail_link(path: str) -> str:
    """`path` as an address that a mail can hold."""
    return f"{settings.SITE_URL or DEVELOPMENT_URL}{path}"


def is_in_folder() -> bool:
    """Whether mail goes to a folder of this machine, and who develops may read all of it."""
    return (
        settings.DEVELOPMENT and settings.EMAIL_BACKEND == "django.core.mail.backends.filebased.EmailBackend"
    )


def post_mail(
    *,
    to: list[str],
    subject: str,
    body: str,
    headers: dict[str, str] | None = None,
    lifetime: timedelta = LIFETIME,
) -> None:
    """Have a plain-text mail sent by a worker soon, once the transaction is committed.

    With Redis away it is sent here and now. Neither that nor what becomes of it ever raises. Nothing goes to `NOBODYS`.
    """
    somebodys = [address for address in to if not address.lower().endswith(NOBODYS)]
    if to and not somebodys:
        return
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    # The same id at every try, so that a mailbox which got it twice can tell.
    own = {"Message-ID": make_msgid(domain=domain), "Auto-Submitted": "auto-generated"}
    mail = OutgoingMail.objects.create(
        # A line break would end the header.
        subject=" ".join(subject.split())[:300],
        to=somebodys,
        body=body,
        headers=own | (headers or {}),
        expires_at=timezone.now() + lifetime,
    )
    transaction.on_commit(lambda: _wake_worker(mail.pk), robust=True)


def _wake_worker(pk: int) -> None:
    if not ring("apps.core.tasks.send_due_mail"):
        send_due_mail(only=pk)


def send_due_mail(*, only: int | None = None) -> int:
    """Send the mail that waits, or `only` that row; answers how many were sent. Two workers never send the same one."""
    OutgoingMail.objects.filter(expires_at__lt=timezone.now()).delete()
    pause = ExpressionWrapper(F("attempts") * Value(RETRY), output_field=DurationField())
    due = OutgoingMail.objects.filter(attempts__lt=MAX_ATTEMPTS).filter(
        Q(tried_at=None) | Q(tried_at__lt=Now() - pause)
    )
    if only is not None:
        due = due.filter(pk=only)
    started = monotonic()
    sent = 0
    while monotonic() - started < RUN_SECONDS:
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
                mail.tried_at = timezone.now()
                mail.last_error = str(error)[:300]
                mail.save(update_fields=["attempts", "tried_at", "last_error"])
                continue
            mail.delete()
            sent += 1
    return sent


def try_again(*, pks: list[int]) -> int:
    """Have these mails tried at once, as if for the first time; answers how many still wait."""
    count = OutgoingMail.objects.filter(pk__in=pks).update(attempts=0, tried_at=None, last_error="")
    ring_on_commit("apps.core.tasks.send_due_mail")
    return count
