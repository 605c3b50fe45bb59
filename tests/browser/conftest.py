"""The site on a live server, and pages of it in a real Chromium."""

import time
from collections.abc import Callable, Iterator
from typing import Literal

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from apps.accounts.models import User
from tests.browser.rows import make_rows

# Milliseconds: enough for a busy machine. What is awaited comes in a fraction of it.
PATIENCE = 15_000
expect.set_options(timeout=PATIENCE)

OpenPage = Callable[..., Page]
Scheme = Literal["light", "dark"]
SignIn = Callable[[BrowserContext, str], None]


@pytest.fixture(scope="session")
def server(django_db_setup: None) -> Iterator[str]:
    """The address of pytest-django's live server.

    Its own fixture `live_server` would empty the database after each test.
    """
    live_server = LiveServer("localhost")
    yield live_server.url
    live_server.stop()


@pytest.fixture(scope="module")
def site(browser: Browser, server: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The address of a site with the rows of `make_rows`, which the tests of a file share and leave as they are.

    The tests need `pytest.mark.django_db`: there is a test database only where a test asks for one by its mark.
    """
    if not connection.settings_dict["NAME"].startswith("test_"):
        pytest.fail("Mark the tests of this file with pytest.mark.django_db.", pytrace=False)
    with django_db_blocker.unblock():
        make_rows()
        yield server
        call_command("flush", verbosity=0, interactive=False)


def new_context(
    browser: Browser, site: str, *, javascript: bool = True, bypass_csp: bool = False
) -> BrowserContext:
    """A browser without cookies, cache and history, at the site."""
    context = browser.new_context(
        base_url=site, java_script_enabled=javascript, bypass_csp=bypass_csp, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE)
    return context


@pytest.fixture(scope="module")
def sign_in(site: str, django_db_blocker: DjangoDbBlocker) -> SignIn:
    """`sign_in(context, "alice")`: a session of that person, who has given their password just now."""

    cookies: dict[str, str] = {}
    with django_db_blocker.unblock():
        for username in ("alice", "bob"):
            client = Client()
            client.force_login(User.objects.get(username=username), settings.AUTHENTICATION_BACKENDS[0])
            session = client.session
            session[AUTHENTICATION_METHODS_SESSION_KEY] = [
                {"method": "password", "at": time.time(), "username": username}
            ]
            session.save()
            cookies[username] = client.cookies[settings.SESSION_COOKIE_NAME].value
    return lambda context, username: context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookies[username], "url": site}]
    )


@pytest.fixture(scope="session")
def scripted_page(browser: Browser, server: str) -> Iterator[Page]:
    with new_context(browser, server) as context:
        yield context.new_page()


@pytest.fixture(scope="session")
def plain_page(browser: Browser, server: str) -> Iterator[Page]:
    with new_context(browser, server, javascript=False) as context:
        yield context.new_page()


@pytest.fixture
def open_page(site: str, request: pytest.FixtureRequest) -> OpenPage:
    """`open_page("/tools/", width=390, scheme="dark", javascript=False)`: a page of the site, without cookies.

    A new page costs Chromium six times what an address in an open one does, so all tests share one or two.
    """

    def open_page(path: str, *, width: int = 1280, scheme: Scheme = "light", javascript: bool = True) -> Page:
        page: Page = request.getfixturevalue("scripted_page" if javascript else "plain_page")
        page.context.clear_cookies()
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        page.goto(path)
        return page

    return open_page
