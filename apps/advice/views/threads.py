"""The page of a thread, and what is done to it as a whole."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import replace_url

from apps.accounts.permissions import takes_part
from apps.advice.forms.replies import OutcomeForm, ReplyForm, initial_of_outcome, typed_reply
from apps.advice.models import Comment, Post, Reply
from apps.advice.permissions import check_removes, check_tells_outcome
from apps.advice.services.outcomes import answer_outcome
from apps.advice.services.posts import remove_post, restore_post
from apps.advice.services.views import count_view
from apps.advice.threads import BEST, ORDERS, cursor_of, is_indexed, thread_of
from apps.advice.versions import history_of
from apps.advice.views.finding import find_post, person_of
from apps.core.pagination import BadCursorError
from apps.stacks.forms import show_problems


@require_safe
def detail(request: HttpRequest, pk: str, slug: str) -> HttpResponse:
    """A thread: `?order=newest` shows its replies newest first, `?after=` goes on."""
    post = find_post(request, pk)
    if slug != post.slug:
        return redirect(post, permanent=True)
    order = request.GET.get("order", BEST)
    if order not in ORDERS:
        return redirect(post)
    try:
        answer = _page(request, post, order=order, cursor=request.GET.get("after", ""))
    except BadCursorError:
        return redirect(post)
    if not post.removed_at:
        count_view(request, post.pk, author_id=post.author_id)
    return answer


def _page(
    request: HttpRequest,
    post: Post,
    *,
    order: str = BEST,
    cursor: str = "",
    focus: Post | Reply | Comment | None = None,
) -> HttpResponse:
    """The page of `post`; the keyboard goes on at `focus`. Raises `BadCursorError`."""
    thread = thread_of(post, request.user, order=order, cursor=cursor)
    context = {
        "post": post,
        "thread": thread,
        "order": order,
        "is_first": not cursor,
        "is_indexed": is_indexed(post),
        "form": ReplyForm(post=post, initial=typed_reply(thread.draft)),
        "focus": focus,
        "next_query": urlencode(({"order": order} if order != BEST else {}) | {"after": thread.next_cursor}),
    }
    return render(request, "advice/detail.html", context)


def to_thread(
    request: HttpRequest, post: Post, at: Reply | Comment | None = None, *, anchor: str = ""
) -> HttpResponse:
    """Leads to where `at` stands in the thread, or to an anchor; htmx gets that page at once, to take a part."""
    reply = at.reply if isinstance(at, Comment) else at
    cursor = cursor_of(reply, request.user) if reply else ""
    anchor = anchor or (f"{at._meta.model_name}-{at.pk}" if at else f"post-{post.pk}")
    query = f"?{urlencode({'after': cursor})}" if cursor else ""
    address = f"{post.get_absolute_url()}{query}#{anchor}"
    if not request.headers.get("HX-Request"):
        return redirect(address)
    answer = _page(request, find_post(request, str(post.pk)), cursor=cursor, focus=at)
    # An accepted answer moves to the top; a comment comes where the reader is already.
    answer["HX-Reswap"] = f"outerHTML show:#{anchor}:top" if isinstance(at, Reply) else "outerHTML"
    return replace_url(answer, address)


@require_safe
def history(request: HttpRequest, pk: str, slug: str) -> HttpResponse:
    """How the thread was edited."""
    post = find_post(request, pk)
    return history_page(request, post, post, "a thread")


def history_page(
    request: HttpRequest, post: Post, written: Post | Reply | Comment, what: str
) -> HttpResponse:
    """`what`: "a thread", "an answer"."""
    try:
        found = history_of(written, cursor=request.GET.get("after", ""))
    except BadCursorError:
        return redirect(request.path)
    context = {
        "post": post,
        "written": written,
        "what": what,
        "history": found,
        "is_first": "after" not in request.GET,
    }
    return render(request, "advice/history.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def remove(request: HttpRequest, pk: str, slug: str) -> HttpResponse:
    """Asks first, then takes the thread away; it can be restored."""
    post = find_post(request, pk)
    if request.method != "POST":
        check_removes(request.user, post)
        return render(request, "advice/remove.html", {"post": post, "written": post, "what": "thread"})
    remove_post(remover=person_of(request), post=post)
    messages.success(request, "The thread is removed. You can restore it below.")
    return to_thread(request, post)


@require_POST
@takes_part
def restore(request: HttpRequest, pk: str, slug: str) -> HttpResponse:
    post = find_post(request, pk)
    restore_post(restorer=person_of(request), post=post)
    messages.success(request, "The thread is back.")
    return to_thread(request, post)


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def outcome(request: HttpRequest, pk: str, slug: str) -> HttpResponse:
    """What became of the question, by who asked."""
    post = find_post(request, pk)
    check_tells_outcome(request.user, post)
    told = post.outcomes.select_related("chosen").order_by("-after_days").first()
    form = OutcomeForm(request.POST if request.method == "POST" else None, initial=initial_of_outcome(told))
    if form.is_valid():
        try:
            answer_outcome(person=person_of(request), post=post, **form.cleaned_data)
        except ValidationError as error:
            show_problems(form, error)
        else:
            messages.success(request, "Thank you. Those who come with the same question see it now.")
            return to_thread(request, post, anchor="outcomes")
    context: dict[str, Any] = {"post": post, "form": form}
    return render(request, "advice/outcome.html", context, status=422 if form.errors else 200)
