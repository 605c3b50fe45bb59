"""Telling people of things, and what they have read of it."""

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import is_established
from apps.notifications.models import Channel, Kind, Notification, Preference
from apps.notifications.selectors import DEFAULTS

# Rows of one statement: some hundred kilobytes.
BATCH = 500


def notify(*, person: User, kind: Kind, actor: User | None, text: str, url: str) -> None:
    """Tell `person` that `actor` (nobody: the site) did something; `url` is the path to it.

    One row for each person, kind, actor and path, so that the same told again is nothing new. Nobody is told of
    their own deeds, of a kind that they switched off, or after they left. A worker mails it where it is wanted, but
    not what newcomers do: it would be an easy way to have mail sent to others.
    """
    notify_many(people=[person], kind=kind, actor=actor, text=text, url=url)


def notify_many(*, people: Iterable[User], kind: Kind, actor: User | None, text: str, url: str) -> None:
    """`notify` each of these people of the same thing. Three queries, and one for each `BATCH` of them."""
    there = {person.pk for person in people if person.is_active and not person.closed_at}
    there.discard(actor.pk if actor else None)
    if not there:
        return
    chosen = dict(Preference.objects.filter(person__in=there, kind=kind).values_list("person", "channel"))
    channels = {pk: chosen.get(pk, DEFAULTS[kind]) for pk in there}
    may_mail = Channel.MAIL in channels.values() and (actor is None or is_established(actor))
    notifications = [
        Notification(
            person_id=pk,
            kind=kind,
            actor=actor,
            # One line: it becomes a mail's subject. A name in it may be long.
            text=" ".join(text.split())[:300],
            url=url,
            is_mail_due=may_mail and channel == Channel.MAIL,
        )
        # In the order of people, so that two who tell many wait for each other in one direction only.
        for pk, channel in sorted(channels.items())
        if channel != Channel.OFF
    ]
    # Statements that two threads can run at once: the constraint decides who is first.
    Notification.objects.bulk_create(notifications, ignore_conflicts=True, batch_size=BATCH)


def forget_told(told: QuerySet[Notification]) -> None:
    """Take these away from whoever was told, read or not: what they tell of is gone. They are mailed no more."""
    told.delete()


def tell_of_follower(follower: User, person: User) -> None:
    """Tell `person` that `follower` follows them."""
    notify(
        person=person,
        kind=Kind.FOLLOWER,
        actor=follower,
        # Not the display name, which may say anything, in a subject of ours.
        text=f"@{follower.username} follows you",
        url=follower.get_absolute_url(),
    )


def mark_read(*, person: User, pk: int) -> Notification:
    """Note that `person` has read this notification of theirs; it is mailed no more. Raises `DoesNotExist`."""
    notification = Notification.objects.select_related("actor").get(pk=pk, person=person)
    if notification.read_at is None:
        notification.read_at = timezone.now()
        notification.is_mail_due = False
        notification.save(update_fields=["read_at", "is_mail_due"])
    return notification


def mark_all_read(*, person: User, up_to: int) -> None:
    """Note that `person` has read all up to the one with this id, the newest they saw; they are mailed no more."""
    unread = Notification.objects.filter(person=person, read_at=None, pk__lte=up_to)
    unread.update(read_at=timezone.now(), is_mail_due=False)
