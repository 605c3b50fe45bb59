"""What a person wants to be told of, and by which way."""

from allauth.account.models import EmailAddress
from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.notifications.models import Channel, Kind, Notification, Preference

# Nobody cares how many more than this are unread, and every page of theirs would count them.
MOST_COUNTED = 99

# By mail: what happens seldom and one wants to hear of even while away from the site.
# On the site only: what happens often, and is pleasant but never urgent.
DEFAULTS: dict[Kind, Channel] = {
    Kind.REPLY: Channel.MAIL,
    Kind.ACCEPTED: Channel.MAIL,
    Kind.MENTION: Channel.MAIL,
    Kind.ADVICE: Channel.SITE,
    Kind.OUTCOME: Channel.MAIL,
    Kind.FOLLOWER: Channel.MAIL,
    Kind.POINT_VOTE: Channel.SITE,
    Kind.STACK: Channel.SITE,
}


def channels_of(person: User) -> dict[Kind, Channel]:
    """How `person` is told of each kind of thing. One query."""
    chosen = dict(Preference.objects.filter(person=person).values_list("kind", "channel"))
    return {kind: Channel(chosen.get(kind, DEFAULTS[kind])) for kind in Kind}


def told(person: User) -> QuerySet[Notification]:
    """What `person` was told, but not of people who were locked out or left since: nobody sees anything of them."""
    return Notification.objects.filter(Q(actor=None) | Q(actor__is_active=True), person=person)


def unread_count(person: User) -> int:
    """How many notifications `person` has not read yet, counted to one above `MOST_COUNTED`. One query."""
    return told(person).filter(read_at=None)[: MOST_COUNTED + 1].count()


def mail_address(person: User) -> str:
    """Where `person` wants mail: their primary address, if they verified it and are still here; else nothing."""
    if not person.is_active or person.closed_at:
        return ""
    found = EmailAddress.objects.filter(user=person, primary=True, verified=True).first()
    return str(found.email) if found else ""
