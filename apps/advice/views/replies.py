"""Replies: answering, editing, removing, accepting."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.permissions import takes_part
from apps.advice.forms.replies import ReplyForm, initial_of_reply, typed_reply
from apps.advice.models import MAX_REPLY_CHARACTERS, Draft, Post, Reply
from apps.advice.permissions import check_edits, check_removes
from apps.advice.services.drafts import save_draft
from apps.advice.services.posts import accept_reply, take_back_acceptance
from apps.advice.services.replies import add_reply, edit_reply, remove_reply, restore_reply
from apps.advice.threads import draft_of
from apps.advice.views.assistance import TOO_OFTEN, previewed
from apps.advice.views.finding import find_post, find_reply, person_of
from apps.advice.views.threads import history_page, to_thread
from apps.stacks.forms import show_problems


def _word(post: Post) -> str:
    """What the pages call a reply to `post`."""
    return "reply" if post.is_decision else "answer"


@require_safe
def reply(request: HttpRequest, pk: int) -> HttpResponse:
    """Leads to where the reply stands in its thread."""
    found = find_reply(request, pk)
    return to_thread(request, found.post, found)


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def add(request: HttpRequest, pk: str, slug: str) -> HttpResponse:
    """An answer; with `preview` it is shown and not yet published, with `save` kept as a draft."""
    post = find_post(request, pk)
    person = person_of(request)
    if request.method != "POST":
        return _form_page(request, post, ReplyForm(post=post, initial=typed_reply(draft_of(post, person))))
    form = ReplyForm(request.POST, post=post)
    if "save" in request.POST:
        data = {name: request.POST.getlist(name) for name in form.fields}
        try:
            save_draft(person=person, kind=Draft.Kind.REPLY, data=data, post=post)
        except ValidationError as error:
            form.add_error(None, error)
            return _form_page(request, post, form)
        messages.success(request, "Your draft is kept. Only you see it.")
        return to_thread(request, post, anchor="your-answer")
    if "preview" not in request.POST and form.is_valid():
        try:
            answer = add_reply(author=person, post=post, **form.cleaned_data)
        except ValidationError as error:
            show_problems(form, error)
        else:
            messages.success(request, f"Your {_word(post)} stands here now.")
            return to_thread(request, post, answer)
    return _form_page(request, post, form)


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    found = find_reply(request, pk)
    check_edits(request.user, found)
    form = ReplyForm(
        request.POST if request.method == "POST" else None, post=found.post, initial=initial_of_reply(found)
    )
    if "preview" not in request.POST and form.is_valid():
        try:
            edit_reply(editor=person_of(request), reply=found, **form.cleaned_data)
        except ValidationError as error:
            show_problems(form, error)
        else:
            messages.success(request, "Saved. What it said before stands in its history.")
            return to_thread(request, found.post, found)
    return _form_page(request, found.post, form, found)


def _form_page(request: HttpRequest, post: Post, form: ReplyForm, reply: Reply | None = None) -> HttpResponse:
    """The form by itself: a new answer, or other words for `reply`; with what was typed as it would look."""
    context: dict[str, Any] = {"post": post, "form": form, "reply": reply}
    if "preview" in request.POST:
        context["preview"] = previewed(request, MAX_REPLY_CHARACTERS)
        if context["preview"] is None:
            messages.warning(request, TOO_OFTEN)
    is_wrong = bool(form.errors) and "preview" not in request.POST
    return render(request, "advice/reply_form.html", context, status=422 if is_wrong else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks first, then takes the reply away; it can be restored."""
    found = find_reply(request, pk)
    if request.method != "POST":
        check_removes(request.user, found)
        context = {"post": found.post, "written": found, "what": _word(found.post)}
        return render(request, "advice/remove.html", context)
    remove_reply(remover=person_of(request), reply=found)
    messages.success(request, "Removed. You can restore it where it stood.")
    return to_thread(request, found.post, found)


@require_POST
@takes_part
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    found = find_reply(request, pk)
    restore_reply(restorer=person_of(request), reply=found)
    messages.success(request, f"The {_word(found.post)} is back.")
    return to_thread(request, found.post, found)


@require_POST
@takes_part
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Who asked accepts the reply, or takes that back: `value` is 1 or 0."""
    found = find_reply(request, pk)
    value = request.POST.get("value", "")
    person = person_of(request)
    if value == "1":
        try:
            accept_reply(person=person, reply=found)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
    elif value == "0":
        take_back_acceptance(person=person, post=found.post)
    else:
        return HttpResponse("The value is 1 or 0.", status=400, content_type="text/plain")
    # As it is now: the accepted one comes first.
    return to_thread(request, found.post, find_reply(request, pk))


@require_safe
def history(request: HttpRequest, pk: int) -> HttpResponse:
    """How the reply was edited."""
    found = find_reply(request, pk)
    return history_page(request, found.post, found, "a reply" if found.post.is_decision else "an answer")
