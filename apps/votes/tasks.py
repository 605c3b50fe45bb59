"""Thin shells over the services; each does what is due and is harmless to repeat."""

from celery import shared_task

from apps.votes.services import counting, rings


@shared_task
def count_pending_votes() -> None:
    """Count the votes of people who are established by now."""
    counting.count_pending_votes()


@shared_task
def reverse_rings() -> None:
    """Find the voting rings, and reverse their votes."""
    rings.reverse_rings()
