"""Import: files, a repository or names in; the review; publishing."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import pluralize
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from apps.accounts.permissions import takes_part
from apps.core.limits import is_allowed, seconds_to_wait
from apps.core.locks import hold_lock
from apps.detection.sights import File
from apps.detection.sources import from_database
from apps.stacks.forms import ImportForm, StackForm, names_alike, show_problems
from apps.stacks.intake import read_files
from apps.stacks.layers import by_layer
from apps.stacks.models import Reading, Stack
from apps.stacks.permissions import may_edit
from apps.stacks.services.items import add_items
from apps.stacks.services.readings import (
    Row,
    ask_for_reading,
    compare_reading,
    publish_reading,
    read_names,
    store_reading,
)
from apps.stacks.services.stacks import create_stack
from apps.stacks.uploads import MAX_REQUEST_BYTES, ProjectUploadHandler
from apps.stacks.views.finding import person_of
from apps.tools.models import Tool

# Each takes seconds of a process: enough for an evening with all one's projects.
IMPORT_LIMIT = "30/hour"
SHOWN_UNKNOWN = 100
SHOWN_UNREAD = 100

# What stands in a new stack's review, where nothing is to be compared.
FOUND = (
    "Found",
    "Ticked is what goes into the stack. What is small, merely mentioned or brought along is folded below.",
)
# How a review calls what a reading would change, in the order in which it shows them.
CHANGES = {
    "added": ("New", "Not in the stack yet."),
    "upgraded": ("Other versions", "In the stack with another version."),
    "gone": (
        "Gone",
        "Such files showed it before, and these do not. What is chosen is dropped, and stays in the history.",
    ),
    "same": ("As before", "In the stack already, with this version. What is chosen gets fresh evidence."),
}


# The token of the form is in the body, and Django reads that as soon as it looks for it: before, it has to know by
# what the files shall be read.
@csrf_exempt
def import_files(request: HttpRequest) -> HttpResponse:
    """Three ways on one page: files or an archive, a repository, a list of names. Each leads to the review."""
    handler = ProjectUploadHandler(request)
    request.upload_handlers = [handler]
    if not request.user.is_authenticated:
        # Nothing of what strangers send is read.
        return redirect_to_login(request.get_full_path())
    if _length(request) > MAX_REQUEST_BYTES:
        return _too_large(request)
    return _import(request, handler)


def _length(request: HttpRequest) -> int:
    length = request.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() and len(length) < 19 else 0


@takes_part
def _too_large(request: HttpRequest) -> HttpResponse:
    """Words instead of an error page; nothing of the request is read."""
    form = ImportForm({}, person=person_of(request))
    form.add_error(
        None, f"These files have more than {MAX_REQUEST_BYTES // 1_000_000} MB together. Leave some out."
    )
    return _import_page(request, form, status=413)


@takes_part
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def _import(request: HttpRequest, handler: ProjectUploadHandler) -> HttpResponse:
    person = person_of(request)
    if request.method != "POST":
        return _import_page(request, ImportForm(person=person, initial={"stack": request.GET.get("stack")}))
    form = ImportForm(request.POST, person=person)
    if form.is_valid():
        try:
            _check_limit(request)
            return redirect("stacks:reading", pk=_read(request, form, handler.files).pk)
        except ValidationError as error:
            show_problems(form, error)
    return _import_page(request, form)


def _import_page(request: HttpRequest, form: ImportForm, *, status: int = 422) -> HttpResponse:
    context = {
        "form": form,
        "megabytes": MAX_REQUEST_BYTES // 1_000_000,
        "readings": Reading.objects.of_person(person_of(request)).exclude(state=Reading.State.PUBLISHED)[:5],
    }
    return render(request, "stacks/import.html", context, status=status if form.errors else 200)


def _check_limit(request: HttpRequest) -> None:
    who = str(request.user.pk)
    if not is_allowed("import", who, IMPORT_LIMIT):
        minutes = -(-seconds_to_wait("import", who, IMPORT_LIMIT) // 60)
        raise ValidationError(f"That is a lot within an hour. Go on in {minutes} min.")


def _read(request: HttpRequest, form: ImportForm, files: Sequence[File]) -> Reading:
    """The reading of what was sent. Raises `ValidationError` by field."""
    person, values = person_of(request), form.cleaned_data
    if files:
        report, source = read_files(files, from_database())
        return store_reading(person=person, report=report, source=source, stack=values["stack"])
    if values["repository"]:
        try:
            return ask_for_reading(person=person, repository=values["repository"], stack=values["stack"])
        except ValidationError as error:
            raise ValidationError({"repository": error.messages}) from error
    if values["names"].strip():
        return read_names(person=person, text=values["names"], stack=values["stack"])
    raise ValidationError("Choose files, name a repository or paste a list.")


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def reading(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a reading is; then its review against a new stack, or one of the person's by `?stack=`; publishing."""
    person = person_of(request)
    row = get_object_or_404(
        Reading.objects.of_person(person).select_related("stack__person", "stack__company"), pk=pk
    )
    if row.state != Reading.State.READY:
        own_stack = row.stack is not None and may_edit(person, row.stack)
        return render(request, "stacks/reading.html", {"reading": row, "may_edit": own_stack})
    own = Stack.objects.editable_by(person).with_owner().order_by("name", "pk")
    stack = _chosen_stack(request, row, own)
    form = StackForm(
        request.POST if request.method == "POST" else None, person=person, initial=_initial(row), prefix="new"
    )
    chosen = None
    if request.method == "POST":
        chosen = set(request.POST.getlist("tool"))
        if stack or form.is_valid():
            try:
                stack = _publish(request, row, stack, form, chosen)
            except ValidationError as error:
                show_problems(form, error)
            else:
                count = stack.item_count
                messages.success(request, f"Saved. {stack.name} has {count} tool{pluralize(count)} now.")
                return redirect(stack.get_absolute_url())
    rows = compare_reading(row, stack)
    unknown = _unknown(row)
    context = {
        "reading": row,
        "form": form,
        "stack": stack,
        "own": own,
        "groups": _groups(rows, chosen, _versions(request), is_new=stack is None),
        "unread": row.unread[:SHOWN_UNREAD],
        "unknown": unknown,
        "can_mean": any(one.get("others") for one in unknown),
        "meant": request.POST.getlist("meant"),
    }
    return render(request, "stacks/reading.html", context, status=422 if form.errors else 200)


def _initial(row: Reading) -> dict[str, str]:
    name = row.repository.partition("/")[2]
    return {"name": name, "repository": row.repository}


def _chosen_stack(request: HttpRequest, row: Reading, own: Any) -> Stack | None:
    """The stack that the reading is for: that of the form or address, else the one it was asked for. Raises Http404."""
    given = request.POST if request.method == "POST" else request.GET
    if "stack" not in given:
        return own.filter(pk=row.stack_id).first() if row.stack_id else None
    if not given["stack"]:
        return None
    # No id is longer.
    wanted = int(given["stack"]) if given["stack"].isdecimal() and len(given["stack"]) < 19 else 0
    stack: Stack | None = own.filter(pk=wanted).first()
    if stack is None:
        raise Http404("You have no such stack.")
    return stack


@transaction.atomic
def _publish(
    request: HttpRequest, row: Reading, stack: Stack | None, form: StackForm, chosen: set[str]
) -> Stack:
    """In one transaction: no empty stack is left of what failed, nor of a second click."""
    person = person_of(request)
    with hold_lock(f"publishing of {row.pk}"):
        published = Reading.objects.filter(pk=row.pk, state=Reading.State.PUBLISHED).first()
    if published and published.stack:
        return published.stack
    if stack is None:
        if not chosen and "meant" not in request.POST:
            raise ValidationError("Choose at least one tool.")
        stack = create_stack(person=person, company=form.company, **form.values)
    stack = publish_reading(
        person=person, reading=row, stack=stack, tools=chosen, versions=_versions(request)
    )
    meant = Tool.objects.listed().filter(slug__in=request.POST.getlist("meant")[:SHOWN_UNKNOWN])
    if add_items(person=person, stack=stack, tools=meant):
        stack.refresh_from_db(fields=["item_count"])
    return stack


def _versions(request: HttpRequest) -> dict[str, str]:
    """The versions as the person left them in the form, by the slug of the tool."""
    prefix = "version-"
    return {
        name.removeprefix(prefix): str(value)
        for name, value in request.POST.items()
        if name.startswith(prefix)
    }


def _groups(
    rows: Sequence[Row], chosen: set[str] | None, versions: Mapping[str, str], *, is_new: bool
) -> list[dict[str, Any]]:
    """The rows by what they change, then by layer; `folded` are those that are not chosen unless the person says so.

    After an error what was chosen and typed stays.
    """
    groups = []
    for change, (label, words) in CHANGES.items():
        some = [row for row in rows if row.change == change]
        sure = [row for row in some if row.is_chosen]
        if is_new:
            label, words = FOUND
        group = {"change": change, "label": label, "words": words, "count": len(some)}
        group |= {"layers": by_layer(sure), "folded": [row for row in some if not row.is_chosen]}
        if some:
            groups.append(group)
    for row in rows:
        # What the stack says already, and more exactly, stays: see `publish_reading`.
        if row.change == "same" and len(row.version) < len(row.before):
            row.version = row.before
    if chosen is not None:
        for row in rows:
            row.is_chosen = row.tool.slug in chosen
            row.version = versions.get(row.tool.slug, row.version)
    return groups


def _unknown(row: Reading) -> list[dict[str, Any]]:
    """Names or packages that no tool is known for; those of a list of names with what may be meant."""
    names = [str(name) for name in row.unknown[:SHOWN_UNKNOWN]]
    if row.source != Reading.Source.NAMES:
        # Package URLs, without what only programs need.
        return [{"name": unquote(name.removeprefix("pkg:"))} for name in names]
    alike = names_alike(names)
    return [{"name": name, "others": alike[name]} for name in names]
