"""What every page knows of the site and of the reader's choices."""

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest

from apps.core.mail import is_in_folder

THEME_COOKIE = "theme"
THEMES = ("auto", "light", "dark")


def absolute_url(request: HttpRequest, path: str) -> str:
    """`path` with the site's public address in front; in development that of the request, if its host is ours."""
    if settings.SITE_URL:
        return f"{settings.SITE_URL}{path}"
    try:
        return request.build_absolute_uri(path)
    except (DisallowedHost, ValueError):
        # The page that says so has a header and a footer too. ValueError: of a path such as "//[".
        return path


def site(request: HttpRequest) -> dict[str, object]:
    theme = request.COOKIES.get(THEME_COOKIE, "auto")
    return {
        "product_name": settings.PRODUCT_NAME,
        "source_url": settings.SOURCE_URL,
        "operator_name": settings.OPERATOR_NAME,
        "shows_mail": is_in_folder(),
        "theme": theme if theme in THEMES else "auto",
        "themes": THEMES,
        # Without the query: filters and orders of a list are one page to a search engine.
        "canonical_url": absolute_url(request, request.path),
        "site_root": absolute_url(request, "/"),
    }
