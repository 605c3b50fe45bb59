from __future__ import annotations

from typing import Self, TypeVar

from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models

Row = TypeVar("Row", bound=models.Model, covariant=True)


class UserQuerySet(models.QuerySet[Row]):
    def shown(self) -> Self:
        """The people whose profiles anybody may see: not those who left or were locked out, nor who never verified."""
        return self.filter(is_active=True, closed_at=None, emailaddress__verified=True).distinct()


class UserManager(DjangoUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Django's manager of users, with our words for which of them."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """All in lower case: allauth looks addresses up so, and no provider tells them apart."""
        return (email or "").strip().lower()
