"""Tools, where they stand in the taxonomy, and what is known and said of them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast, Length, Lower
from django.db.models.lookups import GreaterThanOrEqual
from django.urls import reverse

from apps.core.folding import fold
from apps.core.markdown import MAX_CHARACTERS
from apps.core.ranking import wilson_lower_bound
from apps.github.models import Repository
from apps.tools.catalogue import is_reserved
from apps.tools.entries import SLUG_PATTERN
from apps.tools.logos import LOGO_DIR
from apps.tools.querysets import CategoryQuerySet, ToolQuerySet

# The length of a pro or con: enough for a reason, too little for an essay.
MIN_POINT_CHARACTERS = 10
MAX_POINT_CHARACTERS = 140
# Folding makes many letters of some signs.
MAX_FOLDED_CHARACTERS = 2 * MAX_POINT_CHARACTERS

_slug = RegexValidator(rf"^{SLUG_PATTERN}$", "Use lower-case letters, digits and single hyphens.")
_partial_date = RegexValidator(
    r"^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$", 'Write "2010", "2010-04" or "2010-04-01".'
)


class Category(models.Model):
    """A node of the taxonomy: a layer, a category in it, or a function in that."""

    class Level(models.TextChoices):
        LAYER = "layer", "layer"
        CATEGORY = "category", "category"
        FUNCTION = "function", "function"

    level = models.CharField(max_length=8, choices=Level.choices)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    slug = models.CharField(max_length=60, validators=[_slug])
    name = models.CharField(max_length=80)
    text = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["position", "name"]
        constraints = [
            # Also serves the look-up of a page by its path.
            models.UniqueConstraint(
                fields=["parent", "slug"], name="category_slug_unique", nulls_distinct=False
            ),
            models.CheckConstraint(
                name="category_layer_is_root",
                condition=Q(level="layer", parent=None) | (~Q(level="layer") & Q(parent__isnull=False)),
                violation_error_message="A layer has no parent; a category or function has one.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("tools:category", kwargs={"path": "/".join(node.slug for node in self.trail)})

    def clean(self) -> None:
        wanted = {"category": "layer", "function": "category"}.get(self.level)
        if wanted and self.parent and self.parent.level != wanted:
            raise ValidationError({"parent": f"A {self.level} stands in a {wanted}."})

    @property
    def trail(self) -> list[Category]:
        """From the layer down to this node. Costs no query where the parents were selected."""
        return [*(self.parent.trail if self.parent else []), self]


class Tool(models.Model):
    """Something that people build with."""

    class Status(models.TextChoices):
        ACTIVE = "active", "active"
        DEPRECATED = "deprecated", "deprecated"
        ARCHIVED = "archived", "archived"

    class Origin(models.TextChoices):
        CATALOGUE = "catalogue", "starter catalogue"
        IMPORT = "import", "import"
        PERSON = "person", "person"

    name = models.CharField(max_length=60)
    slug = models.CharField(max_length=60, unique=True, validators=[_slug])
    function = models.ForeignKey(
        Category, on_delete=models.PROTECT, related_name="tools", limit_choices_to={"level": "function"}
    )
    tagline = models.CharField(max_length=140, blank=True, help_text="One plain phrase that says what it is.")
    description = models.TextField(blank=True, help_text="Markdown.")
    website = models.URLField(blank=True)
    license = models.CharField(max_length=120, blank=True, help_text="SPDX expression. Empty: unknown.")
    language = models.CharField(max_length=40, blank=True, help_text="Main language that it is written in.")
    first_release = models.CharField(max_length=10, blank=True, validators=[_partial_date])
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACTIVE)
    successor = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="predecessors"
    )
    features = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    logo = models.CharField(
        max_length=60, blank=True, validators=[_slug], help_text="A file of static/logos/. Empty: a monogram."
    )
    # A small part of nearly everything: found in a stack, but not named among its tools.
    is_minor = models.BooleanField("minor", default=False, db_default=False)
    # By what, beside its packages, it is known in a repository: entries.DetectionEntry.
    detection = models.JSONField(
        default=dict, db_default={}, blank=True, help_text="See catalogue/README.md."
    )
    repositories = models.ManyToManyField(Repository, through="ToolRepository", related_name="tools")

    is_listed = models.BooleanField("listed", default=True, help_text="Shown in lists and searches.")
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.PERSON)
    # Fields, and parts such as "packages", that a person changed in the admin: no file overwrites them.
    edited_fields = ArrayField(models.CharField(max_length=30), default=list, blank=True, editable=False)
    facts_on = models.DateField("facts as of", null=True, blank=True)

    # Counted from rows of other apps; see docs/architecture.md.
    # Public stacks that run it now, and those of them with evidence: verified and no more, and proved.
    stack_count = models.PositiveIntegerField(default=0, editable=False)
    verified_count = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    proved_count = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    follower_count = models.PositiveIntegerField(default=0, editable=False)
    vote_count = models.PositiveIntegerField(default=0, editable=False)

    created_at = models.DateTimeField(auto_now_add=True)
    # When what the page says last changed: the sitemap's date. Set by the services, not by every save.
    changed_at = models.DateTimeField(auto_now_add=True)

    objects = ToolQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="tool_slug_form",
                condition=Q(slug__regex=rf"^{SLUG_PATTERN}$"),
                violation_error_message="Use lower-case letters, digits and single hyphens in the slug.",
            ),
            models.CheckConstraint(
                name="tool_successor_is_another",
                condition=Q(successor=None) | ~Q(successor=models.F("id")),
                violation_error_message="A tool can't succeed itself.",
            ),
        ]
        indexes = [
            # Lists of a function, category or layer by name: Tool.objects.in_category(...).
            models.Index(
                "function", Lower("name"), "id", name="tool_by_function", condition=Q(is_listed=True)
            ),
            # All listed tools by name, keyset pages of /tools/.
            models.Index(Lower("name"), "id", name="tool_by_name", condition=Q(is_listed=True)),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("tools:detail", kwargs={"slug": self.slug})

    def clean(self) -> None:
        problems = {}
        if is_reserved(self.slug):
            problems["slug"] = f"{self.slug!r} is an address of the site itself."
        alias = ToolAlias.objects.filter(slug=self.slug).exclude(tool=self.pk).select_related("tool").first()
        if alias:
            problems["slug"] = f"This address leads to {alias.tool}: take it from its aliases first."
        if self.logo and not (LOGO_DIR / f"{self.logo}.svg").exists():
            problems["logo"] = f"There is no file static/logos/{self.logo}.svg."
        if len(self.description) > MAX_CHARACTERS:
            problems["description"] = f"Write at most {MAX_CHARACTERS} characters."
        if problems:
            raise ValidationError(problems)

    @property
    def has_own_text(self) -> bool:
        """Whether the page says something of its own; a thin page is kept from search engines."""
        return bool(self.description)


class ToolAlias(models.Model):
    """A former or other slug of a tool; its addresses redirect."""

    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="aliases")
    slug = models.CharField(max_length=60, unique=True, validators=[_slug])

    class Meta:
        verbose_name_plural = "tool aliases"
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug

    def clean(self) -> None:
        if is_reserved(self.slug):
            raise ValidationError({"slug": f"{self.slug!r} is an address of the site itself."})
        tool = Tool.objects.filter(slug=self.slug).exclude(pk=self.tool_id).first()
        if tool:
            raise ValidationError({"slug": f"This is the address of {tool}."})


class Package(models.Model):
    """A package that a tool is published as: the type and name of a package URL (purl)."""

    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="packages")
    type = models.CharField(max_length=20)
    name = models.CharField(max_length=200, help_text="With its namespace: @angular/core, laravel/framework.")

    class Meta:
        ordering = ["type", "name"]
        constraints = [
            # Also serves the look-up from a manifest.
            models.UniqueConstraint(
                fields=["type", "name"],
                name="package_unique",
                violation_error_message="This package belongs to a tool already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type}: {self.name}"


class ToolRepository(models.Model):
    """A repository that holds a tool's source; one of them is the primary one."""

    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="repository_links")
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="tool_links")
    is_primary = models.BooleanField("primary", default=False)

    class Meta:
        verbose_name_plural = "tool repositories"
        ordering = ["-is_primary", "repository__full_name"]
        constraints = [
            models.UniqueConstraint(fields=["tool", "repository"], name="toolrepository_unique"),
            # Also serves the join from a list of tools to their stars.
            models.UniqueConstraint(
                fields=["tool"],
                condition=Q(is_primary=True),
                name="toolrepository_one_primary",
                violation_error_message="A tool has one primary repository.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tool_id}: {self.repository_id}"


class Integration(models.Model):
    """What one tool has to do with another: "`tool` runs on `other`". Seen from both sides."""

    class Kind(models.TextChoices):
        EXTENDS = "extends", "extends"
        RUNS_ON = "runs_on", "runs on"
        BUILT_WITH = "built_with", "built with"
        CONNECTS_TO = "connects_to", "connects to"
        DEPLOYS = "deploys", "deploys"
        MONITORS = "monitors", "monitors"

    # The same relation in the words of the other side.
    REVERSE: ClassVar[dict[str, str]] = {
        "extends": "extended by",
        "runs_on": "runs",
        "built_with": "base of",
        "connects_to": "connected from",
        "deploys": "deployed by",
        "monitors": "monitored by",
    }

    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="integrations")
    other = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="reverse_integrations")
    kind = models.CharField(max_length=12, choices=Kind.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tool", "other", "kind"], name="integration_unique"),
            models.CheckConstraint(
                name="integration_with_another",
                condition=~Q(tool=models.F("other")),
                violation_error_message="A tool does not integrate with itself.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tool_id} {self.kind} {self.other_id}"


class FoldedField(models.CharField[str, str]):
    """The folded form of another field, set whenever the row is saved, one by one or in bulk."""

    def __init__(self, *args: Any, source: str = "text", **kwargs: Any) -> None:
        self.source = source
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "source": self.source}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        folded = fold(getattr(model_instance, self.source))
        setattr(model_instance, self.attname, folded)
        return folded


class Point(models.Model):
    """A pro or a con of a tool: a statement that a reader can check, about a version or a year."""

    class Kind(models.TextChoices):
        PRO = "pro", "pro"
        CON = "con", "con"

    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="points")
    kind = models.CharField(max_length=3, choices=Kind.choices)
    text = models.CharField(max_length=MAX_POINT_CHARACTERS)
    # The defaults in the database are for the release before this one, which writes rows while it still runs.
    # What is equal to this says the same.
    folded = FoldedField(
        max_length=MAX_FOLDED_CHARACTERS, editable=False, db_default=Cast(RandomUUID(), models.CharField())
    )
    about = models.CharField(max_length=20, help_text="The version or year that it is about.")
    position = models.PositiveSmallIntegerField(default=0)
    origin = models.CharField(max_length=10, choices=Tool.Origin.choices, default=Tool.Origin.PERSON)
    # Empty for those of the catalogue, and of people who closed their account.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="points"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    edited_at = models.DateTimeField(null=True, blank=True, editable=False)

    # Counted from votes, and from answers to "Still true?"; `manage.py recount` mends them.
    up_count = models.PositiveIntegerField("votes up", default=0, db_default=0, editable=False)
    down_count = models.PositiveIntegerField("votes down", default=0, db_default=0, editable=False)
    true_count = models.PositiveIntegerField("still true", default=0, db_default=0, editable=False)
    outdated_count = models.PositiveIntegerField("no longer true", default=0, db_default=0, editable=False)
    rank = models.GeneratedField(
        expression=wilson_lower_bound("up_count", "down_count"),
        output_field=models.FloatField(),
        db_persist=True,
    )

    # Why it is old, in words; set by selectors.points_of, no column.
    marks: tuple[str, ...] = ()

    class Meta:
        verbose_name = "pro or con"
        verbose_name_plural = "pros and cons"
        ordering = ["-rank", "position", "id"]
        constraints = [
            # Also serves a page's pros and cons by tool.
            models.UniqueConstraint(
                fields=["tool", "kind", "folded"],
                name="point_unique",
                violation_error_message="The tool has this statement already.",
            ),
            models.CheckConstraint(
                name="point_text_length",
                condition=GreaterThanOrEqual(Length("text"), MIN_POINT_CHARACTERS),
                violation_error_message=f"Write at least {MIN_POINT_CHARACTERS} characters.",
            ),
        ]
        indexes = [
            # What a person wrote, newest first, on their profile.
            models.Index(fields=["author", "-id"], name="point_by_author", condition=Q(author__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.text

    def get_absolute_url(self) -> str:
        """Leads to the page of the tool's pros and cons on which it stands."""
        return reverse("tools:point", kwargs={"pk": self.pk})

    def clean(self) -> None:
        self.folded = fold(self.text)
        if len(self.folded) > MAX_FOLDED_CHARACTERS:
            raise ValidationError({"text": "Write it with common letters."})
        # Django leaves out constraints on what no form has.
        equal = Point.objects.filter(tool=self.tool_id, kind=self.kind, folded=self.folded)
        if equal.exclude(pk=self.pk).exists():
            raise ValidationError("The tool has this statement already.")


class PointAnswer(models.Model):
    """What a person says to "Still true?" of a pro or con."""

    point = models.ForeignKey(Point, on_delete=models.CASCADE, related_name="answers")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="point_answers"
    )
    is_true = models.BooleanField("still true")
    # Not yet where the account was too new: once it is old enough.
    is_counted = models.BooleanField("counts", default=True)
    answered_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "answer to “Still true?”"
        verbose_name_plural = "answers to “Still true?”"
        constraints = [
            models.UniqueConstraint(fields=["point", "person"], name="pointanswer_unique"),
        ]
        indexes = [
            # Answers that may count by now: services.points.count_pending_answers.
            models.Index("id", name="pointanswer_pending", condition=Q(is_counted=False)),
        ]

    def __str__(self) -> str:
        return f"{self.point_id}: {self.is_true}"


class ToolFollow(models.Model):
    """That a person follows a tool."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tool_follows"
    )
    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="follows")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "follower of a tool"
        verbose_name_plural = "followers of tools"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["person", "tool"], name="toolfollow_unique"),
        ]
        indexes = [
            # The tools that a person follows, newest first.
            models.Index(fields=["person", "-id"], name="toolfollow_by_person"),
            # The followers of a tool, newest first.
            models.Index(fields=["tool", "-id"], name="toolfollow_of_tool"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} follows {self.tool_id}"


class Alternative(models.Model):
    """One of the tools most like a tool; ranked by a worker (`services.replace_alternatives`)."""

    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="alternatives")
    other = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="+")
    rank = models.PositiveSmallIntegerField()
    likeness = models.FloatField(help_text="0 to 1; see apps/tools/likeness.py.")

    class Meta:
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(fields=["tool", "other"], name="alternative_unique"),
            # Serves the alternatives of a page in their order.
            models.UniqueConstraint(fields=["tool", "rank"], name="alternative_rank_unique"),
            models.CheckConstraint(name="alternative_is_another", condition=~Q(tool=models.F("other"))),
        ]

    def __str__(self) -> str:
        return f"{self.tool_id}: {self.rank}. {self.other_id}"


class ImportedTool(models.Model):
    """Where an imported tool came from, with that source's own figures, for moderators to judge by."""

    tool = models.OneToOneField(Tool, on_delete=models.CASCADE, related_name="imported")
    source = models.CharField(max_length=40)
    external_id = models.CharField(max_length=40)
    url = models.URLField(blank=True)
    popularity = models.FloatField(null=True, blank=True)
    votes = models.PositiveIntegerField(null=True, blank=True)
    stacks = models.PositiveIntegerField(null=True, blank=True)
    imported_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="importedtool_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.external_id}"


class CatalogueLoad(models.Model):
    """A load of the starter catalogue: which version of its files, when, and what it changed."""

    digest = models.CharField(max_length=64, help_text="SHA-256 over the files.")
    loaded_at = models.DateTimeField(auto_now_add=True)
    tools_created = models.PositiveIntegerField(default=0)
    tools_changed = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-loaded_at"]
        get_latest_by = "loaded_at"

    def __str__(self) -> str:
        return f"{self.loaded_at:%Y-%m-%d %H:%M}"
