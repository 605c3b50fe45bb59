"""Counting who reads a thread: in Redis, added to PostgreSQL in batches by a worker. Owner: C."""

from django.http import HttpRequest


def count_view(request: HttpRequest, post_id: int) -> None:
    """Count one reader of the thread, once a day; robots not at all. Redis away: nothing is counted. Never raises."""
    raise NotImplementedError


def store_views() -> int:
    """Add what was counted to the threads; answers how many views. For a worker; may be killed and run twice at once."""
    raise NotImplementedError
