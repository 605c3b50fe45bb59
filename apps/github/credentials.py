"""Who we are to GitHub: a token from the settings, or one of a GitHub App's installation, or nobody."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated

import jwt
from django.conf import settings
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from apps.github.connection import Connection, RefusedError, UnavailableError, words

# GitHub takes a signature for ten minutes; a clock may be wrong by one.
SIGNED_FOR = timedelta(minutes=9)
CLOCK_ERROR = timedelta(seconds=60)
# A token that runs out in the midst of a request is refused.
RENEWED_BEFORE = timedelta(minutes=5)


# What a header can carry; a message about one that it cannot would show the token.
HEADER_FORM = r"^[!-~]+$"


class _Issued(BaseModel):
    token: Annotated[str, Field(pattern=HEADER_FORM)]
    expires_at: AwareDatetime


@dataclass(frozen=True, slots=True)
class _Kept:
    app: tuple[str, ...]
    token: str
    expires_at: datetime


# In the memory of this process alone: it is a secret, lasts an hour, and a new one costs a single request.
_kept: _Kept | None = None


def bearer() -> str | None:
    """The token to ask with, None where no credentials are set. Raises GitHubError where GitHub issues none."""
    global _kept
    token: str = settings.GITHUB_TOKEN.strip()
    if token:
        if not re.fullmatch(HEADER_FORM, token):
            raise RefusedError("GITHUB_TOKEN has characters that no token has.")
        return token
    if not settings.GITHUB_APP_ID:
        return None
    now = datetime.now(UTC)
    if _kept is None or _kept.app != _app() or _kept.expires_at - RENEWED_BEFORE <= now:
        _kept = _issue(now)
    return _kept.token


def forget(token: str) -> bool:
    """Drop an installation token that GitHub refused; False where `token` is none, so that no other is to be had."""
    global _kept
    if _kept is None or _kept.token != token:
        return False
    _kept = None
    return True


def _app() -> tuple[str, ...]:
    return settings.GITHUB_API_URL, settings.GITHUB_APP_ID, settings.GITHUB_APP_INSTALLATION_ID


def _issue(now: datetime) -> _Kept:
    claims = {"iat": now - CLOCK_ERROR, "exp": now + SIGNED_FOR, "iss": settings.GITHUB_APP_ID}
    try:
        signature = jwt.encode(claims, settings.GITHUB_APP_PRIVATE_KEY, algorithm="RS256")
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise RefusedError("GITHUB_APP_PRIVATE_KEY is no private key in PEM.") from error
    path = f"/app/installations/{settings.GITHUB_APP_INSTALLATION_ID}/access_tokens"
    with Connection() as connection:
        reply = connection.ask("POST", path, bearer=signature)
    if reply.status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
        raise RefusedError(f"GitHub issues no token to the App: {words(reply)}")
    try:
        issued = _Issued.model_validate(reply.content)
    except ValidationError:
        # Without its cause, which shows what was sent: perhaps a token.
        raise UnavailableError(f"GitHub issued no token to the App: {words(reply)}") from None
    return _Kept(_app(), issued.token, issued.expires_at)
