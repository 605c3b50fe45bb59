"""The public pages of a person: the profile, and the lists it shows the first rows of."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from apps.accounts.models import PersonFollow, User
from apps.accounts.services.usernames import former_names
from apps.advice.lists import posts_by, replies_by, reply_rows
from apps.advice.lists import rows_of as posts_of
from apps.advice.models import Post, Reply
from apps.core.pagination import BadCursorError, Key, paginate
from apps.stacks.models import Company, Stack
from apps.stacks.overview import rows_of
from apps.stacks.querysets import StackQuerySet
from apps.tools.models import Point, ToolFollow
from apps.votes.models import Reputation

# Rows on the profile itself; each list has a page of its own.
FIRST_TOOLS = 12
FIRST_PEOPLE = 12
FIRST_POINTS = 8
FIRST_REPUTATIONS = 8
FIRST_POSTS = 4
FIRST_REPLIES = 4
# Nearly everybody's all; a person has at most some dozen.
FIRST_STACKS = 12
PAGE_SIZE = 40

_NEWEST = [Key("id", descending=True)]


def _count(rows: QuerySet[Any], by: str) -> Coalesce:
    """How many of `rows` name the person of the outer query in their column `by`."""
    counted = rows.filter(**{by: OuterRef("pk")}).order_by().values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def find_person(request: HttpRequest, username: str, page: str) -> User | HttpResponse:
    """The person called `username`, with counts of what the profile shows, or a redirect to their present name.

    Raises Http404 where there is none, or where they left.
    """
    people: QuerySet[User] = User.objects.shown()
    person = (
        people.filter(username=username)
        .annotate(
            following_count=_count(PersonFollow.objects.all(), "follower"),
            tool_count=_count(ToolFollow.objects.filter(tool__is_listed=True), "person"),
            point_count=_count(Point.objects.filter(tool__is_listed=True), "author"),
            post_count=_count(Post.objects.shown(), "author"),
            reply_count=_count(Reply.objects.shown(), "author"),
        )
        .first()
    )
    if person:
        return person
    former = former_names(username).filter(person__in=people).first()
    present = (
        people.filter(pk=former.person_id).first()
        if former
        else people.filter(username=username.lower()).first()
    )
    if present is None:
        raise Http404(f"There is nobody called {username!r} here.")
    # Not for good: people may take a former name back.
    return redirect(reverse(page, kwargs={"username": present.username}))


def _is_following(request: HttpRequest, person: User) -> bool:
    return (
        request.user.is_authenticated
        and PersonFollow.objects.filter(follower=request.user, person=person).exists()
    )


def _stacks(request: HttpRequest, person: User) -> StackQuerySet[Stack]:
    """The person's own, and for themselves also those that others don't find."""
    stacks = Stack.objects.filter(person=person)
    return stacks if request.user == person else stacks.public()


def _points(person: User) -> QuerySet[Point]:
    return person.points.filter(tool__is_listed=True).select_related("tool", "author")


def _tools(person: User) -> QuerySet[ToolFollow]:
    return ToolFollow.objects.filter(person=person, tool__is_listed=True).select_related("tool__function")


@require_safe
def profile(request: HttpRequest, username: str) -> HttpResponse:
    person = find_person(request, username, "pages:profile")
    if isinstance(person, HttpResponse):
        return person
    stacks = _stacks(request, person).with_owner().order_by("-changed_at", "-id")
    posts = posts_of(posts_by(person).order_by("-id")[:FIRST_POSTS])
    replies = reply_rows(replies_by(person).order_by("-id")[:FIRST_REPLIES])
    reputations = Reputation.objects.filter(person=person, score__gt=0, tool__is_listed=True)
    context = {
        "person": person,
        "is_following": _is_following(request, person),
        "stacks": rows_of(stacks[:FIRST_STACKS]),
        "companies": Company.objects.listed().filter(memberships__person=person).order_by("name"),
        "tools": [row.tool for row in _tools(person).order_by("-id")[:FIRST_TOOLS]],
        "people": [row.person for row in _followed(person).order_by("-id")[:FIRST_PEOPLE]],
        "points": list(_points(person).order_by("-id")[:FIRST_POINTS]),
        "posts": posts,
        "own_posts": [row.post for row in posts],
        "replies": replies,
        "own_replies": [row.reply for row in replies],
        "reputations": reputations.select_related("tool")[:FIRST_REPUTATIONS],
    }
    return render(request, "pages/profile.html", context)


def _followed(person: User) -> QuerySet[PersonFollow]:
    rows = PersonFollow.objects.filter(follower=person, person__in=User.objects.shown())
    return rows.select_related("person")


def _followers(person: User) -> QuerySet[PersonFollow]:
    rows = PersonFollow.objects.filter(person=person, follower__in=User.objects.shown())
    return rows.select_related("follower")


def _list(
    name: str,
    rows: Callable[[User], QuerySet[Any]],
    rows_as: Callable[[Sequence[Any]], Sequence[Any]] | None = None,
) -> Callable[[HttpRequest, str], HttpResponse]:
    """The view of one of a person's lists, newest first: the address and template of `name`.

    `rows_as` makes of a page's rows what the template shows.
    """

    @require_safe
    def view(request: HttpRequest, username: str) -> HttpResponse:
        person = find_person(request, username, f"pages:profile-{name}")
        if isinstance(person, HttpResponse):
            return person
        try:
            page = paginate(rows(person), keys=_NEWEST, cursor=request.GET.get("after", ""), size=PAGE_SIZE)
        except BadCursorError:
            return redirect(request.path)
        context = {"person": person, "page": page, "is_first": "after" not in request.GET}
        if rows_as:
            context["rows"] = rows_as(page.rows)
        return render(request, f"pages/profile_{name}.html", context)

    return view


points = _list("points", _points)
posts = _list("advice", posts_by, posts_of)
replies = _list("replies", replies_by, reply_rows)
followed_tools = _list("tools", _tools)
followed_people = _list("following", _followed)
followers = _list("followers", _followers)
