"""Fixtures of every test: real PostgreSQL and Redis, apart for each process; the cast; counted queries."""

import gc
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, connections
from django.test import Client, TransactionTestCase, override_settings
from django.test.utils import CaptureQueriesContext
from hypothesis import settings as hypothesis_settings

from apps.core import limits
from stackshare.celery import app as celery_app
from tests.factories.accounts import UserFactory

# A hash of a password costs a tenth of a second by design, and tests make and check hundreds.
Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.parallelism = 1, 64, 1


def empty_tables(_test: object) -> None:
    """Delete all rows but those that migrations leave behind, after a test that commits.

    Django's own way truncates seventy tables and then makes every permission anew, which costs more than most tests.
    """
    with connection.cursor() as cursor:
        cursor.execute(_emptying())


@cache
def _emptying() -> str:
    kept = {ContentType._meta.db_table, Permission._meta.db_table}
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return "; ".join(f'DELETE FROM "{name}"' for name in names if name not in kept)  # noqa: S608


TransactionTestCase._fixture_teardown = empty_tables

Run = Callable[[Callable[[], Any]], list[Any]]

# The database; tests in a browser, and what becomes of them without one; the fake GitHub.
pytest_plugins = ["tests.database", "tests.browser.chromium", "tests.github.fake.fixture"]

# Speed is measured in bench/: a busy machine fails no test.
hypothesis_settings.register_profile("usual", deadline=None)
# The long search for counterexamples: `HYPOTHESIS_PROFILE=nightly`, see CONTRIBUTING.md.
hypothesis_settings.register_profile("nightly", max_examples=1000, stateful_step_count=50, deadline=None)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "usual"))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Leave the garbage collector out of it: what is imported and collected stays, and is looked at again and again.

    What then is there it never looks at, and at the rest seldom: a test leaves little that goes in circles.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000)
        gc.enable()


# The site itself uses database 0 of Redis; each test process has one of its own of the other fifteen.
FIRST_REDIS_DATABASE = 2
REDIS_DATABASES = 14


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """As pytest-django's; before the database goes, so do the connections that threads of the live server keep."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session", autouse=True)
def redis_url() -> Iterator[str]:
    """A database of Redis for this process alone, emptied before and after."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    number = FIRST_REDIS_DATABASE + worker % REDIS_DATABASES
    base = settings.REDIS_URL
    url = (
        f"{base.split('?')[0]}?db={number}"
        if base.startswith("unix://")
        else f"{base.rpartition('/')[0]}/{number}"
    )
    caches = {**settings.CACHES, "default": {**settings.CACHES["default"], "LOCATION": url}}
    broker = url.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1)
    celery_app.conf.broker_url = celery_app.conf.broker_read_url = celery_app.conf.broker_write_url = broker
    client = redis.Redis.from_url(url)
    client.flushdb()
    with override_settings(REDIS_URL=url, BROKER_URL=url, CACHES=caches):
        limits._limiter.cache_clear()
        yield url
    client.flushdb()
    client.close()


@pytest.fixture(scope="session")
def redis_client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture(autouse=True)
def _empty_redis(redis_client: redis.Redis) -> Iterator[None]:
    yield
    redis_client.flushdb()


@pytest.fixture
def count_queries() -> Callable[..., Any]:
    """`with count_queries(at_most=12) as queries:` fails with the statements where there are more."""

    @contextmanager
    def counting(*, at_most: int) -> Iterator[CaptureQueriesContext]:
        with CaptureQueriesContext(connection) as queries:
            yield queries
        statements = "\n".join(query["sql"][:200] for query in queries)
        assert len(queries) <= at_most, f"{len(queries)} queries, at most {at_most}:\n{statements}"

    return counting


@pytest.fixture
def alice(db: None) -> Any:
    """The owner of what a test is about."""
    return UserFactory(username="alice")


@pytest.fixture
def alice_client(alice: Any) -> Client:
    """A browser in which the owner is signed in."""
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def mallory(db: None) -> Any:
    """Somebody who is up to no good."""
    return UserFactory(username="mallory")


@pytest.fixture
def maud(db: None) -> Any:
    """A moderator with all rights in the admin."""
    return UserFactory(username="maud", is_staff=True, is_superuser=True)


@pytest.fixture
def maud_client(maud: Any) -> Client:
    """A browser in which the moderator is signed in."""
    client = Client()
    client.force_login(maud)
    return client


@pytest.fixture
def catalogue_dir(tmp_path: Path) -> Path:
    """A small catalogue that is in order, for tests to break: two tools, one comparison."""
    from tests.factories.catalogue import write_catalogue

    return write_catalogue(tmp_path / "catalogue")


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
        yield lambda: [
            json.loads(raw)["headers"]["task"]
            for queue in settings.QUEUES
            for raw in client.lrange(queue, 0, -1)
        ]


@pytest.fixture
def redis_away(dead_port: int, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.REDIS_URL = settings.BROKER_URL = url = f"redis://127.0.0.1:{dead_port}/0"
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
            thread.join(timeout=120)
        assert len(results) == 2, "A thread failed, or waits for a lock that the test holds."
        return results

    return run


@pytest.fixture
def until_somebody_waits() -> Callable[[], None]:
    """Waits until another connection to the test's database waits for a lock."""

    def wait() -> None:
        with connection.cursor() as cursor:
            for _ in range(6000):
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                )
                if cursor.fetchone()[0]:
                    return
                # Within a transaction the list of connections stays as it was first seen.
                cursor.execute("SELECT pg_sleep(0.005), pg_stat_clear_snapshot()")
        pytest.fail("Nobody ever waited.")

    return wait
