"""What a stack runs: adding, changing, dropping, ordering, and undoing each."""

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.permissions import takes_part
from apps.stacks.forms import AddForm, DropForm, ItemForm, show_problems
from apps.stacks.layers import in_layers
from apps.stacks.models import Item, Stack
from apps.stacks.services.items import (
    add_items,
    change_item,
    drop_item,
    erase_item,
    order_items,
    restore_item,
)
from apps.stacks.views.editing import editor
from apps.stacks.views.finding import find_item, find_own, person_of

# Of the fields that an undo button carries: longer than all of them can be.
_MAX_UNDO_CHARACTERS = 10_000


def _address(name: str, item: Item) -> str:
    return reverse(
        f"stacks:{name}",
        kwargs={"owner": item.stack.owner_slug, "slug": item.stack.slug, "pk": item.pk},
    )


def _ids(item: Item) -> str:
    """The ids of the fields: several of these forms may be open in the editor."""
    return f"id_%s_{item.pk}"


def _to_editor(stack: Stack, anchor: str = "tools") -> HttpResponse:
    address = reverse("stacks:edit", kwargs={"owner": stack.owner_slug, "slug": stack.slug})
    return redirect(f"{address}#{anchor}")


def _undo(words: str, address: str, value: str = "1") -> SafeString:
    """A message with a button that takes back what it tells of: it belongs to the page's form `act`."""
    return format_html(
        '{} <button type="submit" class="act link" form="act" formaction="{}" name="undo" value="{}">Undo</button>',
        words,
        address,
        value,
    )


@require_POST
@takes_part
def add(request: HttpRequest, owner: str, slug: str) -> HttpResponse:
    """Tools by name; those that are there already stay as they are. With `undo` the items of these ids go again."""
    stack = find_own(request, owner, slug)
    person = person_of(request)
    if "undo" in request.POST:
        wanted = [int(pk) for pk in request.POST["undo"].split(",") if pk.isdecimal() and len(pk) < 19]
        for item in stack.items.filter(pk__in=wanted).select_related("tool"):
            erase_item(person=person, item=item)
        messages.success(request, "Taken back.")
        return _to_editor(stack)
    form = AddForm(request.POST)
    if form.is_valid():
        try:
            items = add_items(person=person, stack=stack, tools=form.cleaned_data["tools"])
        except ValidationError as error:
            show_problems(form, error)
        else:
            _tell_added(request, stack, form, items)
            return _to_editor(stack, f"item-{items[0].pk}" if items else "tools")
    return editor(request, stack, add=form)


def _tell_added(request: HttpRequest, stack: Stack, form: AddForm, items: list[Item]) -> None:
    if not items:
        messages.info(request, "The stack has all of that already.")
        return
    names = ", ".join(item.tool.name for item in items)
    count = len(form.cleaned_data["tools"]) - len(items)
    more = f" {count} of them were there already." if count else ""
    address = reverse("stacks:add-items", kwargs={"owner": stack.owner_slug, "slug": stack.slug})
    messages.success(
        request, _undo(f"Added {names}.{more}", address, ",".join(str(item.pk) for item in items))
    )


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def item(request: HttpRequest, owner: str, slug: str, pk: int) -> HttpResponse:
    """What is said of one tool; of a past one, when and why it went. The editor shows the form in its list."""
    stack = find_own(request, owner, slug)
    row = find_item(stack, pk)
    if row.until:
        return _past(request, row)
    if request.method != "POST":
        return _item_page(request, row, form=ItemForm(instance=row, auto_id=_ids(row)))
    before = {name: getattr(row, name) for name in ItemForm.Meta.fields}
    form = ItemForm(_given(request), instance=row, auto_id=_ids(row))
    if form.is_valid():
        try:
            row = change_item(
                person=person_of(request),
                item=row,
                values=form.cleaned_data,
            )
        except ValidationError as error:
            show_problems(form, error)
        else:
            if "undo" in request.POST:
                messages.success(request, "As it was before.")
            elif form.has_changed():
                words = f"{row.tool.name} was changed."
                messages.success(request, _undo(words, _address("item", row), json.dumps(before)))
            return _to_editor(stack, f"item-{row.pk}")
    return _item_page(request, row, form=form)


def _given(request: HttpRequest) -> Any:
    """The fields of the form; of an undo, those that its button carries."""
    undo = request.POST.get("undo")
    if undo is None:
        return request.POST
    try:
        values = json.loads(undo) if len(undo) < _MAX_UNDO_CHARACTERS else None
    except (ValueError, RecursionError):
        values = None
    return {name: str(value) for name, value in values.items()} if isinstance(values, dict) else {}


def _past(request: HttpRequest, row: Item) -> HttpResponse:
    initial = {
        "until": row.until,
        "why_not": row.why_not,
        "replaced_by": row.replaced_by.name if row.replaced_by else "",
    }
    form = DropForm(
        request.POST if request.method == "POST" else None, item=row, initial=initial, auto_id=_ids(row)
    )
    if request.method == "POST" and form.is_valid():
        values = form.values
        try:
            change_item(
                person=person_of(request), item=row, values=values | {"until": values["until"] or row.until}
            )
        except ValidationError as error:
            show_problems(form, error)
        else:
            messages.success(request, f"What is said of {row.tool.name} was changed.")
            return _to_editor(row.stack, "past")
    return _item_page(request, row, drop=form)


@require_POST
@takes_part
def drop(request: HttpRequest, owner: str, slug: str, pk: int) -> HttpResponse:
    """The stack runs it no more, or another tool in its place; it stays in the history."""
    stack = find_own(request, owner, slug)
    row = find_item(stack, pk)
    if row.until:
        return _to_editor(stack, "past")
    form = DropForm(request.POST, item=row, auto_id=_ids(row))
    if form.is_valid():
        try:
            row = drop_item(person=person_of(request), item=row, **form.values)
        except ValidationError as error:
            show_problems(form, error)
        else:
            other = form.values["replaced_by"]
            words = (
                f"{row.tool.name} was replaced by {other.name}." if other else f"{row.tool.name} was dropped."
            )
            messages.success(
                request, _undo(f"{words} It stays in the history.", _address("restore-item", row))
            )
            return _to_editor(stack)
    return _item_page(request, row, form=ItemForm(instance=row, auto_id=_ids(row)), drop=form)


def _item_page(
    request: HttpRequest, row: Item, *, form: ItemForm | None = None, drop: DropForm | None = None
) -> HttpResponse:
    is_wrong = bool((form and form.errors) or (drop and drop.errors))
    context = {
        "stack": row.stack,
        "item": row,
        "form": form,
        "drop": drop or DropForm(item=row, auto_id=_ids(row)),
    }
    return render(request, "stacks/item.html", context, status=422 if is_wrong else 200)


@require_POST
@takes_part
def restore(request: HttpRequest, owner: str, slug: str, pk: int) -> HttpResponse:
    """Undo dropping it: the stack runs it on."""
    stack = find_own(request, owner, slug)
    row = find_item(stack, pk)
    try:
        restore_item(person=person_of(request), item=row)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return _to_editor(stack, "past")
    messages.success(request, f"{row.tool.name} is back.")
    return _to_editor(stack, f"item-{row.pk}")


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def erase(request: HttpRequest, owner: str, slug: str, pk: int) -> HttpResponse:
    """Asks first, then takes an error away, as if it had never been said."""
    stack = find_own(request, owner, slug)
    row = find_item(stack, pk)
    if request.method != "POST":
        return render(request, "stacks/erase.html", {"stack": stack, "item": row})
    erase_item(person=person_of(request), item=row)
    messages.success(request, f"{row.tool.name} was erased.")
    return _to_editor(stack)


@require_POST
@takes_part
def move(request: HttpRequest, owner: str, slug: str, pk: int) -> HttpResponse:
    """`to=up` or `to=down`, one place within its layer."""
    stack = find_own(request, owner, slug)
    row = find_item(stack, pk)
    way = {"up": -1, "down": 1}.get(request.POST.get("to", ""))
    if way is None:
        return HttpResponse("Move it up or down.", status=400, content_type="text/plain")
    current = stack.items.current().select_related("tool__function__parent__parent")
    layers = in_layers(current)
    for layer in layers:
        for rows in (layer.rows, layer.minor):
            at = next((at for at, one in enumerate(rows) if one.pk == row.pk), None)
            if at is not None and 0 <= at + way < len(rows):
                rows[at], rows[at + way] = rows[at + way], rows[at]
    ids = [one.pk for layer in layers for one in layer.rows + layer.minor]
    order_items(person=person_of(request), stack=stack, ids=ids)
    return _to_editor(stack, f"item-{row.pk}")
