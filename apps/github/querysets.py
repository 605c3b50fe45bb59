from typing import Self, TypeVar

from django.db import models
from django.db.models.functions import Lower

Row = TypeVar("Row", bound=models.Model, covariant=True)


class RepositoryQuerySet(models.QuerySet[Row]):
    def named(self, names: list[str]) -> Self:
        """Those whose owner/name is among `names`, in whatever case."""
        return self.alias(name_key=Lower("full_name")).filter(name_key__in=[name.lower() for name in names])
