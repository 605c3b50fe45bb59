"""About the site itself, and its plumbing: contact, theme, robots, health, pictures of links."""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import condition, require_http_methods, require_POST, require_safe

from apps.core.context import THEME_COOKIE, THEMES, absolute_url
from apps.core.limits import client_address, is_allowed
from apps.core.redirects import safe_next
from apps.pages.forms import ContactForm
from apps.pages.models import SocialCard
from apps.pages.services.cards import SITE_CARD
from apps.pages.services.messages import receive_message

# Messages of one address to the operator: enough for a person, too few for a nuisance.
CONTACT_LIMIT = "5/hour"

THEME_AGE = timedelta(days=365)


def static_page(name: str) -> Callable[[HttpRequest], HttpResponse]:
    """The view of a page that is nothing but its template."""

    @require_safe
    def view(request: HttpRequest) -> HttpResponse:
        return render(request, f"pages/{name}.html")

    return view


@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest) -> HttpResponse:
    form = ContactForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if not form.is_robot and not is_allowed("contact", client_address(request), CONTACT_LIMIT):
            form.add_error(None, "You have sent several messages within the hour. Please try again later.")
            return render(request, "pages/contact.html", {"form": form}, status=429)
        if not form.is_robot:
            receive_message(**form.message)
        messages.success(request, "Your message is on its way. The answer comes by mail.")
        return redirect("pages:contact")
    status = 422 if request.method == "POST" else 200
    return render(request, "pages/contact.html", {"form": form}, status=status)


# Keeps one of three words in a cookie and changes nothing else, so that anonymous pages, which are cached
# whole, need no token for it.
@csrf_exempt
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep the reader's choice of light or dark, and go back to where they were."""
    response = HttpResponseRedirect(safe_next(request))
    theme = request.POST.get("theme")
    if theme == "auto":
        response.delete_cookie(THEME_COOKIE)
    elif theme in THEMES:
        response.set_cookie(
            THEME_COOKIE,
            theme,
            max_age=THEME_AGE,
            secure=not settings.DEVELOPMENT,
            httponly=True,
            samesite="Lax",
        )
    return response


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    lines = [
        "User-agent: *",
        "Disallow: /accounts/",
        "Disallow: /admin/",
        "Disallow: /api/",
        "Disallow: /notifications/",
        "Disallow: /search/",
        "Disallow: /settings/",
        "Disallow: /stacks/new/",
        "Disallow: /stackups/compare/",
        "Disallow: /tools/options/",
        f"Sitemap: {absolute_url(request, reverse('sitemap'))}",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 where this process answers and reaches its database; for load balancers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok\n", content_type="text/plain")


def _card_digest(request: HttpRequest, path: str) -> str | None:
    digest = SocialCard.objects.filter(path=path).values_list("drawn_digest", flat=True).first()
    return f'"{digest}"' if digest else None


@require_safe
@condition(etag_func=_card_digest)
def card(request: HttpRequest, path: str) -> HttpResponse:
    """The picture that a link to the page at `path` carries; the site's own where that page has none (yet)."""
    image = SocialCard.objects.filter(path=path).values_list("image", flat=True).first()
    if image is None:
        if path == SITE_CARD:
            raise Http404("The picture has not been drawn yet.")
        return redirect("pages:card", path=SITE_CARD)
    response = HttpResponse(bytes(image), content_type="image/png")
    response["Cache-Control"] = "public, max-age=86400"
    return response
