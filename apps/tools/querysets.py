from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

from django.db import models
from django.db.models import Case, F, Q, When

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from apps.accounts.models import User

Row = TypeVar("Row", bound=models.Model, covariant=True)


class CategoryQuerySet(models.QuerySet[Row]):
    def with_trail(self) -> Self:
        """Select the parents too, so that `trail` costs no query."""
        return self.select_related("parent__parent")


class ToolQuerySet(models.QuerySet[Row]):
    def listed(self) -> Self:
        """The tools that anybody may see in lists, searches and on pages."""
        return self.filter(is_listed=True)

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The tools whose pages `user` may see: moderators see those that are not listed too."""
        return self if user.is_staff else self.listed()

    def in_category(self, category: models.Model) -> Self:
        """The tools of a layer, category or function."""
        return self.filter(
            Q(function=category) | Q(function__parent=category) | Q(function__parent__parent=category)
        )

    def with_function(self) -> Self:
        """Select the place in the taxonomy too."""
        return self.select_related("function__parent__parent")

    def with_stars(self) -> Self:
        """Annotate `stars`, `forks`, `figures_on` of the primary repository; None where unknown."""
        primary = models.FilteredRelation("repository_links", condition=Q(repository_links__is_primary=True))
        return self.annotate(main_link=primary).annotate(
            stars=F("main_link__repository__stars"),
            forks=F("main_link__repository__forks"),
            figures_on=F("main_link__repository__figures_on"),
        )

    def with_growth(self, days: int = 365) -> Self:
        """`with_stars`; and `grown` in `days` 7, 90 or 365 up to `growth_on`, None where unknown or of another time."""
        repository = "main_link__repository__"
        # A trend is kept only where the growth is about as new as that of others (apps/github/services/growth.py).
        is_new = When(**{f"{repository}trend_{days}__isnull": False}, then=F(f"{repository}grew_{days}"))
        return self.with_stars().annotate(
            trend=F(f"{repository}trend_{days}"), grown=Case(is_new), growth_on=F(f"{repository}growth_on")
        )

    def trending(self, days: int = 90) -> Self:
        """The listed ones that grew in `days` 7, 90 or 365, most for their size first (apps/github/trending.py).

        Annotated as by `with_growth`.
        """
        rows = self.listed().with_growth(days).filter(trend__gt=0)
        return rows.order_by(F("trend").desc(nulls_last=True), "id")

    def most_starred(self) -> Self:
        """Those whose stars are known, most first, annotated with them."""
        return self.with_stars().filter(stars__isnull=False).order_by("-stars", "id")
