"""What is a person's: to take along, and to take away."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts.forms import CloseForm
from apps.accounts.models import User
from apps.accounts.services.closing import check_may_close, close_account
from apps.accounts.services.exports import MAX_ATTEMPTS, exports_of, request_export


def _is_sent(request: HttpRequest) -> bool:
    return request.method == "POST"


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@reauthentication_required(enabled=_is_sent)  # type: ignore[untyped-decorator]
def index(request: HttpRequest) -> HttpResponse:
    """The person's exports; a POST asks for another one."""
    person = User.objects.get(pk=request.user.pk)
    if request.method == "POST":
        try:
            request_export(person=person)
        except ValidationError as error:
            messages.warning(request, error.messages[0])
        else:
            messages.success(request, "Your data is being gathered. A mail tells you when it is ready.")
        return redirect("accounts:data")
    context = {"exports": exports_of(person), "max_attempts": MAX_ATTEMPTS}
    return render(request, "accounts/data.html", context)


@never_cache
@require_safe
@login_required
@reauthentication_required  # type: ignore[untyped-decorator]
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """The file of an export of one's own, as JSON compressed with gzip."""
    person = User.objects.get(pk=request.user.pk)
    row = get_object_or_404(person.exports.exclude(file=None), pk=pk)
    response = HttpResponse(bytes(row.file), content_type="application/gzip")
    name = f"{person.username}-{row.requested_at:%Y-%m-%d}.json.gz"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@reauthentication_required  # type: ignore[untyped-decorator]
def close(request: HttpRequest) -> HttpResponse:
    """Say what goes and what stays, then close the account."""
    person = User.objects.get(pk=request.user.pk)
    check_may_close(person)
    form = CloseForm(request.POST if request.method == "POST" else None, person=person)
    if form.is_valid():
        close_account(person=person)
        logout(request)
        messages.success(request, "Your account is closed. A mail tells you when everything is gone.")
        return redirect("pages:home")
    context = {"form": form, "person": person}
    return render(request, "accounts/close.html", context, status=422 if form.errors else 200)
