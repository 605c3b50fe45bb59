"""Who may take part. Functions that raise `PermissionDenied` with words for the person."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Concatenate, ParamSpec

from allauth.account.models import EmailAddress
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.accounts.models import User
from apps.core.redirects import safe_next

# An account so young is often a robot's: what it votes counts later.
PROBATION = timedelta(hours=24)

P = ParamSpec("P")


def is_verified(user: User) -> bool:
    """Whether the person has shown that an e-mail address is theirs. One query."""
    return bool(EmailAddress.objects.filter(user=user, verified=True).exists())


def is_established(user: User) -> bool:
    """Whether what the person votes counts: verified, and no newcomer."""
    return user.is_active and timezone.now() - user.date_joined >= PROBATION and is_verified(user)


def established_people() -> QuerySet[User]:
    """Those of whom `is_established` is true now, for queries over what many people did."""
    verified = EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)
    people: QuerySet[User] = User.objects.filter(
        Exists(verified), is_active=True, date_joined__lte=timezone.now() - PROBATION
    )
    return people


def check_takes_part(user: User | AnonymousUser) -> None:
    """Raise `PermissionDenied` unless the person may write, follow and vote."""
    if not isinstance(user, User):
        raise PermissionDenied("Sign in first.")
    if not user.is_active:
        raise PermissionDenied("This account is closed.")
    if not is_verified(user):
        raise PermissionDenied("Verify your e-mail address first: go to Settings, then E-mail.")


def signed_in(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A view for people with an account; others are sent to the sign-in."""

    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        return view(request, *args, **kwargs)

    return wrapped


def takes_part(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A view for people who take part: others are sent to the sign-in, or told what is missing."""

    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        check_takes_part(request.user)
        return view(request, *args, **kwargs)

    return signed_in(wrapped)


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in, and from there back to the page; a form's own address answers no link."""
    here = request.get_full_path()
    answer = redirect_to_login(safe_next(request) if request.method == "POST" else here)
    if request.headers.get("HX-Request"):
        # A redirect would be followed by htmx itself, and the sign-in put in the place of a button.
        return HttpResponse(headers={"HX-Redirect": answer.url})
    return answer
