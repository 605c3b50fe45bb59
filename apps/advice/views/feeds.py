"""Threads for feed readers. The same for everybody, so that any cache on the way may keep them for a while."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import http_date
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

from apps.accounts.models import User
from apps.accounts.services.usernames import former_names
from apps.advice.atom import MAX_ENTRIES, AtomFeed, posts_atom, replies_atom
from apps.advice.models import Post, PostTool, Recommendation
from apps.advice.querysets import PostQuerySet
from apps.core.context import absolute_url
from apps.tools.models import Tool, ToolAlias
from apps.tools.views.tools import find_category

# In one feed: a comparison has four sides.
MAX_TOOLS = 5
# Feed readers ask every quarter of an hour at most.
MAX_AGE = 300

View = Callable[..., AtomFeed | HttpResponse]


def _atom(view: View) -> Callable[..., HttpResponse]:
    """Writes out the feed that a view answers. Who asks with what they got last time is told if nothing changed."""

    @require_safe
    @conditional_page
    @cache_control(public=True, max_age=MAX_AGE)
    @wraps(view)
    def answer(request: HttpRequest, **kwargs: str) -> HttpResponse:
        feed = view(request, **kwargs)
        if isinstance(feed, HttpResponse):
            return feed
        headers = {"Last-Modified": http_date(feed.latest_post_date().timestamp())}
        return HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type, headers=headers)

    return answer


def _posts(request: HttpRequest, posts: PostQuerySet[Post], *, title: str, link: str) -> AtomFeed:
    """The newest of `posts`, of which only what anybody may see. Two queries."""
    tools = Prefetch("post_tools", queryset=PostTool.objects.select_related("tool"))
    newest = posts.shown().select_related("author").defer("body").prefetch_related(tools).order_by("-pk")
    return posts_atom(newest[:MAX_ENTRIES], root=_root(request), title=title, link=link, address=request.path)


def _root(request: HttpRequest) -> str:
    return absolute_url(request, "/").removesuffix("/")


@_atom
def latest(request: HttpRequest) -> AtomFeed:
    return _posts(request, Post.objects.all(), title="Advice and decisions", link=reverse("advice:index"))


@_atom
def of_tools(request: HttpRequest, slugs: str) -> AtomFeed | HttpResponse:
    """On any of the tools: "flask", or "django+flask"."""
    wanted = [*dict.fromkeys(slug for slug in slugs.lower().split("+") if slug)]
    if not 0 < len(wanted) <= MAX_TOOLS:
        raise Http404(f"A feed is of 1 to {MAX_TOOLS} tools, with + between their names.")
    listed = {tool.slug: tool for tool in Tool.objects.listed().filter(slug__in=wanted)}
    aliases = ToolAlias.objects.filter(slug__in=wanted, tool__is_listed=True).select_related("tool")
    found = {alias.slug: alias.tool for alias in aliases} | listed
    if missing := [slug for slug in wanted if slug not in found]:
        raise Http404(f"There is no tool {missing[0]!r}.")
    tools = {found[slug].pk: found[slug] for slug in wanted}
    present = "+".join(tool.slug for tool in tools.values())
    if present != slugs:
        return redirect("advice:atom-tools", slugs=present, permanent=True)
    # Of each tool the newest, along its index: of all of them at once it would sort every one.
    some = [
        PostTool.objects.filter(tool=pk, post__removed_at=None).order_by("-post").values("post")[:MAX_ENTRIES]
        for pk in tools
    ]
    names = [tool.name for tool in tools.values()]
    link = reverse("tools:detail", args=[present]) if len(tools) == 1 else reverse("advice:index")
    posts = Post.objects.filter(pk__in=some[0].union(*some[1:]))
    return _posts(request, posts, title=f"Advice on {', '.join(names)}", link=link)


@_atom
def of_person(request: HttpRequest, username: str) -> AtomFeed | HttpResponse:
    """What a person asked and decided."""
    people: QuerySet[User] = User.objects.shown()
    person = people.filter(username=username).first()
    if person is None:
        former = former_names(username).filter(person__in=people).select_related("person").first()
        person = former.person if former else get_object_or_404(people, username=username.lower())
        # Not for good: people may take a former name back.
        return redirect("advice:atom-person", username=person.username)
    title = f"{person.get_full_name()}: questions and decisions"
    return _posts(request, Post.objects.filter(author=person), title=title, link=person.get_absolute_url())


@_atom
def of_category(request: HttpRequest, path: str) -> AtomFeed:
    """On the tools of a layer, category or function."""
    category = find_category(path)
    tools = Tool.objects.listed().in_category(category)
    posts = Post.objects.filter(Exists(PostTool.objects.filter(post=OuterRef("pk"), tool__in=tools)))
    title = f"Advice on {category.name}"
    return _posts(request, posts, title=title, link=category.get_absolute_url())


@_atom
def of_thread(request: HttpRequest, pk: str, slug: str) -> AtomFeed | HttpResponse:
    """The newest replies to a thread."""
    post = get_object_or_404(Post.objects.shown(), pk=pk)
    if slug != post.slug:
        return redirect("advice:atom-thread", pk=post.pk, slug=post.slug, permanent=True)
    tools = Prefetch("recommendations", queryset=Recommendation.objects.select_related("tool"))
    replies: QuerySet[Any] = post.replies.shown().select_related("author").prefetch_related(tools)
    return replies_atom(
        replies.order_by("-pk")[:MAX_ENTRIES], post=post, root=_root(request), address=request.path
    )
