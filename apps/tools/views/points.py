"""Pros and cons by people: all of a tool's, adding, editing and removing one, and "Still true?"."""

import re
from collections.abc import Sequence
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.models import User
from apps.accounts.permissions import takes_part
from apps.core.folding import fold
from apps.core.limits import is_allowed, seconds_to_wait
from apps.core.redirects import safe_next
from apps.tools import selectors
from apps.tools.forms import PointForm
from apps.tools.models import MAX_POINT_CHARACTERS, Point, Tool
from apps.tools.permissions import check_edits, check_removes
from apps.tools.points import POINT_LIMIT, POINTS_PAGE
from apps.tools.services import points as services
from apps.tools.views.tools import find_tool

# No tool has more pages.
_PAGE = re.compile("[1-9][0-9]{0,5}")
_ANSWERS = {"yes": True, "no": False, "none": None}


@require_safe
def points(request: HttpRequest, slug: str) -> HttpResponse:
    """All pros and cons of a tool, on pages by `?page=`."""
    tool = find_tool(request, slug, page="tools:points")
    if isinstance(tool, HttpResponse):
        return tool
    page = request.GET.get("page", "1")
    if not _PAGE.fullmatch(page):
        return redirect(request.path)
    number = int(page)
    found = selectors.points_page(tool, number)
    if number > 1 and not found.shown:
        return redirect(request.path)
    context = {
        "tool": tool,
        "points": found,
        "answers": selectors.answers_of(request.user, found.shown),
        "previous": number - 1,
        "next": number + 1 if number * POINTS_PAGE < max(found.pro_count, found.con_count) else None,
        "is_paged": True,
    }
    return render(request, "tools/points.html", context)


@require_safe
def point(request: HttpRequest, pk: int) -> HttpResponse:
    """Leads to where a pro or con stands among all of its tool."""
    found = _find_point(request, pk)
    return redirect(_address(found, found.tool))


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def add_point(request: HttpRequest, slug: str) -> HttpResponse:
    """A pro or con of one's own. Those that say nearly the same are shown once before it is taken."""
    tool = find_tool(request, slug, page="tools:add-point")
    if isinstance(tool, HttpResponse):
        return tool
    form = PointForm(request.POST or None, tool=tool, initial={"kind": request.GET.get("kind")})
    if not form.is_valid():
        return _form_page(request, form, tool)
    words = form.cleaned_data
    if similar := _unseen(request, selectors.similar_points(tool, words["kind"], words["text"]), form):
        return _form_page(request, form, tool, similar=similar)
    try:
        _check_limit(request)
        point = services.add_point(author=cast(User, request.user), tool=tool, **words)
    except services.EqualPointError as error:
        form.add_error("text", _said_already(error.point, tool))
    except services.TooManyPointsError as error:
        form.add_error("kind", str(error))
    else:
        messages.success(request, f"Your {point.get_kind_display()} stands here now. Others can vote on it.")
        return redirect(_address(point, tool))
    return _form_page(request, form, tool)


def _check_limit(request: HttpRequest) -> None:
    """Count one more that is sent. Raises `services.TooManyPointsError` where it is one too many."""
    who = str(request.user.pk)
    if not is_allowed("point", who, POINT_LIMIT):
        minutes = -(-seconds_to_wait("point", who, POINT_LIMIT) // 60)
        raise services.TooManyPointsError(
            f"You have written many within an hour. Go on in {minutes} minute{pluralize(minutes)}."
        )


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def edit_point(request: HttpRequest, pk: int) -> HttpResponse:
    """Other words for one's own, while it is fresh."""
    point = _find_point(request, pk)
    tool = point.tool
    check_edits(request.user, point)
    form = PointForm(request.POST or None, tool=tool, point=point)
    if not form.is_valid():
        return _form_page(request, form, tool, point)
    words = form.cleaned_data
    alike = selectors.similar_points(tool, point.kind, words["text"], but=point.pk)
    if similar := _unseen(request, alike, form):
        return _form_page(request, form, tool, point, similar)
    try:
        services.edit_point(editor=cast(User, request.user), point=point, **words)
    except services.EqualPointError as error:
        form.add_error("text", _said_already(error.point, tool))
        return _form_page(request, form, tool, point)
    messages.success(request, "Your words were changed.")
    return redirect(_address(point, tool))


def _unseen(request: HttpRequest, similar: Sequence[Point], form: PointForm) -> Sequence[Point]:
    """Those of `similar` that the author has yet to look at; what is equal the service refuses in its own words."""
    if "anyway" in request.POST or "text" not in form.changed_data:
        return ()
    folded = fold(form.cleaned_data["text"])
    return () if any(point.folded == folded for point in similar) else similar


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def remove_point(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks first, then takes one's own away."""
    point = _find_point(request, pk)
    check_removes(request.user, point)
    if request.method != "POST":
        return render(request, "tools/point_remove.html", {"point": point, "tool": point.tool})
    services.remove_point(remover=cast(User, request.user), point=point)
    messages.success(request, f"Your {point.get_kind_display()} was removed.")
    return redirect("tools:points", slug=point.tool.slug)


@require_POST
@takes_part
def answer_point(request: HttpRequest, pk: int) -> HttpResponse:
    """ "Still true?": `value` is yes, no, or none to take the answer back. To htmx the line below the statement."""
    person = cast(User, request.user)
    point = _find_point(request, pk)
    value = request.POST.get("value", "")
    if value not in _ANSWERS:
        return HttpResponse("The value is yes, no or none.", status=400, content_type="text/plain")
    services.answer_point(person=person, point=point, is_true=_ANSWERS[value])
    if request.headers.get("HX-Request"):
        now = _find_point(request, pk)
        answers = selectors.answers_of(person, [now])
        return render(request, "tools/_point_meta.html", {"point": now, "answers": answers})
    if any(not answer.is_counted for answer in selectors.answers_of(person, [point]).values()):
        messages.info(request, "Your answer counts once your account is a day old.")
    return redirect(safe_next(request, _address(point, point.tool)))


@require_safe
@takes_part
def similar_points(request: HttpRequest, slug: str) -> HttpResponse:
    """Those that say nearly what `?text=` says, of the `?kind=` pro or con, for the form; `?but=` leaves one out."""
    tool = get_object_or_404(Tool.objects.visible_to(request.user), slug=slug)
    kind, text, but = (request.GET.get(name, "") for name in ("kind", "text", "but"))
    similar = []
    if kind in Point.Kind.values:
        # No id is longer, and Python refuses to read numbers of thousands of digits.
        without = int(but) if but.isdecimal() and len(but) < 20 else 0
        similar = selectors.similar_points(tool, kind, text[:MAX_POINT_CHARACTERS], but=without)
    return render(request, "tools/_similar.html", {"tool": tool, "similar": similar})


def _find_point(request: HttpRequest, pk: int) -> Point:
    point = selectors.point_for(request.user, pk)
    if point is None:
        raise Http404("There is no such pro or con.")
    return point


def _address(point: Point, tool: Tool) -> str:
    number = selectors.page_of(point)
    page = f"?page={number}" if number > 1 else ""
    return f"{reverse('tools:points', kwargs={'slug': tool.slug})}{page}#point-{point.pk}"


def _said_already(point: Point, tool: Tool) -> SafeString:
    return format_html(
        'The same stands here already. <a class="link" href="{}">Vote for it</a>, or say something else.',
        _address(point, tool),
    )


def _form_page(
    request: HttpRequest,
    form: PointForm,
    tool: Tool,
    point: Point | None = None,
    similar: Sequence[Point] = (),
) -> HttpResponse:
    context = {"form": form, "tool": tool, "point": point, "similar": similar}
    return render(request, "tools/point_form.html", context)
