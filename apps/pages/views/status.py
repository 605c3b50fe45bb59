"""How the site does: a page for everybody, numbers for Prometheus."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from apps.pages.metrics import REGISTRY
from apps.pages.status import read_status


@never_cache
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    context = {"status": read_status(), "reads_github": bool(settings.GITHUB_API_URL)}
    return render(request, "pages/status.html", context)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For who knows METRICS_TOKEN. Without that setting there is nothing here, but in development."""
    if settings.METRICS_TOKEN:
        sent = request.headers.get("Authorization", "")
        if not constant_time_compare(sent, f"Bearer {settings.METRICS_TOKEN}"):
            return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    elif not settings.DEVELOPMENT:
        raise Http404("METRICS_TOKEN is not set.")
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)
