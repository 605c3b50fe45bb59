from collections.abc import Collection
from datetime import datetime
from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

Row = TypeVar("Row", bound=models.Model, covariant=True)


class RepositoryQuerySet(models.QuerySet[Row]):
    def named(self, names: Collection[str]) -> Self:
        """Those that bear, or bore before they were renamed, an owner/name of `names`, in whatever case."""
        keys = [name.lower() for name in names]
        bearing = self.model._default_manager.alias(key=Lower("full_name")).filter(key__in=keys)
        bore = self._former_names().alias(key=Lower("full_name")).filter(key__in=keys)
        # A union, as with an "or" PostgreSQL would read every row instead of two indexes.
        return self.filter(pk__in=bearing.values("pk").union(bore.values("repository_id")))

    def ids_by_name(self) -> dict[str, int]:
        """The ids of all by their lower-case owner/name, also by former ones that no other bears now."""
        former = self._former_names().values_list(Lower("full_name"), "repository_id")
        return dict(former) | dict(self.values_list(Lower("full_name"), "pk"))

    def due(self, now: datetime) -> Self:
        """Those that a worker may claim: due, not held for a moderator, and with no other worker."""
        return self._served().filter(due_at__lte=now).filter(Q(leased_until=None) | Q(leased_until__lt=now))

    def overdue(self, since: datetime) -> Self:
        """Those that have been due since before then, whether a worker has them or not."""
        return self._served().filter(due_at__lt=since)

    def _served(self) -> Self:
        model: Any = self.model
        return self.exclude(state__in=model.HELD)

    def _former_names(self) -> models.QuerySet[Any]:
        field: Any = self.model._meta.get_field("former_names")
        manager: models.Manager[Any] = field.related_model._default_manager
        return manager.all()
