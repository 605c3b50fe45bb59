"""Stacks: create, change, delete, copy."""

from apps.accounts.models import User
from apps.stacks.models import Company, Stack


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
    """A new stack, of `person` or of a company that they belong to. Without a slug it is made of the name, and made unique.

    Raises `ValidationError` by field, `PermissionDenied` with words.
    """
    raise NotImplementedError


def change_stack(*, person: User, stack: Stack, **values: str) -> Stack:
    """Change what `create_stack` takes, but the owner. A new `repository` ends what was proved of the old one."""
    raise NotImplementedError


def delete_stack(*, person: User, stack: Stack) -> None:
    """Delete it with all its items, evidence and history. Can't be undone."""
    raise NotImplementedError


def copy_stack(*, person: User, stack: Stack) -> Stack:
    """ "Start from this": a private stack of `person` with the current tools of one that they may see, without words and evidence."""
    raise NotImplementedError
