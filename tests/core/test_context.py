from typing import Any

import pytest
from django.test import Client, RequestFactory

from apps.core.context import absolute_url, site

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_site_knows_the_theme_of_the_cookie(rf: RequestFactory, theme: str) -> None:
    rf.cookies["theme"] = theme

    assert site(rf.get("/"))["theme"] == theme


@pytest.mark.parametrize("theme", ["", "pink", 'dark"><script>', "DARK"])
def test_site_takes_auto_for_a_theme_that_is_none(rf: RequestFactory, theme: str) -> None:
    rf.cookies["theme"] = theme

    assert site(rf.get("/"))["theme"] == "auto"


def test_site_takes_auto_without_a_cookie(rf: RequestFactory) -> None:
    assert site(rf.get("/"))["theme"] == "auto"


def test_canonical_url_leaves_out_the_query(rf: RequestFactory, settings: Any) -> None:
    settings.SITE_URL = "https://stacks.example.org"

    context = site(rf.get("/tools/", {"order": "name"}))

    assert context["canonical_url"] == "https://stacks.example.org/tools/"
    assert context["site_root"] == "https://stacks.example.org/"


def test_absolute_url_is_that_of_the_request_without_a_site_url(rf: RequestFactory, settings: Any) -> None:
    settings.SITE_URL = ""

    assert absolute_url(rf.get("/", headers={"host": "localhost:8001"}), "/x/") == "http://localhost:8001/x/"


@pytest.mark.parametrize("site_url", ["", "https://stacks.example.org"])
def test_unknown_host_is_a_bad_request(client: Client, settings: Any, site_url: str) -> None:
    settings.SITE_URL = site_url

    answer = client.get("/", headers={"host": "evil.example"})

    assert answer.status_code == 400
    assert b"evil.example" not in answer.content
