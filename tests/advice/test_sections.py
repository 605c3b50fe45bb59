"""Threads on the pages of tools, comparisons and people, at home, in searches and in the sitemap."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.advice.models import Post
from apps.advice.querysets import MIN_INDEXED_CHARACTERS
from apps.tools.models import Tool
from tests.factories.accounts import UserFactory
from tests.factories.advice import PostFactory, PostToolFactory, ReplyFactory
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def flask() -> Tool:
    return ToolFactory(name="Flask", slug="flask")


@pytest.fixture
def django() -> Tool:
    return ToolFactory(name="Django", slug="django")


def section(client: Client, path: str, heading: str) -> str:
    """The words of the section with this id of its heading."""
    response = client.get(path)
    assert response.status_code == 200
    (html,) = re.findall(f'<section[^>]*aria-labelledby="{heading}".*?</section>', response.text, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def remove(post: Post) -> None:
    Post.objects.filter(pk=post.pk).update(removed_at=timezone.now())


def test_page_of_a_tool_has_questions_and_decisions(client: Client, flask: Tool, django: Tool) -> None:
    PostFactory(title="Is it fast enough?", tool=flask)
    decision = PostFactory(title="We took the larger one", kind="decision", tool=django)
    PostToolFactory(post=decision, tool=flask, role="rejected", why="No admin.")
    remove(PostFactory(title="Removed", tool=flask))

    asked = section(client, "/tools/flask/", "h-advice")
    decided = section(client, "/tools/flask/", "h-dec")

    assert "Is it fast enough?" in asked
    assert "All questions on Flask" in asked
    assert "Removed" not in asked
    assert "Rejected for Django" in decided
    assert "Why not: No admin." in decided
    assert "Chosen over Flask" in section(client, "/tools/django/", "h-dec")


def test_page_of_a_tool_without_threads_invites(client: Client, flask: Tool) -> None:
    html = client.get("/tools/flask/").text

    assert "Nobody has asked about Flask yet." in html
    assert 'href="/advice/ask/?tools=flask"' in html
    assert 'href="/advice/decide/?tools=flask"' in html


def test_comparison_has_threads_on_both_first(client: Client, flask: Tool, django: Tool) -> None:
    PostFactory(title="On both of them", tools=[flask, django])
    PostFactory(title="On one of them", tool=flask)

    found = section(client, "/stackups/django-vs-flask/", "h-advice")

    assert found.index("On both of them") < found.index("On one of them")
    assert "All on Django" in found
    assert 'href="/advice/ask/?tools=django,flask"' in client.get("/stackups/django-vs-flask/").text


@pytest.mark.parametrize("path", ["/tools/flask/", "/stackups/django-vs-flask/"])
def test_threads_cost_a_page_two_queries_however_many(
    client: Client, flask: Tool, django: Tool, count_queries: Callable[..., Any], path: str
) -> None:
    with count_queries(at_most=20) as without:
        client.get(path)
    for kind in ("advice", "decision", "advice"):
        PostFactory(kind=kind, tools=[flask, django])

    # Of no threads the tools are not asked for.
    with count_queries(at_most=len(without) + 1):
        client.get(path)


def test_profile_has_questions_decisions_and_replies(client: Client) -> None:
    ada: User = UserFactory(username="ada")
    PostFactory(title="Asked by Ada", author=ada)
    remove(PostFactory(title="Removed", author=ada))
    reply = ReplyFactory(author=ada, post__title="Asked by somebody")
    Post.objects.filter(pk=reply.post_id).update(accepted=reply)
    ReplyFactory(author=ada, removed_at=timezone.now())

    posts, replies = section(client, "/@ada/", "h-posts"), section(client, "/@ada/", "h-replies")

    assert "Asked by Ada" in posts
    assert "Removed" not in posts
    assert "Asked by somebody" in replies
    assert "Accepted" in replies
    assert "Asked by somebody" in client.get("/@ada/replies/").text
    assert "Asked by Ada" in client.get("/@ada/advice/").text
    assert "noindex" not in client.get("/@ada/").text


def test_profile_of_a_demo_person_is_kept_from_search_engines(client: Client) -> None:
    UserFactory(username="ada", bio="Made up.", is_demo=True)

    assert "noindex" in client.get("/@ada/").text
    assert "/@ada/" not in client.get("/sitemap-people.xml").text


def test_home_has_hot_threads_and_who_waits(client: Client, flask: Tool) -> None:
    for number in range(3):
        PostFactory(title=f"Answered {number}", reply_count=1, up_count=9, tool=flask)
    PostFactory(title="Waiting", down_count=9, tool=flask)

    html = client.get("/").text
    talked = section(client, "/", "h-talked")

    assert list(dict.fromkeys(re.findall(r"Answered \d", talked))) == [
        "Answered 2",
        "Answered 1",
        "Answered 0",
    ]
    assert "Waiting" not in talked
    assert "on Flask, asked on" in html.split("Waiting for an answer")[1]


def test_home_without_threads_says_so(client: Client) -> None:
    html = client.get("/").text

    assert "Nobody does at the moment." in html
    assert "h-talked" not in html


def test_search_finds_threads_by_title_before_those_by_text(client: Client) -> None:
    PostFactory(title="Something else", body="About the queue of jobs.")
    PostFactory(title="Which queue for jobs?")
    remove(PostFactory(title="Removed queue of jobs"))

    found = section(client, "/search/?q=queue+jobs", "h-posts")

    assert found.index("Which queue for jobs?") < found.index("Something else")
    assert "Removed" not in found
    assert "no replies yet" in found


def test_sitemap_and_pages_leave_out_the_same_threads(client: Client) -> None:
    long = "x" * MIN_INDEXED_CHARACTERS
    known = [PostFactory(body=long), PostFactory(reply_count=1), PostFactory(body=long, author=None)]
    unknown = [PostFactory(), PostFactory(body=long, author__is_demo=True)]
    remove(PostFactory(body=long))

    xml = client.get("/sitemap-advice.xml").text

    assert xml.count("<url>") == len(known)
    assert "/sitemap-advice.xml</loc><lastmod>" in client.get("/sitemap.xml").text
    for post in known:
        assert post.get_absolute_url() in xml
        assert "noindex" not in client.get(post.get_absolute_url()).text
    for post in unknown:
        assert "noindex" in client.get(post.get_absolute_url()).text
