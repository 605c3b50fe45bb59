"""People whose votes count, things to vote on, and whether counters say what rows say."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import PROBATION
from apps.advice.models import Post, Reply
from apps.tools.models import Point
from apps.votes.kinds import KINDS
from apps.votes.models import Vote
from tests.factories.accounts import UserFactory
from tests.factories.advice import PostFactory, ReplyFactory
from tests.factories.tools import PointFactory

LONG_AGO = timezone.now() - PROBATION - timedelta(days=30)


def make_voter(**fields: Any) -> User:
    """A person who is verified and no newcomer, so that what they vote counts."""
    return UserFactory(**{"date_joined": LONG_AGO, **fields})


def make_newcomer(**fields: Any) -> User:
    """A person who is verified and joined just now: what they vote waits."""
    return UserFactory(**fields)


def make_point(author: User | None = None, **fields: Any) -> Point:
    """A pro, by `author`, on a tool of its own unless `fields` name one."""
    return PointFactory(author=author, **fields)


def make_post(author: User | None = None, **fields: Any) -> Post:
    """A question by `author`, on a tool of its own unless `fields` name one."""
    post: Post = PostFactory(author=author, **fields)
    return post


def make_reply(author: User | None = None, **fields: Any) -> Reply:
    """A reply by `author`, in a thread of its own unless `fields` name one."""
    reply: Reply = ReplyFactory(author=author, **{"post__author": None} | fields)
    return reply


# What people write and are voted on for, by kind.
WRITTEN: dict[str, Callable[..., Any]] = {"point": make_point, "post": make_post, "reply": make_reply}


def counters_equal_rows() -> bool:
    """Whether the counters of all that is voted on say what the votes that count say."""
    counted = Vote.objects.filter(state=Vote.State.COUNTED)
    return all(
        getattr(row, counter) == counted.filter(**{kind.column: row.pk}, value=value).count()
        for kind in KINDS.values()
        for row in kind.model._default_manager.all()
        for counter, value in zip(kind.counters, (1, -1), strict=False)
    )
