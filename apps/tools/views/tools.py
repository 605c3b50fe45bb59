"""Pages of tools: lists by the taxonomy, a tool, its alternatives, and the options of the tool picker."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models.functions import Lower
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from apps.core.pagination import BadCursorError, Key, paginate
from apps.github.chart import star_chart
from apps.github.models import FigureSource, Repository
from apps.github.releases import is_abandoned
from apps.github.selectors import weeks_of
from apps.tools import selectors
from apps.tools.forms import ORDERS, ToolFilterForm, facets
from apps.tools.models import Alternative, Category, Tool, ToolAlias

PAGE_SIZE = 40
PICKER_OPTIONS = 8
SHOWN_WEEKS = 12
# Our workers read daily, the dataset was read monthly with a month missing now and then: what is older is called old.
FRESH = timedelta(days=7)
DATASET_FRESH = timedelta(days=60)

_KEYS = {
    "stars": [Key("stars", descending=True, null_last=True), Key("name_key"), Key("id")],
    "name": [Key("name_key"), Key("id")],
    "growing": [Key("grown", descending=True, null_last=True), Key("name_key"), Key("id")],
    "newest": [Key("first_release", descending=True), Key("id")],
}


@require_safe
@vary_on_headers("HX-Request")
def index(request: HttpRequest, path: str = "") -> HttpResponse:
    """All tools, or those of a layer, category or function by its path of slugs."""
    category = find_category(path) if path else None
    tools = Tool.objects.listed()
    if category:
        tools = tools.in_category(category)
    form = ToolFilterForm(request.GET)
    chosen = form.chosen
    rows = form.narrow(tools).with_function().with_growth().annotate(name_key=Lower("name"))
    try:
        page = paginate(
            rows, keys=_KEYS[chosen["order"]], cursor=request.GET.get("after", ""), size=PAGE_SIZE
        )
    except BadCursorError:
        return redirect(request.path)
    params = {name: value for name, value in chosen.items() if (name, value) != ("order", "stars")}
    context: dict[str, Any] = {
        "category": category,
        "page": page,
        "chosen": chosen,
        "is_filtered": bool(params.keys() - {"order"}),
        "is_first": "after" not in request.GET,
        "next_query": urlencode(params | {"after": page.next_cursor}) if page.next_cursor else "",
        "first_query": urlencode(params),
    }
    if request.headers.get("HX-Request") and not request.headers.get("HX-History-Restore-Request"):
        return render(request, "tools/_results.html", context)
    taxonomy = selectors.taxonomy()
    context |= {
        "taxonomy": taxonomy,
        "below": _below(taxonomy, category),
        "facets": facets(tools, chosen),
        "orders": ORDERS,
    }
    return render(request, "tools/index.html", context)


def find_category(path: str) -> Category:
    """The layer, category or function at `path`, of slugs. Raises Http404."""
    slugs = path.strip("/").split("/")
    levels = list(Category.Level)
    if len(slugs) > len(levels):
        raise Http404("There is no such category.")
    names = ["slug", "parent__slug", "parent__parent__slug"]
    where = dict(zip(names, reversed(slugs), strict=False))
    category = Category.objects.with_trail().filter(level=levels[len(slugs) - 1], **where).first()
    if category is None:
        raise Http404("There is no such category.")
    return category


def _below(
    taxonomy: list[selectors.CategoryCount], category: Category | None
) -> selectors.CategoryCount | None:
    """The node of `category` with its children."""
    todo = list(taxonomy)
    while todo:
        node = todo.pop()
        if category and node.node.pk == category.pk:
            return node
        todo += node.children
    return None


def find_tool(request: HttpRequest, slug: str, *, page: str = "tools:detail") -> Tool | HttpResponse:
    """The tool at `slug` that the reader may see, or a redirect from one of its other slugs. Raises Http404."""
    tools = Tool.objects.visible_to(request.user).with_function()
    tool = tools.filter(slug=slug).select_related("successor").first()
    if tool:
        return tool
    alias = ToolAlias.objects.filter(slug=slug.lower(), tool__in=tools).select_related("tool").first()
    target = alias.tool if alias else tools.filter(slug=slug.lower()).first()
    if target is None:
        raise Http404(f"There is no tool {slug!r}.")
    return redirect(reverse(page, kwargs={"slug": target.slug}), permanent=True)


@require_safe
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    tool = find_tool(request, slug)
    if isinstance(tool, HttpResponse):
        return tool
    repository = selectors.repositories_of([tool]).get(tool.pk)
    readings = selectors.readings_of([repository])[repository.pk] if repository else []
    points = selectors.points_of([tool])[tool.pk]
    context = {
        "tool": tool,
        "repository": repository,
        "chart": star_chart({"a": (tool.name, readings)}),
        "weeks": weeks_of(repository, at_most=SHOWN_WEEKS) if repository else [],
        **_age_of(repository),
        "points": points,
        "answers": selectors.answers_of(request.user, points.shown),
        "integrations": selectors.integrations_of([tool])[tool.pk],
        "packages": list(tool.packages.all()),
        "alternatives": _alternatives(tool, limit=6),
    }
    return render(request, "tools/detail.html", context)


def _age_of(repository: Repository | None) -> dict[str, bool]:
    """Whether its figures are old, and whether it looks abandoned."""
    if repository is None:
        return {}
    now = timezone.now()
    fresh = FRESH if repository.figures_source == FigureSource.GITHUB else DATASET_FRESH
    return {
        "is_old": bool(repository.figures_on and now.date() - repository.figures_on > fresh),
        "is_abandoned": is_abandoned(
            pushed_at=repository.pushed_at, archived=repository.state == Repository.State.ARCHIVED, now=now
        ),
    }


def _alternatives(tool: Tool, limit: int | None = None) -> list[Alternative]:
    rows = Alternative.objects.filter(tool=tool, other__is_listed=True).select_related("other__function")
    return list(rows.order_by("rank")[:limit])


@require_safe
def alternatives(request: HttpRequest, slug: str) -> HttpResponse:
    tool = find_tool(request, slug, page="tools:alternatives")
    if isinstance(tool, HttpResponse):
        return tool
    found = _alternatives(tool)
    repositories = selectors.repositories_of([tool, *(row.other for row in found)])
    return render(
        request,
        "tools/alternatives.html",
        {"tool": tool, "alternatives": found, "repositories": repositories},
    )


@require_safe
def options(request: HttpRequest) -> HttpResponse:
    """The matches of the tool picker for `?q=`, as the items of a listbox."""
    tools = selectors.search_tools(request.GET.get("q", ""), limit=PICKER_OPTIONS)
    return render(request, "tools/_options.html", {"tools": tools})
