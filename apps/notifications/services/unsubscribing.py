"""Switching mails off by a link in them, without signing in."""

from dataclasses import dataclass

from django.core.signing import BadSignature, Signer
from django.urls import reverse

from apps.accounts.models import User
from apps.core.mail import mail_link
from apps.notifications.models import Channel, Kind
from apps.notifications.selectors import channels_of
from apps.notifications.services.preferences import choose_channels, choose_digest

# What a link can switch off beside one kind of notification.
DIGEST = "digest"
ALL = "all"

# Without an end: a mail may be read years later.
_signer = Signer(salt="notifications.unsubscribe")


class BadTokenError(ValueError):
    """The link is none of ours, or its person is gone."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a link switches off: mails about one kind of thing, the weekly mail, or all of them."""

    person: User
    what: str

    @property
    def words(self) -> str:
        if self.what == ALL:
            return "all mails about notifications, and the weekly mail"
        if self.what == DIGEST:
            return "the weekly mail of what is new"
        return f"mails about “{Kind(self.what).label}”"


def unsubscribe_link(person: User, what: str) -> str:
    """The address that switches `what` off for `person`."""
    token = _signer.sign_object([person.pk, what])
    return mail_link(reverse("notifications:unsubscribe", kwargs={"token": token}))


def unsubscribe_headers(person: User, what: str) -> dict[str, str]:
    """The headers by which a mail program offers to unsubscribe with one click: RFC 2369 and RFC 8058."""
    return {
        "List-Unsubscribe": f"<{unsubscribe_link(person, what)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def read_token(token: str) -> Subscription:
    """What a link's token switches off. Raises `BadTokenError`."""
    try:
        pk, what = _signer.unsign_object(token)
        person = User.objects.get(pk=pk)
    except (BadSignature, User.DoesNotExist) as error:
        raise BadTokenError from error
    # A kind that there is no more.
    if what not in {ALL, DIGEST, *Kind.values}:
        raise BadTokenError
    return Subscription(person, what)


def unsubscribe(subscription: Subscription) -> None:
    """Stop these mails; notifications go on on the site. What is off already stays off."""
    person, what = subscription.person, subscription.what
    if what in {ALL, DIGEST}:
        choose_digest(person=person, wanted=False)
    stopped = {
        kind: Channel.SITE
        for kind, channel in channels_of(person).items()
        if channel == Channel.MAIL and what in {ALL, kind}
    }
    choose_channels(person=person, channels=stopped)
