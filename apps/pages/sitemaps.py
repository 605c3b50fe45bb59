"""The sitemap index: pages with a text of their own, each with the date of its last real change."""

from datetime import datetime

from django.contrib.sitemaps import Sitemap
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.urls import reverse

from apps.accounts.models import User
from apps.advice.models import Post
from apps.comparisons.models import Comparison
from apps.stacks.models import Company, Stack
from apps.tools.models import Tool


class ToolSitemap(Sitemap[Tool]):
    limit = 5000

    def items(self) -> QuerySet[Tool]:
        return Tool.objects.listed().exclude(description="").only("slug", "changed_at").order_by("pk")

    def lastmod(self, item: Tool) -> datetime:
        return item.changed_at


class ComparisonSitemap(Sitemap[Comparison]):
    limit = 5000

    def items(self) -> QuerySet[Comparison]:
        return Comparison.objects.listed().exclude(summary="").only("slug", "changed_at").order_by("pk")

    def lastmod(self, item: Comparison) -> datetime:
        return item.changed_at


class PostSitemap(Sitemap[Post]):
    limit = 5000

    def items(self) -> QuerySet[Post]:
        return Post.objects.indexable().only("slug", "changed_at").order_by("pk")

    def lastmod(self, item: Post) -> datetime:
        return item.changed_at

    def get_latest_lastmod(self) -> datetime | None:
        # Django's own reads them all.
        latest: datetime | None = self.items().aggregate(latest=Max("changed_at"))["latest"]
        return latest


class PeopleSitemap(Sitemap[User]):
    limit = 5000

    def items(self) -> QuerySet[User]:
        people: QuerySet[User] = User.objects.shown().filter(is_demo=False).exclude(bio="")
        return people.only("username").order_by("pk")


class StackSitemap(Sitemap[Stack]):
    limit = 5000

    def items(self) -> QuerySet[Stack]:
        stacks = Stack.objects.public().filter(item_count__gt=0).exclude(person__is_demo=True).with_owner()
        return stacks.order_by("pk")

    def lastmod(self, item: Stack) -> datetime:
        return item.changed_at


class CompanySitemap(Sitemap[Company]):
    """Those with a public stack: others have nothing to show yet."""

    limit = 5000

    def items(self) -> QuerySet[Company]:
        shown = Stack.objects.public().filter(company=OuterRef("pk"))
        return Company.objects.listed().filter(Exists(shown)).only("slug").order_by("pk")


class PageSitemap(Sitemap[str]):
    def items(self) -> list[str]:
        return [
            "pages:home",
            "tools:index",
            "tools:trending",
            "comparisons:index",
            "stacks:index",
            "stacks:companies",
            "advice:index",
            "pages:docs-cli",
            "pages:about",
            "pages:contact",
        ]

    def location(self, item: str) -> str:
        return reverse(item)


SITEMAPS = {
    "tools": ToolSitemap,
    "stackups": ComparisonSitemap,
    "stacks": StackSitemap,
    "companies": CompanySitemap,
    "advice": PostSitemap,
    "people": PeopleSitemap,
    "pages": PageSitemap,
}
