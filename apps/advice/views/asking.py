"""Writing threads: asking, telling of a decision, editing, drafts."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.permissions import takes_part
from apps.advice.forms.posts import FORMS, DecisionForm, QuestionForm, initial_of, typed_in
from apps.advice.limits import MAX_TOOLS
from apps.advice.models import MAX_BODY_CHARACTERS, MAX_TITLE_CHARACTERS, Draft, Post
from apps.advice.permissions import check_edits
from apps.advice.services.drafts import delete_draft as throw_away
from apps.advice.services.drafts import save_draft as keep
from apps.advice.services.posts import edit_post, publish_post
from apps.advice.views.assistance import TOO_OFTEN, previewed
from apps.advice.views.finding import find_post, person_of

# Of a form, but nothing that was typed.
_OF_THE_FORM = frozenset(
    ["csrfmiddlewaretoken", "draft", "kind", "post", "next", "version", "preview", "save"]
)
_PUBLISHED: Mapping[str, str] = {
    Post.Kind.ADVICE: "Your question stands here now.",
    Post.Kind.DECISION: "Your decision stands here now.",
}


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def ask(request: HttpRequest) -> HttpResponse:
    """`?tools=flask,django&title=` fill the form beforehand, `?draft=` with what was kept."""
    return _write(request, Post.Kind.ADVICE)


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def decide(request: HttpRequest) -> HttpResponse:
    """As `ask`."""
    return _write(request, Post.Kind.DECISION)


def _write(request: HttpRequest, kind: str) -> HttpResponse:
    person = person_of(request)
    draft = _draft(request, kind)
    if request.method != "POST":
        initial = typed_in(draft.data) if draft else _wanted(request, kind)
        return _page(request, kind, FORMS[kind](person=person, initial=initial), draft=draft)
    if "preview" in request.POST:
        return _page(request, kind, FORMS[kind](person=person, initial=_shown_again(request)), draft=draft)
    form = FORMS[kind](request.POST, person=person)
    try:
        if "save" in request.POST:
            if keep(person=person, kind=kind, data=_typed(request), draft=draft):
                messages.success(request, "Your draft is kept here.")
            return redirect("advice:drafts")
        if form.is_valid():
            post = publish_post(
                author=person,
                kind=kind,
                title=form.cleaned_data["title"],
                body=form.cleaned_data["body"],
                tools=form.tools,
                values=form.values,
                draft=draft,
            )
            messages.success(request, _PUBLISHED[kind])
            return redirect(post.get_absolute_url())
    except (ValidationError, PermissionDenied) as error:
        form.add_problems(error)
    return _page(request, kind, form, draft=draft)


def _draft(request: HttpRequest, kind: str) -> Draft | None:
    """The draft that the form goes on with. Raises Http404 for an address of one that is gone."""
    given = request.POST if request.method == "POST" else request.GET
    wanted = given.get("draft", "")
    if not wanted:
        return None
    # No id is longer.
    pk = int(wanted) if wanted.isdecimal() and len(wanted) < 19 else 0
    draft = Draft.objects.filter(person=person_of(request), kind=kind, pk=pk).first()
    if draft is None and request.method != "POST":
        raise Http404("This draft is gone: it was published or deleted.")
    return draft


def _wanted(request: HttpRequest, kind: str) -> dict[str, Any]:
    """What the address says beforehand."""
    names = request.GET.get("tools", "")[:1000].split(",")[:MAX_TOOLS]
    # Of several one wants to know which.
    asked = "options" if len(names) > 1 else "about"
    field = "chosen" if kind == Post.Kind.DECISION else asked
    title = request.GET.get("title", "")[:MAX_TITLE_CHARACTERS]
    return typed_in({"title": [title], field: names})


def _typed(request: HttpRequest) -> Mapping[str, Sequence[str]]:
    return {name: texts for name, texts in request.POST.lists() if name not in _OF_THE_FORM}


def _shown_again(request: HttpRequest) -> dict[str, Any]:
    """What was typed, for a form that checks nothing yet."""
    return typed_in(_typed(request))


def _page(
    request: HttpRequest,
    kind: str,
    form: QuestionForm | DecisionForm,
    *,
    draft: Draft | None = None,
    post: Post | None = None,
    extra: Mapping[str, Any] | None = None,
) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "kind": kind, "draft": draft, "post": post}
    if "preview" in request.POST:
        context["preview"] = previewed(request, MAX_BODY_CHARACTERS)
        if context["preview"] is None:
            messages.warning(request, TOO_OFTEN)
    if not draft and not post:
        context["other_drafts"] = Draft.objects.filter(person=person_of(request), kind=kind).count()
    context |= extra or {}
    template = "advice/decide.html" if kind == Post.Kind.DECISION else "advice/ask.html"
    return render(request, template, context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def edit(request: HttpRequest, pk: str, slug: str) -> HttpResponse:
    """Change what a thread says. Where somebody else did so meanwhile, the form says what differs now."""
    post = find_post(request, pk)
    check_edits(request.user, post)
    owner = post.author or person_of(request)
    form_class = FORMS[post.kind]
    if request.method != "POST":
        return _page(
            request, post.kind, form_class(person=owner, post=post, initial=initial_of(post)), post=post
        )
    if "preview" in request.POST:
        form = form_class(person=owner, post=post, initial=_shown_again(request))
        return _page(request, post.kind, form, post=post, extra={"version": _version(request)})
    form = form_class(request.POST, person=owner, post=post, initial=initial_of(post))
    extra: dict[str, Any] = {"version": _version(request)}
    if form.is_valid():
        try:
            post = edit_post(
                editor=person_of(request),
                post=post,
                title=form.cleaned_data["title"],
                body=form.cleaned_data["body"],
                tools=form.tools,
                values=form.values,
                seen_version=_version(request),
            )
        except (ValidationError, PermissionDenied) as error:
            if getattr(error, "code", "") == "changed":
                now = find_post(request, pk)
                # Sent once more, it is meant to take the place of that.
                extra = {"version": now.version, "now": _differences(form, now), "post": now}
            form.add_problems(error)
        else:
            messages.success(request, "Saved. What it said before stands in its history.")
            return redirect(post.get_absolute_url())
    return _page(request, post.kind, form, post=post, extra=extra)


def _version(request: HttpRequest) -> int | None:
    wanted = request.POST.get("version", "")
    return int(wanted) if wanted.isdecimal() and len(wanted) < 10 else None


def _differences(form: QuestionForm | DecisionForm, now: Post) -> list[tuple[str, str]]:
    """Label and present text of each field that says something else by now than the form."""
    fresh = type(form)(person=form.person, post=now, initial=initial_of(now))
    found = []
    for field in fresh:
        text = field.value()
        if str(text or "") != str(form[field.name].value() or ""):
            found.append((str(field.label), str(text or "")))
    return found


@require_safe
@takes_part
def drafts(request: HttpRequest) -> HttpResponse:
    """What the reader has begun to write."""
    rows = Draft.objects.filter(person=person_of(request)).select_related("post")
    return render(request, "advice/drafts.html", {"drafts": rows})


@require_POST
@takes_part
def save_draft(request: HttpRequest) -> HttpResponse:
    """For static/js/draft.js: keeps the fields of a form as the draft `draft`, or a new one, of `kind`; of a reply as
    that to the thread `post`. Answers {"draft": its id, null if nothing is left}, or {"problem": words} with 422."""
    kind = request.POST.get("kind", "")
    if kind not in Draft.Kind.values:
        return JsonResponse({"problem": "There are no drafts of that kind."}, status=422)
    post, draft = None, None
    if kind == Draft.Kind.REPLY:
        wanted = request.POST.get("post", "")
        post = find_post(request, wanted if wanted.isdecimal() and len(wanted) < 19 else "0")
    else:
        draft = _draft(request, kind)
    try:
        kept = keep(person=person_of(request), kind=kind, data=_typed(request), post=post, draft=draft)
    except ValidationError as error:
        return JsonResponse({"problem": " ".join(error.messages)}, status=422)
    return JsonResponse({"draft": kept.pk if kept else None})


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def delete_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks first."""
    if request.method != "POST":
        draft = get_object_or_404(Draft, person=person_of(request), pk=pk)
        return render(request, "advice/draft_delete.html", {"draft": draft})
    throw_away(person=person_of(request), pk=pk)
    messages.success(request, "The draft is deleted.")
    return redirect("advice:drafts")
