"""Who sees what of removed threads, replies and comments."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from apps.advice.models import Comment, Post, Reply
from tests.factories.advice import CommentFactory, PostFactory, ReplyFactory
from tests.factories.votes import make_voter

pytestmark = pytest.mark.django_db

MODELS = (Post, Reply, Comment)


def seen(reader: Any) -> tuple[int, int, int]:
    """How many threads, replies and comments `reader` sees."""
    posts, replies, comments = (model.objects.visible_to(reader).count() for model in MODELS)
    return posts, replies, comments


def shown() -> tuple[int, int, int]:
    posts, replies, comments = (model.objects.shown().count() for model in MODELS)
    return posts, replies, comments


@pytest.fixture
def cast(alice: Any, mallory: Any, maud: Any) -> dict[str, Any]:
    """The asker, who replies; who comments; and others."""
    bob = make_voter(username="bob")
    post = PostFactory(author=alice)
    CommentFactory(reply=ReplyFactory(author=bob, post=post), author=mallory)
    return {"alice": alice, "bob": bob, "mallory": mallory, "maud": maud, "nobody": AnonymousUser()}


def test_everybody_sees_what_is_shown(cast: dict[str, Any]) -> None:
    assert {seen(person) for person in cast.values()} == {(1, 1, 1)}
    assert shown() == (1, 1, 1)


@pytest.mark.parametrize("remover", ["alice", "maud"])
def test_removed_thread_is_seen_by_its_author_and_moderators_with_all_in_it(
    cast: dict[str, Any], remover: str
) -> None:
    Post.objects.update(removed_at=timezone.now(), removed_by=cast[remover])

    assert {name for name, person in cast.items() if seen(person) == (1, 1, 1)} == {"alice", "maud"}
    assert {seen(cast[name]) for name in ("bob", "mallory", "nobody")} == {(0, 0, 0)}
    assert shown() == (0, 0, 0)


@pytest.mark.parametrize("remover", ["bob", "maud"])
def test_removed_reply_is_seen_by_its_author_and_moderators(cast: dict[str, Any], remover: str) -> None:
    Reply.objects.update(removed_at=timezone.now(), removed_by=cast[remover])

    who = {"bob", "maud"}
    assert {name for name, person in cast.items() if seen(person) == (1, 1, 1)} == who
    # What others said about it stands.
    assert {seen(person) for name, person in cast.items() if name not in who} == {(1, 0, 1)}
    assert shown() == (1, 0, 1)


def test_removed_comment_is_seen_by_its_author_and_moderators(cast: dict[str, Any]) -> None:
    Comment.objects.update(removed_at=timezone.now(), removed_by=cast["mallory"])

    assert {name for name, person in cast.items() if seen(person) == (1, 1, 1)} == {"mallory", "maud"}
    assert shown() == (1, 1, 0)
