"""GitHub repositories, what is known of them over time, and how the reading of them goes."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now

from apps.github.querysets import RepositoryQuerySet


class FigureSource(models.TextChoices):
    """Where a number of stars or forks comes from."""

    DATASET = "dataset", "star-history dataset"
    GITHUB = "github", "GitHub"


class Repository(models.Model):
    """A repository on GitHub. Figures that are not known are null, never 0.

    The row is also the queue of the workers: it is due at `due_at`, unless a worker holds it until `leased_until`.
    """

    class State(models.TextChoices):
        """What the last looks at it said. A failure for a while, such as of the network, changes none of them."""

        NEW = "new", "not read yet"
        OK = "ok", "ok"
        ARCHIVED = "archived", "archived by its owner"
        DUPLICATE = "duplicate", "renamed to one that is here already"
        REPLACED = "replaced", "another repository bears the name"
        MISSING = "missing", "missing"
        BLOCKED = "blocked", "blocked for legal reasons"
        FORBIDDEN = "forbidden", "refused by its owner's policy"
        FAILED = "failed", "given up: workers died of it"

    # Those that wait for a moderator: no worker reads them.
    HELD = (State.REPLACED, State.FAILED)

    full_name = models.CharField("owner/name", max_length=141)
    node_id = models.CharField("id in GraphQL", max_length=100, blank=True, default="", db_default="")
    # Not unique: a duplicate bears the id of another row until a moderator puts the two together.
    database_id = models.PositiveBigIntegerField("id in REST", null=True, blank=True)

    stars = models.PositiveIntegerField(null=True, blank=True)
    forks = models.PositiveIntegerField(null=True, blank=True)
    watchers = models.PositiveIntegerField(null=True, blank=True)
    open_issues = models.PositiveIntegerField(null=True, blank=True, help_text="Without pull requests.")
    figures_on = models.DateField("figures as of", null=True, blank=True)
    figures_source = models.CharField(max_length=10, choices=FigureSource.choices, blank=True)
    # Readings before are another repository's, for which this row stood: never shown, nor compared, with later ones.
    same_since = models.DateField(
        "same repository since", null=True, blank=True, help_text="Figures before are another repository's."
    )

    is_fork = models.BooleanField("fork", default=False, db_default=False)
    is_mirror = models.BooleanField("mirror", default=False, db_default=False)
    is_disabled = models.BooleanField("disabled", default=False, db_default=False)
    began_at = models.DateTimeField("created on GitHub", null=True, blank=True)
    pushed_at = models.DateTimeField("last push", null=True, blank=True)
    license = models.CharField(
        max_length=60, blank=True, default="", db_default="", help_text="SPDX id as GitHub detects it."
    )
    language = models.CharField(max_length=60, blank=True, default="", db_default="")
    latest_release = models.CharField(max_length=255, blank=True)
    latest_release_on = models.DateField(null=True, blank=True)
    release_days = models.PositiveIntegerField(
        "days between releases", null=True, blank=True, help_text="The median of the releases that we saw."
    )

    # Stars gained in so many days up to `growth_on`, and how much that is for one of its size (trending.py).
    grew_7 = models.IntegerField("stars in 7 days", null=True, blank=True)
    grew_90 = models.IntegerField("stars in 90 days", null=True, blank=True)
    grew_365 = models.IntegerField("stars in a year", null=True, blank=True)
    growth_on = models.DateField("growth as of", null=True, blank=True)
    trend_7 = models.FloatField(null=True, blank=True, editable=False)
    trend_90 = models.FloatField(null=True, blank=True, editable=False)
    trend_365 = models.FloatField(null=True, blank=True, editable=False)

    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW, db_default=State.NEW)
    state_since = models.DateTimeField(db_default=Now())
    problem = models.CharField(
        max_length=300, blank=True, default="", db_default="", help_text="Why the last look failed."
    )
    # Looks in a row that failed, for whatever reason; looks in a row that found nothing, and since when.
    failures = models.PositiveSmallIntegerField(default=0, db_default=0)
    missing_count = models.PositiveSmallIntegerField(default=0, db_default=0)
    missing_since = models.DateTimeField(null=True, blank=True)
    # Some organisations refuse tokens even for what everybody can read: these are read without one.
    is_token_refused = models.BooleanField("token refused", default=False, db_default=False)

    read_at = models.DateTimeField("last read", null=True, blank=True)
    due_at = models.DateTimeField("next look", db_default=Now())
    leased_until = models.DateTimeField(null=True, blank=True)
    # How often it was claimed without an end: each time the worker died with it.
    claims = models.PositiveSmallIntegerField(default=0, db_default=0)
    # How much people care: followers, votes and stacks of its tools. Set by apps.tools.
    interest = models.PositiveIntegerField(default=0, db_default=0)
    # The next look at its star history by week; null where none is wanted any more.
    history_due_at = models.DateTimeField("next look at the history", null=True, blank=True, db_default=Now())
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
                condition=Q(full_name__regex=r"^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$"),
                violation_error_message='Write owner/name as on GitHub, such as "pallets/flask".',
            ),
            models.CheckConstraint(
                name="repository_figures_dated",
                condition=Q(stars=None, forks=None) | (Q(figures_on__isnull=False) & ~Q(figures_source="")),
                violation_error_message="Figures need the date that they are of, and their source.",
            ),
        ]
        indexes = [
            # Tools in the order of their stars: Tool.objects.ordered_by("stars").
            models.Index(F("stars").desc(nulls_last=True), name="repository_stars"),
            # The ones to read next: services/refresh.py.
            models.Index("due_at", "id", name="repository_due"),
            # Another row of the same repository: services/refresh.py.
            models.Index("database_id", name="repository_database_id"),
            # The ones whose history is wanted: services/backfill.py.
            models.Index(
                "history_due_at", name="repository_history_due", condition=Q(history_due_at__isnull=False)
            ),
            # Trending tools over each span of days: Tool.objects.trending().
            models.Index(F("trend_7").desc(nulls_last=True), name="repository_trend_7"),
            models.Index(F("trend_90").desc(nulls_last=True), name="repository_trend_90"),
            models.Index(F("trend_365").desc(nulls_last=True), name="repository_trend_365"),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def url(self) -> str:
        return f"https://github.com/{self.full_name}"


class FormerName(models.Model):
    """A name that a repository had before it was renamed or handed over; catalogue files may still use it."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="former_names")
    full_name = models.CharField("owner/name", max_length=141)
    until = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-until"]
        constraints = [
            # Also serves the look-up by a former name.
            models.UniqueConstraint(Lower("full_name"), name="formername_unique"),
        ]

    def __str__(self) -> str:
        return self.full_name


class Snapshot(models.Model):
    """What our workers read of a repository on one day (UTC); the last look of the day counts.

    No id: with the key (repository, date) alone, ten years of 10,000 repositories stay small (bench/snapshots.py).
    """

    pk = models.CompositePrimaryKey("repository_id", "date")
    repository = models.ForeignKey(
        Repository, on_delete=models.CASCADE, related_name="snapshots", db_index=False
    )
    date = models.DateField()
    stars = models.PositiveIntegerField()
    forks = models.PositiveIntegerField()
    # Null where the way it was read does not tell.
    watchers = models.PositiveIntegerField(null=True)
    open_issues = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["date"]

    def __str__(self) -> str:
        return f"{self.repository_id} on {self.date}: {self.stars}"


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


class StarWeek(models.Model):
    """Stars that a repository got in a week and still has today, from GitHub's star history.

    Who took a star back is not in it: never mixed with snapshots or readings.
    """

    pk = models.CompositePrimaryKey("repository_id", "week")
    repository = models.ForeignKey(
        Repository, on_delete=models.CASCADE, related_name="star_weeks", db_index=False
    )
    week = models.DateField("first day of the week")
    stars = models.PositiveIntegerField("stars given and kept")

    class Meta:
        ordering = ["week"]

    def __str__(self) -> str:
        return f"{self.repository_id} in the week of {self.week}: {self.stars}"


class Release(models.Model):
    """A release that was the latest one when a worker looked."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="releases")
    tag = models.CharField(max_length=255)
    published_on = models.DateField()

    class Meta:
        ordering = ["-published_on"]
        constraints = [
            # Also serves the releases of a repository.
            models.UniqueConstraint(fields=["repository", "tag"], name="release_once"),
        ]

    def __str__(self) -> str:
        return f"{self.repository_id} {self.tag}"


class RateLimit(models.Model):
    """How much GitHub still lets us ask of one kind, and from when on. Shared by all workers."""

    class Resource(models.TextChoices):
        GRAPHQL = "graphql", "GraphQL"
        REST = "rest", "REST with a token"
        ANONYMOUS = "anonymous", "REST without a token"

    resource = models.CharField(primary_key=True, max_length=10, choices=Resource.choices)
    quota = models.PositiveIntegerField(null=True, blank=True, help_text="Points or requests in an hour.")
    remaining = models.PositiveIntegerField(null=True, blank=True)
    reset_at = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(
        null=True, blank=True, help_text="No request before this time: GitHub said so, or failed."
    )
    # Waits in a row that GitHub gave no time for: each doubles the next.
    refusals = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True)
    requests = models.PositiveBigIntegerField(default=0)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["resource"]

    def __str__(self) -> str:
        return self.get_resource_display()


class Failure(models.Model):
    """A look at a repository, or a request for several, that failed; kept for a month."""

    repository = models.ForeignKey(
        Repository, on_delete=models.CASCADE, null=True, blank=True, related_name="failure_rows"
    )
    # A Trouble of client.py, or the name of the exception.
    kind = models.CharField(max_length=30)
    reason = models.CharField(max_length=300)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-at"]
        indexes = [
            # The last failures of /status/ and the admin, and those to forget.
            models.Index(F("at").desc(), name="failure_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.reason}"
