"""Thin shells over the services; each does what is due and is harmless to repeat."""

from celery import shared_task

from apps.github.services import backfill, failures, growth, refresh


@shared_task
def refresh_due_repositories() -> None:
    """Read the repositories that are due, for some minutes at most."""
    refresh.refresh_due_repositories()


@shared_task
def measure_growth() -> None:
    """Compute growth, trend and release cadence anew for every repository."""
    growth.measure_growth()


@shared_task
def backfill_star_history() -> None:
    """Read the star history by week of repositories that lack it, for some minutes at most."""
    backfill.backfill_star_history()


@shared_task
def forget_old_failures() -> None:
    """Delete failures that are older than a month."""
    failures.forget_old_failures()
