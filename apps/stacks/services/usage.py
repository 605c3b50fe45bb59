"""How many public stacks run a tool: `Tool.stack_count`, and those with evidence. Every change of items goes through here."""

from collections.abc import Iterator
from contextlib import contextmanager

from apps.stacks.models import Stack


@contextmanager
def counting_usage(stack: Stack) -> Iterator[Stack]:
    """Within it change items, tiers, visibility or owner of `stack`; at its end counts of tools change by the difference.

    Locks the stack first, then the tools concerned in the order of their ids. Needs a transaction. Yields the
    locked row. Also bumps `version` and `changed_at`, sets `item_count` and `likeness_due_at`.
    """
    raise NotImplementedError
    yield stack
