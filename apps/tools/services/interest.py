"""How much people care for a repository: what the GitHub workers read first and most often."""

from django.db import transaction
from django.db.models import F, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from apps.github.models import Repository
from apps.tools.models import ToolRepository

# To run a tool says more than to want to hear of it, and that more than a click.
STACK_WEIGHT, FOLLOWER_WEIGHT, VOTE_WEIGHT = 3, 2, 1


@transaction.atomic
def weigh_interest() -> int:
    """Set `Repository.interest` from followers, votes and stacks of its tools; answers how many changed.

    The weighted sum over the listed tools whose source it holds, as their primary repository or another.
    """
    links = ToolRepository.objects.filter(repository=OuterRef("pk"), tool__is_listed=True)
    weight = (
        STACK_WEIGHT * F("tool__stack_count")
        + FOLLOWER_WEIGHT * F("tool__follower_count")
        + VOTE_WEIGHT * F("tool__vote_count")
    )
    sums = links.order_by().values("repository").annotate(sum=Sum(weight)).values("sum")
    interest = Coalesce(Subquery(sums), 0)
    changed = Repository.objects.alias(weighed=interest).exclude(interest=F("weighed"))
    # Locked in the order of their ids, as the workers do, or the two might wait for one another.
    ids = list(changed.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    return Repository.objects.filter(pk__in=ids).update(interest=interest)
