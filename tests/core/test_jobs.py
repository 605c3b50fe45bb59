import json
import logging
import socket
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest
import redis
from celery import Celery
from celery.contrib.testing.worker import start_worker
from celery.signals import task_success

from apps.comparisons.tasks import rank_alternatives
from apps.core.jobs import ring
from stackshare.celery import app as celery_app

TASK = rank_alternatives.name


@pytest.fixture
def away(request: pytest.FixtureRequest) -> Iterator[None]:
    """A broker that does not answer, at the port or socket of a server that is not there."""
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        app = Celery("away")
        app.config_from_object("django.conf:settings", namespace="CELERY")
        app.conf.broker_url = request.param.format(port=unheard.getsockname()[1])
        yield
        app.close()
        celery_app.set_current()


def test_ring_leaves_a_message_with_the_name_of_the_task(redis_url: str) -> None:
    ring(TASK)

    with redis.Redis.from_url(redis_url) as client:
        messages = [json.loads(message) for message in client.lrange("celery", 0, -1)]
    assert [message["headers"]["task"] for message in messages] == [TASK]


@pytest.mark.django_db(transaction=True)
def test_ring_wakes_a_worker() -> None:
    done = Event()

    def note(sender: Any, **_: object) -> None:
        if sender.name == TASK:
            done.set()

    task_success.connect(note)
    try:
        with start_worker(celery_app, pool="solo", perform_ping_check=False):
            ring(TASK)
            assert done.wait(20)
    finally:
        task_success.disconnect(note)


@pytest.mark.parametrize(
    "away", ["redis://127.0.0.1:{port}/0", "redis+socket:///nowhere/redis.sock?virtual_host=0"], indirect=True
)
def test_ring_warns_and_goes_on_when_redis_is_away(away: None, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "apps.core.jobs"):
        ring(TASK)

    assert [record.levelname for record in caplog.records if record.name == "apps.core.jobs"] == ["WARNING"]
    assert f"No worker could be told of {TASK}" in caplog.text


@pytest.mark.parametrize("away", ["redis://127.0.0.1:{port}/0"], indirect=True)
def test_ring_does_not_raise_however_often_redis_is_away(
    away: None, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        ring(TASK)

    assert caplog.text.count(f"No worker could be told of {TASK}") == 3
