"""How often somebody may try: in Redis, in PostgreSQL while Redis is away, one by one and all at once."""

import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from django.conf import settings as django_settings
from django.core.cache import caches
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from tests.accounts.signing_in import (
    add_recovery_codes,
    add_totp,
    is_signed_in,
    make_person,
    sign_in,
    sign_up,
    totp_code,
)

pytestmark = pytest.mark.django_db

WRONG = "not the password"
FAILURES = 10


@pytest.fixture(autouse=True)
def _quick_hasher(settings: Any) -> None:
    """Here passwords are only counted."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def anna(db: None) -> User:
    return make_person("anna")


@pytest.fixture(params=["Redis", "PostgreSQL"])
def store(request: pytest.FixtureRequest, settings: Any, dead_port: int) -> Iterator[str]:
    """Limits are kept in Redis, or in PostgreSQL because Redis is away."""
    if request.param == "PostgreSQL":
        settings.CACHES = {
            **settings.CACHES,
            "default": {**settings.CACHES["default"], "LOCATION": f"redis://127.0.0.1:{dead_port}/0"},
        }
    yield str(request.param)
    caches["database"].clear()


@pytest.fixture
def dead_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def address(number: int) -> dict[str, str]:
    return {"REMOTE_ADDR": f"10.0.{number // 200}.{number % 200 + 1}"}


def statuses(times: int, attempt: Callable[[int], Any]) -> list[int]:
    return [attempt(number).status_code for number in range(times)]


def test_eleventh_failure_of_one_account_is_refused_wherever_from(anna: User, store: str) -> None:
    found = statuses(FAILURES + 1, lambda number: sign_in(Client(), "anna", WRONG, **address(number)))

    assert found == [200] * FAILURES + [429]
    assert sign_in(Client(), "anna", **address(50)).status_code == 429


def test_eleventh_failure_of_one_address_is_refused_whoever_it_is(anna: User, store: str) -> None:
    found = statuses(FAILURES + 1, lambda number: sign_in(Client(), f"nobody-{number}", WRONG))

    assert found == [200] * FAILURES + [429]
    assert sign_in(Client(), "anna").status_code == 429
    assert sign_in(Client(), "anna", **address(1)).status_code == 302


def test_refused_attempts_are_answered_in_words_and_headers(anna: User) -> None:
    for _ in range(FAILURES):
        sign_in(Client(), "anna", WRONG)

    answer = sign_in(Client(), "anna", WRONG)

    assert b"Please wait a little" in answer.content
    assert "default-src" in answer["Content-Security-Policy"]


def test_attempts_from_an_address_that_is_refused_do_not_lock_the_account(anna: User) -> None:
    statuses(FAILURES, lambda number: sign_in(Client(), f"nobody-{number}", WRONG))

    assert statuses(FAILURES + 5, lambda _: sign_in(Client(), "anna", WRONG)) == [429] * (FAILURES + 5)
    assert sign_in(Client(), "anna", **address(1)).status_code == 302


def test_name_and_address_and_port_of_the_host_are_one_count(anna: User) -> None:
    logins = ["anna", "anna@example.org", "ANNA"]

    found = statuses(
        FAILURES + 1,
        lambda number: sign_in(
            Client(),
            logins[number % 3],
            WRONG,
            **address(number),
            headers={"host": f"localhost:{1000 + number}"},
        ),
    )

    assert found == [200] * FAILURES + [429]


def test_nobodys_account_has_the_same_limit(db: None) -> None:
    found = statuses(FAILURES + 1, lambda number: sign_in(Client(), "hans", WRONG, **address(number)))

    assert found == [200] * FAILURES + [429]


def test_successes_count_for_nothing(anna: User) -> None:
    found = statuses(FAILURES * 2, lambda _: sign_in(Client(), "anna"))

    assert found == [302] * FAILURES * 2
    assert sign_in(Client(), "anna", WRONG).status_code == 200


def test_success_does_not_wipe_out_failures(anna: User) -> None:
    for _ in range(FAILURES - 1):
        sign_in(Client(), "hans", WRONG)
    sign_in(Client(), "anna")

    assert statuses(2, lambda _: sign_in(Client(), "hans", WRONG)) == [200, 429]


def test_second_factor_does_not_wipe_out_failures_of_its_address(anna: User) -> None:
    mallory = make_person("mallory")
    add_totp(mallory)
    for number in range(FAILURES - 1):
        sign_in(Client(), f"nobody-{number}", WRONG)

    client = Client()
    sign_in(client, "mallory")
    client.post(reverse("mfa_authenticate"), {"code": totp_code()})

    assert is_signed_in(client)
    assert statuses(2, lambda _: sign_in(Client(), "hans", WRONG)) == [200, 429]


def test_question_for_the_password_has_the_same_limit(anna: User) -> None:
    client = Client()
    client.force_login(anna)
    url = reverse("account_reauthenticate")

    found = statuses(FAILURES + 1, lambda _: client.post(url, {"password": WRONG}))

    assert found == [200] * FAILURES + [429]
    assert sign_in(Client(), "anna", **address(1)).status_code == 429


def test_sixth_wrong_code_is_refused(anna: User, store: str) -> None:
    add_totp(anna)
    client = Client()
    sign_in(client, "anna")
    url = reverse("mfa_authenticate")

    assert statuses(6, lambda _: client.post(url, {"code": "000000"})) == [200] * 5 + [429]
    assert client.post(url, {"code": totp_code()}).status_code == 429
    assert not is_signed_in(client)
    assert django_settings.ACCOUNT_RATE_LIMITS["second_factor"] == "5/5m/key,20/h/key,50/d/key"


def test_sixth_wrong_code_is_refused_where_it_is_asked_again(anna: User) -> None:
    add_totp(anna)
    client = Client()
    client.force_login(anna)
    url = reverse("mfa_reauthenticate")

    assert statuses(6, lambda _: client.post(url, {"code": "000000"})) == [200] * 5 + [429]


def test_sixth_wrong_passkey_is_refused(anna: User) -> None:
    add_totp(anna)
    client = Client()
    sign_in(client, "anna")
    url = reverse("mfa_authenticate")

    assert statuses(6, lambda _: client.post(url, {"credential": '{"id": "x"}'})) == [200] * 5 + [429]


def test_right_codes_count_for_nothing(anna: User) -> None:
    add_totp(anna)
    codes = add_recovery_codes(anna)

    for code in codes[:7]:
        client = Client()
        sign_in(client, "anna")
        client.post(reverse("mfa_authenticate"), {"code": code})
        assert is_signed_in(client)


def test_sixth_reset_of_a_day_is_refused(anna: User) -> None:
    url = reverse("account_reset_password")

    known = statuses(6, lambda number: Client().post(url, {"email": "anna@example.org"}, **address(number)))
    unknown = statuses(6, lambda number: Client().post(url, {"email": "x@example.org"}, **address(number)))

    assert known == unknown == [302] * 5 + [429]


def test_signups_of_one_address_have_a_limit(db: None, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "signup": "2/h/ip"}

    found = statuses(
        3, lambda number: sign_up(Client(), email=f"x{number}@example.org", username=f"x-{number}")
    )

    assert found == [302, 302, 429]


def test_code_is_not_mailed_twice_in_ten_seconds(db: None) -> None:
    make_person("bob", verified=False)

    assert statuses(2, lambda _: sign_in(Client(), "bob")) == [302, 429]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "is_shared"),
    [(0, "1.1.1.{}", True), (1, "1.1.1.{}", False), (1, "1.1.1.{}, 2.2.2.2", True), (2, "1.1.1.{}", True),
     (1, "1.1.1.{}:4711", False), (1, "nonsense-{}", True)],
)  # fmt: skip
def test_address_is_the_one_behind_the_trusted_proxies(
    db: None, settings: Any, proxies: int, forwarded: str, is_shared: bool
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies

    found = statuses(
        FAILURES + 1,
        lambda number: sign_in(
            Client(), f"x-{number}", WRONG, headers={"x-forwarded-for": forwarded.format(number)}
        ),
    )

    assert found[-1] == (429 if is_shared else 200)


def test_signin_behind_a_proxy_that_says_nonsense_works(anna: User, settings: Any) -> None:
    settings.TRUSTED_PROXY_COUNT = 1

    assert sign_in(Client(), "anna", headers={"x-forwarded-for": "unknown"}).status_code == 302


def post_all_at_once(url: str, fields: dict[str, str], *, times: int) -> Counter[int]:
    """How often which status came, for so many requests that are sent at the same moment."""
    host = urlsplit(url).netloc
    found: list[int] = []
    start = threading.Barrier(times)
    token = "a" * 32

    def connect() -> HTTPConnection:
        connection = HTTPConnection(host, timeout=60)
        connection.connect()
        return connection

    def work(connection: HTTPConnection) -> None:
        body = urlencode(fields | {"csrfmiddlewaretoken": token})
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": f"csrftoken={token}"}
        start.wait(timeout=60)
        connection.request("POST", urlsplit(url).path, body, headers)
        found.append(connection.getresponse().status)
        connection.close()

    # One after the other: the test server lets ten wait to be let in, and drops the rest.
    threads = [threading.Thread(target=work, args=[connect()], daemon=True) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return Counter(found)


@pytest.mark.django_db(transaction=True)
def test_fifty_attempts_at_once_are_no_more_than_ten(live_server: Any, store: str) -> None:
    make_person("anna")

    found = post_all_at_once(
        f"{live_server.url}{reverse('account_login')}", {"login": "anna", "password": WRONG}, times=50
    )

    assert sum(found.values()) == 50
    assert set(found) <= {200, 429}
    assert found[200] <= FAILURES
    assert found[200] > 0
