"""Asking for fresh figures of a tool."""

from datetime import timedelta
from typing import cast

from allauth.core.internal.ratelimit import respond_429
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.timesince import timesince
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from apps.accounts.permissions import takes_part
from apps.core.limits import is_allowed
from apps.core.redirects import safe_next
from apps.github.models import RateLimit, Repository
from apps.github.services.refresh import FRESH_MINUTES, ask_for_refresh, has_token
from apps.github.turns import permitted_at
from apps.tools import selectors
from apps.tools.models import Tool

# Each takes one of our requests to GitHub: enough for an evening of comparing, too few to drain them.
REFRESH_LIMIT = "20/hour"


@require_POST
@takes_part
def refresh(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask a worker to read the tool's primary repository soon. To htmx only what is said of it."""
    tool = get_object_or_404(Tool.objects.visible_to(request.user), slug=slug)
    repository = selectors.repositories_of([tool]).get(tool.pk)
    if repository is None:
        raise Http404("This tool has no repository on GitHub that we know of.")
    if not is_allowed("refresh", str(request.user.pk), REFRESH_LIMIT):
        return cast(HttpResponse, respond_429(request))
    words = _answer(repository)
    if request.headers.get("HX-Request"):
        return trigger_client_event(HttpResponse(status=204), "said", {"words": words})
    messages.info(request, words)
    return redirect(safe_next(request, tool.get_absolute_url()))


def _answer(repository: Repository) -> str:
    if not settings.GITHUB_API_URL:
        return "This site is set up not to read from GitHub: the numbers stay as they are."
    if ask_for_refresh(repository=repository):
        is_ours = has_token() and not repository.is_token_refused
        until = permitted_at(RateLimit.Resource.GRAPHQL if is_ours else RateLimit.Resource.ANONYMOUS)
        if until:
            return f"Asked. We may not ask GitHub before {until:%H:%M} UTC; new figures arrive after that."
        return "Asked. New figures usually arrive within minutes."
    if repository.state in Repository.HELD or repository.read_at is None:
        return "The figures are held until a moderator has looked."
    is_minutes = timezone.now() - repository.read_at >= timedelta(minutes=1)
    ago = timesince(repository.read_at) if is_minutes else "a moment"
    return f"The numbers were read {ago} ago. They can be asked for again {FRESH_MINUTES} minutes after that."
