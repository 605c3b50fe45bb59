"""Loading what an address names, as the reader may see it."""

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.services.usernames import former_names
from apps.stacks.models import Company, Item, Stack
from apps.stacks.permissions import check_edits


def person_of(request: HttpRequest) -> User:
    """Who is signed in, in views that let nobody else in."""
    return cast(User, request.user)


def find_stack(request: HttpRequest, owner: str, slug: str, *, page: str) -> Stack | HttpResponse:
    """The stack at this address that the reader may see, or a redirect from a former name of its owner, or from
    capitals. Raises Http404."""
    stacks = Stack.objects.visible_to(request.user).with_owner()
    stack = stacks.of_owner(owner).filter(slug=slug).first()
    if stack:
        return stack
    former = former_names(owner).select_related("person").first()
    present = former.person.username if former else owner.lower()
    stack = stacks.of_owner(present).filter(slug=slug.lower()).first()
    if stack is None or (stack.owner_slug, stack.slug) == (owner, slug):
        raise Http404("There is no such stack, or it is private.")
    # Not for good: people may take a former name back.
    return redirect(reverse(page, kwargs={"owner": stack.owner_slug, "slug": stack.slug}))


def find_own(request: HttpRequest, owner: str, slug: str) -> Stack:
    """A stack that the reader may change. Raises Http404 for one they can't see, `PermissionDenied` for another's."""
    stack = get_object_or_404(Stack.objects.visible_to(request.user).with_owner().of_owner(owner), slug=slug)
    check_edits(request.user, stack)
    return stack


def find_item(stack: Stack, pk: int) -> Item:
    """An item of a stack, with its tools."""
    rows = stack.items.select_related("tool__function__parent__parent", "replaced_by")
    item: Item = get_object_or_404(rows, pk=pk)
    # Of the row that was read with its owner.
    item.stack = stack
    return item


def find_company(request: HttpRequest, slug: str) -> Company:
    """The company that the reader may see. Raises Http404."""
    return get_object_or_404(Company.objects.visible_to(request.user), slug=slug.lower())
