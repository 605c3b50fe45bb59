"""Accounts whose owner never showed that the address is theirs: they stand in nobody's way."""

import logging
from datetime import timedelta

from allauth.account.models import EmailAddress
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


def give_way(*, email: str, keep: User | None = None) -> None:
    """Delete the accounts but `keep` that hold this address and never verified it: its owner is here."""
    holders = never_verified().filter(Q(email__iexact=email) | Q(emailaddress__email__iexact=email))
    if keep is not None:
        holders = holders.exclude(pk=keep.pk)
    for holder in holders.distinct():
        logger.info("Account %s never verified its address and gives way.", holder.pk)
        holder.delete()


def forget_unverified() -> int:
    """Delete the accounts that were never verified in `UNVERIFIED_DAYS`; answers how many."""
    before = timezone.now() - timedelta(days=UNVERIFIED_DAYS)
    forgotten = 0
    # One by one, so that each holds its locks for a moment only.
    for person in never_verified().filter(date_joined__lt=before).iterator():
        person.delete()
        forgotten += 1
    return forgotten
