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


@pytest.mark.parametrize(("limit", "shown"), [(2, 4), (9, 6)])
def test_points_are_cut_to_what_a_page_shows(limit: int, shown: int) -> None:
    tool = ToolFactory()
    PointFactory.create_batch(3, tool=tool)
    PointFactory.create_batch(3, tool=tool, kind="con")

    points = selectors.points_of([tool], limit=limit)[tool.pk]

    assert (len(points.shown), points.total, points.is_cut) == (shown, 6, shown < 6)
    assert [(group.kind, group.count) for group in points.groups] == [("pro", 3), ("con", 3)]


def test_answers_are_the_readers_own(alice: User, count_queries: Callable[..., Any]) -> None:
    yes, no, none = PointFactory.create_batch(3)
    PointAnswerFactory(point=yes, person=alice, is_true=True)
    PointAnswerFactory(point=no, person=alice, is_true=False, is_counted=False)
    PointAnswerFactory(point=none)

    with count_queries(at_most=1):
        assert selectors.answers_of(alice, [yes, no, none]) == {
            yes.pk: (True, True),
            no.pk: (False, False),
        }


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
        ("Flask, con: No ORM comes with it (2026)", f"/tools/points/{last.pk}/"),
        ("Flask, pro: One file is enough (3.1)", f"/tools/points/{first.pk}/"),
    ]


def test_best_of_many_points_are_read_and_all_are_counted(
    monkeypatch: pytest.MonkeyPatch, count_queries: Callable[..., Any]
) -> None:
    monkeypatch.setattr(selectors, "READ_POINTS", 3)
    many, few = ToolFactory(), ToolFactory()
    best = [PointFactory(tool=many, up_count=votes, about="2001") for votes in (9, 8)]
    third = PointFactory(tool=many, up_count=7)
    PointFactory.create_batch(4, tool=many)
    con = PointFactory(tool=few, kind="con")

    with count_queries(at_most=1):
        found = selectors.points_of([many, few])

    assert found[many.pk].pros == [third, *best]
    assert (found[many.pk].pro_count, found[many.pk].con_count, found[many.pk].total) == (7, 0, 7)
    assert found[many.pk].is_cut
    assert (found[few.pk].pros, found[few.pk].cons, found[few.pk].total) == ([], [con], 1)


def test_pages_hold_each_point_once_and_say_how_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "POINTS_PAGE", 3)
    tool = ToolFactory()
    points = [PointFactory(tool=tool, up_count=at % 3, position=at % 2) for at in range(8)]
    con = PointFactory(tool=tool, kind="con")
    PointFactory(text=points[0].text)

    pages = [selectors.points_page(tool, number) for number in (1, 2, 3, 4)]

    assert [len(page.pros) for page in pages] == [3, 3, 2, 0]
    assert [point for page in pages for point in page.pros] == list(tool.points.filter(kind="pro"))
    assert [page.cons for page in pages] == [[con], [], [], []]
    assert {(page.pro_count, page.con_count) for page in pages} == {(8, 1)}
    for number, page in enumerate(pages, start=1):
        assert {selectors.page_of(point) for point in page.pros} <= {number}


def test_best_points_only_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "COMPARED_POINTS", 1)
    tool = ToolFactory()
    liked = PointFactory(tool=tool, text="A working application is one file", up_count=5)
    PointFactory(tool=tool, text="One file is a working application too")

    assert selectors.similar_points(tool, "pro", "One file is a working application") == [liked]
