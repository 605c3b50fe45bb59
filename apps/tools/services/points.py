"""Pros and cons by people: adding, editing, removing, and answers to "Still true?"."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import check_takes_part, established_people, is_established
from apps.core.folding import fold
from apps.tools.models import Point, PointAnswer, Tool
from apps.tools.permissions import check_answers, check_edits, check_removes
from apps.tools.points import FIRST_DAY_ANSWERS, FIRST_DAY_POINTS, MAX_POINTS_EACH

# Where nobody voted yet, those of the catalogue come first: somebody chose their order.
POSITION_OF_PEOPLE = 1000
# Points whose answers are counted in one run: some seconds' work. The next run goes on.
BATCH = 2000


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
    """The person has said as much as one may; in words for them."""


@transaction.atomic
def add_point(*, author: User, tool: Tool, kind: str, text: str, about: str) -> Point:
    """`author` states a pro or con ("pro", "con") of `tool`; the words are those of a valid `PointForm`.

    Raises `EqualPointError`, `TooManyPointsError`, `PermissionDenied`.
    """
    check_takes_part(author)
    _lock_tool(tool.pk)
    _refuse_equal(tool.pk, kind, text)
    if Point.objects.filter(tool=tool, author=author, kind=kind).count() >= MAX_POINTS_EACH:
        raise TooManyPointsError(
            f"You have written {MAX_POINTS_EACH} of them on {tool.name}, which is as many as one may."
            " Remove one first, or vote for what others wrote."
        )
    if not is_established(author):
        _lock_person(author)
        if Point.objects.filter(author=author).count() >= FIRST_DAY_POINTS:
            raise TooManyPointsError(
                f"On its first day an account can write {FIRST_DAY_POINTS} pros and cons. Go on with it tomorrow."
            )
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

    An answer of an account that is not established waits until it is (`count_pending_answers`).
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
    if is_true is None:
        PointAnswer.objects.filter(point=row, person=person).delete()
    elif answer is None:
        is_counted = is_established(person)
        if not is_counted:
            _check_first_day(person)
        PointAnswer.objects.create(point=row, person=person, is_true=is_true, is_counted=is_counted)
    elif answer.is_true != is_true or not answer.is_counted:
        answer.is_true, answer.is_counted = is_true, answer.is_counted or is_established(person)
        answer.save(update_fields=["is_true", "is_counted", "answered_at"])
    _count_answers(row)
    return row


def _check_first_day(person: User) -> None:
    """Raise `PermissionDenied` if a newcomer has given all the answers they may."""
    _lock_person(person)
    if PointAnswer.objects.filter(person=person).count() >= FIRST_DAY_ANSWERS:
        raise PermissionDenied(
            f"On its first day an account can answer {FIRST_DAY_ANSWERS} times. Go on with it tomorrow."
        )


def count_pending_answers() -> int:
    """Count the waiting answers of people who are established by now; answers how many.

    One point at a time, under its lock, so that it may run twice at once and be killed at any time. A point that
    is locked at the moment is left for the next run.
    """
    points = _due_answers().order_by("point").values_list("point", flat=True).distinct()[:BATCH]
    return sum(_count_due(pk) for pk in list(points))


@transaction.atomic
def _count_due(pk: int) -> int:
    point = Point.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=pk).first()
    if point is None:
        return 0
    # Looked up again under the lock: one may have been taken back, or counted by another worker.
    due = list(_due_answers().filter(point=point).values_list("pk", flat=True))
    PointAnswer.objects.filter(pk__in=due).update(is_counted=True)
    _count_answers(point)
    return len(due)


def _due_answers() -> QuerySet[PointAnswer]:
    return PointAnswer.objects.filter(is_counted=False, person__in=established_people())


def _count_answers(point: Point) -> None:
    """Bring the counters of a locked point in line with the answers that count."""
    counts = PointAnswer.objects.filter(point=point, is_counted=True).aggregate(
        true_count=Count("id", filter=Q(is_true=True)), outdated_count=Count("id", filter=Q(is_true=False))
    )
    point.true_count, point.outdated_count = counts["true_count"], counts["outdated_count"]
    point.save(update_fields=["true_count", "outdated_count"])


def _lock_person(person: User) -> None:
    """What a newcomer writes at once is counted one after the other. After the lock of what it is about."""
    User.objects.select_for_update(no_key=True).only("pk").get(pk=person.pk)


def _lock_tool(pk: int) -> None:
    """Points of one tool are checked and written one after the other; its votes and follows wait that long too."""
    Tool.objects.select_for_update(no_key=True).only("pk").get(pk=pk)


def _refuse_equal(tool_id: int, kind: str, text: str, *, but: int = 0) -> None:
    equal = Point.objects.filter(tool=tool_id, kind=kind, folded=fold(text)).exclude(pk=but).first()
    if equal:
        raise EqualPointError(equal)
