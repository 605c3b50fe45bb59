"""What counts of tools must be, worked out anew from the rows."""

from collections import Counter

from apps.stacks.models import Item, Stack, Tier
from apps.tools.models import Tool

Counts = dict[str, tuple[int, int, int]]


def right_counts() -> Counts:
    """(all, verified, proved) by the tool's slug, as public stacks run it now; tools that nobody runs are left out."""
    rows = Counter(Item.objects.filter(until="", stack__in=public_ids()).values_list("tool__slug", "tier"))
    slugs = {slug for slug, _ in rows}
    return {
        slug: (
            sum(rows[slug, tier] for tier in Tier.values),
            rows[slug, Tier.VERIFIED],
            rows[slug, Tier.PROVED],
        )
        for slug in slugs
    }


def said_counts() -> Counts:
    """The same as the tools say."""
    rows = Tool.objects.values_list("slug", "stack_count", "verified_count", "proved_count")
    return {slug: counts for slug, *rest in rows if any(counts := (rest[0], rest[1], rest[2]))}


def public_ids() -> list[int]:
    """Without `StackQuerySet.public`, which is what is tested."""
    return [
        stack.pk
        for stack in Stack.objects.select_related("person", "company")
        if stack.visibility == "public"
        and not stack.is_hidden
        and (
            stack.company.proved_at is not None
            if stack.company
            else stack.person is not None and stack.person.is_active and stack.person.closed_at is None
        )
    ]


def check_counts() -> None:
    """Fail unless tools and stacks say what the rows do."""
    assert said_counts() == right_counts()
    public = set(public_ids())
    for stack in Stack.objects.all():
        assert stack.is_counted == (stack.pk in public)
        assert stack.item_count == stack.items.filter(until="").count()
