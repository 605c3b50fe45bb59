"""Comments on threads and replies."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import reselect, retarget

from apps.accounts.permissions import takes_part
from apps.advice.forms.replies import CommentForm
from apps.advice.models import Comment, Post, Reply
from apps.advice.permissions import check_edits, check_removes
from apps.advice.services.replies import add_comment, edit_comment, remove_comment, restore_comment
from apps.advice.views.finding import find_comment, find_post, find_reply, person_of
from apps.advice.views.threads import history_page, to_thread
from apps.stacks.forms import show_problems


@require_safe
def comment(request: HttpRequest, pk: int) -> HttpResponse:
    """Leads to where the comment stands in its thread."""
    found = find_comment(request, pk)
    return to_thread(request, found.post, found)


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def add(request: HttpRequest, pk: str, slug: str) -> HttpResponse:
    """A comment on the thread itself."""
    return _add(request, find_post(request, pk))


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def add_to_reply(request: HttpRequest, pk: int) -> HttpResponse:
    """A comment on a reply."""
    reply = find_reply(request, pk)
    return _add(request, reply.post, reply)


def _ids(on: Post | Reply) -> str:
    """The ids of the fields: several of these forms may be open on a page."""
    return f"id_%s_{on._meta.model_name}_{on.pk}"


def _add(request: HttpRequest, post: Post, reply: Reply | None = None) -> HttpResponse:
    form = CommentForm(request.POST if request.method == "POST" else None, auto_id=_ids(reply or post))
    if form.is_valid():
        try:
            said = add_comment(
                author=person_of(request), post=post, reply=reply, body=form.cleaned_data["body"]
            )
        except ValidationError as error:
            show_problems(form, error)
        else:
            messages.success(request, "Your comment stands here now.")
            # With its reply as the page of it shows: by itself it knows no more than its thread's number.
            return to_thread(request, post, find_comment(request, said.pk))
    return _form_page(request, post, form, reply=reply)


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    found = find_comment(request, pk)
    check_edits(request.user, found)
    form = CommentForm(request.POST if request.method == "POST" else None, initial={"body": found.body})
    if form.is_valid():
        try:
            edit_comment(editor=person_of(request), comment=found, body=form.cleaned_data["body"])
        except ValidationError as error:
            show_problems(form, error)
        else:
            messages.success(request, "Saved. What it said before stands in its history.")
            return to_thread(request, found.post, found)
    return _form_page(request, found.post, form, reply=found.reply, comment=found)


def _form_page(
    request: HttpRequest,
    post: Post,
    form: CommentForm,
    *,
    reply: Reply | None = None,
    comment: Comment | None = None,
) -> HttpResponse:
    on = reply or post
    anchor = "reply" if reply else "post"
    context = {"post": post, "comment": comment, "form": form, "on": on, "anchor": anchor}
    answer = render(request, "advice/comment_form.html", context, status=422 if form.errors else 200)
    if request.headers.get("HX-Request") and form.errors:
        # htmx puts in place only what succeeded.
        answer.status_code = 200
        return reselect(retarget(answer, f"#slot-{anchor}-{on.pk}"), "#comment-form")
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks first, then takes the comment away; it can be restored."""
    found = find_comment(request, pk)
    if request.method != "POST":
        check_removes(request.user, found)
        return render(
            request, "advice/remove.html", {"post": found.post, "written": found, "what": "comment"}
        )
    remove_comment(remover=person_of(request), comment=found)
    messages.success(request, "Removed. You can restore it where it stood.")
    return to_thread(request, found.post, found)


@require_POST
@takes_part
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    found = find_comment(request, pk)
    restore_comment(restorer=person_of(request), comment=found)
    messages.success(request, "The comment is back.")
    return to_thread(request, found.post, found)


@require_safe
def history(request: HttpRequest, pk: int) -> HttpResponse:
    """How the comment was edited."""
    found = find_comment(request, pk)
    return history_page(request, found.post, found, "a comment")
