"""The list of threads: orders, kinds, tools, pages."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.advice.models import Post
from apps.advice.views import lists
from tests.factories.accounts import UserFactory
from tests.factories.advice import PostFactory, PostToolFactory, ReplyFactory
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db


def titles(response: Any) -> list[str]:
    return re.findall(r'<h3><a href="[^"]+">([^<]+)</a></h3>', response.content.decode())


def test_index_shows_threads_newest_first(client: Client) -> None:
    flask = ToolFactory(name="Flask")
    PostFactory(title="The first question", tool=flask, view_count=392_104, reply_count=3)
    PostFactory(title="A decision", kind="decision", tool=flask)
    PostFactory(title="A removed one", removed_at=Post.objects.get(title="A decision").created_at)

    response = client.get("/advice/")
    html = " ".join(response.content.decode().split())

    assert titles(response) == ["A decision", "The first question"]
    for words in ("Needs advice on", "Chose", "3 replies", "392.1K views", "No replies yet"):
        assert words in html
    assert "noindex" not in html


def test_row_is_marked_as_answered_and_escapes_what_people_write(client: Client) -> None:
    post = PostFactory(
        title="<b>Which</b> of both?", slug="which", html="<p>&lt;script&gt;</p>", author__name="<i>Ada</i>"
    )
    Post.objects.filter(pk=post.pk).update(accepted=ReplyFactory(post=post))

    html = client.get("/advice/").content.decode()

    assert "&lt;b&gt;Which&lt;/b&gt; of both?" in html
    assert '<p class="body">&lt;script&gt;</p>' in html
    assert "<i>Ada</i>" not in html
    assert "Answered" in html


@pytest.mark.parametrize("gone", [{"author__is_active": False}, {"author": None}])
def test_people_who_left_are_not_named(client: Client, gone: dict[str, Any]) -> None:
    PostFactory(**gone)
    if "author" not in gone:
        gone = {"name": Post.objects.get().author.username}

    html = client.get("/advice/").content.decode()

    assert "somebody who left" in html
    assert f"/@{gone.get('name', '')}/" not in html


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["plain", "decided", "answered", "voted"]),
        ("?order=hot", ["voted", "plain", "decided", "answered"]),
        ("?order=unanswered", ["plain", "voted"]),
        ("?order=unanswered&kind=decision", ["plain", "voted"]),
        ("?kind=decision", ["decided"]),
        ("?kind=advice&order=hot", ["voted", "plain", "answered"]),
        ("?tool=flask", ["plain", "decided"]),
        ("?tool=Flask&kind=decision", ["decided"]),
        ("?tool=Flask&order=unanswered", ["plain"]),
        ("?order=nonsense&kind=%00&tool=%00", ["plain", "decided", "answered", "voted"]),
    ],
)
def test_index_is_ordered_and_narrowed(client: Client, query: str, expected: list[str]) -> None:
    flask = ToolFactory(name="Flask", slug="flask")
    PostFactory(title="voted", up_count=1000)
    PostFactory(title="answered", reply_count=1)
    PostFactory(title="decided", kind="decision", tool=flask)
    PostToolFactory(post=PostFactory(title="plain"), tool=flask)

    assert titles(client.get(f"/advice/{query}")) == expected


@pytest.mark.parametrize("query", ["", "order=hot", "order=unanswered", "kind=advice", "tool=flask"])
def test_index_goes_on_page_by_page(client: Client, query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "PAGE_SIZE", 2)
    tool = ToolFactory(slug="flask")
    posts = [PostFactory(tool=tool, up_count=number % 2) for number in range(5)]

    address, found, pages = f"/advice/?{query}", [], 0
    while address:
        response = client.get(address)
        found += titles(response)
        following = re.search(r'href="([^"]+)" rel="next"', response.content.decode())
        address = following[1].replace("&amp;", "&") if following else ""
        pages += 1

    assert pages == 3
    assert sorted(found) == sorted(post.title for post in posts)
    assert "First page" in response.content.decode()


@pytest.mark.parametrize("cursor", ["x", "W10", "%00", "WyJ4Il0", "WyIxIiwgIjIiLCAiMyJd"])
def test_cursor_of_ones_own_leads_to_the_first_page(client: Client, cursor: str) -> None:
    response = client.get(f"/advice/?order=hot&after={cursor}")

    assert (response.status_code, response["Location"]) == (302, "/advice/")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "Nobody has written here yet."),
        ("?order=unanswered", "No question waits for an answer."),
        ("?tool=flask", "Nobody has written here on Flask yet."),
        ("?tool=flasc", "We know no tool called “flasc”. Did you mean"),
    ],
)
def test_empty_list_says_why_and_how_to_go_on(client: Client, query: str, words: str) -> None:
    ToolFactory(name="Flask", slug="flask")

    html = " ".join(client.get(f"/advice/{query}").content.decode().split())

    assert words in html
    assert "/advice/ask/" in html


def test_filtered_list_is_kept_from_search_engines(client: Client) -> None:
    assert b"noindex, follow" in client.get("/advice/?order=hot").content


def test_index_refuses_other_methods(client: Client) -> None:
    assert client.post("/advice/").status_code == 405


@pytest.mark.parametrize("query", ["", "?order=hot", "?tool=flask"])
def test_index_needs_at_most_8_queries_however_much_it_shows(
    alice_client: Client, query: str, count_queries: Callable[..., Any]
) -> None:
    flask = ToolFactory(slug="flask")
    author = UserFactory()
    for _ in range(20):
        PostToolFactory(post=PostFactory(author=author, tool=flask), tool=ToolFactory())

    with count_queries(at_most=8):
        response = alice_client.get(f"/advice/{query}")

    assert len(titles(response)) == 20
