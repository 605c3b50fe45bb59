"""Thin shells over the services; each does what is due and is harmless to repeat."""

from celery import shared_task

from apps.tools.services import interest, points


@shared_task
def count_pending_answers() -> None:
    """Count the answers to "Still true?" of people who are established by now."""
    points.count_pending_answers()


@shared_task
def weigh_interest() -> None:
    """Tell the GitHub workers how much people care for each repository."""
    interest.weigh_interest()
