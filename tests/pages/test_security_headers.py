from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.pages.services import cards
from tests.factories.accounts import UserFactory
from tests.factories.comparisons import make_comparison
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db

# What a CDN or the page cache may keep for everybody.
ANONYMOUS = [
    "/",
    "/search/?q=flask",
    "/feed/",
    "/stacks/",
    "/advice/",
    "/about/",
    "/privacy/",
    "/terms/",
    "/tools/",
    "/tools/in/application-and-data/",
    "/tools/options/?q=fla",
    "/tools/flask/",
    "/tools/flask/alternatives/",
    "/stackups/",
    "/stackups/compare/",
    "/stackups/actix-vs-flask/",
    "/@ada/",
    "/@ada/followers/",
    "/tools/flask/pros-and-cons/",
    "/cards/site.png",
    "/robots.txt",
    "/sitemap.xml",
    "/sitemap-tools.xml",
    "/healthz",
    "/no/such/page/",
]
PERSONAL = [
    "/contact/",
    "/admin/",
    "/admin/login/",
    "/accounts/login/",
    "/accounts/signup/",
    "/settings/profile/",
]
SIGNED_IN = [
    "/tools/flask/",
    "/stackups/actix-vs-flask/",
    "/@ada/",
    "/settings/profile/",
    "/settings/tokens/",
    "/settings/data/",
    "/notifications/",
    "/notifications/settings/",
    "/accounts/email/",
    "/accounts/2fa/",
    "/accounts/sessions/",
    "/api/v1/me/",
]


@pytest.fixture(autouse=True)
def _catalogue(request: pytest.FixtureRequest, db: None) -> None:
    UserFactory(username="ada")
    make_comparison(ToolFactory(name="Flask", stars=72014), ToolFactory(name="Actix"), differences=2)
    if "cards" in request.node.name:
        cards.mark_due_cards()
        cards.draw_due_cards()


def assert_hardened(response: Any) -> None:
    headers = response.headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "geolocation=()" in headers["Permissions-Policy"]
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert "unsafe-" not in headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", [*ANONYMOUS, *PERSONAL])
def test_page_is_sent_with_every_security_header(client: Client, path: str) -> None:
    assert_hardened(client.get(path))


@pytest.mark.parametrize("path", SIGNED_IN)
def test_page_of_somebody_is_sent_with_every_security_header_and_kept_by_no_cache(
    client: Client, alice: User, path: str
) -> None:
    client.force_login(alice)

    response = client.get(path)

    assert_hardened(response)
    assert {"private", "no-store"} & set(response["Cache-Control"].split(", "))


@pytest.mark.parametrize(
    "path",
    ["/admin/", "/admin/pages/contactmessage/", "/admin/accounts/user/add/"],
)
def test_page_of_the_admin_is_sent_with_every_security_header(maud_client: Client, path: str) -> None:
    response = maud_client.get(path)

    assert response.status_code == 200
    assert_hardened(response)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/contact/", 422),
        ("POST", "/preferences/theme/", 302),
        ("POST", "/about/", 405),
        ("GET", "/about", 301),
        ("GET", "/stackups/flask-vs-actix/", 301),
    ],
)
def test_answer_that_is_no_page_is_sent_with_every_security_header(
    client: Client, method: str, path: str, status: int
) -> None:
    response = client.generic(method, path)

    assert response.status_code == status
    assert_hardened(response)


def test_refused_host_is_answered_with_every_security_header() -> None:
    response = Client(headers={"host": "evil.example"}).get("/about/")

    assert response.status_code == 400
    assert_hardened(response)


def test_refused_form_is_answered_with_every_security_header() -> None:
    response = Client(enforce_csrf_checks=True).post("/contact/")

    assert response.status_code == 403
    assert_hardened(response)


@pytest.mark.usefixtures("database_away")
def test_broken_page_is_sent_with_every_security_header() -> None:
    response = Client(raise_request_exception=False).get("/")

    assert response.status_code == 500
    assert_hardened(response)


@pytest.mark.parametrize("path", ANONYMOUS)
def test_anonymous_page_carries_nothing_personal(client: Client, path: str) -> None:
    response = client.get(path)

    assert not response.cookies
    assert b"csrfmiddlewaretoken" not in response.content


@pytest.mark.parametrize("path", [path for path in ANONYMOUS if "." not in path])
def test_anonymous_page_is_the_same_for_everybody(path: str) -> None:
    first, second = Client().get(path), Client(headers={"accept-language": "de"}).get(path)

    assert first.content == second.content


def test_contact_alone_carries_a_token(client: Client) -> None:
    response = client.get("/contact/")

    assert b'name="csrfmiddlewaretoken"' in response.content
    assert response.cookies["csrftoken"]["httponly"] is True
    assert response.cookies["csrftoken"]["samesite"] == "Lax"


@pytest.mark.parametrize("path", ["/", "/tools/flask/", "/stackups/actix-vs-flask/", "/contact/"])
def test_page_has_no_script_or_style_of_its_own(client: Client, path: str) -> None:
    page = client.get(path).content.decode()

    assert "<script>" not in page
    assert "<style" not in page
    assert " style=" not in page
    assert " onclick=" not in page
