"""Thin shells over the services; each does what is due and is harmless to repeat."""

from celery import shared_task
from django.core.management import call_command

from apps.accounts.services import closing, exports, sessions, unverified


@shared_task
def write_due_exports() -> None:
    """Gather the data of those who asked for theirs."""
    exports.write_due_exports()


@shared_task
def finish_closing() -> None:
    """Take apart the accounts that were closed."""
    closing.finish_closing()


@shared_task
def forget_what_expired() -> None:
    """Delete exports and sessions whose time is over, and accounts that were never verified."""
    exports.forget_exports()
    unverified.forget_unverified()
    call_command("clearsessions")
    sessions.forget_sessions()
