"""A stack elsewhere: its badge, the page for frames, its files, and the page that tells how to use them.

What is answered here may lie in caches on the way, so it is the same for everybody, and no session is looked at. The
files of a private stack, for those who may see it, are the exception, and are kept by nobody.
"""

import hashlib
from collections.abc import Callable
from typing import Any

from csp.constants import NONE, SELF
from csp.decorators import csp_replace, csp_update
from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, QuerySet, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.html import escape
from django.utils.http import http_date
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from apps.core.context import absolute_url
from apps.core.limits import client_address, is_allowed, seconds_to_wait
from apps.detection.sights import Scope
from apps.stacks import badges
from apps.stacks.documents import document_of
from apps.stacks.exports import EXPORTS
from apps.stacks.layers import in_layers
from apps.stacks.models import Item, Stack
from apps.stacks.permissions import Person

# Seconds for which caches may show what was: short enough that a change is seen within minutes in a README.
MAX_AGE = 300
# Of an address. A bill of materials of a large stack costs two seconds of a process, and anybody may ask.
EXPORT_LIMIT = "120/hour"
# More than these in a small frame nobody reads; the stack's own page has them all.
EMBEDDED_TOOLS = 60
# django-csp's decorators are typed as if no view took a part of its address.
_View = Callable[..., HttpResponse]
_Policy = Callable[[dict[str, Any]], Callable[[_View], _View]]
_replace_policy: _Policy = csp_replace  # type: ignore[assignment]
_update_policy: _Policy = csp_update  # type: ignore[assignment]

# Goes up when what is drawn changes though the stack does not.
_FORM = 1


@require_safe
@_replace_policy({"default-src": [NONE], "style-src": [badges.STYLE_SOURCE], "frame-ancestors": [NONE]})
def badge(request: HttpRequest, owner: str, slug: str) -> HttpResponse:
    """`?theme=auto|light|dark&show=count|tools`; anything else is as if it were not there."""
    stack = _shown_to_all(owner, slug)
    theme = _theme(request)
    show = "tools" if request.GET.get("show") == "tools" else "count"

    def draw() -> HttpResponse:
        value = badges.count_value(stack.item_count)
        if show == "tools":
            names = _items(stack).values_list("tool__name", flat=True)[: badges.MAX_TOOLS]
            value = badges.tools_value(names, stack.item_count)
        title = f"{stack.name} by {stack.owner_name}: {value}"
        return HttpResponse(badges.draw(value=value, title=title, theme=theme), content_type="image/svg+xml")

    return _kept_by_all(request, stack, f"badge {theme} {show}", draw)


# Any page may frame it, and it alone: there is nothing to click but links, and no cookie is read or set.
@require_safe
@xframe_options_exempt
@_replace_policy({"frame-ancestors": ["*"]})
def embed(request: HttpRequest, owner: str, slug: str) -> HttpResponse:
    """The tools of a stack by layer, for a frame in somebody's page. `?theme=auto|light|dark`."""
    stack = _shown_to_all(owner, slug)
    theme = _theme(request)

    def page() -> HttpResponse:
        items = list(_items(stack).select_related("tool__function__parent__parent")[:EMBEDDED_TOOLS])
        context = {
            "stack": stack,
            "layers": in_layers(items),
            "more": stack.item_count - len(items),
            "theme": theme,
            "address": absolute_url(request, stack.get_absolute_url()),
        }
        return render(request, "stacks/embed.html", context)

    # The address of the style sheet changes with a release.
    return _kept_by_all(request, stack, f"embed {theme} {static('css/components.css')}", page)


@require_safe
@_update_policy({"frame-src": [SELF]})
def share(request: HttpRequest, owner: str, slug: str) -> HttpResponse:
    """Badges, the frame and files of a stack, with what to copy."""
    stack = _found(_of(request.user, owner, slug))
    names = {"owner": stack.owner_slug, "slug": stack.slug}
    badge_path, embed_path = (reverse(f"stacks:{name}", kwargs=names) for name in ("badge", "embed"))
    address, image, frame = (
        absolute_url(request, path) for path in (stack.get_absolute_url(), badge_path, embed_path)
    )
    context = {
        "stack": stack,
        # What the badge and the frame answer to everybody.
        "is_shared": _of(AnonymousUser(), owner, slug) is not None,
        "badge_path": badge_path,
        "embed_path": embed_path,
        "exports": [
            (export.label, reverse("stacks:export", kwargs=names | {"format": name}), export.versions)
            for name, export in EXPORTS.items()
        ],
        # Text that the page escapes once more, so that a name is no markup where it is pasted either.
        "snippets": {
            "count": f"[![Tech stack]({image})]({address})",
            "tools": f"[![Tech stack]({image}?show=tools)]({address})",
            "html": f'<a href="{address}"><img src="{image}?show=tools" alt="Tech stack"></a>',
            "embed": f'<iframe src="{frame}" title="Tech stack of {escape(stack.name)}" width="100%" height="480"'
            ' style="border:0" loading="lazy"></iframe>',
        },
    }
    return render(request, "stacks/share.html", context)


@require_safe
def export(request: HttpRequest, owner: str, slug: str, format: str) -> HttpResponse:  # noqa: A002
    """The stack as a file: `EXPORTS` has the formats. Who may see a private stack gets its files, too.

    `?version=` of those that the format names besides the usual one.
    """
    chosen = EXPORTS.get(format)
    version = request.GET.get("version", "")
    if chosen is None or (version and version not in chosen.versions):
        raise Http404("There is no such format.")
    shared = _of(AnonymousUser(), owner, slug)
    stack = shared or _found(_of(request.user, owner, slug))
    address = client_address(request)
    if not is_allowed("export", address, EXPORT_LIMIT):
        wait = seconds_to_wait("export", address, EXPORT_LIMIT)
        return HttpResponse(
            "That were many files within an hour. Go on a little later.",
            status=429,
            content_type="text/plain",
            headers={"Retry-After": str(wait), "Cache-Control": "private, no-store"},
        )

    def file() -> HttpResponse:
        document = document_of(stack, address=absolute_url(request, stack.get_absolute_url()))
        values = {"version": version} if version else {}
        response = HttpResponse(chosen.write(document, **values), content_type=chosen.content_type)
        response["Content-Disposition"] = f'attachment; filename="{format}"'
        return response

    if shared:
        return _kept_by_all(request, stack, f"export {format} {version}", file)
    response = file()
    response["Cache-Control"] = "private, no-store"
    return response


def _of(person: Person, owner: str, slug: str) -> Stack | None:
    return Stack.objects.visible_to(person).with_owner().of_owner(owner).filter(slug=slug).first()


def _shown_to_all(owner: str, slug: str) -> Stack:
    return _found(_of(AnonymousUser(), owner, slug))


def _found(stack: Stack | None) -> Stack:
    if stack is None:
        raise Http404("No stack has this address.")
    return stack


def _theme(request: HttpRequest) -> str:
    theme = request.GET.get("theme", "")
    return theme if theme in badges.THEMES else "auto"


def _items(stack: Stack) -> QuerySet[Item]:
    """What a stack runs now and is worth naming, the most telling first."""
    items = Item.objects.current().filter(stack=stack, tool__is_minor=False, tool__is_listed=True)
    rank = Case(When(scope=Scope.RUNTIME, then=0), default=1)
    return items.annotate(rank=rank).order_by("rank", "position", "id")


def _kept_by_all(
    request: HttpRequest, stack: Stack, what: str, answer: Callable[[], HttpResponse]
) -> HttpResponse:
    """`answer()`, or 304 for who has `what` of this version of the stack. Caches may keep it for `MAX_AGE`."""
    # Of the day, so that a tool or person that was renamed is not called by the old name for longer.
    state = (
        f"{stack.pk} {stack.version} {stack.changed_at.isoformat()} {timezone.now().date()} {_FORM} {what}"
    )
    etag = f'"{hashlib.sha256(state.encode()).hexdigest()[:32]}"'
    modified = int(stack.changed_at.timestamp())
    response = get_conditional_response(request, etag=etag, last_modified=modified) or answer()
    response["ETag"] = etag
    response["Last-Modified"] = http_date(modified)
    response["Cache-Control"] = f"public, max-age={MAX_AGE}"
    # The page itself is for search engines, unless it is unlisted.
    response["X-Robots-Tag"] = "noindex"
    return response
