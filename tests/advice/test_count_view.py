import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import RequestFactory

from apps.accounts.models import User
from apps.advice.services import views
from apps.advice.services.views import READERS_OF_ADDRESS, count_view

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
)
POST = 7
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Wait as long as a busy machine takes, and know nothing of a Redis that was away before."""
    monkeypatch.setattr(views, "PATIENCE", 30)
    monkeypatch.setattr(views, "_away_until", {})
    views._counting.cache_clear()
    yield
    views._counting.cache_clear()


def reading(
    *, agent: str = FIREFOX, address: str = "192.0.2.1", user: Any = None, method: str = "GET", **headers: str
) -> HttpRequest:
    request = RequestFactory().generic(
        method, "/advice/7-x/", headers={"User-Agent": agent, **headers}, REMOTE_ADDR=address
    )
    request.user = user or AnonymousUser()
    return request


def count(*requests: HttpRequest, post: int = POST, **more: Any) -> None:
    for request in requests:
        count_view(request, post, **({"at": NOON} | more))


@pytest.fixture
def counted(redis_client: redis.Redis) -> Any:
    """Calls give the views that wait to be stored, by thread."""
    return lambda: {int(post): int(n) for post, n in redis_client.hgetall(views._COUNTS).items()}


def test_view_is_counted_once_a_day(counted: Any) -> None:
    count(reading(), reading())

    assert counted() == {POST: 1}


def test_view_is_counted_now(counted: Any) -> None:
    count_view(reading(), POST)

    assert counted() == {POST: 1}


def test_view_is_counted_again_the_next_day(counted: Any) -> None:
    for day in range(3):
        count(reading(), at=NOON + timedelta(days=day))

    assert counted() == {POST: 3}


def test_view_is_counted_for_each_thread(counted: Any) -> None:
    count(reading())
    count(reading(), post=8)

    assert counted() == {POST: 1, 8: 1}


def test_view_is_counted_for_each_address_and_browser(counted: Any) -> None:
    count(reading(), reading(address="192.0.2.2"), reading(agent=CHROME))

    assert counted() == {POST: 3}


def test_view_of_one_address_is_counted_for_a_few_browsers_only(counted: Any) -> None:
    for number in range(10 * READERS_OF_ADDRESS):
        count(reading(agent=f"{FIREFOX} {number}"))

    assert 1 < counted()[POST] <= READERS_OF_ADDRESS


@pytest.mark.parametrize(
    ("address", "other", "readers"),
    [
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::9", 1),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", 2),
        ("::rubbish", "::rubbish", 1),
        ("", "", 1),
    ],
)
def test_view_is_counted_for_each_network_of_ipv6(
    counted: Any, address: str, other: str, readers: int
) -> None:
    count(reading(address=address), reading(address=other))

    assert counted() == {POST: readers}


def test_view_goes_by_the_address_behind_the_proxy(counted: Any, settings: Any) -> None:
    settings.TRUSTED_PROXY_COUNT = 1

    count(*(reading(**{"X-Forwarded-For": f"192.0.2.{number}"}) for number in (1, 2, 2)))

    assert counted() == {POST: 2}


def test_view_of_who_is_signed_in_goes_by_the_person(counted: Any) -> None:
    bob, carol = User(pk=1), User(pk=2)

    count(reading(user=bob), reading(user=bob, agent=CHROME, address="192.0.2.9"), reading(user=carol))

    assert counted() == {POST: 2}


def test_view_of_the_author_is_not_counted(counted: Any) -> None:
    count(reading(user=User(pk=1)), author_id=1)
    assert counted() == {}

    # Nobody is the author once that account is closed.
    count(reading(user=User(pk=2)), reading(), author_id=None)
    assert counted() == {POST: 2}


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "curl/8.5.0",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "python-requests/2.32",
        "Feedly/1.0 (+http://www.feedly.com/fetcher.html)",
    ],
)
def test_view_of_a_robot_is_not_counted(counted: Any, agent: str) -> None:
    count(reading(agent=agent))

    assert counted() == {}


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"X-Moz": "prefetch"},
        {"HX-Request": "true"},
    ],
)
def test_page_that_nobody_has_before_them_is_not_counted(counted: Any, headers: dict[str, str]) -> None:
    count(reading(**headers))

    assert counted() == {}


@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS"])
def test_only_get_is_counted(counted: Any, method: str) -> None:
    count(reading(method=method))

    assert counted() == {}


def test_reader_is_known_by_a_digest_that_expires(redis_client: redis.Redis, counted: Any) -> None:
    count(reading(), reading(user=User(pk=12345)))

    [seen] = redis_client.keys("*:seen:*")
    assert 0 < redis_client.ttl(seen) <= views.SEEN_SECONDS
    members = redis_client.smembers(seen)
    assert {len(member) for member in members} == {8}
    assert not any(word in member for member in members for word in (b"192", b"Mozilla", b"12345"))


def test_reader_has_another_digest_each_day(redis_client: redis.Redis) -> None:
    count(reading())
    count(reading(), at=NOON + timedelta(days=1))

    keys = redis_client.keys("*:seen:*")
    assert len(redis_client.sunion(keys)) == len(keys) == 2


def test_view_is_not_counted_while_redis_is_away(redis_away: None, caplog: pytest.LogCaptureFixture) -> None:
    count(reading(), reading(address="192.0.2.2"))

    assert ["Views are not counted" in record.message for record in caplog.records] == [True]


def test_redis_is_asked_again_after_a_while(
    redis_away: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(views, "RETRY_SECONDS", 0)

    count(reading(), reading())

    assert len(caplog.records) == 2


def test_frozen_redis_costs_a_page_little(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "PATIENCE", 0.05)
    monkeypatch.setattr(views, "RETRY_SECONDS", 3600)
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        frozen.settimeout(30)
        settings.BROKER_URL = f"redis://127.0.0.1:{frozen.getsockname()[1]}/0"
        started = time.monotonic()

        count(*(reading(address=f"192.0.2.{number}") for number in range(200)))

        # Patience with each would be ten seconds at least; nobody waits for more than the first.
        assert time.monotonic() - started < 10
        frozen.accept()[0].close()
        frozen.settimeout(0)
        with pytest.raises(BlockingIOError):
            frozen.accept()
