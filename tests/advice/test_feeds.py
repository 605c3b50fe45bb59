"""Threads as Atom, as a feed reader sees them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from django.test import Client
from django.utils import timezone

from apps.accounts.models import FormerUsername, User
from apps.advice.atom import MAX_ENTRIES
from apps.advice.models import Post, Recommendation, Reply
from apps.advice.rendering import render
from tests.factories.accounts import UserFactory
from tests.factories.advice import PostFactory, PostToolFactory, ReplyFactory
from tests.factories.tools import CategoryFactory, FunctionFactory, ToolAliasFactory, ToolFactory

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
DAY = datetime(2026, 5, 4, 9, tzinfo=UTC)


def feed_at(address: str, client: Client | None = None) -> Element:
    response = (client or Client()).get(address)
    assert response.status_code == 200, response
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    root: Element = fromstring(response.content)
    assert root.tag == f"{ATOM}feed"
    return root


def texts(element: Element, name: str) -> list[str]:
    return [one.text or "" for one in element.findall(f"{ATOM}{name}")]


def only_entry(address: str = "/advice/latest.atom") -> Element:
    (entry,) = feed_at(address).findall(f"{ATOM}entry")
    return entry


def titles(address: str) -> list[str]:
    """What the entries say, newest first."""
    return [texts(entry, "title")[0] for entry in feed_at(address).findall(f"{ATOM}entry")]


def links(element: Element) -> dict[str, str]:
    return {link.attrib["rel"]: link.attrib["href"] for link in element.findall(f"{ATOM}link")}


# --- What is in them ---------------------------------------------------------------------------------


def test_entry_says_who_wrote_what_when_and_on_which_tools() -> None:
    ada = UserFactory(name="Ada", username="ada")
    flask, django = ToolFactory(name="Flask"), ToolFactory(name="Django")
    post = PostFactory(
        author=ada,
        tools=[flask, django],
        title="Flask or Django & why?",
        slug="flask-or-django",
        created_at=DAY,
        edited_at=DAY + timedelta(days=1),
        changed_at=DAY + timedelta(days=9),
        html=str(render('See `<a href="/x">`, [the tool](/tools/flask/) and https://example.org/').html),
    )

    feed = feed_at("/advice/latest.atom")

    (entry,) = feed.findall(f"{ATOM}entry")
    assert texts(entry, "title") == ["Needs advice: Flask or Django & why?"]
    assert links(entry) == {"alternate": f"http://testserver/advice/{post.pk}-flask-or-django/"}
    assert texts(entry, "id") == [f"tag:testserver,2026:post/{post.pk}"]
    assert texts(entry, "published") == ["2026-05-04T09:00:00+00:00"]
    assert texts(entry, "updated") == ["2026-05-05T09:00:00+00:00"]
    assert [one.attrib["term"] for one in entry.findall(f"{ATOM}category")] == ["Flask", "Django"]
    (author,) = entry.findall(f"{ATOM}author")
    assert (texts(author, "name"), texts(author, "uri")) == (["Ada"], ["http://testserver/@ada/"])
    (content,) = entry.findall(f"{ATOM}content")
    assert content.attrib["type"] == "html"
    assert content.text
    # Links lead somewhere from any reader; text that looks like one stays as it is.
    assert '<a href="http://testserver/tools/flask/"' in content.text
    assert '&lt;a href="/x"&gt;' in content.text
    assert links(feed) == {
        "alternate": "http://testserver/advice/",
        "self": "http://testserver/advice/latest.atom",
    }
    assert texts(feed, "updated") == ["2026-05-05T09:00:00+00:00"]
    assert texts(feed, "id") == ["tag:testserver,2026:advice/latest.atom"]


def test_id_of_an_entry_stays_when_its_title_changes() -> None:
    post = PostFactory()
    before = texts(only_entry(), "id")

    Post.objects.filter(pk=post.pk).update(title="Another title altogether", slug="another-title-altogether")

    entry = only_entry()
    assert texts(entry, "title") == ["Needs advice: Another title altogether"]
    assert texts(entry, "id") == before


def test_newest_come_first_and_so_many_at_most() -> None:
    tool, author = ToolFactory(), UserFactory()
    posts = [PostFactory(tool=tool, author=author) for _ in range(MAX_ENTRIES + 2)]

    assert titles("/advice/latest.atom") == [f"Needs advice: {post.title}" for post in posts[:1:-1]]


def test_feed_of_a_tool_has_the_threads_on_it() -> None:
    flask, django = ToolFactory(name="Flask"), ToolFactory(name="Django")
    PostFactory(tools=[flask], title="About Flask alone")
    PostFactory(tools=[django], title="About Django alone", kind="decision")
    both = PostFactory(tools=[django], title="About both of them")
    PostToolFactory(post=both, tool=flask)
    PostFactory(title="About neither of them")

    assert titles("/advice/tools/flask.atom") == [
        "Needs advice: About both of them",
        "Needs advice: About Flask alone",
    ]
    assert titles("/advice/tools/django+flask.atom") == [
        "Needs advice: About both of them",
        "Decision: About Django alone",
        "Needs advice: About Flask alone",
    ]


def test_feed_of_a_person_has_what_they_asked_and_decided(alice: User) -> None:
    PostFactory(author=alice, title="What Alice asked")
    PostFactory(title="What another asked")

    assert titles("/advice/people/alice.atom") == ["Needs advice: What Alice asked"]


def test_feed_of_a_category_has_the_threads_on_its_tools() -> None:
    inside = FunctionFactory(slug="caches", parent=CategoryFactory(slug="data-stores"))
    for title, function in (("On what is inside", inside), ("On what is outside", FunctionFactory())):
        PostFactory(tools=[ToolFactory(function=function), ToolFactory(function=function)], title=title)

    assert titles("/advice/categories/application-and-data/data-stores.atom") == [
        "Needs advice: On what is inside"
    ]
    assert titles("/advice/categories/application-and-data/data-stores/caches.atom")


def test_feed_of_a_thread_has_its_replies_and_what_they_recommend() -> None:
    reply = ReplyFactory(author=UserFactory(name="Priya Raman"), post__title="Which of the two?")
    Recommendation.objects.create(reply=reply, tool=ToolFactory(name="Flask"))
    Recommendation.objects.create(reply=reply, tool=ToolFactory(name="Quart"))
    ReplyFactory()

    feed = feed_at(f"/advice/{reply.post_id}-{reply.post.slug}/replies.atom")

    (entry,) = feed.findall(f"{ATOM}entry")
    assert texts(feed, "title")[0].startswith("Replies: Which of the two? · ")
    assert texts(entry, "title") == ["Reply by Priya Raman, recommends Flask and Quart"]
    assert links(entry) == {"alternate": f"http://testserver/advice/replies/{reply.pk}/"}
    assert texts(entry, "id") == [f"tag:testserver,2026:reply/{reply.pk}"]


# --- Who is named, and what is left out --------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"is_active": False}, "Somebody who left"),
        ({"closed_at": DAY}, "Somebody who left"),
        ({"is_demo": True}, "Ada (demo)"),
    ],
)
def test_author_is_named_only_while_they_are_here(fields: dict[str, Any], name: str) -> None:
    PostFactory(author=UserFactory(name="Ada", **fields))

    (author,) = only_entry().findall(f"{ATOM}author")

    assert texts(author, "name") == [name]
    assert len(texts(author, "uri")) == ("is_demo" in fields)


def test_words_without_an_author_are_somebodys_who_left() -> None:
    PostFactory(author=None)

    (author,) = only_entry().findall(f"{ATOM}author")

    assert texts(author, "name") == ["Somebody who left"]


def test_nobody_gets_what_was_removed(alice: User, maud_client: Client) -> None:
    tool = ToolFactory(name="Flask")
    post = PostFactory(author=alice, tool=tool, removed_at=timezone.now(), removed_by=alice)
    reply = ReplyFactory(removed_at=timezone.now())
    Post.objects.filter(pk=reply.post_id).update(tool=tool)

    for address in ("latest", "tools/flask", "people/alice", "categories/application-and-data"):
        feed = feed_at(f"/advice/{address}.atom", maud_client)
        assert f"post/{post.pk}<" not in "".join(f"{text}<" for text in texts(feed, "id"))
        assert post.title not in "".join(one.text or "" for one in feed.iter())
    assert (
        len(feed_at(f"/advice/{reply.post_id}-{reply.post.slug}/replies.atom").findall(f"{ATOM}entry")) == 0
    )
    assert maud_client.get(f"/advice/{post.pk}-{post.slug}/replies.atom").status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "tools/nothing.atom",
        "tools/flask+nothing.atom",
        "tools/hidden.atom",
        "tools/+.atom",
        "tools/a+b+c+d+e+f.atom",
        "people/nobody.atom",
        "people/eve.atom",
        "categories/nothing.atom",
        "categories/a/b/c/d.atom",
        "99999-x/replies.atom",
    ],
)
def test_what_is_not_there_is_404(client: Client, address: str) -> None:
    ToolFactory(name="Flask")
    ToolFactory(name="Hidden", is_listed=False)
    UserFactory(username="eve", is_active=False)

    assert client.get(f"/advice/{address}").status_code == 404


# --- Addresses ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "leads_to"),
    [
        ("tools/Flask.atom", "tools/flask.atom"),
        ("tools/old-flask.atom", "tools/flask.atom"),
        ("tools/old-flask+django.atom", "tools/flask+django.atom"),
        ("tools/flask+flask+old-flask.atom", "tools/flask.atom"),
        ("people/ALICE.atom", "people/alice.atom"),
        ("people/former.atom", "people/alice.atom"),
    ],
)
def test_other_names_lead_to_the_present_one(client: Client, alice: User, asked: str, leads_to: str) -> None:
    ToolAliasFactory(tool=ToolFactory(name="Flask"), slug="old-flask")
    ToolFactory(name="Django")
    FormerUsername.objects.create(person=alice, username="former")

    response = client.get(f"/advice/{asked}")

    assert (response.status_code, response["Location"]) == (
        302 if "people" in asked else 301,
        f"/advice/{leads_to}",
    )


def test_thread_with_another_slug_leads_to_its_own(client: Client) -> None:
    post = PostFactory(slug="its-own")

    response = client.get(f"/advice/{post.pk}-another/replies.atom")

    assert (response.status_code, response["Location"]) == (301, f"/advice/{post.pk}-its-own/replies.atom")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_feed_is_only_read(client: Client, method: str) -> None:
    assert client.generic(method, "/advice/latest.atom").status_code == 405


def test_public_address_of_the_site_is_in_its_links(settings: Any) -> None:
    settings.SITE_URL = "https://stacks.example"
    post = PostFactory(html='<p><a href="/tools/flask/">Flask</a></p>')

    feed = feed_at("/advice/latest.atom")

    assert links(feed)["self"] == "https://stacks.example/advice/latest.atom"
    assert texts(feed[-1], "id") == [f"tag:stacks.example,2026:post/{post.pk}"]
    assert (
        feed[-1].findtext(f"{ATOM}content")
        == '<p><a href="https://stacks.example/tools/flask/">Flask</a></p>'
    )


# --- Caches and hostile words --------------------------------------------------------------------------


@pytest.mark.parametrize("signed_in", [True, False])
def test_feed_is_the_same_for_all_and_may_be_kept(signed_in: bool, alice_client: Client) -> None:
    PostFactory(created_at=DAY)
    client = alice_client if signed_in else Client()

    response = client.get("/advice/latest.atom")

    assert response["Cache-Control"] == "public, max-age=300"
    assert "Cookie" not in response.get("Vary", "")
    assert not response.cookies
    assert response["Last-Modified"] == "Mon, 04 May 2026 09:00:00 GMT"


def test_unchanged_feed_is_not_sent_again(client: Client) -> None:
    empty = client.get("/advice/latest.atom")
    assert client.get("/advice/latest.atom", headers={"If-None-Match": empty["ETag"]}).status_code == 304
    PostFactory(created_at=DAY)
    first = client.get("/advice/latest.atom", headers={"If-None-Match": empty["ETag"]})
    assert first.status_code == 200

    by_tag = client.get("/advice/latest.atom", headers={"If-None-Match": first["ETag"]})
    by_date = client.get("/advice/latest.atom", headers={"If-Modified-Since": first["Last-Modified"]})

    assert (by_tag.status_code, by_date.status_code) == (304, 304)
    assert not by_tag.content


def test_words_that_xml_cannot_hold_break_no_feed() -> None:
    bad = "\x01\x0b\x1f\ufffe\uffff"
    ReplyFactory(
        author=UserFactory(name=f"A{bad}da"),
        html=f"<p>]]>{bad}</p>",
        post__title=f"Is <b>{bad}& it ]]> so?",
        post__slug="is-it-so",
        post__html=f"<p>{bad}</p>",
    )
    reply = Reply.objects.get()

    assert titles("/advice/latest.atom") == ["Needs advice: Is <b>& it ]]> so?"]
    assert titles(f"/advice/{reply.post_id}-{reply.post.slug}/replies.atom") == ["Reply by Ada"]


@pytest.mark.parametrize(
    "address",
    ["latest", "tools/flask", "tools/django+flask", "people/alice", "categories/application-and-data"],
)
def test_feed_needs_few_queries_whatever_its_length(
    address: str, alice: User, client: Client, count_queries: Callable[..., Any]
) -> None:
    tools = [ToolFactory(name="Flask"), ToolFactory(name="Django")]
    for _ in range(3):
        PostFactory(author=alice, tools=tools)

    with count_queries(at_most=4):
        response = client.get(f"/advice/{address}.atom")

    assert response.content.count(b"<entry>") == 3


def test_feed_of_a_thread_needs_few_queries(client: Client, count_queries: Callable[..., Any]) -> None:
    post = PostFactory()
    for _ in range(3):
        Recommendation.objects.create(reply=ReplyFactory(post=post), tool=post.tool)

    with count_queries(at_most=3):
        response = client.get(f"/advice/{post.pk}-{post.slug}/replies.atom")

    assert response.content.count(b"<entry>") == 3


# --- Pages that name them --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "feed"),
    [
        ("/advice/", "latest"),
        ("/advice/?tool=Flask", "tools/flask"),
        ("/feed/", "latest"),
        ("/tools/flask/", "tools/flask"),
        ("/tools/in/application-and-data/", "categories/application-and-data"),
        ("/stackups/django-vs-flask/", "tools/django+flask"),
        ("/@alice/", "people/alice"),
    ],
)
def test_page_names_its_feed(client: Client, alice: User, page: str, feed: str) -> None:
    ToolFactory(name="Flask")
    ToolFactory(name="Django")

    response = client.get(page)

    assert b'<link rel="alternate" type="application/atom+xml"' in response.content
    assert f'href="/advice/{feed}.atom">'.encode() in response.content
    assert client.get(f"/advice/{feed}.atom").status_code == 200


def test_page_of_a_thread_names_its_feed(client: Client) -> None:
    post = PostFactory()

    assert (
        f'href="/advice/{post.pk}-{post.slug}/replies.atom">'.encode()
        in client.get(post.get_absolute_url()).content
    )
