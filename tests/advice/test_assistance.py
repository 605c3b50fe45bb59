"""The preview of a text that is being written."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.advice.models import MAX_BODY_CHARACTERS
from apps.advice.views import assistance
from tests.factories.advice import PostFactory

pytestmark = pytest.mark.django_db

PREVIEW = reverse("advice:preview")


@pytest.mark.parametrize("field", ["body", "text"])
def test_preview_shows_the_text_as_the_site_will(alice_client: Client, field: str) -> None:
    html = alice_client.post(PREVIEW, {field: "**Hello** @alice"}).content.decode()

    assert html == (
        '<p><strong>Hello</strong> <a href="/@alice/" rel="nofollow ugc noopener">@alice</a></p>\n'
    )


@pytest.mark.parametrize(
    ("data", "html"),
    [
        ({}, ""),
        ({"body": "a\0b"}, "<p>ab</p>\n"),
        ({"body": "x" * 50_000}, f"<p>{'x' * MAX_BODY_CHARACTERS}</p>\n"),
    ],
    ids=["empty", "zero", "long"],
)
def test_preview_takes_any_text(alice_client: Client, data: Any, html: str) -> None:
    response = alice_client.post(PREVIEW, data)

    assert (response.status_code, response.content.decode()) == (200, html)


def test_preview_is_for_those_who_write(client: Client, alice: User, alice_client: Client) -> None:
    assert client.post(PREVIEW, {"body": "x"}).status_code == 302
    assert alice_client.get(PREVIEW).status_code == 405
    alice.emailaddress_set.update(verified=False)
    assert alice_client.post(PREVIEW, {"body": "x"}).status_code == 403


def test_preview_is_not_for_looking_all_the_time(
    alice_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assistance, "PREVIEW_LIMIT", "2/hour")

    statuses = [alice_client.post(PREVIEW, {"body": "x"}).status_code for _ in range(3)]

    assert statuses == [200, 200, 429]


def test_preview_too_often_without_javascript_keeps_what_was_typed(
    alice_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assistance, "PREVIEW_LIMIT", "1/hour")
    reply_to = PostFactory().get_absolute_url() + "reply/"

    for path in ("/advice/ask/", reply_to):
        for shown in (path == "/advice/ask/", False):
            html = alice_client.post(path, {"body": "Some *words*", "preview": "1"}).content.decode()
            assert ("<em>words</em>" in html, assistance.TOO_OFTEN in html) == (shown, not shown)
            assert "Some *words*" in html
            assert ">None<" not in html
