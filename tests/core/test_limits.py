import logging
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from django.test import RequestFactory, override_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core import limits
from apps.core.limits import client_address, is_allowed, seconds_to_wait


@pytest.fixture
def away(request: pytest.FixtureRequest, settings: Any) -> Iterator[None]:
    """Redis at the port or socket of a server that is not there."""
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        settings.REDIS_URL = request.param.format(port=unheard.getsockname()[1])
        limits._limiter.cache_clear()
        yield
        limits._limiter.cache_clear()


def test_action_is_allowed_as_often_as_the_limit_says() -> None:
    answers = [is_allowed("contact", "alice", "3/hour") for _ in range(5)]

    assert answers == [True, True, True, False, False]


def test_limit_counts_each_person_apart() -> None:
    is_allowed("contact", "alice", "1/hour")

    assert is_allowed("contact", "bob", "1/hour")
    assert not is_allowed("contact", "alice", "1/hour")


def test_seconds_to_wait_are_those_of_the_window_at_most() -> None:
    for _ in range(3):
        is_allowed("api", "alice", "2/minute")

    assert 1 <= seconds_to_wait("api", "alice", "2/minute") <= 60


@pytest.mark.parametrize("away", ["redis://127.0.0.1:{port}/0"], indirect=True)
def test_seconds_to_wait_is_one_with_redis_away(away: None) -> None:
    assert seconds_to_wait("api", "alice", "2/minute") == 1


def test_limit_counts_each_action_apart() -> None:
    is_allowed("contact", "alice", "1/hour")

    assert is_allowed("vote", "alice", "1/hour")


@pytest.mark.parametrize("who", ["", "alice/contact", "2001:db8::1", "a b\n*{}", "ünï"])
def test_limit_counts_whatever_somebody_is_called(who: str) -> None:
    answers = [is_allowed("contact", who, "1/hour") for _ in range(2)]

    assert answers == [True, False]


def test_limit_is_counted_in_redis_under_the_name_of_the_product(redis_url: str) -> None:
    is_allowed("contact", "alice", "3/hour")

    with redis.Redis.from_url(redis_url) as client:
        keys = client.keys()
    assert [key.startswith(b"stackshare:limits") for key in keys] == [True]


def test_limit_holds_when_many_ask_at_once() -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: is_allowed("contact", "alice", "10/hour"), range(80)))

    assert answers.count(True) == 10


@pytest.mark.parametrize(
    "away", ["redis://127.0.0.1:{port}/0", "unix:///nowhere/redis.sock?db=0"], indirect=True
)
def test_everything_is_allowed_when_redis_is_away(away: None, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "apps.core.limits"):
        answers = [is_allowed("contact", "alice", "1/hour") for _ in range(3)]

    assert answers == [True, True, True]
    assert caplog.text.count("No limit on contact: Redis does not answer") == 3


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "", "192.0.2.1"),
        (0, "198.51.100.7", "192.0.2.1"),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "6.6.6.6, 198.51.100.7", "198.51.100.7"),
        (2, "6.6.6.6, 198.51.100.7, 10.0.0.1", "198.51.100.7"),
        (2, "198.51.100.7", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, " , ,", "192.0.2.1"),
        (1, "2001:db8::1", "2001:db8::1"),
    ],
)
def test_client_address_is_the_one_that_our_proxies_saw(
    rf: RequestFactory, settings: Any, proxies: int, forwarded: str, address: str
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies

    request = rf.get("/", headers={"x-forwarded-for": forwarded}, REMOTE_ADDR="192.0.2.1")

    assert client_address(request) == address


def test_client_address_is_empty_when_the_connection_has_none(rf: RequestFactory) -> None:
    request = rf.get("/")
    del request.META["REMOTE_ADDR"]

    assert client_address(request) == ""


@given(st.text(st.characters(codec="latin-1", exclude_categories=["Cc"])), st.integers(1, 3))
@settings(deadline=None, max_examples=80)
def test_client_address_is_none_that_the_visitor_made_up(forged: str, proxies: int) -> None:
    hops = ["203.0.113.9", "10.0.0.1", "10.0.0.2"][:proxies]
    request = RequestFactory().get("/", headers={"x-forwarded-for": ", ".join([forged, *hops])})

    with override_settings(TRUSTED_PROXY_COUNT=proxies):
        assert client_address(request) == "203.0.113.9"
