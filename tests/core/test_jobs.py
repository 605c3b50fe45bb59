import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event
from time import monotonic
from typing import Any

import pytest
import redis
from celery import Celery
from celery.contrib.testing.worker import start_worker
from celery.signals import task_success
from django.db import transaction
from django.test import Client

from apps.comparisons.tasks import rank_alternatives
from apps.core.jobs import ring, ring_on_commit
from apps.pages.models import ContactMessage
from stackshare.celery import app as celery_app

TASK = rank_alternatives.name


@contextmanager
def broker_at(url: str) -> Iterator[None]:
    """Another Celery than the project's, with its settings and this broker."""
    app = Celery("away")
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.conf.broker_url = url
    try:
        yield
    finally:
        app.close()
        celery_app.set_current()


@pytest.fixture
def away(request: pytest.FixtureRequest) -> Iterator[None]:
    """A broker that does not answer, at the port or socket of a server that is not there."""
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        with broker_at(request.param.format(port=unheard.getsockname()[1])):
            yield


@contextmanager
def server_that_says(answer: bytes) -> Iterator[None]:
    """A broker that takes each connection and answers with this whatever it is told; b"": it is frozen."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept = []

        def talk(connection: socket.socket) -> None:
            with suppress(OSError):
                while connection.recv(65536):
                    connection.sendall(answer)

        def serve() -> None:
            with suppress(OSError):
                while True:
                    kept.append(server.accept()[0])
                    threading.Thread(target=talk, args=(kept[-1],), daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with broker_at(f"redis://127.0.0.1:{server.getsockname()[1]}/0"):
            yield
        # Wakes `accept`, which closing does not.
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in kept:
            connection.close()


@pytest.fixture
def frozen() -> Iterator[None]:
    """A broker that takes connections and never says a word."""
    with server_that_says(b""):
        yield


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
            assert done.wait(60)
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


@pytest.mark.usefixtures("frozen")
def test_ring_gives_up_soon_when_redis_is_frozen(caplog: pytest.LogCaptureFixture) -> None:
    started = monotonic()

    assert ring(TASK) is False

    # Two seconds by itself, untuned more than a minute.
    assert monotonic() - started < 30
    assert "Timeout" in caplog.text


@pytest.mark.parametrize(
    "answer",
    [
        b"-OOM command not allowed when used memory > 'maxmemory'.\r\n",
        b"-READONLY You can't write against a read only replica.\r\n",
        b"-NOAUTH Authentication required.\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ],
)
def test_ring_does_not_raise_whatever_redis_says(answer: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with server_that_says(answer):
        assert ring(TASK) is False

    assert f"No worker could be told of {TASK}" in caplog.text


def test_ring_does_not_raise_when_the_address_is_none() -> None:
    with broker_at("nonsense://nowhere"):
        assert ring(TASK) is False


def test_ring_says_that_a_worker_could_be_told() -> None:
    assert ring(TASK) is True


@pytest.mark.django_db(transaction=True)
def test_ring_on_commit_waits_for_the_commit(queued_tasks: Callable[[], list[str]]) -> None:
    with transaction.atomic():
        ring_on_commit(TASK)
        assert queued_tasks() == []

    assert queued_tasks() == [TASK]


@pytest.mark.django_db(transaction=True)
def test_ring_on_commit_sends_nothing_when_the_transaction_fails(
    queued_tasks: Callable[[], list[str]],
) -> None:
    with transaction.atomic():
        ring_on_commit(TASK)
        transaction.set_rollback(True)

    assert queued_tasks() == []


@pytest.mark.usefixtures("frozen")
@pytest.mark.django_db(transaction=True)
def test_page_that_saved_answers_when_redis_is_frozen(client: Client) -> None:
    started = monotonic()

    answer = client.post(
        "/contact/",
        {"name": "Ada", "email": "ada@example.org", "subject": "A date", "text": "Flask is from 2010."},
    )

    assert (answer.status_code, ContactMessage.objects.count()) == (302, 1)
    assert monotonic() - started < 40
