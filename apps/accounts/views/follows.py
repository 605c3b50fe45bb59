"""Following people."""

from typing import cast

from allauth.core.internal.ratelimit import respond_429
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from apps.accounts.models import User
from apps.accounts.permissions import takes_part
from apps.accounts.services.follows import follow_person, unfollow_person
from apps.core.limits import is_allowed
from apps.core.redirects import safe_next

# Each can send a mail to somebody: enough for an evening among new people, too few for a robot.
FOLLOW_LIMIT = "60/hour"


@require_POST
@takes_part
def follow(request: HttpRequest, username: str) -> HttpResponse:
    """Follow a person (`value=1`) or no longer (`value=0`); answers the button, or goes back."""
    person = get_object_or_404(User.objects.shown(), username=username)
    value = request.POST.get("value")
    if value not in ("0", "1"):
        return HttpResponse("The value is 1 to follow or 0 to stop.", status=400, content_type="text/plain")
    if not is_allowed("follow", str(request.user.pk), FOLLOW_LIMIT):
        return cast(HttpResponse, respond_429(request))
    is_following = value == "1"
    change = follow_person if is_following else unfollow_person
    try:
        person = change(follower=cast(User, request.user), person=person)
    except User.DoesNotExist as error:
        raise Http404("This account was closed.") from error
    if request.headers.get("HX-Request"):
        return render(request, "accounts/_follow.html", {"person": person, "is_following": is_following})
    return redirect(safe_next(request, person.get_absolute_url()))
