from datetime import UTC, datetime
from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

Row = TypeVar("Row", bound=models.Model, covariant=True)

# `due_at` of those that a person asked for, which so go before all others and are never counted as late.
ASKED_FOR = datetime(2000, 1, 1, tzinfo=UTC)


class RepositoryQuerySet(models.QuerySet[Row]):
    def ids_by_name(self) -> dict[str, int]:
        """The ids of all by their lower-case owner/name, also by former ones that no other bears now."""
        field: Any = self.model._meta.get_field("former_names")
        manager: models.Manager[Any] = field.related_model._default_manager
        former = manager.values_list(Lower("full_name"), "repository_id")
        return dict(former) | dict(self.values_list(Lower("full_name"), "pk"))

    def lock(self) -> list[int]:
        """Lock these for writing until the transaction ends; answers their ids.

        In the order of their ids, as all must who write several, or two might wait for one another.
        """
        return list(self.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))

    def due(self, now: datetime) -> Self:
        """Those that a worker may claim: due, not held for a moderator, and with no other worker."""
        return self._served().filter(due_at__lte=now).filter(Q(leased_until=None) | Q(leased_until__lt=now))

    def overdue(self, since: datetime) -> Self:
        """Those whose turn came before then, whether a worker has them or not; not those that a person asked for."""
        return self._served().filter(due_at__gt=ASKED_FOR, due_at__lt=since)

    def _served(self) -> Self:
        model: Any = self.model
        return self.exclude(state__in=model.HELD)
