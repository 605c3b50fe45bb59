"""Thin shells over the services; each does what is due and is harmless to repeat."""

from celery import shared_task
from django.utils import timezone

from apps.core import counters, failures, mail
from apps.core.models import Heartbeat


@shared_task
def canary(queue: str) -> None:
    """Note that a worker serves this queue. Beat sends one to each every minute."""
    Heartbeat.objects.update_or_create(queue=queue, defaults={"ran_at": timezone.now()})


@shared_task
def send_due_mail() -> None:
    """Send the mail that waits."""
    mail.send_due_mail()


@shared_task
def recount() -> None:
    """Mend the counters that differ from the rows they count; forget what failed long ago."""
    failures.forget_old_failures()
    counters.recount()
