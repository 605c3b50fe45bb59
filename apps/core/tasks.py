"""Thin shells over the services; each does what is due and is harmless to repeat."""

from celery import shared_task

from apps.core import counters, mail


@shared_task
def send_due_mail() -> None:
    """Send the mail that waits."""
    mail.send_due_mail()


@shared_task
def recount() -> None:
    """Mend the counters that differ from the rows they count."""
    counters.recount()
