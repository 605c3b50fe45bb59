"""Written comparisons of two to four tools. Any tools can be compared; these have a text of their own."""

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse

from apps.comparisons.querysets import ComparisonQuerySet
from apps.tools.models import Tool

# A matrix of more columns can't be read on a screen.
MAX_TOOLS = 4


class Comparison(models.Model):
    """A stackup that has a text, or that is worth a link from others."""

    slug = models.CharField(
        max_length=260, unique=True, help_text="The tools' slugs, sorted: actix-vs-flask."
    )
    tools = models.ManyToManyField(Tool, through="ComparisonTool", related_name="comparisons")
    summary = models.TextField(blank=True)
    texts_on = models.DateField("texts as of", null=True, blank=True)
    is_edited = models.BooleanField(
        default=False, editable=False, help_text="A person changed it in the admin: no file overwrites it."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    # When what the page says last changed: the sitemap's date.
    changed_at = models.DateTimeField(auto_now_add=True)

    objects = ComparisonQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug

    def get_absolute_url(self) -> str:
        return reverse("comparisons:detail", kwargs={"slugs": self.slug})

    def clean(self) -> None:
        slugs = self.slug.split("-vs-")
        known = Tool.objects.filter(slug__in=slugs).count()
        if not 2 <= known <= MAX_TOOLS or known != len(slugs) or slugs != sorted(slugs):
            raise ValidationError(
                {"slug": f"Write the slugs of two to {MAX_TOOLS} tools, sorted: actix-vs-flask."}
            )


class ComparisonTool(models.Model):
    """A side of a comparison, and when to pick it."""

    comparison = models.ForeignKey(Comparison, on_delete=models.CASCADE, related_name="sides")
    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="comparison_sides")
    pick_when = ArrayField(models.CharField(max_length=120), default=list, blank=True)

    class Meta:
        ordering = ["tool__slug"]
        constraints = [
            models.UniqueConstraint(fields=["comparison", "tool"], name="comparisontool_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.comparison_id}: {self.tool_id}"


class Difference(models.Model):
    """One numbered difference of a comparison."""

    comparison = models.ForeignKey(Comparison, on_delete=models.CASCADE, related_name="differences")
    position = models.PositiveSmallIntegerField()
    topic = models.CharField(max_length=40)
    about = models.CharField(max_length=60, help_text="The versions or the year that it is about.")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["comparison", "position"],
                name="difference_position_unique",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]

    def __str__(self) -> str:
        return self.topic


class DifferenceText(models.Model):
    """What a difference says of one of the tools."""

    difference = models.ForeignKey(Difference, on_delete=models.CASCADE, related_name="texts")
    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="+")
    text = models.CharField(max_length=400)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["difference", "tool"], name="differencetext_unique"),
        ]

    def __str__(self) -> str:
        return self.text
