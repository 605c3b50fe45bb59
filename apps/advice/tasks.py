"""Thin shells over the services; each does what is due and is harmless to repeat."""

from celery import shared_task

from apps.advice.services import outcomes, telling, views


@shared_task
def store_views() -> None:
    """Add to the threads the views that were counted."""
    views.store_views()


@shared_task
def tell_runners() -> None:
    """Tell those who run a tool of new questions about it."""
    telling.tell_runners()


@shared_task
def ask_for_outcomes() -> None:
    """Ask what became of questions."""
    outcomes.ask_for_outcomes()
