from celery import shared_task

from apps.comparisons import services


@shared_task
def rank_alternatives() -> None:
    """Rank every tool's alternatives anew. Nightly; harmless to repeat."""
    services.rank_alternatives()
