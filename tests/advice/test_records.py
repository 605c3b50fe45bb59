"""The record of a decision, as a file."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.advice.models import Post, PostTool
from apps.stacks.models import Stack
from tests.factories.advice import PostFactory, PostToolFactory
from tests.factories.stacks import StackFactory
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def decision(alice: User) -> Post:
    post: Post = PostFactory(
        kind=Post.Kind.DECISION,
        author=alice,
        title="We moved off React",
        slug="we-moved",
        tool=ToolFactory(name="htmx"),
        since="2025-11",
        again=Post.Again.YES,
        stack=StackFactory(person=alice, name="Claims", slug="claims"),
        created_at=datetime(2026, 3, 14, 9, tzinfo=UTC),
    )
    PostToolFactory(
        post=post, tool=ToolFactory(name="React"), role=PostTool.Role.REJECTED, why="Too much to load"
    )
    return post


def address(post: Post) -> str:
    return f"/advice/{post.pk}-{post.slug}/adr.md"


def test_adr_is_a_file_of_markdown(client: Client, decision: Post, count_queries: Callable[..., Any]) -> None:
    with count_queries(at_most=3):
        response = client.get(address(decision))

    assert response.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{decision.pk:04}-we-moved.md"'
    text = response.content.decode()
    assert text.startswith(
        '---\nstatus: "accepted"\ndate: 2026-03-14\ndecision-makers: "@alice"\n---\n\n# We moved off React\n'
    )
    for line in (
        "* htmx",
        "* React",
        "* In use since 2025-11.",
        "* Would choose it again.",
        "* Bad, because: Too much to load",
        f"* Discussion: <http://testserver/advice/{decision.pk}-we-moved/>",
        "* In use in: [alice: Claims](<http://testserver/stacks/alice/claims/>)",
    ):
        assert line in text.splitlines()


@pytest.mark.parametrize(
    "gone", [{"is_active": False}, {"closed_at": timezone.now()}], ids=["locked", "closed"]
)
def test_adr_does_not_name_who_is_gone(
    client: Client, decision: Post, alice: User, gone: dict[str, Any]
) -> None:
    User.objects.filter(pk=alice.pk).update(**gone)

    assert "alice" not in client.get(address(decision)).content.decode()


def test_adr_is_of_the_day_since_when_it_holds(client: Client, decision: Post) -> None:
    Post.objects.update(since="2025-11-03", author=None, stack=None)

    text = client.get(address(decision)).content.decode()

    assert "date: 2025-11-03" in text
    assert ("decision-makers" in text, "In use in:" in text) == (False, False)


def test_adr_names_no_stack_that_others_do_not_see(alice_client: Client, decision: Post) -> None:
    Stack.objects.update(visibility=Stack.Visibility.PRIVATE)

    assert "Claims" not in alice_client.get(address(decision)).content.decode()


def test_adr_of_a_former_address_redirects(client: Client, decision: Post) -> None:
    response = client.get(f"/advice/{decision.pk}-former/adr.md")

    assert (response.status_code, response.headers["Location"]) == (301, address(decision))


def test_adr_is_missing_where_the_reader_sees_no_decision(
    client: Client, alice_client: Client, decision: Post
) -> None:
    question = PostFactory(slug="which")

    assert client.get(address(question)).status_code == 404
    assert client.get("/advice/999999999999999999-x/adr.md").status_code == 404
    Post.objects.update(removed_at=timezone.now())
    assert client.get(address(decision)).status_code == 404
    assert alice_client.get(address(decision)).status_code == 200


def test_adr_is_only_read(client: Client, decision: Post) -> None:
    assert client.post(address(decision)).status_code == 405
