from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.advice.lists import in_list
from apps.advice.lists import rows_of as posts_of
from apps.advice.models import Post
from apps.comparisons.forms import CompareForm
from apps.comparisons.models import Comparison
from apps.comparisons.selectors import with_tools
from apps.stacks.models import Company, Stack
from apps.stacks.overview import rows_of
from apps.tools import selectors
from apps.tools.models import Tool

COMPARISONS = 9
MOST_STARRED = 8
TRENDING = 6
STACKS = 5
FOUND_STACKS = 10
TALKED = 3
WAITING = 5
FOUND_POSTS = 10
SEARCH_RESULTS = 30
# As much as the field of the form takes.
SEARCH_CHARACTERS = 100


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    written = Comparison.objects.listed().exclude(summary="").order_by("-texts_on", "slug")
    taxonomy = selectors.taxonomy()
    days = selectors.trending_days()
    talked = posts_of(in_list(Post.objects.shown().order_by("-hot", "-id"))[:TALKED])
    waiting = Post.objects.unanswered().select_related("tool").order_by("-id").defer("body", "html")
    context = {
        "form": CompareForm(),
        "taxonomy": taxonomy,
        "tool_count": sum(layer.count for layer in taxonomy),
        "stackups": with_tools(written[:COMPARISONS]),
        "talked": talked,
        "talked_posts": [row.post for row in talked],
        "waiting": waiting[:WAITING],
        "trending": Tool.objects.trending(days)[:TRENDING],
        "span": selectors.TRENDING_SPANS[days],
        "stacks": rows_of(Stack.objects.public().with_owner().order_by("-changed_at", "-id")[:STACKS]),
        "starred": Tool.objects.listed().most_starred()[:MOST_STARRED],
    }
    return render(request, "pages/home.html", context)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").replace("\0", "").strip()[:SEARCH_CHARACTERS]
    tools = selectors.search_tools(query, limit=SEARCH_RESULTS)
    context = {
        "query": query,
        "tools": tools,
        "posts": Post.objects.shown().named_like(query).defer("body", "html")[:FOUND_POSTS],
        "stacks": Stack.objects.public().named_like(query).with_owner()[:FOUND_STACKS],
        "companies": Company.objects.listed().named_like(query)[:FOUND_STACKS],
    }
    return render(request, "pages/search.html", context)
