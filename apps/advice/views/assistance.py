"""What helps while somebody writes: a preview, and what was asked before."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.permissions import takes_part
from apps.advice.models import MAX_BODY_CHARACTERS
from apps.advice.rendering import render as render_text
from apps.advice.similar import similar_posts, tools_in
from apps.advice.views.finding import person_of
from apps.core.limits import is_allowed

# What a person reads in the margin of a form.
MAX_SIMILAR = 5
# More are no comparison that anybody reads.
MAX_COMPARED = 4
# Of the fields in which the forms name tools, those that are weighed against each other.
TOOL_FIELDS = ("options", "chosen")
# Nobody looks more often; each may cost some tenths of a second.
PREVIEW_LIMIT = "30/minute"


TOO_OFTEN = "You look at previews often. Wait a minute; what you typed is still there."


def previewed(request: HttpRequest, most: int) -> SafeString | None:
    """What was typed in `body` or `text`, up to so many characters, as the site will show it; None for who looks too
    often."""
    if not is_allowed("preview", str(person_of(request).pk), PREVIEW_LIMIT):
        return None
    text = (request.POST.get("body") or request.POST.get("text", "")).replace("\0", "")
    return render_text(text[:most]).html


@require_POST
@takes_part
def preview(request: HttpRequest) -> HttpResponse:
    """`body` or `text` as the site will show it: a piece of HTML for the editor. 429 for who looks too often."""
    html = previewed(request, MAX_BODY_CHARACTERS)
    if html is None:
        return HttpResponse(TOO_OFTEN, status=429, content_type="text/plain")
    return HttpResponse(html)


@require_safe
@takes_part
def similar(request: HttpRequest) -> HttpResponse:
    """`?title=` and tools in `options` or `chosen`, as the form has them: what was asked before, their comparison."""
    title = request.GET.get("title", "").replace("\0", "")
    texts = [text for name in TOOL_FIELDS for text in request.GET.getlist(name)]
    slugs = [slug.strip() for slug in ",".join(texts)[:1200].replace("\0", "").lower().split(",")]
    tools = tools_in(title, slugs)
    context = {"posts": similar_posts(title, tools, limit=MAX_SIMILAR), "tools": tools[:MAX_COMPARED]}
    return render(request, "advice/_similar.html", context)
