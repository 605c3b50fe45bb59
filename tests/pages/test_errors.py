from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import Client, RequestFactory

from apps.pages.views import errors


@pytest.fixture
def client() -> Client:
    """Shows the pages that people get, rather than the exception behind them."""
    return Client(raise_request_exception=False)


# --- 404 ------------------------------------------------------------------------------------------


def test_unknown_address_is_answered_with_a_search_field(client: Client) -> None:
    response = client.get("/no/such/page/")

    assert response.status_code == 404
    assert b"There is nothing at this address" in response.content
    assert b'<form class="inline-form" role="search" action="/search/">' in response.content
    assert b'<meta name="robots" content="noindex">' in response.content


def test_unknown_address_is_answered_without_naming_ours(client: Client) -> None:
    response = client.get("/no/such/page/")

    assert b"Resolver404" not in response.content
    assert b"tried" not in response.content


@pytest.mark.parametrize(
    "path", ["//[", "//evil.example/", "/\0", "/\r\nX-Evil: 1", "/%", "/" + "x" * 9000, "/é"]
)
def test_nonsense_in_the_address_is_not_found(client: Client, path: str) -> None:
    response = client.get("/", PATH_INFO=path)

    assert response.status_code == 404
    assert b"There is nothing at this address" in response.content


@pytest.mark.parametrize(
    ("exception", "words"),
    [
        (Http404("We know no tool <b>."), b'<p class="lede">We know no tool &lt;b&gt;.</p>'),
        (Http404(), b"<h1"),
        (Http404({"tried": ["secret"]}), b"<h1"),
        (Http404("No secret matches the given query."), b"<h1"),
    ],
)
def test_not_found_shows_our_words_only(rf: RequestFactory, exception: Http404, words: bytes) -> None:
    response = errors.not_found(rf.get("/x/"), exception)

    assert response.status_code == 404
    assert words in response.content
    assert b"secret" not in response.content


# --- 403 ------------------------------------------------------------------------------------------


def test_forbidden_shows_the_words_for_the_user(rf: RequestFactory) -> None:
    response = errors.forbidden(rf.get("/x/"), PermissionDenied("Only moderators may do <this>."))

    assert response.status_code == 403
    assert b"That is not for you to do" in response.content
    assert b'<p class="lede">Only moderators may do &lt;this&gt;.</p>' in response.content


@pytest.mark.django_db
def test_forbidden_page_is_that_of_the_site_in_the_admin_too(maud_client: Client) -> None:
    response = maud_client.get("/admin/pages/socialcard/add/")

    assert response.status_code == 403
    assert b"That is not for you to do" in response.content


def test_form_without_its_token_is_answered_with_what_to_do() -> None:
    client = Client(enforce_csrf_checks=True)

    response = client.post("/contact/", {"name": "Alice"})

    assert response.status_code == 403
    assert b"The form could not be checked" in response.content
    assert b"Go back, reload the page and send it again" in response.content


# --- 400 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example", "a b", "", "[", "x" * 300])
@pytest.mark.parametrize("path", ["/about/", "/no/such/page/", "/"])
def test_foreign_host_is_refused(client: Client, host: str, path: str) -> None:
    response = client.get(path, headers={"host": host})

    assert response.status_code == 400
    assert b"That request made no sense" in response.content


def test_form_that_is_too_large_is_refused(client: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

    response = client.post("/preferences/theme/", {"theme": "x" * 1001})

    assert response.status_code == 400
    assert b"That request made no sense" in response.content


def test_form_with_too_many_fields_is_refused(client: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 2

    response = client.post("/preferences/theme/", {"a": "1", "b": "2", "c": "3"})

    assert response.status_code == 400
    assert b"That request made no sense" in response.content


def test_body_that_is_cut_off_is_refused(client: Client) -> None:
    response = client.generic("POST", "/contact/", b"x", content_type="multipart/form-data")

    assert response.status_code == 400


# --- 500 ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("database_away")
@pytest.mark.parametrize(
    "path", ["/", "/search/?q=flask", "/feed/", "/cards/site.png", "/sitemap.xml", "/healthz"]
)
def test_page_says_that_something_broke_when_the_database_is_away(client: Client, path: str) -> None:
    response = client.get(path)

    assert response.status_code == 500
    assert b"Something broke on our side" in response.content
    assert b"OperationalError" not in response.content


@pytest.mark.usefixtures("database_away")
@pytest.mark.parametrize("path", ["/about/", "/privacy/", "/terms/", "/contact/", "/robots.txt"])
def test_page_of_words_is_shown_when_the_database_is_away(client: Client, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.usefixtures("database_away")
def test_contact_does_not_say_sent_when_the_database_is_away(
    client: Client, contact_data: dict[str, str]
) -> None:
    response = client.post("/contact/", contact_data)

    assert response.status_code == 500
    assert "messages" not in response.cookies


def test_page_of_500_is_whole_without_a_context(rf: RequestFactory) -> None:
    response = errors.server_error(rf.get("/"))

    assert response.status_code == 500
    assert b'<a class="link" href="/">The front page</a>' in response.content
    assert response.content.rstrip().endswith(b"</html>")
