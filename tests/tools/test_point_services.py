"""Adding, editing and removing pros and cons, with their checks under the lock."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connections
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import PROBATION
from apps.tools import permissions
from apps.tools.models import Point, PointAnswer, Tool
from apps.tools.points import EDIT_WINDOW, FIRST_DAY_POINTS, MAX_POINTS_EACH
from apps.tools.services import points as services
from apps.tools.services.points import (
    EqualPointError,
    TooManyPointsError,
    add_point,
    edit_point,
    remove_point,
)
from tests.factories.accounts import UserFactory
from tests.factories.tools import PointAnswerFactory, PointFactory, ToolFactory
from tests.factories.votes import make_newcomer


def say(author: User, tool: Tool, text: str = "One file is enough", kind: str = "pro") -> Point:
    return add_point(author=author, tool=tool, kind=kind, text=text, about="3.1")


@pytest.fixture
def flask(db: None) -> Tool:
    tool: Tool = ToolFactory(name="Flask")
    return tool


@pytest.fixture
def listener() -> Iterator[list[Point]]:
    told: list[Point] = []
    services.register_removal_listener(told.append)
    yield told
    services._listeners.remove(told.append)


def grow_old(point: Point, age: timedelta) -> None:
    Point.objects.filter(pk=point.pk).update(created_at=timezone.now() - age)
    point.refresh_from_db()


def test_added_point_is_its_authors(alice: User, flask: Tool) -> None:
    point = Point.objects.get(pk=say(alice, flask, "One FILE, is enough").pk)

    assert (point.author, point.origin, point.kind, point.about) == (alice, "person", "pro", "3.1")
    assert (point.text, point.folded) == ("One FILE, is enough", "one file is enough")
    assert (point.up_count, point.down_count, point.rank, point.edited_at) == (0, 0, 0, None)


def test_added_point_stands_after_those_of_the_catalogue(alice: User, flask: Tool) -> None:
    mine = say(alice, flask)
    theirs = PointFactory(tool=flask, position=9)

    assert list(flask.points.all()) == [theirs, mine]


def test_adding_needs_a_verified_address(flask: Tool) -> None:
    with pytest.raises(PermissionDenied):
        say(UserFactory(verified=False), flask)

    assert not Point.objects.exists()


def test_equal_point_is_refused_with_the_one_that_is_there(alice: User, mallory: User, flask: Tool) -> None:
    first = say(alice, flask, "One file is enough")

    with pytest.raises(EqualPointError) as error:
        say(mallory, flask, "one FILE – is enough!")

    assert error.value.point == first
    assert Point.objects.count() == 1


def test_equal_point_of_the_other_kind_or_tool_is_taken(alice: User, flask: Tool) -> None:
    say(alice, flask)
    say(alice, flask, kind="con")
    say(alice, ToolFactory())

    assert Point.objects.count() == 3


def test_person_adds_at_most_five_of_each_kind_to_a_tool(alice: User, mallory: User, flask: Tool) -> None:
    for at in range(MAX_POINTS_EACH):
        say(alice, flask, f"Statement number {at}")

    with pytest.raises(TooManyPointsError):
        say(alice, flask, "One more statement")

    say(alice, flask, "One more statement", kind="con")
    say(alice, ToolFactory(), "One more statement")
    say(mallory, flask, "One more statement")
    assert flask.points.filter(author=alice, kind="pro").count() == MAX_POINTS_EACH == 5


def test_newcomer_writes_ten_on_all_tools_together(flask: Tool) -> None:
    author = make_newcomer()
    PointFactory.create_batch(FIRST_DAY_POINTS - 1, author=author)
    say(author, flask)

    with pytest.raises(TooManyPointsError, match="On its first day an account can write 10 pros and cons"):
        say(author, ToolFactory())
    author.date_joined -= PROBATION
    author.save()
    say(author, ToolFactory())

    assert Point.objects.filter(author=author).count() == FIRST_DAY_POINTS + 1


@pytest.mark.django_db(transaction=True)
def test_limit_of_newcomers_holds_on_many_tools_at_once() -> None:
    author = make_newcomer()
    PointFactory.create_batch(FIRST_DAY_POINTS - 2, author=author)

    def add(tool: Tool) -> bool:
        try:
            say(author, tool)
        except TooManyPointsError:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(add, ToolFactory.create_batch(6)))

    assert (sum(taken), Point.objects.count()) == (2, FIRST_DAY_POINTS)


@pytest.mark.django_db(transaction=True)
def test_limit_holds_when_one_adds_many_at_once() -> None:
    author, tool = UserFactory(), ToolFactory()

    def add(at: int) -> bool:
        try:
            say(author, tool, f"Statement number {at}")
        except TooManyPointsError:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(add, range(16)))

    assert sum(taken) == Point.objects.count() == MAX_POINTS_EACH


@pytest.mark.django_db(transaction=True)
def test_equal_points_added_at_once_become_one() -> None:
    authors, tool = UserFactory.create_batch(8), ToolFactory()

    def add(author: User) -> bool:
        try:
            say(author, tool)
        except EqualPointError:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(add, authors))

    assert sum(taken) == Point.objects.count() == 1


def test_author_edits_a_fresh_point(alice: User, flask: Tool) -> None:
    point = say(alice, flask)

    edit_point(editor=alice, point=point, text="Two FILES are enough", about="3.2")

    point.refresh_from_db()
    assert (point.text, point.folded, point.about) == ("Two FILES are enough", "two files are enough", "3.2")
    assert point.edited_at is not None


def test_edit_that_changes_nothing_is_no_edit(alice: User, flask: Tool) -> None:
    point = say(alice, flask)

    edit_point(editor=alice, point=point, text=point.text, about=point.about)

    point.refresh_from_db()
    assert point.edited_at is None


def test_edit_keeps_what_others_voted_meanwhile(alice: User, flask: Tool) -> None:
    point = say(alice, flask)
    Point.objects.update(up_count=3)

    edit_point(editor=alice, point=point, text="ONE file is enough", about="3.2")

    point.refresh_from_db()
    assert point.up_count == 3


def test_point_can_be_edited_for_fifteen_minutes(alice: User, flask: Tool) -> None:
    point = say(alice, flask)

    grow_old(point, EDIT_WINDOW - timedelta(seconds=30))
    assert permissions.may_edit(alice, point)
    edit_point(editor=alice, point=point, text="Two files are enough", about="3.1")

    grow_old(point, timedelta(minutes=15))
    assert not permissions.may_edit(alice, point)
    with pytest.raises(PermissionDenied, match="for 15 minutes"):
        edit_point(editor=alice, point=point, text="Three files are enough", about="3.1")
    point.refresh_from_db()
    assert point.text == "Two files are enough"


def test_edit_to_what_stands_there_is_refused(alice: User, flask: Tool) -> None:
    first = PointFactory(tool=flask, text="One file is enough")
    point = say(alice, flask, "Two files are enough")

    with pytest.raises(EqualPointError) as error:
        edit_point(editor=alice, point=point, text="ONE file is enough", about="3.1")

    assert error.value.point == first


def test_edit_of_what_is_gone_is_an_error(alice: User, flask: Tool) -> None:
    point = say(alice, flask)
    Point.objects.all().delete()

    with pytest.raises(Point.DoesNotExist):
        edit_point(editor=alice, point=point, text="Two files are enough", about="3.1")


@pytest.mark.parametrize("has_author", [True, False])
def test_nobody_edits_or_removes_what_others_wrote(mallory: User, flask: Tool, has_author: bool) -> None:
    point = PointFactory(tool=flask, author=UserFactory() if has_author else None)

    with pytest.raises(PermissionDenied, match="Only its author"):
        edit_point(editor=mallory, point=point, text="Two files are enough", about="3.1")
    with pytest.raises(PermissionDenied, match="Only its author"):
        remove_point(remover=mallory, point=point)

    assert Point.objects.filter(pk=point.pk, text=point.text).exists()


def test_author_removes_a_point_with_all_that_hangs_on_it(
    alice: User, flask: Tool, listener: list[Point]
) -> None:
    point = say(alice, flask)
    PointAnswerFactory(point=point)
    grow_old(point, timedelta(days=900))

    remove_point(remover=alice, point=point)
    remove_point(remover=alice, point=point)

    assert not Point.objects.exists()
    assert not PointAnswer.objects.exists()
    assert [(gone.author_id, gone.tool_id) for gone in listener] == [(alice.pk, flask.pk)]


@pytest.mark.parametrize("act", [edit_point, remove_point])
def test_account_that_is_closed_changes_nothing(flask: Tool, act: Callable[..., Any]) -> None:
    author = UserFactory()
    point = say(author, flask)
    author.is_active = False
    values = (
        {"editor": author, "text": "Two files", "about": "2"} if act is edit_point else {"remover": author}
    )

    with pytest.raises(PermissionDenied):
        act(point=point, **values)

    assert Point.objects.filter(text="One file is enough").exists()
