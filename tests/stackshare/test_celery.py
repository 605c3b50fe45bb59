import ast
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from celery import Celery
from django.conf import settings
from redbeat.schedulers import get_redis

from stackshare.beat import Scheduler
from stackshare.celery import app

APPS = Path(settings.BASE_DIR) / "apps"
RINGS = re.compile(r"\bring(_on_commit)?\(")


@pytest.fixture(scope="module")
def tasks() -> set[str]:
    """The names of all tasks, as a worker finds them."""
    app.loader.import_default_modules()
    return {name for name in app.tasks if name.startswith("apps.")}


def rung() -> Iterator[tuple[str, str]]:
    """Each file that wakes a worker, and the name of the task."""
    for path in APPS.rglob("*.py"):
        text = path.read_text()
        # Few of hundreds do, and to parse them all takes a second.
        for node in ast.walk(ast.parse(text)) if RINGS.search(text) else ():
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("ring", "ring_on_commit"):
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


def test_every_task_starts_at_most_four_times_when_it_kills_its_process(tasks: set[str]) -> None:
    for name in tasks:
        task = app.tasks[name]
        assert (task.retry_on_worker_lost, task.max_retries) == (True, 3)
        # A message may wait so long in a worker's memory; Celery's own three minutes would be long.
        assert task.default_retry_delay <= 10


def test_messages_of_each_minute_do_not_pile_up() -> None:
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        every = entry["schedule"]
        if isinstance(every, timedelta) and every <= timedelta(minutes=1):
            assert entry["options"]["expires"] == every.total_seconds(), name


def test_beat_keeps_the_schedule_in_redis_and_brings_it_back_when_redis_lost_it(redis_url: str) -> None:
    environment = os.environ | {"REDIS_URL": redis_url, "DEVELOPMENT": "1"}
    command = [sys.executable, "-m", "celery", "--app", "stackshare", "beat", "--loglevel", "INFO"]
    beat = subprocess.Popen(
        [*command, "--scheduler", "stackshare.beat.Scheduler", "--max-interval", "1", "--pidfile="],
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = threading.Timer(60, beat.kill)
    deadline.start()

    assert beat.stdout is not None
    wanted = {f"stackshare:redbeat:{name}" for name in settings.CELERY_BEAT_SCHEDULE}
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:

        def kept() -> set[str]:
            return set(client.keys("stackshare:redbeat:*"))

        started = any("Acquired lock" in line for line in beat.stdout)
        kept_at_first = kept()
        client.flushdb()
        waited = any("The lock of beat is lost" in line for line in beat.stdout)
        for _ in range(300):
            if wanted <= (kept_at_last := kept()):
                break
            time.sleep(0.1)
    beat.terminate()
    beat.communicate()
    deadline.cancel()

    assert started
    assert wanted <= kept_at_first
    assert waited
    assert wanted <= kept_at_last


def test_beat_can_be_stopped_while_redis_is_away(dead_port: int) -> None:
    away = Celery("away", set_as_current=False)
    away.conf.redbeat_redis_url = f"redis://127.0.0.1:{dead_port}/0"
    away.conf.redbeat_redis_options = settings.CELERY_REDBEAT_REDIS_OPTIONS
    scheduler = Scheduler(app=away, lazy=True)
    scheduler.lock = get_redis(away).lock("lock", timeout=60)

    scheduler.close()

    # By itself it would try for ever.
    assert settings.CELERY_REDBEAT_REDIS_OPTIONS["retry"].get_retries() == -1


def test_channel_of_a_lost_connection_fails_as_kombu_expects() -> None:
    connection = app.connection_for_read()
    channel = connection.channel()
    closed = connection.channel()
    closed.close()
    expected = connection.connection_errors
    connection.collect()

    # As when a message that is not acknowledged goes back to its queue.
    for lost in (channel, closed):
        lost._disconnect_pools()
        with pytest.raises(expected), lost.conn_or_acquire() as client:
            client.ping()
