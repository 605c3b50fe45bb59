"""What a person is told, and how they want to be told."""

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.models import User
from apps.accounts.permissions import signed_in
from apps.core.pagination import BadCursorError, Key, paginate
from apps.core.redirects import safe_next
from apps.notifications.forms import SettingsForm
from apps.notifications.models import Notification
from apps.notifications.selectors import told, unread_count
from apps.notifications.services import telling, unsubscribing

PAGE_SIZE = 30


@require_safe
@signed_in
def index(request: HttpRequest) -> HttpResponse:
    """What the person was told, newest first."""
    person = cast(User, request.user)
    rows = told(person).select_related("actor")
    try:
        page = paginate(
            rows, keys=[Key("id", descending=True)], cursor=request.GET.get("after", ""), size=PAGE_SIZE
        )
    except BadCursorError:
        return redirect(request.path)
    return render(
        request,
        "notifications/index.html",
        {
            "page": page,
            "is_first": "after" not in request.GET,
            "unread": unread_count(person),
        },
    )


@require_POST
@signed_in
def read(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark one as read; the row and the bell for htmx, else back to the page."""
    try:
        notification = telling.mark_read(person=cast(User, request.user), pk=pk)
    except Notification.DoesNotExist:
        raise Http404("There is no such notification.") from None
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "notifications/_read.html", {"notification": notification})
    return redirect(safe_next(request, reverse("notifications:index")))


@require_POST
@signed_in
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all as read, up to the newest one that the page showed: `value`."""
    newest = request.POST.get("value", "")
    if newest.isdecimal() and len(newest) < 19:
        telling.mark_all_read(person=cast(User, request.user), up_to=int(newest))
    return redirect(safe_next(request, reverse("notifications:index")))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def settings(request: HttpRequest) -> HttpResponse:
    """How the person wants to be told of each kind of thing."""
    form = SettingsForm(request.POST if request.method == "POST" else None, person=cast(User, request.user))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your choice is saved.")
        return redirect("notifications:settings")
    return render(request, "notifications/settings.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@csrf_exempt  # Mail programs post without cookies: RFC 8058. The signed token says whose wish it is.
@never_cache
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Stop mails by the link in one, without signing in: a page that asks, as links are also opened by robots."""
    try:
        subscription = unsubscribing.read_token(token)
    except unsubscribing.BadTokenError:
        raise Http404(
            "This link to stop mails is incomplete or its account is gone. Try to copy it whole from the mail."
        ) from None
    if request.method == "POST":
        unsubscribing.unsubscribe(subscription)
    return render(
        request,
        "notifications/unsubscribe.html",
        {"subscription": subscription, "is_done": request.method == "POST"},
    )
