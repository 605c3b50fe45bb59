"""Nothing that people write becomes active, in no field and on no page."""

import json
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.advice.rendering import render
from tests.advice.threads_of_payloads import LINES, TITLE, make_decision, make_question
from tests.core.test_markdown import Elements, assert_inert
from tests.factories.advice import PostFactory
from tests.factories.tools import ToolFactory
from tests.payloads import PAYLOADS

pytestmark = pytest.mark.django_db

# Whose addresses a browser loads or goes to.
ADDRESSES = (
    "href",
    "src",
    "srcset",
    "action",
    "formaction",
    "data",
    "poster",
    "background",
    "ping",
    "xlink:href",
)


def test_payloads_are_two_hundred() -> None:
    assert len(set(PAYLOADS)) >= 200


def test_render_makes_no_payload_active(alice: User) -> None:
    ToolFactory(slug="django")
    for payload in PAYLOADS:
        html = render(
            f"@alice{payload} #django {payload}@alice\n\n- [@alice {payload}](/x)\n\n{payload}"
        ).html
        assert_inert(html, payload)


def assert_page_is_inert(html: str) -> None:
    """No element of the page does, loads or leads to what the site itself would not."""
    for tag, attributes in Elements(html).found:
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "srcdoc")], (
            tag,
            attributes,
        )
        for name in set(ADDRESSES) & attributes.keys():
            address = re.sub(r"[\x00-\x20]", "", attributes[name] or "").lower()
            assert urlsplit(address).scheme in ("", "http", "https", "mailto"), address
            is_ours = urlsplit(address).netloc in ("", "testserver") and not address.startswith("//")
            assert is_ours or tag in ("a", "link"), (tag, address)
            if tag == "a" and not is_ours and "evil" in address:
                assert {"nofollow", "ugc"} <= set((attributes["rel"] or "").split()), address
        if tag == "script":
            assert attributes.get("src") or attributes["type"] == "application/ld+json"
        assert tag not in (
            "iframe",
            "object",
            "embed",
            "base",
            "frame",
            "math",
            "marquee",
            "video",
            "audio",
        ), tag


def assert_data_is_valid(html: str) -> None:
    for text in re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL):
        assert json.loads(text)["@context"] == "https://schema.org"


def test_thread_makes_no_payload_active(client: Client, maud_client: Client) -> None:
    for reader, post in ((client, make_question()), (maud_client, make_decision())):
        html = reader.get(post.get_absolute_url()).content.decode()

        assert_page_is_inert(html)
        assert_data_is_valid(html)
        assert "&lt;img src=x onerror=alert(1)&gt;" in html


def test_list_makes_no_payload_active(client: Client, alice: User) -> None:
    tool = ToolFactory()
    for line in LINES[:25]:
        PostFactory(title=line, slug="post", body=line, html=render(line).html, author=alice, tool=tool)

    html = client.get(reverse("advice:index")).content.decode()

    assert_page_is_inert(html)


def test_forms_make_no_payload_active(maud_client: Client) -> None:
    question = make_question()
    data: dict[str, Any] = {
        "title": TITLE,
        "body": PAYLOADS[0],
        "scale": TITLE,
        "options": TITLE,
        "preview": "1",
    }

    pages = [
        maud_client.post(reverse("advice:ask"), data),
        maud_client.post(reverse("advice:decide"), data | {"chosen": TITLE, "why_1": TITLE}),
        maud_client.get(reverse("advice:similar"), {"title": TITLE + " which", "options": TITLE}),
        maud_client.post(reverse("advice:preview"), {"body": "\n\n".join(PAYLOADS)}),
        maud_client.get(question.get_absolute_url() + "edit/"),
    ]

    for page in pages:
        assert_page_is_inert(page.content.decode())
