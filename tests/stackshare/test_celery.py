import ast
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings

from stackshare.celery import app

APPS = Path(settings.BASE_DIR) / "apps"


@pytest.fixture(scope="module")
def tasks() -> set[str]:
    """The names of all tasks, as a worker finds them."""
    app.loader.import_default_modules()
    return {name for name in app.tasks if name.startswith("apps.")}


def rung() -> Iterator[tuple[str, str]]:
    """Each file that wakes a worker, and the name of the task."""
    for path in APPS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ring":
                (name,) = node.args
                yield str(path.relative_to(APPS)), ast.literal_eval(name)


@pytest.mark.parametrize("entry", settings.CELERY_BEAT_SCHEDULE)
def test_scheduled_task_exists(tasks: set[str], entry: str) -> None:
    assert settings.CELERY_BEAT_SCHEDULE[entry]["task"] in tasks


@pytest.mark.parametrize(("file", "name"), sorted(set(rung())))
def test_task_that_is_rung_for_exists(tasks: set[str], file: str, name: str) -> None:
    assert name in tasks


def test_task_that_is_rung_for_runs_by_the_clock_too() -> None:
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert {name for _, name in rung()} <= scheduled


def test_every_task_has_time_limits(tasks: set[str]) -> None:
    limits = {name: (app.tasks[name].soft_time_limit, app.tasks[name].time_limit) for name in tasks}

    assert len(limits) >= 4
    assert all(soft and hard and soft < hard for soft, hard in limits.values()), limits


def test_beat_keeps_the_schedule_in_redis(redis_url: str) -> None:
    environment = os.environ | {"REDIS_URL": redis_url, "DEVELOPMENT": "1"}
    command = [sys.executable, "-m", "celery", "--app", "stackshare", "beat", "--loglevel", "INFO"]
    beat = subprocess.Popen(
        [*command, "--scheduler", "redbeat.RedBeatScheduler", "--max-interval", "1", "--pidfile="],
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = threading.Timer(60, beat.kill)
    deadline.start()

    assert beat.stdout is not None
    started = any("Acquired lock" in line for line in beat.stdout)
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        kept = set(client.keys("stackshare:redbeat:*"))
    beat.terminate()
    beat.communicate()
    deadline.cancel()

    assert started
    assert {f"stackshare:redbeat:{name}" for name in settings.CELERY_BEAT_SCHEDULE} <= kept
