"""Following people."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F

from apps.accounts.models import PersonFollow, User
from apps.accounts.permissions import check_takes_part

Listener = Callable[[User, User], None]

_listeners: list[Listener] = []


def register_listener(callback: Listener) -> None:
    """Have `callback(follower, person)` called, within the transaction, whenever somebody begins to follow a person."""
    if callback not in _listeners:
        _listeners.append(callback)


@transaction.atomic
def follow_person(*, follower: User, person: User) -> User:
    """Have `follower` follow `person`; answers `person` with the new count. Doing so twice is harmless.

    Raises `User.DoesNotExist` for people whom nobody sees: closed, locked out, not verified; `PermissionDenied` with
    words for a follower who may not, and for those who would follow themselves.
    """
    check_takes_part(follower)
    if follower.pk == person.pk:
        raise PermissionDenied("Nobody follows themselves.")
    locked: User = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    User.objects.shown().get(pk=person.pk)
    _, is_new = PersonFollow.objects.get_or_create(follower=follower, person=locked)
    if is_new:
        _count(locked, 1)
        for tell in _listeners:
            tell(follower, locked)
    return locked


@transaction.atomic
def unfollow_person(*, follower: User, person: User) -> User:
    """Have `follower` no longer follow `person`; answers `person` with the new count. Doing so twice is harmless.

    Raises `User.DoesNotExist` if `person` is gone.
    """
    locked: User = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    removed, _ = PersonFollow.objects.filter(follower=follower, person=locked).delete()
    if removed:
        _count(locked, -1)
    return locked


def _count(person: User, change: int) -> None:
    User.objects.filter(pk=person.pk).update(follower_count=F("follower_count") + change)
    person.follower_count += change
