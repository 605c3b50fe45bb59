"""Threads like one that is being written, and the tools that its title names."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.advice import similar
from apps.advice.models import Post
from apps.advice.similar import similar_posts, tools_in
from apps.tools.models import Tool
from tests.factories.advice import PostFactory
from tests.factories.tools import ToolFactory
from tests.payloads import PAYLOADS

pytestmark = pytest.mark.django_db


@pytest.fixture
def flask() -> Tool:
    return ToolFactory(name="Flask", slug="flask")


@pytest.fixture
def django() -> Tool:
    return ToolFactory(name="Django", slug="django")


def make_posts(*titles: str, **fields: Any) -> list[Post]:
    tool = ToolFactory()
    return [PostFactory(title=title, body="What about databases?", tool=tool, **fields) for title in titles]


def test_similar_posts_share_most_words(count_queries: Callable[..., Any]) -> None:
    some, most, *_ = make_posts(
        "Flask or Django on a small server",
        "Flask or Django for a first API?",
        # One of four words is chance.
        "Flask on a shelf",
        "Which queue for mails?",
    )

    with count_queries(at_most=2):
        found = similar_posts("Choosing Django or Flask for my first API", limit=5)

    assert found == [most, some]
    assert similar_posts("Choosing Django or Flask for my first API", limit=1) == [most]


def test_similar_posts_on_the_same_tools_come_first(flask: Tool) -> None:
    of_other = make_posts("Flask in production")[0]
    of_flask = PostFactory(title="Flask in production", tool=flask)
    make_posts("Flask in production")

    assert similar_posts("Flask in production", [flask], limit=1) == [of_flask]
    assert of_other in similar_posts("Flask in production", [flask], limit=5)


def test_similar_posts_are_shown_ones() -> None:
    make_posts("Flask or Django for an API?", removed_at=timezone.now())

    assert similar_posts("Flask or Django for an API?", limit=5) == []


@pytest.mark.parametrize("title", ["", "   ", "which or the", "?!", "\0", "databases", "Kubernetes"])
def test_similar_posts_are_none_without_words_in_common(title: str) -> None:
    make_posts("Flask or Django for an API?")

    assert similar_posts(title, limit=5) == []


def test_similar_posts_take_any_title() -> None:
    make_posts("Flask or Django for an API?")

    for title in [
        *PAYLOADS[::8],
        "it's \\' | & ! <-> (flask):*",
        "a" * 10_000,
        "C++ socket.io server-side f'x",
    ]:
        assert len(similar_posts(title, limit=5)) <= 1, title


@pytest.fixture
def counted() -> None:
    """Threads of which "python" is in all, "queue" and "small" are in half, and PostgreSQL knows it."""
    make_posts(
        *(f"Python queue small {at}" for at in range(5)), *(f"Python other things {at}" for at in range(5))
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE advice_post")


@pytest.mark.parametrize(
    ("most", "title", "wanted"),
    [
        (100, "Python queue zebra", "'zebra'|'queue'|'python'"),
        (12, "Python queue zebra", "'zebra'|'queue'"),
        (1, "Python queue small", "'queue'&'small'&'python'"),
        (3, "Python queue small", "'queue'&'small'"),
        (5, "Python queue small", "'queue'"),
        (1, "Python", "'python'"),
    ],
)
def test_similar_posts_are_looked_for_by_rare_words(
    counted: None, monkeypatch: pytest.MonkeyPatch, most: int, title: str, wanted: str
) -> None:
    monkeypatch.setattr(similar, "CANDIDATES", most)

    assert wanted in str(similar._few(similar._frequencies(title)))
    assert len(similar_posts(title, limit=20)) <= most


@pytest.mark.parametrize(
    ("title", "slugs", "names"),
    [
        ("Flask or Django?", (), ["Flask", "Django"]),
        ("flask, DJANGO!", (), ["Flask", "Django"]),
        ("Is ruby on rails better than Django", (), ["Ruby on Rails", "Django"]),
        ("ruby-on-rails", (), ["Ruby on Rails"]),
        ("Where to go", (), []),
        ("Go or Flask", (), ["Go", "Flask"]),
        ("Flask", ("django", "go"), ["Django", "Go", "Flask"]),
        ("Flask", ("flask",), ["Flask"]),
        ("Secret", ("secret",), []),
        ("", (), []),
    ],
)
def test_tools_in_a_title(flask: Tool, django: Tool, title: str, slugs: Any, names: list[str]) -> None:
    ToolFactory(name="Ruby on Rails", slug="ruby-on-rails")
    ToolFactory(name="Go", slug="go")
    ToolFactory(name="Secret", slug="secret", is_listed=False)

    assert [tool.name for tool in tools_in(title, slugs)] == names


def test_similar_view_shows_threads_and_the_comparison(
    alice_client: Client, flask: Tool, django: Tool, count_queries: Callable[..., Any]
) -> None:
    post = PostFactory(title="Flask or Django for an API?", slug="which", tool=flask)

    with count_queries(at_most=8):
        html = alice_client.get(reverse("advice:similar"), {"title": "Flask or Django?"}).content.decode()

    assert f'href="{post.get_absolute_url()}"' in html
    assert 'href="/stackups/django-vs-flask/"' in html
    assert "Flask vs Django" in html
    assert "<html" not in html


def test_similar_view_takes_picked_tools(alice_client: Client, flask: Tool, django: Tool) -> None:
    for given in ({"options": ["flask", "django"]}, {"chosen": "Flask, django"}):
        html = alice_client.get(reverse("advice:similar"), {"title": "Which", **given}).content.decode()

        assert "/stackups/django-vs-flask/" in html


@pytest.mark.parametrize(
    "query", [{}, {"title": "\0"}, {"title": "x", "options": "\0,,"}, {"options": "x," * 5000}]
)
def test_similar_view_answers_nothing_to_nothing(alice_client: Client, query: Any) -> None:
    response = alice_client.get(reverse("advice:similar"), query)

    assert (response.status_code, response.content.strip()[:20]) == (200, b"")


def test_similar_view_is_for_those_who_write(client: Client, alice_client: Client) -> None:
    assert client.get(reverse("advice:similar")).status_code == 302
    assert alice_client.post(reverse("advice:similar")).status_code == 405
