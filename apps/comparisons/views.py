"""Stackup pages: the index, one comparison, and the form that leads to one."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from apps.comparisons.forms import CompareForm
from apps.comparisons.models import MAX_TOOLS, Comparison
from apps.comparisons.selectors import stackup, with_tools
from apps.comparisons.services import canonical_slug
from apps.core.pagination import BadCursorError, Key, paginate
from apps.tools.models import Tool, ToolAlias

PAGE_SIZE = 60


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The comparisons that have a text or are worth a link."""
    rows = Comparison.objects.listed()
    try:
        page = paginate(rows, keys=[Key("slug")], cursor=request.GET.get("after", ""), size=PAGE_SIZE)
    except BadCursorError:
        return redirect(request.path)
    context = {"page": page, "stackups": with_tools(page.rows), "form": CompareForm()}
    return render(request, "comparisons/index.html", context)


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """`?tool=Flask&tool=Django`: names or slugs as people type them; leads to the stackup page."""
    form = CompareForm(request.GET.getlist("tool"))
    if form.is_valid():
        return redirect(_address(form.tools))
    return render(request, "comparisons/compare.html", {"form": form})


def _address(tools: list[Tool]) -> str:
    if len(tools) == 1:
        return tools[0].get_absolute_url()
    return reverse("comparisons:detail", kwargs={"slugs": canonical_slug([tool.slug for tool in tools])})


@require_safe
def detail(request: HttpRequest, slugs: str) -> HttpResponse:
    """`/stackups/<a>-vs-<b>/`: two to four tools. Any other order or an old slug redirects to the one address."""
    tools = _tools(request, slugs)
    address = _address(tools)
    if request.path != address:
        return redirect(address, permanent=True)
    return render(request, "comparisons/detail.html", {"stackup": stackup(tools)})


def _tools(request: HttpRequest, slugs: str) -> list[Tool]:
    """The different tools that `slugs` names, sorted by slug. Raises Http404 with words for the reader."""
    wanted = list(dict.fromkeys(slugs.lower().split("-vs-")))
    if len(wanted) > MAX_TOOLS:
        raise Http404(
            f"At most {MAX_TOOLS} tools can be compared on one page; this address names {len(wanted)}."
        )
    visible = Tool.objects.visible_to(request.user).with_function()
    found = {tool.slug: tool for tool in visible.filter(slug__in=wanted)}
    missing = [slug for slug in wanted if slug not in found]
    if missing:
        aliases = ToolAlias.objects.filter(slug__in=missing).values_list("slug", "tool_id")
        by_id = {tool.pk: tool for tool in visible.filter(pk__in=[tool_id for _, tool_id in aliases])}
        found |= {slug: by_id[tool_id] for slug, tool_id in aliases if tool_id in by_id}
        missing = [slug for slug in missing if slug not in found]
    if missing:
        names = " and ".join(f"“{slug}”" for slug in missing)
        raise Http404(f"There is no tool {names} here to compare.")
    return sorted({tool.pk: tool for tool in found.values()}.values(), key=lambda tool: tool.slug)
