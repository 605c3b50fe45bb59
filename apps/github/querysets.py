from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models.functions import Lower

if TYPE_CHECKING:
    from apps.github.models import Repository


class RepositoryQuerySet(models.QuerySet["Repository"]):
    def named(self, names: list[str]) -> RepositoryQuerySet:
        """Those whose owner/name is among `names`, in whatever case."""
        return self.annotate(name_key=Lower("full_name")).filter(
            name_key__in=[name.lower() for name in names]
        )
