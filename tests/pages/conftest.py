import os
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
from django.conf import settings as django_settings
from django.db import connection

from apps.tools.models import Tool
from tests.factories.comparisons import make_comparison
from tests.factories.tools import CategoryFactory, FunctionFactory, LayerFactory, ToolFactory

Run = Callable[[Callable[[], Any]], list[Any]]


def make_catalogue(*, tools: int) -> list[Tool]:
    """So many tools with stars in four layers, and a written comparison of each with the next."""
    made = [
        ToolFactory(
            stars=1000 + number,
            stars__grew_90=number,
            stars__trend_90=number / 1000,
            stars__growth_on="2026-08-01",
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
            "GITHUB_API_URL": django_settings.GITHUB_API_URL,
            "GITHUB_TOKEN": django_settings.GITHUB_TOKEN,
            "DEVELOPMENT": "1",
        }
        command = [sys.executable, "-m", "celery", "--app", "stackshare", "worker", "--loglevel", "INFO"]
        worker = subprocess.Popen(
            [
                *command,
                "--queues",
                ",".join(django_settings.QUEUES),
                "--concurrency",
                "1",
                "--without-mingle",
                "--without-gossip",
                "--without-heartbeat",
            ],
            cwd=django_settings.BASE_DIR,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        deadline = threading.Timer(120, worker.kill)
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
