"""What a username may look like."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MinLengthValidator, RegexValidator

# Part of the addresses /@name/ and /name/stack/.
USERNAME_PATTERN = r"[a-z0-9]+(?:[-_][a-z0-9]+)*"

# Names that would pass for the site itself or its people, or that are, or may become, addresses of it.
RESERVED = frozenset(
    """
    about abuse account accounts admin administrator advice alternatives anonymous api apps assets atom auth badge
    badges billing blog bot cards careers catalogue categories category companies company compare contact dashboard
    decisions deleted demo digest docs download email everyone export exports faq favicon feed feedback feeds follow
    followers following guest health healthz help home import index info integrations invite jobs legal login logout
    mail media messages metrics mod moderation moderator moderators new news nobody none notifications null official
    operator owner people postmaster preferences press pricing privacy profile pros-and-cons public register robots root
    rss search security settings share sign-in sign-out sign-up signin signout signup site sitemap stack stacks
    stackshare stackups staff static status stats support system tag tags team terms test tool tools trending undefined
    unsubscribe user users votes webmaster welcome www you
    """.split()  # noqa: SIM905
)


def refuse_reserved(value: str) -> None:
    if value.lower() in RESERVED:
        raise ValidationError("This name is kept for the site itself. Choose another one.", code="reserved")


# allauth reads this list too: settings.ACCOUNT_USERNAME_VALIDATORS.
USERNAME_VALIDATORS: list[Callable[[Any], None]] = [
    MinLengthValidator(3),
    MaxLengthValidator(30),
    RegexValidator(
        rf"^{USERNAME_PATTERN}\Z",
        "Use lower-case letters and digits, with single hyphens or underscores between them.",
    ),
    refuse_reserved,
]
