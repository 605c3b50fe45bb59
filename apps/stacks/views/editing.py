"""Creating, changing and deleting a stack."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from apps.accounts.permissions import takes_part
from apps.stacks import overview
from apps.stacks.forms import AddForm, StackForm, show_problems
from apps.stacks.layers import in_layers
from apps.stacks.models import Stack
from apps.stacks.permissions import check_deletes, may_delete
from apps.stacks.services.stacks import change_stack, create_stack, delete_stack
from apps.stacks.views.finding import find_own, person_of


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def new(request: HttpRequest) -> HttpResponse:
    """By hand: name it, then say what it runs."""
    person = person_of(request)
    form = StackForm(request.POST or None, person=person, initial=_initial(request))
    if request.method == "POST" and form.is_valid():
        try:
            stack = create_stack(person=person, company=form.company, **form.values)
        except ValidationError as error:
            show_problems(form, error)
        else:
            messages.success(request, "There it is. Now say what it runs.")
            return redirect("stacks:edit", owner=stack.owner_slug, slug=stack.slug)
    return _answer(request, "stacks/new.html", form, {})


def _initial(request: HttpRequest) -> dict[str, str]:
    """`?company=` chooses the owner beforehand."""
    company = request.GET.get("company")
    return {"owner": company} if company else {}


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def edit(request: HttpRequest, owner: str, slug: str) -> HttpResponse:
    """The editor: what the stack runs, and what is said of it as a whole."""
    stack = find_own(request, owner, slug)
    form = StackForm(
        request.POST if request.method == "POST" else None, instance=stack, person=person_of(request)
    )
    if request.method == "POST" and form.is_valid():
        try:
            stack = change_stack(person=person_of(request), stack=stack, **form.values)
        except ValidationError as error:
            show_problems(form, error)
        else:
            messages.success(request, "Saved.")
            return redirect("stacks:edit", owner=stack.owner_slug, slug=stack.slug)
    return editor(request, stack, form=form)


def editor(
    request: HttpRequest, stack: Stack, *, form: StackForm | None = None, add: AddForm | None = None
) -> HttpResponse:
    """The page of the editor, with what is wrong in one of its forms."""
    items = list(overview.items_of(stack))
    shown = form or StackForm(instance=stack, person=person_of(request))
    context = {
        "stack": stack,
        "add": add or AddForm(),
        "layers": in_layers(item for item in items if item.is_current),
        "past": [item for item in items if item.until],
        "ways": ("up", "down"),
        "may_delete": may_delete(request.user, stack),
    }
    return _answer(request, "stacks/edit.html", shown, context, wrong=add)


def _answer(
    request: HttpRequest,
    template: str,
    form: StackForm,
    context: dict[str, Any],
    wrong: BaseForm | None = None,
) -> HttpResponse:
    status = 422 if form.errors or (wrong and wrong.errors) else 200
    return render(request, template, {"form": form, **context}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def delete(request: HttpRequest, owner: str, slug: str) -> HttpResponse:
    """Asks first, then deletes the stack with its history."""
    stack = find_own(request, owner, slug)
    check_deletes(request.user, stack)
    if request.method != "POST":
        return render(request, "stacks/delete.html", {"stack": stack})
    back = stack.company.get_absolute_url() if stack.company else person_of(request).get_absolute_url()
    delete_stack(person=person_of(request), stack=stack)
    messages.success(request, f"{stack.name} was deleted.")
    return redirect(back)
