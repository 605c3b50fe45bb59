from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector
from django.db import models
from django.db.models import F, Q, Subquery

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from apps.accounts.models import User

Row = TypeVar("Row", bound=models.Model, covariant=True)

# What anybody finds in lists, counts, searches and feeds; of items by the prefix "stack__".
_PUBLIC = {"visibility": "public", "is_hidden": False}


# What a search looks through; the indexes stack_by_words and company_by_words are of the same.
WORDS = SearchVector("name", "description", config="english")


class _Searchable(models.QuerySet[Row]):
    def named_like(self, query: str) -> Self:
        """Those with the words of `query` in name or description, best first; none for an empty one."""
        if not query:
            return self.none()
        words = SearchQuery(query, config="english", search_type="websearch")
        found = self.alias(words=WORDS).filter(words=words)
        return found.annotate(relevance=SearchRank(SearchVector("name", config="english"), words)).order_by(
            F("relevance").desc(), "id"
        )


class CompanyQuerySet(_Searchable[Row]):
    def listed(self) -> Self:
        """Those that anybody may see: their domain was shown to be theirs."""
        return self.filter(proved_at__isnull=False)

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Those whose pages `user` may see: members and moderators see those that are not proved, too."""
        if user.is_staff:
            return self
        if user.is_anonymous:
            return self.listed()
        return self.filter(Q(proved_at__isnull=False) | Q(pk__in=_companies_of(user)))


def _companies_of(user: User) -> models.QuerySet[models.Model, int]:
    return user.memberships.values_list("company_id", flat=True)


class StackQuerySet(_Searchable[Row]):
    def public(self) -> Self:
        """Those in lists, counts, searches and feeds: public, and of a person or a company that all may see."""
        of_somebody = Q(person__is_active=True, person__closed_at=None) | Q(company__proved_at__isnull=False)
        return self.filter(of_somebody, **_PUBLIC)

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Those whose pages `user` may see: public and unlisted ones, one's own, those of one's companies."""
        if user.is_staff:
            return self
        of_somebody = Q(person__is_active=True, person__closed_at=None) | Q(company__proved_at__isnull=False)
        shown = of_somebody & ~Q(visibility="private") & Q(is_hidden=False)
        if user.is_anonymous:
            return self.filter(shown)
        return self.filter(shown | Q(person=user) | Q(company__in=_companies_of(user)))

    def editable_by(self, user: User | AnonymousUser) -> Self:
        """One's own and those of one's companies."""
        if user.is_anonymous:
            return self.none()
        return self.filter(Q(person=user) | Q(company__in=_companies_of(user)))

    def with_owner(self) -> Self:
        """Select the person and company too."""
        return self.select_related("person", "company")

    def of_owner(self, owner: str) -> Self:
        """The stacks of the person or company of that name in an address."""
        # Two look-ups by unique columns, then the indexes of owners' stacks: a join of all three would read them all.
        person = get_user_model()._default_manager.filter(username=owner).values("pk")[:1]
        company = apps.get_model("stacks", "Company")._default_manager.filter(slug=owner).values("pk")[:1]
        return self.filter(Q(person=Subquery(person)) | Q(company=Subquery(company)))


class ItemQuerySet(models.QuerySet[Row]):
    def current(self) -> Self:
        """What stacks run now."""
        return self.filter(until="")

    def past(self) -> Self:
        """What they ran."""
        return self.exclude(until="")

    def of_public_stacks(self) -> Self:
        """Items whose stack is `StackQuerySet.public`: what counts of tools are made of."""
        of_somebody = Q(stack__person__is_active=True, stack__person__closed_at=None) | Q(
            stack__company__proved_at__isnull=False
        )
        return self.filter(of_somebody, stack__visibility="public", stack__is_hidden=False)


class ReadingQuerySet(models.QuerySet[Row]):
    def of_person(self, person: User) -> Self:
        return self.filter(person=person)
