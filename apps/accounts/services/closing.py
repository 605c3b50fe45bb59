"""Closing an account: at once nobody sees or uses it; a worker takes away all that is personal, and the row last.

What the person said stays, without a name: foreign keys of it are set to null by the deletion.
"""

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import CASCADE, ManyToOneRel, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.services.follows import unfollow_person
from apps.accounts.services.personal import take_away_all, tell_of_standing
from apps.accounts.services.sessions import end_access
from apps.core.mail import post_mail

logger = logging.getLogger(__name__)

# A request that had begun before the account was closed may still vote or follow; by then it has ended.
GRACE = timedelta(minutes=1)
# Taken apart in one go, so that a run stays below a task's time limit.
BATCH = 10


def check_may_close(person: User) -> None:
    """Raise `PermissionDenied` with words for those whose rights must be taken first."""
    if person.is_staff or person.is_superuser:
        raise PermissionDenied(
            "You are a moderator. Have another one take your rights first, then close the account."
        )


@transaction.atomic
def close_account(*, person: User) -> None:
    """Close the account of `person`: from now on nobody sees it or signs in to it, and a worker takes it apart.

    Raises `PermissionDenied` for moderators. Doing so twice is harmless.
    """
    locked = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    check_may_close(locked)
    if locked.closed_at is None:
        locked.is_active = False
        locked.closed_at = timezone.now()
        locked.save(update_fields=["is_active", "closed_at"])
        tell_of_standing(locked)
    forget_in_admin_log(locked)
    locked.exports.all().delete()
    end_access(person=locked)


def finish_closing() -> int:
    """Take apart the accounts that were closed; answers how many are gone. May be killed anywhere and run again."""
    # By chance, so that many that fail hold up no other.
    closed = User.objects.filter(closed_at__lt=timezone.now() - GRACE).order_by("?")[:BATCH]
    count = 0
    for person in closed:
        try:
            take_away_all(person)
            count += _delete(person.pk)
        except Exception:
            # Of whatever kind, in whichever app: the others shall be gone, and this one is tried again.
            logger.exception("The account of person %s could not be taken apart.", person.pk)
    return count


@transaction.atomic
def _delete(pk: int) -> bool:
    """Delete the row, and with it all rows of the person; whether this worker did."""
    person = User.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
    if person is None:
        return False
    if person.email:
        body = (
            f"Hello {person.get_full_name()},\n\n"
            f"Your account @{person.username} on {settings.PRODUCT_NAME} is closed and all that was personal is "
            "deleted. What you wrote for others stays, without your name.\n\n"
            "This is the last mail to this address. Thank you for having been here.\n"
        )
        post_mail(to=[person.email], subject=f"Your account on {settings.PRODUCT_NAME} is closed", body=body)
    person.delete()
    return True


# --- What this app takes away --------------------------------------------------------------------


def stop_following(person: User) -> None:
    """Take the person off the followers of others, one by one, so that each count is right at any time."""
    for row in person.follows.select_related("person").order_by("pk"):
        unfollow_person(follower=person, person=row.person)


def forget_in_admin_log(person: User) -> None:
    """Take the person's name, addresses and so on out of what moderators did with the account and what goes with it.

    What stays without a name, such as a pro or con, is no longer personal. Called before those rows go: afterwards
    nothing says whose they were.
    """
    in_log = set(LogEntry.objects.order_by().values_list("content_type", flat=True).distinct())
    _blank(User.objects.filter(pk=person.pk), in_log)
    for relation in User._meta.get_fields(include_hidden=True):
        if isinstance(relation, ManyToOneRel) and relation.on_delete is CASCADE:
            _blank(relation.related_model._base_manager.filter(**{relation.field.name: person}), in_log)


def _blank(rows: QuerySet[Any], in_log: set[int]) -> None:
    """Take what moderators' log says of these rows out of it; for kinds that it does not have nothing is asked."""
    kind = ContentType.objects.get_for_model(rows.model)
    if rows.model._meta.auto_created or kind.pk not in in_log:
        return
    ids = rows.order_by().annotate(_id=Cast("pk", TextField())).values("_id")
    LogEntry.objects.filter(content_type=kind, object_id__in=ids).update(
        object_repr="a closed account", change_message=""
    )
