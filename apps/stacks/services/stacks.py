"""Stacks: create, change, delete, copy; taken from view, and shown to be somebody's."""

import re
from collections.abc import Mapping
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from apps.accounts.models import User
from apps.accounts.permissions import check_takes_part
from apps.core.folding import one_line
from apps.stacks.models import Change, Company, Item, Stack
from apps.stacks.permissions import check_adds_to, check_copies, check_deletes, check_edits
from apps.stacks.problems import problems_of
from apps.stacks.services.tiers import end_proof, set_tiers
from apps.stacks.services.usage import counting_usage, erase, lock_owner, lock_stack, settle

# More than anybody has products; who has is a company, which has more people and may have more.
MAX_STACKS = 50
MAX_STACKS_OF_COMPANY = 300
# More than a person enters in a day; a robot stops here.
STACKS_A_DAY = 20
# What a person sets, and what `change_stack` takes.
FIELDS = ("name", "slug", "description", "kind", "link", "visibility", "repository")

_GITHUB = re.compile(
    r"(?:https?://(?:www\.)?github\.com/|git@github\.com:|ssh://git@github\.com/|github\.com/)?"
    r"([^/\s?#]+/[^/\s?#]+?)(?:\.git)?(?:[/?#].*)?",
    re.IGNORECASE,
)


def repository_name(text: str) -> str:
    """GitHub's owner/name, out of that or the address of a page of a repository; `text` itself if it is neither."""
    match = _GITHUB.fullmatch(text.strip())
    return match[1] if match else text.strip()


@transaction.atomic
def create_stack(
    *,
    person: User,
    company: Company | None = None,
    name: str,
    slug: str = "",
    description: str = "",
    kind: str = Stack.Kind.PRODUCT,
    link: str = "",
    visibility: str = Stack.Visibility.PUBLIC,
    repository: str = "",
) -> Stack:
    """A new stack, of `person` or of a company that they belong to.

    Without a slug it is made of the name, and made unique. Raises `ValidationError` by field, `PermissionDenied` with
    words.
    """
    check_takes_part(person)
    if company is not None:
        check_adds_to(person, company)
    stack = Stack(person=None if company else person, company=company)
    # Nobody else gives this owner a stack until the end: limits and slugs are safe to look at.
    lock_owner(stack)
    _check_limits(stack)
    values = {
        "name": name,
        "slug": slug,
        "description": description,
        "kind": kind,
        "link": link,
        "visibility": visibility,
        "repository": repository,
    }
    _set(stack, values)
    stack.save()
    # Counted from now on, though it has no tools yet.
    settle(Stack.objects.filter(pk=stack.pk))
    stack.refresh_from_db(fields=["is_counted"])
    return stack


@transaction.atomic
def change_stack(*, person: User, stack: Stack, seen_version: int | None = None, **values: str) -> Stack:
    """Change what `create_stack` takes, but the owner. A new `repository` ends what was proved of the old one.

    `seen_version`: refuse with a `ValidationError` if the stack is no longer of this version. Answers the stack as it
    is now. Raises `ValidationError` by field, `PermissionDenied` with words.
    """
    check_takes_part(person)
    check_edits(person, stack)
    with counting_usage(stack, seen_version=seen_version) as locked:
        before = locked.repository.lower()
        changed = _set(locked, values)
        if locked.repository.lower() != before:
            locked.commit, locked.read_at = "", None
            changed |= {"commit", "read_at"} | end_proof(locked)
        locked.save(update_fields=changed)
        set_tiers(locked)
    return locked


@transaction.atomic
def delete_stack(*, person: User, stack: Stack) -> None:
    """Delete it with all its items, evidence and history. Can't be undone; done twice is success."""
    check_takes_part(person)
    check_deletes(person, stack)
    erase(stack)


@transaction.atomic
def copy_stack(*, person: User, stack: Stack) -> Stack:
    """ "Start from this": a private stack of `person` with the current tools of one that they may see.

    Without words, versions and evidence: these are the other's. Raises `ValidationError`, `PermissionDenied`.
    """
    check_copies(person, stack)
    copy = create_stack(person=person, name=stack.name, kind=stack.kind, visibility=Stack.Visibility.PRIVATE)
    today = timezone.now().date().isoformat()
    with counting_usage(copy) as locked:
        items = Item.objects.bulk_create(
            Item(stack=locked, tool_id=tool, scope=scope, position=position)
            for position, (tool, scope) in enumerate(
                stack.items.current().filter(tool__is_listed=True).values_list("tool_id", "scope")
            )
        )
        Change.objects.bulk_create(
            Change(item=item, stack=locked, tool_id=item.tool_id, kind=Change.Kind.ADDED, on=today, by=person)
            for item in items
        )
    return locked


# --- By moderators and workers -------------------------------------------------------------------


@transaction.atomic
def set_hidden(*, stack: Stack, is_hidden: bool) -> bool:
    """Take a stack from public view, or give it back; whether that changed anything. Its owner goes on to see it."""
    if lock_stack(stack).is_hidden == is_hidden:
        return False
    with counting_usage(stack) as locked:
        locked.is_hidden = is_hidden
        locked.save(update_fields=["is_hidden"])
    return True


@transaction.atomic
def unprove_stack(*, stack: Stack) -> Stack:
    """The repository is not the owner's after all: what was read there shows no more than other evidence."""
    with counting_usage(stack) as locked:
        locked.save(update_fields=end_proof(locked))
        set_tiers(locked)
    return locked


def _check_limits(stack: Stack) -> None:
    rows = Stack.objects.filter(person=stack.person, company=stack.company)
    most = MAX_STACKS_OF_COMPANY if stack.company_id else MAX_STACKS
    if rows.count() >= most:
        raise ValidationError(f"There is room for {most} stacks. Delete one first.", code="limit")
    if rows.filter(created_at__gt=timezone.now() - timedelta(days=1)).count() >= STACKS_A_DAY:
        raise ValidationError(f"{STACKS_A_DAY} new stacks in a day are enough. Go on tomorrow.", code="limit")


def _set(stack: Stack, values: Mapping[str, str]) -> set[str]:
    """Set what is in `values` and answer their names; the owner is locked. Raises `ValidationError` by field."""
    if unknown := values.keys() - set(FIELDS):
        raise TypeError(f"No stack has {', '.join(sorted(unknown))}.")
    for name, value in values.items():
        setattr(stack, name, value.strip())
    stack.name = one_line(stack.name)
    stack.repository = repository_name(stack.repository)
    others = Stack.objects.filter(person=stack.person, company=stack.company).exclude(pk=stack.pk)
    if not stack.slug:
        stack.slug = _free_slug(stack, set(others.values_list("slug", flat=True)))
    problems = problems_of(stack, exclude=["person", "company"])
    if others.filter(slug=stack.slug).exists():
        problems.setdefault("slug", []).append(
            ValidationError("There is a stack of this address already. Choose another one.", code="unique")
        )
    if problems:
        raise ValidationError(problems)
    return set(values)


def _free_slug(stack: Stack, taken: set[str]) -> str:
    """Out of the name; numbered where another one has it."""
    base = slugify(stack.name.replace("_", "-"))[:50].strip("-") or str(stack.kind)
    numbered = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return next(slug for slug in (base, *numbered) if slug not in taken)
