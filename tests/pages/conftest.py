import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from django.conf import settings as django_settings
from django.db import connection, connections

from apps.core import limits
from apps.tools.models import Tool
from stackshare.celery import app as celery_app
from tests.factories.comparisons import make_comparison
from tests.factories.tools import CategoryFactory, FunctionFactory, LayerFactory, ToolFactory

Run = Callable[[Callable[[], Any]], list[Any]]


def make_catalogue(*, tools: int) -> list[Tool]:
    """So many tools with stars in four layers, and a written comparison of each with the next."""
    made = [
        ToolFactory(
            stars=1000 + number,
            function=FunctionFactory(
                slug=f"function-{number}",
                parent=CategoryFactory(
                    slug=f"category-{number % 6}", parent=LayerFactory(slug=f"layer-{number % 4}")
                ),
            ),
        )
        for number in range(tools)
    ]
    for tool, other in pairwise(made):
        make_comparison(tool, other, differences=2)
    return made


@pytest.fixture
def rich_catalogue(db: None) -> list[Tool]:
    return make_catalogue(tools=30)


@pytest.fixture
def contact_data() -> dict[str, str]:
    return {
        "name": "Alice Example",
        "email": "alice@example.org",
        "subject": "A wrong licence",
        "text": "Flask is under BSD-3-Clause.\nSee its LICENSE.txt.",
    }


@pytest.fixture
def dead_port() -> Iterator[int]:
    """A port of this machine at which nothing listens, kept from all others."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def queued_tasks(redis_url: str) -> Iterator[Callable[[], list[str]]]:
    """The names of the tasks that wait for a worker."""
    with redis.Redis.from_url(redis_url) as client:
        yield lambda: [json.loads(raw)["headers"]["task"] for raw in client.lrange("celery", 0, -1)]


@pytest.fixture
def redis_away(dead_port: int, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.REDIS_URL = url = f"redis://127.0.0.1:{dead_port}/0"
    settings.CACHES = settings.CACHES | {"default": settings.CACHES["default"] | {"LOCATION": url}}
    monkeypatch.setattr(celery_app.conf, "broker_write_url", url)
    # Celery keeps its connections to the broker that it had before.
    monkeypatch.setattr(celery_app, "_pool", None)
    monkeypatch.setattr(celery_app.amqp, "_producer_pool", None)
    limits._limiter.cache_clear()
    yield
    limits._limiter.cache_clear()


@pytest.fixture
def database_away(dead_port: int, django_db_blocker: Any) -> Iterator[None]:
    here, away = connections["default"], connection.copy()
    away.settings_dict = {**here.settings_dict, "HOST": "127.0.0.1", "PORT": str(dead_port), "OPTIONS": {}}
    connections["default"] = away
    with django_db_blocker.unblock():
        yield
    connections["default"] = here


@pytest.fixture
def in_two_threads() -> Run:
    """Calls a function in two threads at once, each with a connection of its own; gives both results."""

    def run(function: Callable[[], Any]) -> list[Any]:
        start = threading.Barrier(2)
        results: list[Any] = []

        def work() -> None:
            try:
                start.wait(timeout=30)
                results.append(function())
            finally:
                connections.close_all()

        threads = [threading.Thread(target=work, daemon=True) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        assert len(results) == 2, "A thread failed, or waits for a lock that the test holds."
        return results

    return run


@pytest.fixture
def celery_worker(redis_url: str, tmp_path: Path) -> Callable[..., Any]:
    """`with celery_worker() as wait_for:` runs a real worker on this test's database, Redis and folder of
    mail; `wait_for("...")` gives the line of its log that has these words."""

    @contextmanager
    def running() -> Iterator[Callable[[str], str]]:
        base = urlsplit(os.environ.get("DATABASE_URL", "postgres:///stackshare"))
        environment = os.environ | {
            "DATABASE_URL": base._replace(path=f"/{connection.settings_dict['NAME']}").geturl(),
            "REDIS_URL": redis_url,
            "EMAIL_URL": f"filemail://{tmp_path / 'mail'}",
            "DEVELOPMENT": "1",
        }
        command = [sys.executable, "-m", "celery", "--app", "stackshare", "worker", "--loglevel", "INFO"]
        worker = subprocess.Popen(
            [*command, "--concurrency", "1", "--without-mingle", "--without-gossip", "--without-heartbeat"],
            cwd=django_settings.BASE_DIR,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        deadline = threading.Timer(60, worker.kill)
        deadline.start()
        lines: list[str] = []

        def wait_for(words: str) -> str:
            assert worker.stdout is not None
            for line in worker.stdout:
                lines.append(line)
                if words in line:
                    return line
            pytest.fail(f"The worker never said {words!r}:\n{''.join(lines)}")

        try:
            yield wait_for
        finally:
            worker.terminate()
            worker.communicate()
            deadline.cancel()

    return running
