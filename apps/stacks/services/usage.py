"""How many public stacks run a tool: `Tool.stack_count`, and those with evidence. Every change of items comes here.

`Stack.is_counted` says whether the stack's tools are in the counts. Whatever makes a stack public or takes it from view
(its own visibility, a moderator, the proof of its company, its person's standing) is followed by `settle`, in the same
transaction. Locks are taken in the order: owner, stack, tools by their ids.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.db.models import Case, F, IntegerField, QuerySet, Value, When
from django.db.models.functions import Greatest
from django.utils import timezone

from apps.accounts.models import User
from apps.stacks.models import Company, ProofCheck, ProvedBy, Reading, Stack, Tier
from apps.stacks.services.tiers import end_proof, set_tiers
from apps.tools.models import Tool

# Of the tools, by the tier of the item that counts; `stack_count` counts them all.
_COLUMNS = {"stack_count": None, "verified_count": Tier.VERIFIED, "proved_count": Tier.PROVED}

_listeners: list[Callable[[Stack], None]] = []


def register_sharing(callback: Callable[[Stack], None]) -> None:
    """Have `callback(stack)` called, within the transaction, whenever a stack with tools came into public view."""
    if callback not in _listeners:
        _listeners.append(callback)


def lock_stack(stack: Stack, *, seen_version: int | None = None) -> Stack:
    """The row as it is now, with its owner, both locked until the transaction ends.

    Raises `ValidationError` with words if it was deleted meanwhile, or is no longer of the version that the person saw.
    """
    lock_owner(stack)
    # `no_key`: others go on to write rows that point to it.
    locked = Stack.objects.select_for_update(no_key=True).filter(pk=stack.pk).first()
    if locked is None:
        raise ValidationError("This stack was deleted meanwhile.", code="gone")
    if seen_version is not None and locked.version != seen_version:
        raise ValidationError(
            "Somebody changed this stack meanwhile. Look at it again, then repeat your change.",
            code="changed",
        )
    return locked


def lock_owner(stack: Stack) -> Company | User:
    """Wait for others who change the owner or one of its stacks."""
    if stack.company_id is not None:
        return Company.objects.select_for_update(no_key=True).get(pk=stack.company_id)
    owner: User = User.objects.select_for_update(no_key=True).get(pk=stack.person_id)
    return owner


# By how much a column of a tool, by its id, changes.
Changes = Counter[tuple[str, int]]


@contextmanager
def counting_usage(
    stack: Stack, *, seen_version: int | None = None, is_change: bool = True, later: Changes | None = None
) -> Iterator[Stack]:
    """Within it change items, tiers or visibility of `stack`; at its end counts of tools change by the difference.

    Locks the owner, the stack, then the tools concerned in the order of their ids. Needs a transaction. Yields the
    locked row, of which the caller saves what it sets. Also sets `item_count`, `is_counted` and `likeness_due_at`, and,
    with `is_change`, what tells readers that the page says something else: `version`, `changed_at`. With `later` the
    changes of tools are put there, for the caller to `_apply`. Raises as `lock_stack`.
    """
    locked = lock_stack(stack, seen_version=seen_version)
    was_counted = locked.is_counted
    before = _tiers(locked) if was_counted else {}
    yield locked
    now = timezone.now()
    items = _tiers(locked)
    locked.is_counted = Stack.objects.public().filter(pk=locked.pk).exists()
    after = items if locked.is_counted else {}
    if later is None:
        _apply(_difference(before, after))
    else:
        later.update(_difference(before, after))
    locked.item_count = len(items)
    if before.keys() != after.keys():
        locked.likeness_due_at = locked.likeness_due_at or now
    if is_change:
        locked.version += 1
        locked.changed_at = now
    locked.save(update_fields=["item_count", "is_counted", "likeness_due_at", "version", "changed_at"])
    if after and not was_counted:
        for tell in _listeners:
            tell(locked)


def settle(stacks: QuerySet[Stack], *, ends_records: bool = False) -> int:
    """Count or uncount these stacks after what decides on it changed; answers how many were. Needs a transaction.

    `ends_records`: what a DNS record of their company proved is proved no more.
    """
    count = 0
    changes: Changes = Counter()
    for stack in stacks.order_by("pk"):
        ends = ends_records and stack.proved_by == ProvedBy.DNS
        with counting_usage(stack, is_change=ends, later=changes) as locked:
            was = locked.is_counted
            if ends:
                locked.save(update_fields=end_proof(locked))
                set_tiers(locked)
        count += was != locked.is_counted
    # The tools of all at once: stack by stack, two who do this would wait for each other.
    _apply(changes)
    return count


def settle_person(person: User) -> None:
    """The person was locked out, let in again, or closed the account."""
    settle(Stack.objects.filter(person=person))


def erase(stack: Stack) -> None:
    """Delete the stack with all that is in it; done twice is success. Needs a transaction."""
    # Workers hold a check while they prove the stack: before the owner. Who publishes a reading holds it after.
    list(ProofCheck.objects.filter(stack=stack).order_by("pk").select_for_update(no_key=True))
    lock_owner(stack)
    list(Reading.objects.filter(stack=stack).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    locked = Stack.objects.select_for_update().filter(pk=stack.pk).first()
    if locked is None:
        return
    if locked.is_counted:
        _apply(_difference(_tiers(locked), {}))
    locked.delete()


def _tiers(stack: Stack) -> dict[int, str]:
    """The tools that the stack runs now, by id, with the tier of each."""
    return dict(stack.items.current().values_list("tool_id", "tier"))


def _difference(before: Mapping[int, str], after: Mapping[int, str]) -> Changes:
    """Of two states of one stack."""
    changes: Changes = Counter()
    for column, tier in _COLUMNS.items():
        changes.update((column, pk) for pk, of in after.items() if tier in (None, of))
        changes.subtract((column, pk) for pk, of in before.items() if tier in (None, of))
    return changes


def _apply(differences: Changes) -> None:
    """Change the counts of tools, in one update."""
    changes: dict[tuple[str, int], list[int]] = defaultdict(list)
    for (column, pk), change in differences.items():
        if change:
            changes[column, change].append(pk)
    if not changes:
        return
    pks = {pk for found in changes.values() for pk in found}
    tools = Tool.objects.filter(pk__in=pks)
    # Evaluated for its locks.
    list(tools.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    sums: dict[str, list[When]] = defaultdict(list)
    for (column, change), found in changes.items():
        sums[column].append(When(pk__in=found, then=Value(change)))
    tools.update(
        **{
            # Never below 0, whatever was wrong before: nobody's change shall fail for it, and `recount` mends it.
            column: Greatest(F(column) + Case(*whens, default=Value(0), output_field=IntegerField()), 0)
            for column, whens in sums.items()
        }
    )
