"""Accounts whose owner never showed that the address is theirs: they stand in nobody's way."""

import logging
import secrets
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Exists, ManyToOneRel, OuterRef, Q, QuerySet
from django.utils import timezone

from apps.accounts.models import User

logger = logging.getLogger(__name__)

# Long enough to look for the mail after a holiday week, short enough that the name is free again soon.
UNVERIFIED_DAYS = 7
# Whose rows about a person are part of the account; a row of any other app is something that the person made.
ACCOUNT_APPS = frozenset(
    {"account", "accounts", "auth", "mfa", "notifications", "socialaccount", "usersessions"}
)


def never_verified() -> QuerySet[User]:
    """The accounts that never verified an address, never signed in and made nothing; never those of staff."""
    people: QuerySet[User] = User.objects.filter(last_login=None, is_staff=False, is_superuser=False)
    people = people.exclude(Exists(EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)))
    for relation in User._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ManyToOneRel) or relation.related_model._meta.app_label in ACCOUNT_APPS:
            continue
        rows = relation.related_model._default_manager.filter(**{relation.field.name: OuterRef("pk")})
        people = people.exclude(Exists(rows))
    return people


def pending(email: str) -> QuerySet[User]:
    """The accounts that hold this address and never verified it."""
    return never_verified().filter(pk__in=_holders(email))


def is_taken(email: str) -> bool:
    """Whether the address is that of an account which stays: one that is verified, of staff, or made something."""
    return _holders(email).exclude(pk__in=never_verified()).exists()


@transaction.atomic
def make_room(*, email: str, username: str) -> None:
    """Let somebody sign up with an address that others never verified, and with the name that one of them took.

    They stay, so that nobody can end the sign-up of another by typing an address: whoever has a code for it first
    has it, and `give_way` deletes the others. The name goes to the last, and that of the other gets an ending.
    """
    for pk in pending(email).order_by("pk").values_list("pk", flat=True):
        holder = _locked(pk)
        if holder is None:
            continue
        # Unique among all people. The address stands in a row of its own, too, from which allauth takes it when it is
        # verified.
        EmailAddress.objects.get_or_create(user=holder, email=email)
        holder.email = ""
        if holder.username == username:
            holder.username = f"{username[:21].rstrip('-_')}-{secrets.token_hex(4)}"
        holder.save(update_fields=["email", "username"])


def give_way(*, email: str, keep: User) -> None:
    """Delete the accounts but `keep`, whose owner is here, that hold this address and never verified it."""
    for pk in pending(email).exclude(pk=keep.pk).order_by("pk").values_list("pk", flat=True):
        if _forget(pk):
            logger.info("Account %s never verified its address and gives way.", pk)


def forget_unverified() -> int:
    """Delete the accounts that were never verified in `UNVERIFIED_DAYS`; answers how many."""
    before = timezone.now() - timedelta(days=UNVERIFIED_DAYS)
    old = never_verified().filter(date_joined__lt=before).values_list("pk", flat=True)
    # One by one, so that each holds its locks for a moment only.
    return sum(_forget(pk) for pk in list(old))


def _holders(email: str) -> QuerySet[User]:
    holders: QuerySet[User] = User.objects.filter(
        Q(email__iexact=email) | Q(pk__in=EmailAddress.objects.filter(email__iexact=email).values("user"))
    )
    return holders


@transaction.atomic
def _forget(pk: int) -> bool:
    """Delete the account, unless its owner has come since it was listed; whether it is gone."""
    person = _locked(pk)
    if person is None:
        return False
    person.delete()
    return True


def _locked(pk: int) -> User | None:
    """The account, locked, unless its owner has come since it was listed."""
    # Who verifies writes on the address, and who signs in or makes something needs the row: they wait, or we do.
    User.objects.select_for_update().filter(pk=pk).first()
    list(EmailAddress.objects.select_for_update().filter(user=pk))
    return never_verified().filter(pk=pk).first()
