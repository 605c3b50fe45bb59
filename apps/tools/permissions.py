"""Who may do what with a pro or con. Functions that raise `PermissionDenied` with words for the person."""

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from apps.accounts.models import User
from apps.tools.models import Point
from apps.tools.points import EDIT_WINDOW


def may_remove(person: User | AnonymousUser, point: Point) -> bool:
    """Authors take back what they said, at any time."""
    return point.author_id is not None and point.author_id == person.pk


def check_removes(person: User | AnonymousUser, point: Point) -> None:
    if not may_remove(person, point):
        raise PermissionDenied("Only its author can do that.")


def may_edit(person: User | AnonymousUser, point: Point) -> bool:
    """Authors mend it while it is fresh."""
    return may_remove(person, point) and timezone.now() - point.created_at < EDIT_WINDOW


def check_edits(person: User | AnonymousUser, point: Point) -> None:
    check_removes(person, point)
    if not may_edit(person, point):
        minutes = int(EDIT_WINDOW.total_seconds() // 60)
        raise PermissionDenied(
            f"It can be edited for {minutes} minutes after it was written. Remove it and write a new one instead."
        )


def may_answer(person: User | AnonymousUser, point: Point) -> bool:
    """Anybody but its author says whether it is still true."""
    return not may_remove(person, point)


def check_answers(person: User | AnonymousUser, point: Point) -> None:
    if not may_answer(person, point):
        raise PermissionDenied("You wrote this yourself. If it is no longer true, remove it.")
