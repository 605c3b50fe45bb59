"""Who the client is to GitHub: a token, a GitHub App, or nobody."""

from collections.abc import Iterator
from datetime import UTC, datetime
from traceback import format_exception
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from apps.github import credentials
from apps.github.client import GitHub, GitHubError, LimitedError, RefusedError, Seen, UnavailableError
from tests.github.fake import FakeGitHub


@pytest.fixture(scope="module")
def keys() -> tuple[str, bytes]:
    """A private key and its public one, in PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public


@pytest.fixture
def app(github: FakeGitHub, keys: tuple[str, bytes], settings: Any) -> Iterator[FakeGitHub]:
    """The site is a GitHub App."""
    github.add_app("12", installation="34", public_key=keys[1])
    settings.GITHUB_TOKEN = ""
    settings.GITHUB_APP_ID, settings.GITHUB_APP_INSTALLATION_ID = "12", "34"
    settings.GITHUB_APP_PRIVATE_KEY = keys[0]
    yield github
    credentials._kept = None


def stars_of(full_name: str) -> int:
    with GitHub() as client:
        told = client.one(full_name).of[full_name]
    assert isinstance(told, Seen)
    return told.stars


def test_bearer_is_the_token_of_the_settings(settings: Any):
    settings.GITHUB_TOKEN = " ghp_mine\n"
    assert credentials.bearer() == "ghp_mine"


def test_bearer_is_none_without_credentials(settings: Any):
    settings.GITHUB_TOKEN = settings.GITHUB_APP_ID = ""
    assert credentials.bearer() is None


@pytest.mark.parametrize("token", ["ghp mine", "ghp_\nmine", "ghp_ä"])
def test_token_that_no_header_carries_is_refused_without_being_shown(settings: Any, token: str):
    settings.GITHUB_TOKEN = token
    with pytest.raises(RefusedError) as caught:
        credentials.bearer()
    assert token not in str(caught.value)


def test_without_credentials_the_client_asks_as_nobody(github: FakeGitHub, settings: Any):
    settings.GITHUB_TOKEN = ""
    github.add("acme/a", stars=3)
    assert stars_of("acme/a") == 3
    assert github.requests[0].resource == "anonymous"


def test_app_gets_a_token_and_keeps_it(app: FakeGitHub):
    app.add("acme/a", stars=3)
    assert [stars_of("acme/a"), stars_of("acme/a")] == [3, 3]
    assert [request.path for request in app.requests] == [
        "/app/installations/34/access_tokens",
        "/repos/acme/a",
        "/repos/acme/a",
    ]
    assert app.requests[-1].headers["authorization"] == f"Bearer {app.issued[0]}"


def test_app_signs_for_less_than_ten_minutes_from_a_minute_ago(app: FakeGitHub):
    credentials.bearer()
    signature = app.requests[0].headers["authorization"].removeprefix("Bearer ")
    claims = jwt.decode(signature, options={"verify_signature": False})
    now = datetime.now(UTC).timestamp()
    assert claims["iss"] == "12"
    assert claims["iat"] <= now - 59
    assert claims["exp"] - claims["iat"] <= 600
    assert claims["exp"] <= now + 600


def test_app_renews_its_token_five_minutes_before_the_end(app: FakeGitHub):
    app.token_seconds = 5 * 60 - 1
    first = credentials.bearer()
    app.token_seconds = 3600
    second, third = credentials.bearer(), credentials.bearer()
    assert [first, second, third] == [app.issued[0], app.issued[1], app.issued[1]]


def test_app_of_other_settings_gets_a_token_of_its_own(
    app: FakeGitHub, keys: tuple[str, bytes], settings: Any
):
    credentials.bearer()
    app.add_app("12", installation="56", public_key=keys[1])
    settings.GITHUB_APP_INSTALLATION_ID = "56"
    assert credentials.bearer() == app.issued[1]


def test_withdrawn_token_of_an_app_is_renewed_once(app: FakeGitHub):
    app.add("acme/a", stars=3)
    assert stars_of("acme/a") == 3
    app.revoke_tokens()
    assert stars_of("acme/a") == 3
    assert len(app.issued) == 2


def test_token_that_is_refused_again_is_given_up(app: FakeGitHub):
    credentials.bearer()
    app.tokens.clear()
    app.fail_next("json", content={"token": "ghs_unknown", "expires_at": "2099-01-01T00:00:00Z"})
    # The request with the withdrawn token is refused before it takes the prepared answer.
    with GitHub() as client, pytest.raises(RefusedError, match="Bad credentials"):
        client.one("acme/a")
    assert len(app.requests) == 4


def test_refused_token_of_the_settings_is_not_asked_with_again(github: FakeGitHub):
    github.revoke_tokens()
    with GitHub() as client, pytest.raises(RefusedError, match="Bad credentials"):
        client.one("acme/a")
    assert len(github.requests) == 1


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("401", RefusedError),
        ("403", RefusedError),
        ("404", RefusedError),
        ("429", LimitedError),
        ("500", UnavailableError),
        ("cut", UnavailableError),
        ("not_json", UnavailableError),
    ],
)
def test_app_without_a_token_asks_nothing(app: FakeGitHub, kind: str, error: type[GitHubError]):
    app.fail_next(kind)
    with GitHub() as client, pytest.raises(error):
        client.one("acme/a")
    assert len(app.requests) == 1


@pytest.mark.parametrize(
    "content",
    [
        {"token": "ghs_x\nevil", "expires_at": "2099-01-01T00:00:00Z"},
        {"token": "", "expires_at": "2099-01-01T00:00:00Z"},
        {"token": "ghs_x", "expires_at": "2099-01-01T00:00:00"},
        {"token": "ghs_x"},
    ],
)
def test_issued_token_that_does_not_fit_is_unavailable(app: FakeGitHub, content: dict[str, str]):
    app.fail_next("json", content=content)
    with pytest.raises(UnavailableError, match="issued no token") as caught:
        credentials.bearer()
    # What a log may show of it.
    assert "ghs_x" not in "".join(format_exception(caught.value))


def test_key_that_is_none_is_refused_without_being_shown(app: FakeGitHub, settings: Any):
    settings.GITHUB_APP_PRIVATE_KEY = "no key at all"
    with pytest.raises(RefusedError, match="no private key in PEM") as caught:
        credentials.bearer()
    assert "no key at all" not in str(caught.value)


def test_installation_of_nobody_is_refused(app: FakeGitHub, settings: Any):
    settings.GITHUB_APP_INSTALLATION_ID = "99"
    with pytest.raises(RefusedError, match="404"):
        credentials.bearer()
