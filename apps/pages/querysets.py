from __future__ import annotations

from typing import Self, TypeVar

from django.db import models
from django.db.models import Q

from apps.stacks.models import Stack

Row = TypeVar("Row", bound=models.Model, covariant=True)


class EventQuerySet(models.QuerySet[Row]):
    def shown(self) -> Self:
        """What anybody may see now: of threads, replies and stacks that all may see, by people who are still here."""
        by_somebody = Q(actor__is_active=True, actor__closed_at=None)
        # A stack goes on without the one who changed it; a thread in the feed is somebody's.
        of_stack = (by_somebody | Q(actor=None)) & Q(stack__in=Stack.objects.public())
        of_post = by_somebody & Q(stack=None, post__removed_at=None)
        return self.filter(of_stack | of_post & (Q(reply=None) | Q(reply__removed_at=None)))
