"""The list of threads."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from apps.advice.forms.filters import PostFilterForm
from apps.advice.lists import frequent_tools, in_list, rows_of
from apps.advice.models import Post
from apps.core.pagination import BadCursorError, Key, paginate
from apps.stacks.forms import find_named

PAGE_SIZE = 20

_NEWEST = [Key("id", descending=True)]
# Each goes along an index: models.Post, and PostTool for the threads on a tool.
_KEYS = {
    "newest": _NEWEST,
    "hot": [Key("hot", descending=True), Key("id", descending=True)],
    "unanswered": _NEWEST,
}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Threads: newest, hot or unanswered; of a kind; on a tool."""
    chosen = PostFilterForm(request.GET).chosen
    order = chosen.get("order", "newest")
    tool, others = find_named(chosen["tool"]) if "tool" in chosen else (None, [])
    posts = Post.objects.shown()
    if order == "unanswered":
        # Decisions ask nothing.
        chosen.pop("kind", None)
        posts = posts.unanswered()
    if kind := chosen.get("kind"):
        posts = posts.filter(kind=kind)
    if tool:
        posts = posts.filter(post_tools__tool=tool)
    elif "tool" in chosen:
        posts = posts.none()
    try:
        page = paginate(
            in_list(posts), keys=_KEYS[order], cursor=request.GET.get("after", ""), size=PAGE_SIZE
        )
    except BadCursorError:
        return redirect(request.path)
    context: dict[str, Any] = {
        "rows": rows_of(page.rows),
        "posts": page.rows,
        "chosen": chosen,
        "order": order,
        "tool": tool,
        "others": others,
        "frequent": [] if tool else frequent_tools(),
        "is_first": "after" not in request.GET,
        "orders": _links(chosen, "order", PostFilterForm.ORDERS, default="newest"),
        "kinds": _links(chosen, "kind", PostFilterForm.KINDS, default=""),
        "next_query": urlencode(chosen | {"after": page.next_cursor}) if page.next_cursor else "",
        "first_query": urlencode(chosen),
    }
    return render(request, "advice/index.html", context)


def _links(
    chosen: dict[str, str], name: str, values: dict[str, str], *, default: str
) -> list[tuple[str, str, bool]]:
    """For each of the values its label, the query that chooses it and leaves the rest, whether it is chosen."""
    rest = {key: value for key, value in chosen.items() if key != name}
    return [
        (
            label,
            urlencode(rest if value == default else rest | {name: value}),
            value == chosen.get(name, default),
        )
        for value, label in values.items()
    ]
