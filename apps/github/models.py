"""GitHub repositories and what is known of them over time."""

from django.db import models
from django.db.models.functions import Lower

from apps.github.querysets import RepositoryQuerySet


class FigureSource(models.TextChoices):
    """Where a number of stars or forks comes from."""

    DATASET = "dataset", "star-history dataset"
    GITHUB = "github", "GitHub"


class Repository(models.Model):
    """A repository on GitHub. Figures that are not known are null, never 0."""

    full_name = models.CharField("owner/name", max_length=141)
    stars = models.PositiveIntegerField(null=True, blank=True)
    forks = models.PositiveIntegerField(null=True, blank=True)
    figures_on = models.DateField("figures as of", null=True, blank=True)
    figures_source = models.CharField(max_length=10, choices=FigureSource.choices, blank=True)
    latest_release = models.CharField(max_length=100, blank=True)
    latest_release_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RepositoryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "repositories"
        ordering = ["full_name"]
        constraints = [
            # Also serves the look-up by name, in whatever case it is written.
            models.UniqueConstraint(Lower("full_name"), name="repository_full_name_unique"),
            models.CheckConstraint(
                name="repository_full_name_form",
                condition=models.Q(full_name__regex=r"^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$"),
                violation_error_message='Write owner/name as on GitHub, such as "pallets/flask".',
            ),
            models.CheckConstraint(
                name="repository_figures_dated",
                condition=models.Q(stars=None, forks=None)
                | (models.Q(figures_on__isnull=False) & ~models.Q(figures_source="")),
                violation_error_message="Figures need the date that they are of, and their source.",
            ),
        ]
        indexes = [
            # Tools in the order of their stars: Tool.objects.ordered_by("stars").
            models.Index(models.F("stars").desc(nulls_last=True), name="repository_stars"),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def url(self) -> str:
        return f"https://github.com/{self.full_name}"


class StarReading(models.Model):
    """Stars and forks of a repository on one day, read by somebody else and imported with its source.

    Kept apart from the daily figures that our own workers read.
    """

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="star_readings")
    date = models.DateField()
    stars = models.PositiveIntegerField()
    forks = models.PositiveIntegerField()
    source = models.CharField(max_length=10, choices=FigureSource.choices, default=FigureSource.DATASET)

    class Meta:
        ordering = ["date"]
        constraints = [
            # Also serves the chart: all readings of a page's repositories by date.
            models.UniqueConstraint(fields=["repository", "date"], name="starreading_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.repository_id} on {self.date}: {self.stars}"
