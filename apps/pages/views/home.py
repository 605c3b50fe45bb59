from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.comparisons.forms import CompareForm
from apps.comparisons.models import Comparison, ComparisonTool
from apps.comparisons.selectors import RelatedStackup
from apps.tools import selectors
from apps.tools.models import Tool

COMPARISONS = 9
MOST_STARRED = 8
CHANGED = 15
SEARCH_RESULTS = 30


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    sides = Prefetch("sides", ComparisonTool.objects.select_related("tool"))
    written = (
        Comparison.objects.listed().exclude(summary="").order_by("-texts_on", "slug").prefetch_related(sides)
    )
    taxonomy = selectors.taxonomy()
    context = {
        "form": CompareForm(),
        "taxonomy": taxonomy,
        "tool_count": sum(layer.count for layer in taxonomy),
        "comparisons": [
            (row, RelatedStackup(row.slug, [side.tool for side in row.sides.all()]))
            for row in written[:COMPARISONS]
        ],
        "starred": Tool.objects.listed().most_starred()[:MOST_STARRED],
    }
    return render(request, "pages/home.html", context)


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """What changed last: comparisons and tools of the catalogue."""
    sides = Prefetch("sides", ComparisonTool.objects.select_related("tool"))
    rows = (
        Comparison.objects.listed().exclude(summary="").order_by("-changed_at", "-pk").prefetch_related(sides)
    )
    context = {
        "comparisons": [
            (row, RelatedStackup(row.slug, [side.tool for side in row.sides.all()])) for row in rows[:CHANGED]
        ],
        "tools": Tool.objects.listed()
        .exclude(description="")
        .with_function()
        .order_by("-changed_at", "-pk")[:CHANGED],
    }
    return render(request, "pages/feed.html", context)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").strip()
    tools = selectors.search_tools(query, limit=SEARCH_RESULTS)
    return render(request, "pages/search.html", {"query": query, "tools": tools})
