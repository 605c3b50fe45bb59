"""What pages tell search engines and link previews."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from django.utils import timezone
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.accounts.models import User
from apps.advice.models import Post
from apps.advice.threads import posts_for, thread_of
from apps.pages.templatetags import structured
from apps.tools.models import Category, Tool
from tests.factories.advice import PostFactory, ReplyFactory
from tests.factories.comparisons import make_comparison
from tests.factories.tools import AlternativeFactory, ToolFactory

LAYER = Category(level="layer", slug="data", name="Data & more")
CATEGORY = Category(level="category", slug="frameworks", name="Frameworks", parent=LAYER)
FUNCTION = Category(level="function", slug="microframeworks", name="Microframeworks", parent=CATEGORY)


def make_tool(**fields: Any) -> Tool:
    return Tool(**({"name": "Flask", "slug": "flask", "function": FUNCTION} | fields))


def context() -> dict[str, Any]:
    return {"request": RequestFactory().get("/x/?page=2")}


def graph(html: str) -> list[dict[str, Any]]:
    (text,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    data = json.loads(text)
    assert data["@context"] == "https://schema.org"
    nodes: list[dict[str, Any]] = data["@graph"]
    return nodes


def types(nodes: Sequence[dict[str, Any]]) -> list[str]:
    return [node["@type"] for node in nodes]


def test_tool_data_says_what_is_known_of_the_tool() -> None:
    tool = make_tool(tagline="A microframework", website="https://flask.example", license="BSD-3-Clause")

    software, _ = graph(structured.tool_data(context(), tool))

    assert software == {
        "@type": "SoftwareApplication",
        "name": "Flask",
        "url": "http://testserver/tools/flask/",
        "description": "A microframework",
        "applicationCategory": "DeveloperApplication",
        "applicationSubCategory": "Microframeworks",
        "sameAs": "https://flask.example",
        "license": "https://spdx.org/licenses/BSD-3-Clause.html",
    }


def test_tool_data_leaves_out_what_is_unknown() -> None:
    software, _ = graph(structured.tool_data(context(), make_tool()))

    assert software.keys().isdisjoint({"description", "sameAs", "license"})


@pytest.mark.parametrize("expression", ["", "MIT OR Apache-2.0", "LicenseRef-Proprietary"])
def test_tool_data_names_no_licence_that_has_no_address(expression: str) -> None:
    software, _ = graph(structured.tool_data(context(), make_tool(license=expression)))

    assert "license" not in software


def test_tool_data_has_the_trail_down_to_the_page() -> None:
    _, crumbs = graph(structured.tool_data(context(), make_tool()))

    trail = [(item["position"], item["name"], item.get("item")) for item in crumbs["itemListElement"]]
    base = "http://testserver/tools"
    assert trail == [
        (1, "Tools", f"{base}/"),
        (2, "Data & more", f"{base}/in/data/"),
        (3, "Frameworks", f"{base}/in/data/frameworks/"),
        (4, "Microframeworks", f"{base}/in/data/frameworks/microframeworks/"),
        (5, "Flask", None),
    ]


@settings(deadline=None, max_examples=100)
@given(st.text(st.characters(exclude_categories=["Cs"])))
@example("</script><script>alert(1)</script>")
@example("<!--<script>&amp;\u2028")
def test_tool_data_says_any_name_and_never_ends_its_element(name: str) -> None:
    html = structured.tool_data(context(), make_tool(name=name, tagline="x"))

    software, _ = graph(html)
    assert software.get("name", "") == name
    assert html.count("<") == html.count(">") == 2


def test_data_starts_with_the_address_of_the_site(settings: Any) -> None:
    settings.SITE_URL = "https://stacks.example.org"

    software, crumbs = graph(structured.tool_data(context(), make_tool()))

    assert software["url"] == "https://stacks.example.org/tools/flask/"
    assert crumbs["itemListElement"][0]["item"] == "https://stacks.example.org/tools/"


@pytest.mark.parametrize(
    ("kind", "slug", "path"), [("", "site", "site"), ("stackups", "a-vs-b", "stackups/a-vs-b")]
)
def test_card_meta_names_the_picture_of_the_page(kind: str, slug: str, path: str) -> None:
    html = structured.card_meta(context(), kind, slug)

    properties = dict(re.findall(r'<meta (?:property|name)="([^"]+)" content="([^"]+)">', html))
    assert properties == {
        "og:image": f"http://testserver/cards/{path}.png",
        "og:image:width": "1200",
        "og:image:height": "630",
        "twitter:card": "summary_large_image",
    }


@pytest.mark.django_db
def test_tool_page_carries_its_data_and_its_card(client: Client) -> None:
    ToolFactory(name="C & <C++>", slug="c")

    page = client.get("/tools/c/").content.decode()

    nodes = graph(page)
    assert types(nodes) == ["SoftwareApplication", "BreadcrumbList"]
    assert nodes[0]["name"] == "C & <C++>"
    assert 'content="http://testserver/cards/tools/c.png"' in page


@pytest.mark.django_db
def test_page_of_alternatives_lists_them_in_their_order(client: Client) -> None:
    flask = ToolFactory(name="Flask")
    for name in ("Quart", "Bottle"):
        AlternativeFactory(tool=flask, other=ToolFactory(name=name))

    items, crumbs = graph(client.get("/tools/flask/alternatives/").content.decode())

    assert items["@type"] == "ItemList"
    assert items["name"] == "Alternatives to Flask"
    assert [(item["position"], item["name"], item["url"]) for item in items["itemListElement"]] == [
        (1, "Quart", "http://testserver/tools/quart/"),
        (2, "Bottle", "http://testserver/tools/bottle/"),
    ]
    assert crumbs["itemListElement"][-1]["name"] == "Alternatives"


@pytest.mark.django_db
def test_stackup_page_carries_every_tool_the_alternatives_and_the_trail(client: Client) -> None:
    flask, actix = ToolFactory(name="Flask"), ToolFactory(name="Actix")
    AlternativeFactory(tool=flask, other=ToolFactory(name="Quart"))
    make_comparison(flask, actix, differences=1)

    page = client.get("/stackups/actix-vs-flask/").content.decode()

    nodes = graph(page)
    assert types(nodes) == ["SoftwareApplication", "SoftwareApplication", "ItemList", "BreadcrumbList"]
    assert [node["name"] for node in nodes[:2]] == ["Actix", "Flask"]
    assert [item["name"] for item in nodes[2]["itemListElement"]] == ["Quart"]
    assert nodes[3]["itemListElement"][-1]["name"] == "Actix vs Flask"
    assert "http://testserver/cards/stackups/actix-vs-flask.png" in unescape(page)


@pytest.fixture
def asked(alice: User) -> Post:
    """A question, with an answer that is accepted, one that is not, and one that is removed."""
    post: Post = PostFactory(
        author=alice, title="Flask or </script>?", slug="flask-or",
        html="<p>For <b>us</b> &lt;two&gt;</p>", up_count=3, down_count=1,
        created_at=datetime(2026, 3, 14, 9, tzinfo=UTC), reply_count=2,
    )  # fmt: skip
    ReplyFactory(post=post, author=None, html=f"<p>{'x' * 2000}</p>")
    ReplyFactory(post=post, html="<p>Gone</p>", removed_at=timezone.now())
    post.accepted = ReplyFactory(
        post=post,
        author=alice,
        html="<p>Flask &amp; go</p>",
        created_at=post.created_at,
        edited_at=post.created_at,
    )
    post.save(update_fields=["accepted"])
    return post


def thread_graph(post: Post) -> list[dict[str, Any]]:
    reader = AnonymousUser()
    return graph(structured.thread_data(context(), thread_of(posts_for(reader).get(pk=post.pk), reader)))


ALICE = {"@type": "Person", "name": "alice", "url": "http://testserver/@alice/"}


@pytest.mark.django_db
def test_thread_data_of_a_question_that_was_answered(asked: Post) -> None:
    page, crumbs = thread_graph(asked)

    url = f"http://testserver/advice/{asked.pk}-flask-or/"
    question = page["mainEntity"]
    accepted, (suggested,) = question.pop("acceptedAnswer"), question.pop("suggestedAnswer")
    assert (page["@type"], types([crumbs])) == ("QAPage", ["BreadcrumbList"])
    assert question == {
        "@type": "Question",
        "name": "Flask or </script>?",
        "answerCount": 2,
        "text": "For us <two>",
        "url": url,
        "author": ALICE,
        "datePublished": "2026-03-14T09:00:00+00:00",
        "upvoteCount": 3,
        "downvoteCount": 1,
    }
    assert accepted == {
        "@type": "Answer",
        "text": "Flask & go",
        "url": f"{url}#reply-{asked.accepted_id}",
        "author": ALICE,
        "datePublished": "2026-03-14T09:00:00+00:00",
        "dateModified": "2026-03-14T09:00:00+00:00",
        "upvoteCount": 0,
        "downvoteCount": 0,
    }
    assert suggested["author"] == {"@type": "Person", "name": "Somebody who left"}
    assert len(suggested["text"]) == structured.STRUCTURED_CHARACTERS


@pytest.mark.django_db
def test_thread_data_of_much_markup_ends_with_words() -> None:
    html = '<a href="/a" rel="nofollow ugc noopener">a</a> ' * 1000
    post = PostFactory(kind="decision", html=html)

    [posting, _] = thread_graph(post)

    assert set(posting["text"]) == {"a", " "}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["advice", "decision"])
def test_thread_data_of_what_is_no_answered_question(alice: User, kind: str) -> None:
    post = PostFactory(author=alice, kind=kind, title="We moved off React", up_count=2)
    if kind == "decision":
        ReplyFactory(post=post)
        Post.objects.update(reply_count=1)

    posting, _ = thread_graph(post)

    replies = int(kind == "decision")
    assert (posting["@type"], posting["headline"]) == ("DiscussionForumPosting", "We moved off React")
    assert (posting["commentCount"], types(posting["comment"])) == (replies, ["Comment"] * replies)
    assert posting["interactionStatistic"]["userInteractionCount"] == 2


@pytest.mark.django_db
def test_thread_data_is_none_of_what_was_removed(maud: User, asked: Post) -> None:
    Post.objects.update(removed_at=timezone.now())

    assert structured.thread_data(context(), thread_of(posts_for(maud).get(pk=asked.pk), maud)) == ""
