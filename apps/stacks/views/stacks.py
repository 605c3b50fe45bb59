"""Browsing stacks, the page of one and its history, and starting from it."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from apps.accounts.permissions import takes_part
from apps.core.pagination import BadCursorError, Key, paginate
from apps.stacks import overview
from apps.stacks.forms import StackFilterForm, find_named, layer_choices
from apps.stacks.models import Stack, Tier
from apps.stacks.permissions import may_edit
from apps.stacks.services.stacks import copy_stack
from apps.stacks.views.finding import find_stack, person_of

PAGE_SIZE = 20
# Few lines: what was added on one day is told in one.
HISTORY_SIZE = 300

_NEWEST = [Key("changed_at", descending=True), Key("id", descending=True)]
_HISTORY = [Key("on", descending=True), Key("id", descending=True)]


@require_safe
@vary_on_headers("HX-Request")
def index(request: HttpRequest) -> HttpResponse:
    """Public stacks, filtered, what changed last first."""
    chosen = StackFilterForm(request.GET).chosen
    layers = layer_choices()
    tool, others = find_named(chosen["tool"]) if "tool" in chosen else (None, [])
    rows = overview.narrow(
        Stack.objects.public().with_owner(),
        tool=tool,
        layer=next((layer for layer in layers if layer.slug == chosen.get("layer")), None),
        tier=chosen.get("tier", ""),
        kind=chosen.get("kind", ""),
        company=chosen.get("company", ""),
    )
    if "tool" in chosen and tool is None:
        rows = rows.none()
    try:
        page = paginate(rows, keys=_NEWEST, cursor=request.GET.get("after", ""), size=PAGE_SIZE)
    except BadCursorError:
        return redirect(request.path)
    context: dict[str, Any] = {
        "rows": overview.rows_of(page.rows) if page.rows else [],
        "chosen": chosen,
        "tool": tool,
        "others": others,
        "is_first": "after" not in request.GET,
        "next_query": urlencode(chosen | {"after": page.next_cursor}) if page.next_cursor else "",
        "first_query": urlencode(chosen),
    }
    if request.headers.get("HX-Request") and not request.headers.get("HX-History-Restore-Request"):
        return render(request, "stacks/_results.html", context)
    context |= {"layers": layers, "kinds": Stack.Kind.choices, "tiers": Tier.choices}
    return render(request, "stacks/index.html", context)


@require_safe
def detail(request: HttpRequest, owner: str, slug: str) -> HttpResponse:
    """What a stack runs, by layer, with the evidence."""
    stack = find_stack(request, owner, slug, page="stacks:detail")
    if isinstance(stack, HttpResponse):
        return stack
    context = {
        "stack": stack,
        "overview": overview.overview_of(stack),
        "is_mine": request.user.is_authenticated and may_edit(request.user, stack),
    }
    return render(request, "stacks/detail.html", context)


@require_safe
def history(request: HttpRequest, owner: str, slug: str) -> HttpResponse:
    """All changes of a stack, newest first, and what it ran once."""
    stack = find_stack(request, owner, slug, page="stacks:history")
    if isinstance(stack, HttpResponse):
        return stack
    try:
        page = paginate(
            overview.changes_of(stack),
            keys=_HISTORY,
            cursor=request.GET.get("after", ""),
            size=HISTORY_SIZE,
        )
    except BadCursorError:
        return redirect(request.path)
    is_first = "after" not in request.GET
    past = stack.items.past().select_related("tool", "replaced_by").order_by("-until", "pk")
    context = {
        "stack": stack,
        "lines": overview.timeline(page.rows),
        "is_first": is_first,
        "past": list(past) if is_first else [],
        "next_query": urlencode({"after": page.next_cursor}) if page.next_cursor else "",
    }
    return render(request, "stacks/history.html", context)


@require_POST
@takes_part
def copy(request: HttpRequest, owner: str, slug: str) -> HttpResponse:
    """ "Start from this": a private copy of one's own, to be edited."""
    stacks = Stack.objects.visible_to(request.user).with_owner().of_owner(owner)
    stack = get_object_or_404(stacks, slug=slug)
    own = copy_stack(person=person_of(request), stack=stack)
    messages.success(
        request,
        f"This is your own now, started from {stack.name}. Only you see it: change what differs, then share it.",
    )
    return redirect("stacks:edit", owner=own.owner_slug, slug=own.slug)
