"""Usernames: one each, and what somebody once had stays theirs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from apps.accounts.models import FormerUsername, User
from apps.core.locks import hold_lock

# Links and mentions shall go on meaning somebody; and nobody shall gather names.
MONTH = timedelta(days=30)

TAKEN = "This username is taken. Choose another one."

NameCheck = Callable[[str], bool]

_name_checks: dict[str, NameCheck] = {}


def register_name_check(name: str, is_taken: NameCheck) -> None:
    """Have names refused of which `is_taken` says that something else has them, in the same addresses as people.

    Who gives such a name to something holds it by `hold_name`, and asks `check_is_free`.
    """
    _name_checks[name] = is_taken


@contextmanager
def hold_name(name: str) -> Iterator[None]:
    """Wait for others who give this name to a person or to something else; until the transaction ends, nobody does."""
    with hold_lock(f"name {name.lower()}"):
        yield


def is_of_something_else(name: str) -> bool:
    """Whether something that is no person has the name."""
    return any(is_taken(name.lower()) for is_taken in _name_checks.values())


def check_is_free(username: str, *, person: User | None = None) -> None:
    """Raise `ValidationError` with words if the name is, or was, that of somebody other than `person`, or of a company.

    The order matters: a name that is given up between the two questions is found by the second.
    """
    people = User.objects.filter(username=username.lower()).exclude(pk=person and person.pk)
    if (
        people.exists()
        or former_names(username).exclude(person=person).exists()
        or is_of_something_else(username)
    ):
        raise ValidationError(TAKEN, code="taken")


def former_names(username: str) -> QuerySet[FormerUsername]:
    """The row that keeps this name, in whatever case, if somebody had it."""
    return FormerUsername.objects.alias(_lower=Lower("username")).filter(_lower=username.lower())


def check_may_change(person: User) -> None:
    """Raise `ValidationError` that says from when on the person may change their name again, unless they may now."""
    last = person.former_usernames.order_by("-given_up_at").values_list("given_up_at", flat=True).first()
    if last and last > timezone.now() - MONTH:
        raise ValidationError(
            f"You can change your username once in 30 days: again on {last + MONTH:%-d %B %Y}.",
            code="too_soon",
        )


def change_username(*, person: User, username: str, by_moderator: bool = False) -> None:
    """Give `person` another name; the old one goes on leading to them. The name they have already is no change.

    Raises `ValidationError` with words if the name breaks the rules, is somebody else's, or the last change was less
    than 30 days ago, which does not hold moderators up.
    """
    try:
        with transaction.atomic():
            # The whole row: rows of others refer to a person by unique columns, of which this is one.
            locked = User.objects.select_for_update().get(pk=person.pk)
            if locked.username != username:
                User._meta.get_field("username").clean(username, locked)
                if not by_moderator:
                    check_may_change(locked)
                with hold_name(username):
                    check_is_free(username, person=locked)
                    keep_former(person=locked, username=locked.username, taken=username)
                    locked.username = username
                    locked.save(update_fields=["username"])
    except IntegrityError as error:
        raise ValidationError(TAKEN, code="taken") from error
    person.username = locked.username


def keep_former(*, person: User, username: str, taken: str) -> None:
    """Keep that `username` was the person's, who has taken the name `taken`, which may be one of their former ones."""
    person.former_usernames.filter(username=taken).delete()
    person.former_usernames.create(username=username)
