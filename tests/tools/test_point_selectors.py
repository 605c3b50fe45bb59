"""Pros and cons as pages read them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from apps.accounts.models import User
from apps.tools import selectors
from apps.tools.models import Point, Tool
from tests.factories.accounts import UserFactory
from tests.factories.tools import (
    PointAnswerFactory,
    PointFactory,
    RepositoryFactory,
    ToolFactory,
    ToolFollowFactory,
    ToolRepositoryFactory,
)

pytestmark = pytest.mark.django_db


def released(tag: str, *, is_primary: bool = True) -> Tool:
    tool: Tool = ToolFactory()
    repository = RepositoryFactory(latest_release=tag)
    ToolRepositoryFactory(tool=tool, repository=repository, is_primary=is_primary)
    return tool


def pros(tool: Tool) -> list[Point]:
    return list(selectors.points_of([tool])[tool.pk].pros)


def test_points_come_by_bound_then_place_then_age() -> None:
    tool = ToolFactory()
    second, first = (PointFactory(tool=tool, position=at) for at in (2, 1))
    third = PointFactory(tool=tool, position=2)
    few = PointFactory(tool=tool, up_count=2)
    many = PointFactory(tool=tool, up_count=20, down_count=1)
    split = PointFactory(tool=tool, up_count=20, down_count=20)

    assert pros(tool) == [many, few, split, first, second, third]
    assert [point.rank for point in pros(tool)] == sorted((point.rank for point in pros(tool)), reverse=True)


def test_old_points_come_last_with_their_marks() -> None:
    tool = released("v4.0.1")
    old = PointFactory(tool=tool, about="3.9", up_count=90)
    older = PointFactory(tool=tool, about="2001", up_count=80)
    doubted = PointFactory(tool=tool, about="4.0", true_count=1, outdated_count=3)
    holds = PointFactory(tool=tool, about="4.0")

    found = pros(tool)

    assert found == [holds, old, older, doubted]
    years = timezone.localdate().year - 2001
    assert [point.marks for point in found] == [
        (),
        ("about an older version",),
        (f"{years} years old",),
        ("3 of 4 say it is no longer true",),
    ]


def test_release_of_another_repository_makes_nothing_old() -> None:
    tool = released("v9.0", is_primary=False)
    PointFactory(tool=tool, about="3.1")

    assert pros(tool)[0].marks == ()


def test_points_of_four_tools_cost_one_query_with_authors(count_queries: Callable[..., Any]) -> None:
    tools = [released(f"v{at}.0") for at in range(4)]
    for tool in tools:
        for _ in range(5):
            PointFactory(tool=tool, author=UserFactory())

    with count_queries(at_most=1):
        found = selectors.points_of(tools)
        names = [point.author.get_full_name() for points in found.values() for point in points.pros]

    assert len(names) == 20


@pytest.mark.parametrize(("limit", "shown"), [(2, 4), (None, 6), (9, 6)])
def test_points_are_cut_to_what_a_page_shows(limit: int | None, shown: int) -> None:
    tool = ToolFactory()
    PointFactory.create_batch(3, tool=tool)
    PointFactory.create_batch(3, tool=tool, kind="con")

    points = selectors.points_of([tool], limit=limit)[tool.pk]

    assert (len(points.shown), points.total, points.is_cut) == (shown, 6, shown < 6)
    assert [(group.kind, len(group.rows)) for group in points.groups] == [("pro", 3), ("con", 3)]


def test_answers_are_the_readers_own(alice: User, count_queries: Callable[..., Any]) -> None:
    yes, no, none = PointFactory.create_batch(3)
    PointAnswerFactory(point=yes, person=alice, is_true=True)
    PointAnswerFactory(point=no, person=alice, is_true=False)
    PointAnswerFactory(point=none)

    with count_queries(at_most=1):
        assert selectors.answers_of(alice, [yes, no, none]) == {yes.pk: True, no.pk: False}


def test_anonymous_reader_costs_no_query(count_queries: Callable[..., Any]) -> None:
    tool, point = ToolFactory(), PointFactory()

    with count_queries(at_most=0):
        assert selectors.answers_of(AnonymousUser(), [point]) == {}
        assert selectors.followed_ids(AnonymousUser(), [tool]) == set()


def test_new_points_are_those_of_others_on_followed_tools(
    alice: User, mallory: User, count_queries: Callable[..., Any]
) -> None:
    since = timezone.now() - timedelta(days=7)
    flask, other, hidden = ToolFactory(name="Flask"), ToolFactory(), ToolFactory(is_listed=False)
    for tool in (flask, hidden):
        ToolFollowFactory(person=alice, tool=tool)
    ToolFollowFactory(person=mallory, tool=other)
    first = PointFactory(tool=flask, author=mallory, text="One file is enough", about="3.1")
    PointFactory(tool=flask, author=alice)
    PointFactory(tool=other, author=mallory)
    PointFactory(tool=hidden, author=mallory)
    last = PointFactory(tool=flask, kind="con", text="No ORM comes with it", about="2026")
    early = PointFactory(tool=flask, author=mallory)
    Point.objects.filter(pk=early.pk).update(created_at=since - timedelta(hours=1))

    with count_queries(at_most=1):
        found = selectors.new_points_for(alice, since)

    assert found == [
        ("Flask, con: No ORM comes with it (2026)", f"/tools/flask/pros-and-cons/#point-{last.pk}"),
        ("Flask, pro: One file is enough (3.1)", f"/tools/flask/pros-and-cons/#point-{first.pk}"),
    ]
