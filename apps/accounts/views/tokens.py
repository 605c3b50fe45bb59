"""A person's keys to the API."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_http_methods

from apps.accounts.forms import TokenForm
from apps.accounts.models import User
from apps.accounts.permissions import takes_part
from apps.accounts.services.tokens import active_tokens, create_token, revoke_token


def _is_sent(request: HttpRequest) -> bool:
    return request.method == "POST"


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
@reauthentication_required(enabled=_is_sent)  # type: ignore[untyped-decorator]
def index(request: HttpRequest) -> HttpResponse:
    """The person's tokens and the form for a new one, which the answer to the form shows: this once."""
    person = User.objects.get(pk=request.user.pk)
    form = TokenForm(request.POST if request.method == "POST" else None)
    key = token = None
    if form.is_valid():
        try:
            key, token = create_token(
                person=person,
                name=form.cleaned_data["name"],
                scope=form.cleaned_data["scope"],
                days=form.days,
            )
            form = TokenForm()
        except ValidationError as error:
            form.add_error(None, error)
    context = {"form": form, "keys": active_tokens(person), "key": key, "token": token}
    response = render(request, "accounts/tokens.html", context, status=422 if form.errors else 200)
    # Nor the browser's own cache shall hold the token: no-store.
    add_never_cache_headers(response)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then have the token work no longer."""
    person = User.objects.get(pk=request.user.pk)
    key = get_object_or_404(person.api_tokens, pk=pk)
    if request.method == "POST":
        revoke_token(token=key)
        messages.success(request, f"The token “{key.name}” is revoked: it works no longer.")
        return redirect("accounts:tokens")
    return render(request, "accounts/revoke_token.html", {"key": key})
