from urllib.parse import urljoin, urlsplit

import pytest
from django.http import HttpResponseRedirect
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from apps.core.redirects import safe_next

# Pieces of which addresses are made that browsers read in their own way.
pieces = st.sampled_from(
    [
        "/",
        "\\",
        "//",
        "http:",
        "https:",
        "javascript:",
        "testserver",
        "evil.example",
        "@",
        "[",
        "?",
        "\n",
        "é",
        " ",
    ]
)


@pytest.mark.parametrize("back", ["/tools/flask/", "/?q=a%20b#pros", "http://testserver/tools/"])
def test_safe_next_goes_back_within_the_site(rf: RequestFactory, back: str) -> None:
    assert safe_next(rf.post("/", {"next": back}), "/default/") == back


@pytest.mark.parametrize(
    "back",
    [
        "",
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
        "https://testserver@evil.example/",
        "\x01/",
        "//",
    ],
)
def test_safe_next_does_not_leave_the_site(rf: RequestFactory, back: str) -> None:
    assert safe_next(rf.post("/", {"next": back}), "/default/") == "/default/"


def test_safe_next_stays_with_tls(rf: RequestFactory) -> None:
    request = rf.post("/", {"next": "http://testserver/"}, secure=True)

    assert safe_next(request) == "/"


def test_safe_next_reads_the_form_only(rf: RequestFactory) -> None:
    assert safe_next(rf.post("/?next=/tools/"), "/default/") == "/default/"


@given(st.lists(pieces | st.text(st.characters(codec="utf-8"), max_size=5), max_size=8).map("".join))
def test_safe_next_gives_what_a_redirect_can_hold(back: str) -> None:
    answer = HttpResponseRedirect(safe_next(RequestFactory().post("/", {"next": back})))

    assert answer.status_code == 302
    # Browsers take a backslash for a slash.
    location = answer["Location"].replace("\\", "/")
    assert urlsplit(urljoin("http://testserver/", location)).netloc == "testserver"
    assert not location.startswith("//")
