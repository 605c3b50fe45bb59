"""Races with real threads, each with a database connection of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection

# Seconds: a race that takes longer hangs in a lock.
LIMIT = 60


def run_together(jobs: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run all `jobs` at the same time, a thread each; their answers in order. An error in one is raised."""
    start = Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        try:
            start.wait(LIMIT)
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result(LIMIT) for future in [pool.submit(run, job) for job in jobs]]
