"""The tools that grow most for their size."""

from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from apps.core.pagination import BadCursorError, Key, paginate
from apps.tools import selectors
from apps.tools.models import Tool

PAGE_SIZE = 40

_KEYS = [Key("trend", descending=True), Key("id")]


@require_safe
def trending(request: HttpRequest) -> HttpResponse:
    """Listed tools that grew in `?days=` 7, 90 or 365; without, in the shortest of them that has enough."""
    asked = next((days for days in selectors.TRENDING_SPANS if str(days) == request.GET.get("days")), None)
    days = asked or selectors.trending_days()
    rows = Tool.objects.trending(days)
    try:
        page = paginate(rows.with_function(), keys=_KEYS, cursor=request.GET.get("after", ""), size=PAGE_SIZE)
    except BadCursorError:
        return redirect(request.path)
    is_first = "after" not in request.GET
    before = 0
    if page.rows and not is_first:
        first: Any = page.rows[0]
        # A cursor says where the page starts, not how many come before.
        before = rows.filter(Q(trend__gt=first.trend) | Q(trend=first.trend, pk__lt=first.pk)).count()
    context = {
        "page": page,
        "days": days,
        "span": selectors.TRENDING_SPANS[days],
        "spans": selectors.TRENDING_SPANS,
        "before": before,
        "is_first": is_first,
        "is_plain": is_first and asked is None,
        "next_query": urlencode({"days": days, "after": page.next_cursor}) if page.next_cursor else "",
    }
    return render(request, "tools/trending.html", context)
