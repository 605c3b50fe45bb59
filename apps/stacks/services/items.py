"""What a stack runs: adding, changing, dropping, replacing, ordering. Each keeps the history and the counts."""

from collections.abc import Iterable, Mapping
from typing import Any

from apps.accounts.models import User
from apps.stacks.models import Item, Stack
from apps.tools.models import Tool

# A stack with more is an inventory.
MAX_ITEMS = 300


def add_items(*, person: User, stack: Stack, tools: Iterable[Tool], **values: Any) -> list[Item]:
    """The stack runs `tools` from now on; those that it runs already are left as they are. Answers the new items.

    `values`: why, version, scope, stage, since, of all of them. Raises `ValidationError`, `PermissionDenied`.
    """
    raise NotImplementedError


def change_item(*, person: User, item: Item, values: Mapping[str, Any]) -> Item:
    """Change why, version, scope, stage, since, or of a past item until, why_not and replaced_by. A version or stage that changes is history."""
    raise NotImplementedError


def drop_item(
    *, person: User, item: Item, until: str = "", why_not: str = "", replaced_by: Tool | None = None
) -> Item:
    """The stack runs it no more: `until` is today if not said. The tool that replaced it is added if it is not there."""
    raise NotImplementedError


def restore_item(*, person: User, item: Item) -> Item:
    """Undo `drop_item`."""
    raise NotImplementedError


def erase_item(*, person: User, item: Item) -> None:
    """It was never there: an error. Takes its history along."""
    raise NotImplementedError


def order_items(*, person: User, stack: Stack, ids: list[int]) -> None:
    """Give the current items named this order; others of the stack keep theirs, after them."""
    raise NotImplementedError
