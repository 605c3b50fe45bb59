"""How people want to be told of things."""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.notifications.models import Channel, Digest, Kind, Notification, Preference


@transaction.atomic
def choose_channels(*, person: User, channels: Mapping[Kind, Channel]) -> None:
    """Keep how `person` wants to be told of these kinds. What waits to be mailed and shall not be is not mailed."""
    Preference.objects.bulk_create(
        [Preference(person=person, kind=kind, channel=channel) for kind, channel in sorted(channels.items())],
        update_conflicts=True,
        unique_fields=["person", "kind"],
        update_fields=["channel"],
    )
    unmailed = [kind for kind, channel in channels.items() if channel != Channel.MAIL]
    waiting = Notification.objects.filter(person=person, kind__in=unmailed, is_mail_due=True)
    waiting.update(is_mail_due=False)


def choose_digest(*, person: User, wanted: bool) -> None:
    """Switch the weekly mail on or off; the first one goes out in a week."""
    if wanted:
        Digest.objects.get_or_create(person=person, defaults={"since": timezone.now()})
    else:
        Digest.objects.filter(person=person).delete()
