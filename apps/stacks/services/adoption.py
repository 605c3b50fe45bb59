"""Adoption of tools over time, and what is used with what: computed nightly from the items of public stacks."""

from collections import Counter, defaultdict
from itertools import combinations

from django.db import transaction
from django.utils import timezone

from apps.core.locks import hold_lock
from apps.stacks.dates import first_of, month_number
from apps.stacks.models import Adoption, Item, Tier, UsedWith

# As far back as a chart goes: what was before is told by its first month.
MONTHS = 120
# Fewer owners with both tools are chance, or one person's habit.
FEWEST_OWNERS = 3
# Below this two tools are not found together more often than chance would have it.
LEAST_LIFT = 1.1
MOST_OTHERS = 12

_TIERS = (Tier.CLAIMED, Tier.VERIFIED, Tier.PROVED)


def measure_adoption() -> int:
    """Replace `Adoption` by what items say today; answers the number of rows.

    A stack ran a tool in the middle of a month between `since` and `until`. Unknown since: the month in which we were
    told. The present month is as of today. A tool's rows begin with the first month in which anybody ran it, and have
    no gaps.
    """
    today = timezone.now().date()
    this = today.year * 12 + today.month - 1
    first = this - MONTHS + 1
    # By tool and tier: what is added in a month, and taken off.
    steps: dict[int, dict[str, Counter[int]]] = defaultdict(lambda: defaultdict(Counter))
    ends: dict[tuple[int, int], int] = {}
    items = Item.objects.of_public_stacks().filter(tool__is_listed=True).order_by("stack", "tool", "pk")
    columns = ("stack_id", "tool_id", "tier", "since", "until", "created_at")
    for stack, tool, tier, since, until, created_at in items.values_list(*columns).iterator(chunk_size=5000):
        begin = month_number(since) if since else created_at.year * 12 + created_at.month - 1
        end = min(month_number(until), this + 1) if until else this + 1
        # What runs now counts in this month, though its middle may be to come.
        begin = max(min(begin, this) if not until else begin, first, ends.get((stack, tool), 0))
        if begin >= end:
            continue
        ends[stack, tool] = end
        steps[tool][tier][begin] += 1
        steps[tool][tier][end] -= 1
    rows = [row for tool, tiers in steps.items() for row in _months(tool, tiers, this)]
    with transaction.atomic(), hold_lock("adoption"):
        Adoption.objects.all().delete()
        Adoption.objects.bulk_create(rows, batch_size=2000)
    return len(rows)


def _months(tool: int, tiers: dict[str, Counter[int]], last: int) -> list[Adoption]:
    begin = min(month for steps in tiers.values() for month in steps)
    counts = dict.fromkeys(_TIERS, 0)
    rows = []
    for month in range(begin, last + 1):
        for tier in _TIERS:
            counts[tier] += tiers[tier][month]
        rows.append(
            Adoption(
                tool_id=tool,
                month=first_of(month),
                claimed=counts[Tier.CLAIMED],
                verified=counts[Tier.VERIFIED],
                proved=counts[Tier.PROVED],
            )
        )
    return rows


def find_companions() -> int:
    """Replace `UsedWith` by what public stacks run now; answers the number of rows.

    lift(a, b) = n(a, b) N / (n(a) n(b)): how much more often N stacks run both than if they chose the two independently
    (Brin et al. 1997, who call it interest). Pairs that fewer than `FEWEST_OWNERS` owners run are left out: lift
    makes much of what is rare. So are minor tools.
    """
    stacks: dict[int, set[int]] = defaultdict(set)
    owners: dict[tuple[int | None, int | None], set[int]] = defaultdict(set)
    items = Item.objects.current().of_public_stacks().filter(tool__is_listed=True, tool__is_minor=False)
    columns = ("stack_id", "stack__person_id", "stack__company_id", "tool_id")
    for stack, person, company, tool in items.order_by().values_list(*columns).iterator(chunk_size=10_000):
        stacks[stack].add(tool)
        owners[person, company].add(tool)
    alone = Counter(tool for tools in stacks.values() for tool in tools)
    by_owner = Counter(pair for tools in owners.values() for pair in combinations(sorted(tools), 2))
    known = {pair for pair, count in by_owner.items() if count >= FEWEST_OWNERS}
    together = Counter(
        pair for tools in stacks.values() for pair in combinations(sorted(tools), 2) if pair in known
    )
    others: dict[int, list[tuple[float, int, int]]] = defaultdict(list)
    for (a, b), count in together.items():
        lift = count * len(stacks) / (alone[a] * alone[b])
        if lift >= LEAST_LIFT:
            others[a].append((lift, count, b))
            others[b].append((lift, count, a))
    rows = [
        UsedWith(tool_id=tool, other_id=other, rank=rank, stacks=count, lift=round(lift, 4))
        for tool, found in others.items()
        for rank, (lift, count, other) in enumerate(
            sorted(found, key=lambda one: (-one[0], -one[1], one[2]))[:MOST_OTHERS], start=1
        )
    ]
    with transaction.atomic(), hold_lock("used with"):
        UsedWith.objects.all().delete()
        UsedWith.objects.bulk_create(rows, batch_size=2000)
    return len(rows)
