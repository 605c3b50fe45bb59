"""People whose votes count, things to vote on, and whether counters say what rows say."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import PROBATION
from apps.tools.models import Point, Tool
from apps.votes.models import Vote
from tests.factories.accounts import UserFactory
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


def counters_equal_rows() -> bool:
    """Whether the counters of all tools and points say what the votes that count say."""
    counted = Vote.objects.filter(state=Vote.State.COUNTED)
    return all(tool.vote_count == counted.filter(tool=tool).count() for tool in Tool.objects.all()) and all(
        (point.up_count, point.down_count)
        == tuple(counted.filter(point=point, value=value).count() for value in (1, -1))
        for point in Point.objects.all()
    )
