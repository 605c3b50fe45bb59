"""Keys to the API: `sst_`, 30 random characters and a checksum of six, all of them digits and letters.

The form lets scanners of source code find a leaked token, and the checksum lets them, and us, tell it from chance
without a question to the database. The same form as GitHub's: https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/
"""

import hashlib
import re
import secrets
import string
import zlib
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.accounts.models import ApiToken, User

PREFIX = "sst_"
# Base62: 30 of them are 178 bits of chance, and six hold the 32 bits of a CRC.
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM_CHARACTERS = 30
CHECKSUM_CHARACTERS = 6

# A person with more of them does not know any longer what each is for.
MAX_ACTIVE = 20
# Days, as a form sends them; 0: never.
LIFETIMES = (("30", "after 30 days"), ("90", "after 90 days"), ("365", "after a year"), ("0", "never"))
# Exact enough for a person to see which token is in use, and a write for few of the requests.
LAST_USED_STEP = timedelta(minutes=5)

_FORM = re.compile(rf"{PREFIX}([0-9A-Za-z]{{{RANDOM_CHARACTERS}}})([0-9A-Za-z]{{{CHECKSUM_CHARACTERS}}})")


def new_token() -> str:
    """A token that nobody has."""
    chance = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_CHARACTERS))
    return f"{PREFIX}{chance}{checksum(chance)}"


def checksum(chance: str) -> str:
    """CRC32 of the random characters, in base62, filled up with zeros."""
    rest = zlib.crc32(chance.encode())
    digits = ""
    for _ in range(CHECKSUM_CHARACTERS):
        rest, digit = divmod(rest, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


def is_well_formed(token: str) -> bool:
    """Whether `token` has the form of ours and its checksum is right."""
    match = _FORM.fullmatch(token)
    return match is not None and checksum(match[1]) == match[2]


def digest(token: str) -> str:
    """What is kept of a token. Plain SHA-256 will do: there is nothing to guess in 178 bits of chance."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def create_token(*, person: User, name: str, scope: str, days: int | None) -> tuple[ApiToken, str]:
    """A new key for `person`, valid for `days` (None: without end), and the token itself, which is not kept.

    Raises `ValidationError` with words above `MAX_ACTIVE`.
    """
    User.objects.select_for_update(no_key=True).get(pk=person.pk)
    now = timezone.now()
    if active_tokens(person).count() >= MAX_ACTIVE:
        raise ValidationError(f"You have {MAX_ACTIVE} tokens. Revoke one that you no longer use first.")
    token = new_token()
    key = ApiToken.objects.create(
        person=person,
        name=name,
        scope=scope,
        digest=digest(token),
        last_characters=token[-4:],
        expires_at=now + timedelta(days=days) if days else None,
    )
    return key, token


def active_tokens(person: User) -> QuerySet[ApiToken]:
    """The keys of `person` that work."""
    return person.api_tokens.filter(_not_expired(), revoked_at=None)


def revoke_token(*, token: ApiToken) -> None:
    """Have `token` work no longer. Doing so twice is harmless."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())


def revoke_tokens(*, person: User) -> None:
    """Have all tokens of `person` work no longer. Doing so twice is harmless."""
    person.api_tokens.filter(revoked_at=None).update(revoked_at=timezone.now())


def authenticate(token: str) -> ApiToken | None:
    """The key that `token` is, with its `person`; None if it is none, or no longer, or the person's account is closed.

    Asks the database only for what has the right form and checksum. One query; a second to note the use, seldom.
    """
    if not is_well_formed(token):
        return None
    people = ApiToken.objects.select_related("person").filter(
        _not_expired(), revoked_at=None, person__is_active=True, person__closed_at=None
    )
    key = people.filter(digest=digest(token)).first()
    if key is not None:
        _note_use(key)
    return key


def _not_expired() -> Q:
    return Q(expires_at=None) | Q(expires_at__gt=timezone.now())


def _note_use(key: ApiToken) -> None:
    now = timezone.now()
    if key.last_used_at is None or key.last_used_at < now - LAST_USED_STEP:
        # The old value is asked for again, so that of many requests at once one writes.
        ApiToken.objects.filter(pk=key.pk, last_used_at=key.last_used_at).update(last_used_at=now)
        key.last_used_at = now
