from typing import Self, TypeVar

from django.db import models
from django.db.models import Count, Q

Row = TypeVar("Row", bound=models.Model, covariant=True)


class ComparisonQuerySet(models.QuerySet[Row]):
    def listed(self) -> Self:
        """Those all of whose tools are listed."""
        return self.exclude(sides__tool__is_listed=False)

    def about(self, tool_ids: list[int]) -> Self:
        """Those that compare any of these tools, the more of them the earlier."""
        shared = Count("sides", filter=Q(sides__tool__in=tool_ids))
        return self.annotate(shared=shared).filter(shared__gt=0).order_by("-shared", "slug")
