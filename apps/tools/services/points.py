"""Pros and cons by people: adding, editing, removing, and answers to "Still true?"."""

from collections.abc import Callable

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import check_takes_part
from apps.core.folding import fold
from apps.tools.models import Point, PointAnswer, Tool
from apps.tools.permissions import check_answers, check_edits, check_removes
from apps.tools.points import MAX_POINTS_EACH

# Where nobody voted yet, those of the catalogue come first: somebody chose their order.
POSITION_OF_PEOPLE = 1000


Listener = Callable[[Point], None]

_listeners: list[Listener] = []


def register_removal_listener(callback: Listener) -> None:
    """Have `callback(point)` called, within the transaction, once a pro or con was removed."""
    if callback not in _listeners:
        _listeners.append(callback)


def tell_removed(point: Point) -> None:
    """Tell those who registered that `point` was removed. In the transaction that did."""
    for tell in _listeners:
        tell(point)


class EqualPointError(Exception):
    """The tool has this statement already: `point`."""

    def __init__(self, point: Point) -> None:
        super().__init__(point.text)
        self.point = point


class TooManyPointsError(Exception):
    """The person has said as much of this tool as one may."""


@transaction.atomic
def add_point(*, author: User, tool: Tool, kind: str, text: str, about: str) -> Point:
    """`author` states a pro or con ("pro", "con") of `tool`; the words are those of a valid `PointForm`.

    Raises `EqualPointError`, `TooManyPointsError`, `PermissionDenied`.
    """
    check_takes_part(author)
    _lock_tool(tool.pk)
    _refuse_equal(tool.pk, kind, text)
    if Point.objects.filter(tool=tool, author=author, kind=kind).count() >= MAX_POINTS_EACH:
        raise TooManyPointsError
    return Point.objects.create(
        tool=tool, author=author, kind=kind, text=text, about=about, position=POSITION_OF_PEOPLE
    )


@transaction.atomic
def edit_point(*, editor: User, point: Point, text: str, about: str) -> Point:
    """Give `point` other words, of a valid `PointForm`, while it is fresh.

    Raises `EqualPointError`, `PermissionDenied`, `Point.DoesNotExist`.
    """
    check_takes_part(editor)
    _lock_tool(point.tool_id)
    row = Point.objects.select_for_update(no_key=True).get(pk=point.pk)
    check_edits(editor, row)
    _refuse_equal(row.tool_id, row.kind, text, but=row.pk)
    if (row.text, row.about) != (text, about):
        row.text, row.about, row.edited_at = text, about, timezone.now()
        row.save(update_fields=["text", "folded", "about", "edited_at"])
    return row


@transaction.atomic
def remove_point(*, remover: User, point: Point) -> None:
    """Take `point` away with its votes and answers; one that is gone already is success. Raises `PermissionDenied`."""
    check_takes_part(remover)
    row = Point.objects.select_for_update().filter(pk=point.pk).first()
    if row:
        check_removes(remover, row)
        row.delete()
        tell_removed(row)


def answer_point(*, person: User, point: Point, is_true: bool | None) -> Point:
    """`person` says that `point` is still true, or no longer; None takes that back. Answers the point as it is now.

    Raises `PermissionDenied`, `Point.DoesNotExist`.
    """
    check_takes_part(person)
    check_answers(person, point)
    return _set_answer(person, point, is_true)


def take_back_answers(*, person: User) -> None:
    """Take back all that `person` answered, whose account is being closed."""
    for answer in PointAnswer.objects.filter(person=person).select_related("point"):
        _set_answer(person, answer.point, None)


@transaction.atomic
def _set_answer(person: User, point: Point, is_true: bool | None) -> Point:
    row = Point.objects.select_for_update(no_key=True).get(pk=point.pk)
    answer = PointAnswer.objects.filter(point=row, person=person).first()
    before = answer.is_true if answer else None
    if before == is_true:
        return row
    if is_true is None:
        PointAnswer.objects.filter(point=row, person=person).delete()
    else:
        PointAnswer.objects.update_or_create(point=row, person=person, defaults={"is_true": is_true})
    trues = (is_true is True) - (before is True)
    outdated = (is_true is False) - (before is False)
    Point.objects.filter(pk=row.pk).update(
        true_count=F("true_count") + trues, outdated_count=F("outdated_count") + outdated
    )
    row.true_count += trues
    row.outdated_count += outdated
    return row


def _lock_tool(pk: int) -> None:
    """Points of one tool are checked and written one after the other; its votes and follows wait that long too."""
    Tool.objects.select_for_update(no_key=True).only("pk").get(pk=pk)


def _refuse_equal(tool_id: int, kind: str, text: str, *, but: int = 0) -> None:
    equal = Point.objects.filter(tool=tool_id, kind=kind, folded=fold(text)).exclude(pk=but).first()
    if equal:
        raise EqualPointError(equal)
