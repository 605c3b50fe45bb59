"""The feed: what happened around what somebody follows, and what people talk of now."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from apps.core.pagination import BadCursorError
from apps.pages.selectors import follows_somebody, hot_feed, own_feed, tools_beside

HOT = "hot"


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """One's own; the hot one with `?order=hot`, for the anonymous, and as long as there is nothing in one's own."""
    reader = request.user
    cursor = request.GET.get("after", "")
    is_hot = reader.is_anonymous or request.GET.get("order") == HOT
    try:
        found = hot_feed(cursor) if reader.is_anonymous or is_hot else own_feed(reader, cursor)
    except BadCursorError:
        return redirect(f"{request.path}?order={HOT}" if is_hot else request.path)
    is_empty = not (is_hot or cursor or found.rows or found.next_cursor)
    if is_empty:
        found = hot_feed("")
    beside = tools_beside(reader)
    is_hot = is_hot or is_empty
    after = {"order": HOT} if is_hot else {}
    context = {
        "feed": found,
        "beside": beside,
        "is_hot": is_hot,
        "is_empty": is_empty,
        "follows": reader.is_authenticated
        and (not is_empty or bool(beside.followed) or follows_somebody(reader)),
        "first_query": urlencode(after),
        "next_query": urlencode(after | {"after": found.next_cursor}) if found.next_cursor else "",
        "is_first": not cursor,
    }
    return render(request, "pages/feed.html", context)
