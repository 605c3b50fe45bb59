"""What stands behind each item: set anew whenever evidence comes or goes, or the proof of a repository does."""

from collections import defaultdict
from collections.abc import Iterable

from apps.stacks.models import Evidence, Item, Stack, Tier

# Below this a file merely mentions the tool.
LEAST_CONFIDENCE = 0.5
# What another site claims is a claim, however it came.
_CLAIMS = frozenset([Evidence.Source.TECHSTACK])


def tier_of(stack: Stack, evidence: Iterable[Evidence]) -> Tier:
    """The tier of an item of `stack` with this evidence."""
    telling = [row for row in evidence if row.source not in _CLAIMS and row.confidence >= LEAST_CONFIDENCE]
    if not telling:
        return Tier.CLAIMED
    repository = stack.repository.lower()
    is_proved = stack.proved_at is not None and any(
        row.source == Evidence.Source.REPOSITORY and row.repository.lower() == repository for row in telling
    )
    return Tier.PROVED if is_proved else Tier.VERIFIED


def set_tiers(stack: Stack) -> int:
    """Set the tier of every item of `stack`, past ones too; answers how many changed. Call it within `counting_usage`.
    Two queries, and one more if any changed."""
    found: dict[int, list[Evidence]] = defaultdict(list)
    for row in Evidence.objects.filter(item__stack=stack):
        found[row.item_id].append(row)
    changed = []
    for item in stack.items.all():
        tier = tier_of(stack, found[item.pk])
        if tier != item.tier:
            item.tier = tier
            changed.append(item)
    Item.objects.bulk_update(changed, ["tier"], batch_size=500)
    return len(changed)


def end_proof(stack: Stack) -> set[str]:
    """The repository of `stack` is no longer shown to be its owner's; answers the fields that are to be saved. Set the
    tiers afterwards."""
    stack.proved_at, stack.proved_by, stack.github_id = None, "", None
    return {"proved_at", "proved_by", "github_id"}
