"""The reader's choice of light or dark. No page of it needs the database."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from hypothesis import example, given, settings
from hypothesis import strategies as st


def choose(client: Client, theme: str, **fields: str) -> Any:
    return client.post("/preferences/theme/", {"theme": theme, "next": "/about/", **fields})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_theme_is_kept_in_a_cookie_for_a_year(client: Client, theme: str) -> None:
    response = choose(client, theme)

    assert (response.status_code, response.headers["Location"]) == (302, "/about/")
    cookie = response.cookies["theme"]
    assert cookie.value == theme
    assert cookie["max-age"] == 365 * 24 * 3600
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"


@pytest.mark.parametrize(("development", "secure"), [(True, ""), (False, True)])
def test_theme_cookie_is_secure_but_in_development(
    client: Client, settings: Any, development: bool, secure: object
) -> None:
    settings.DEVELOPMENT = development

    response = choose(client, "dark")

    assert response.cookies["theme"]["secure"] == secure


def test_theme_cookie_is_deleted_when_the_system_shall_decide(client: Client) -> None:
    choose(client, "dark")

    response = choose(client, "auto")

    assert response.cookies["theme"]["max-age"] == 0
    assert b"data-theme" not in client.get("/about/").content


@pytest.mark.parametrize("theme", ["", "purple", "DARK", "dark; Path=/", "dark\0"])
def test_theme_that_does_not_exist_is_ignored(client: Client, theme: str) -> None:
    response = choose(client, theme)

    assert response.status_code == 302
    assert not response.cookies


def test_theme_needs_no_token() -> None:
    client = Client(enforce_csrf_checks=True)

    assert choose(client, "dark").status_code == 302


def test_page_is_shown_in_the_chosen_theme(client: Client) -> None:
    choose(client, "dark")

    page = client.get("/about/").content.decode()

    assert '<html lang="en" data-theme="dark">' in page
    assert 'value="dark" aria-pressed="true"' in page


@pytest.mark.parametrize("value", ["purple", '"><script>', "auto"])
def test_page_ignores_a_theme_that_does_not_exist(client: Client, value: str) -> None:
    client.cookies["theme"] = value

    page = client.get("/about/").content.decode()

    assert '<html lang="en">' in page
    assert 'value="auto" aria-pressed="true"' in page


def test_form_leads_back_to_the_page_with_its_query(client: Client) -> None:
    page = client.get("/about/?from=mail&x=%3Cb%3E").content.decode()

    assert '<input type="hidden" name="next" value="/about/?from=mail&amp;x=%3Cb%3E">' in page


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
        "http://testserver@evil.example/",
        "http://[",
        "\x00//evil.example",
        "",
    ],
)
def test_theme_leads_to_no_other_site(client: Client, address: str) -> None:
    response = choose(client, "dark", next=address)

    assert (response.status_code, response.headers["Location"]) == (302, "/")


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=60) | st.text("/\\:@.\t\r\n ehtpxvil", max_size=20))
@example("/x\r\nSet-Cookie: a=b")
def test_theme_stays_on_this_site_whatever_is_asked(address: str) -> None:
    response = choose(Client(), "dark", next=address)

    location = response.headers["Location"]
    assert response.status_code == 302
    assert urlsplit(location).netloc in ("", "testserver")
    assert not location.startswith(("//", "/\\"))
