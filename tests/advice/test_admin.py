"""Threads for moderators."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.advice.models import Comment, Draft, Outcome, Post, Recommendation, Reply, Revision, ViewBatch
from tests.factories.accounts import UserFactory
from tests.factories.advice import CommentFactory, PostFactory, ReplyFactory
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db

NAMES = ["post", "reply", "comment", "revision", "outcome", "draft", "viewbatch"]
FACTORIES: dict[str, Any] = {"post": PostFactory, "reply": ReplyFactory, "comment": CommentFactory}


def rows_of(name: str) -> str:
    return reverse(f"admin:advice_{name}_changelist")


def make_each() -> dict[str, Any]:
    """A row of each kind, on a thread of its own."""
    comment = CommentFactory(reply=ReplyFactory())
    now, post, person = timezone.now(), comment.post, UserFactory()
    Recommendation.objects.create(reply=comment.reply, tool=ToolFactory())
    return {
        "post": post,
        "reply": comment.reply,
        "comment": comment,
        "revision": Revision.objects.create(comment=comment, body="Before", edited_by=person, written_at=now),
        "outcome": Outcome.objects.create(post=post, after_days=30),
        "draft": Draft.objects.create(person=person, kind="reply", post=post, data={"body": ["unpublished"]}),
        "viewbatch": ViewBatch.objects.create(id=uuid4()),
    }


def test_admin_lists_take_no_query_for_each_row(
    maud_client: Client, count_queries: Callable[..., Any]
) -> None:
    for _ in range(3):
        make_each()

    for name in NAMES:
        with count_queries(at_most=9):
            response = maud_client.get(rows_of(name))
        assert response.context["cl"].result_count == 3, name


@pytest.mark.parametrize("name", [*FACTORIES, "outcome"])
def test_admin_lists_begin_with_the_newest(maud_client: Client, name: str) -> None:
    rows = [make_each()[name] for _ in range(2)]

    assert list(maud_client.get(rows_of(name)).context["cl"].result_list) == rows[::-1]


def test_admin_pages_show_rows_and_change_none(maud_client: Client) -> None:
    for name, row in make_each().items():
        page = reverse(f"admin:advice_{name}_change", args=[row.pk])

        html = maud_client.get(page).content.decode()

        assert "unpublished" not in html
        assert 'name="_save"' not in html, name
        assert maud_client.post(page, {"body": "x"}).status_code == 403, name
        assert maud_client.get(reverse(f"admin:advice_{name}_add")).status_code == 403, name
        assert maud_client.get(reverse(f"admin:advice_{name}_delete", args=[row.pk])).status_code == 403, name


@pytest.mark.parametrize("name", NAMES)
def test_admin_list_is_searched(maud_client: Client, name: str) -> None:
    make_each()

    assert maud_client.get(rows_of(name), {"q": "nobody-has-this"}).context["cl"].result_count == 0


def test_admin_lists_are_narrowed(maud_client: Client) -> None:
    PostFactory(title="Still there, as it seems", removed_at=None)
    PostFactory(title="Taken away from the site", removed_at=timezone.now(), kind=Post.Kind.DECISION)

    for query in ({"removed_at__isempty": "0"}, {"kind__exact": "decision"}, {"q": "taken away"}):
        html = maud_client.get(rows_of("post"), query).content.decode()
        assert ("Still there" in html, "Taken away" in html) == (False, True), query


@pytest.mark.parametrize("name", FACTORIES)
def test_admin_removes_and_restores(maud_client: Client, maud: User, name: str) -> None:
    row = FACTORIES[name](post=PostFactory(reply_count=1)) if name == "reply" else FACTORIES[name]()

    html = act(maud_client, name, "remove", row)

    row.refresh_from_db()
    assert (row.removed_at is not None, row.removed_by) == (True, maud)
    assert f"1 {name} removed." in html

    html = act(maud_client, name, "restore", row)

    row.refresh_from_db()
    assert row.removed_at is None
    assert f"1 {name} shown again." in html


def act(client: Client, name: str, action: str, row: Post | Reply | Comment) -> str:
    response = client.post(rows_of(name), {"action": action, "_selected_action": [row.pk]}, follow=True)
    return response.content.decode()


def test_admin_removes_only_by_those_who_may(client: Client) -> None:
    post, moderator = PostFactory(), UserFactory(is_staff=True)
    moderator.user_permissions.add(Permission.objects.get(codename="view_post"))
    client.force_login(moderator)

    act(client, "post", "remove", post)

    assert Post.objects.get().removed_at is None


def test_admin_says_why_it_removes_nothing(client: Client) -> None:
    post, moderator = PostFactory(), UserFactory(is_staff=True, verified=False)
    moderator.user_permissions.add(*Permission.objects.filter(codename__in=["view_post", "change_post"]))
    client.force_login(moderator)

    html = act(client, "post", "remove", post)

    assert "Verify your e-mail address first" in html
    assert Post.objects.get().removed_at is None
