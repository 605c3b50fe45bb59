"""Thin shells over the services; each does what is due and is harmless to repeat."""

from celery import shared_task

from apps.stacks.services import adoption, likeness, proofs, reading_queue, repositories


@shared_task
def read_due_repositories() -> None:
    """Read the repositories that people asked for, for some minutes at most."""
    repositories.read_due_repositories()


@shared_task
def check_due_proofs() -> None:
    """Look for the DNS records and files that people asked us to look for."""
    proofs.check_due_proofs()


@shared_task
def rank_due_stacks() -> None:
    """Rank what is similar to stacks that changed."""
    likeness.rank_due_stacks()


@shared_task
def rank_all_stacks() -> None:
    """Rank what is similar to every stack."""
    likeness.rank_all_stacks()


@shared_task
def measure_adoption() -> None:
    """Compute how many stacks ran each tool, month by month."""
    adoption.measure_adoption()


@shared_task
def find_companions() -> None:
    """Compute which tools are used together."""
    adoption.find_companions()


@shared_task
def forget_old_readings() -> None:
    """Delete readings that nobody comes back to."""
    reading_queue.forget_old_readings()


@shared_task
def forget_old_proofs() -> None:
    """Delete what was looked for long ago."""
    proofs.forget_old_proofs()
