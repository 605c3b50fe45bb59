"""Companies, stacks, what they run and ran, the evidence for it, and readings of files."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.crypto import get_random_string

from apps.accounts.models import User
from apps.accounts.usernames import USERNAME_PATTERN, refuse_reserved
from apps.detection.sights import Scope
from apps.stacks.querysets import WORDS, CompanyQuerySet, ItemQuerySet, ReadingQuerySet, StackQuerySet
from apps.tools.entries import SLUG_PATTERN
from apps.tools.models import Tool

MAX_DESCRIPTION_CHARACTERS = 4000
MAX_WHY_CHARACTERS = 1000
# The address of a repository: GitHub's owner/name.
REPOSITORY_PATTERN = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/(?!\.\.?$)[A-Za-z0-9._-]{1,100}"
PARTIAL_DATE_PATTERN = r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?"

_slug = RegexValidator(rf"^{SLUG_PATTERN}\Z", "Use lower-case letters, digits and single hyphens.")
_partial_date = RegexValidator(
    rf"^{PARTIAL_DATE_PATTERN}\Z", 'Write "2024", "2024-04" or "2024-04-01", as exactly as you know it.'
)
_repository = RegexValidator(
    rf"^{REPOSITORY_PATTERN}\Z", "Write owner/name as on GitHub, such as pallets/flask."
)


def new_proof_token() -> str:
    """What goes into a file or a DNS record to show that it is somebody's: no secret, as the world reads it there."""
    return get_random_string(32)


class ProvedBy(models.TextChoices):
    """How ownership was shown."""

    MAIL = "mail", "a mail address of the domain"
    DNS = "dns", "a DNS record"
    FILE = "file", "a file in the repository"


class Company(models.Model):
    """An organisation with stacks. Until its domain is proved only its members and moderators see it."""

    name = models.CharField(max_length=80)
    # Shares the addresses /stacks/<owner>/ with usernames: services.companies sees to it that they differ.
    slug = models.CharField(
        max_length=40,
        unique=True,
        validators=[
            RegexValidator(rf"^{USERNAME_PATTERN}\Z", "Use lower-case letters, digits and single hyphens."),
            refuse_reserved,
        ],
        error_messages={"unique": "This address is taken. Choose another one."},
    )
    description = models.TextField(max_length=MAX_DESCRIPTION_CHARACTERS, blank=True, help_text="Markdown.")
    website = models.URLField(blank=True)
    domain = models.CharField(max_length=100, help_text="Such as example.com.")
    proof_token = models.CharField(max_length=32, default=new_proof_token, editable=False)
    proved_at = models.DateTimeField(null=True, blank=True)
    proved_by = models.CharField(max_length=4, choices=ProvedBy.choices, blank=True)
    # Empty once that person closed the account.
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="companies_created",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now_add=True)

    objects = CompanyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "companies"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("domain"),
                name="company_domain_unique",
                condition=Q(proved_at__isnull=False),
                violation_error_message="Another company has shown that this domain is its own.",
            ),
            models.CheckConstraint(
                name="company_proof_whole",
                condition=Q(proved_at=None, proved_by="") | (Q(proved_at__isnull=False) & ~Q(proved_by="")),
            ),
        ]
        indexes = [
            # Searches by words: named_like.
            GinIndex(WORDS, name="company_by_words"),
            # Companies by name, keyset pages of /companies/.
            models.Index(Lower("name"), "id", name="company_by_name", condition=Q(proved_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("stacks:company", kwargs={"slug": self.slug})


class Membership(models.Model):
    """That a person belongs to a company, and how they showed it."""

    class Role(models.TextChoices):
        ADMIN = "admin", "looks after it"
        MEMBER = "member", "member"

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="memberships")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=6, choices=Role.choices, default=Role.MEMBER)
    # Empty: the one who created it, before anything was shown.
    proved_by = models.CharField(max_length=4, choices=ProvedBy.choices, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "member of a company"
        verbose_name_plural = "members of companies"
        ordering = ["id"]
        constraints = [
            # Also serves the people of a company.
            models.UniqueConstraint(fields=["company", "person"], name="membership_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} of {self.company_id}"


class Removal(models.Model):
    """That a person was taken out of a company: a mail address, verified long ago, does not bring them back."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="removals")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            # Also serves the list of a company.
            models.UniqueConstraint(fields=["company", "person"], name="removal_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} out of {self.company_id}"


class Stack(models.Model):
    """What a person or a company runs for one purpose."""

    class Kind(models.TextChoices):
        PRODUCT = "product", "Product"
        SERVICE = "service", "Service"
        LIBRARY = "library", "Library"
        PERSONAL = "personal", "Personal"

    class Visibility(models.TextChoices):
        PUBLIC = "public", "Public: in lists, counts and searches"
        UNLISTED = "unlisted", "Unlisted: who has the address"
        PRIVATE = "private", "Private: you, or the members of the company"

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="stacks"
    )
    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, null=True, blank=True, related_name="stacks"
    )
    name = models.CharField(max_length=80)
    slug = models.CharField(max_length=60, validators=[_slug])
    description = models.TextField(max_length=MAX_DESCRIPTION_CHARACTERS, blank=True, help_text="Markdown.")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PRODUCT)
    link = models.URLField(blank=True)
    visibility = models.CharField(max_length=8, choices=Visibility.choices, default=Visibility.PUBLIC)

    # GitHub's owner/name, "" for none; what was last read of it, and since when it is shown to be the owner's.
    repository = models.CharField(max_length=140, blank=True, validators=[_repository])
    commit = models.CharField(max_length=40, blank=True, editable=False)
    read_at = models.DateTimeField(null=True, blank=True, editable=False)
    proof_token = models.CharField(max_length=32, default=new_proof_token, editable=False)
    proved_at = models.DateTimeField(null=True, blank=True, editable=False)
    proved_by = models.CharField(max_length=4, choices=ProvedBy.choices, blank=True, editable=False)
    # GitHub's number of the repository that was shown to be the owner's: its name may be another's one day.
    github_id = models.BigIntegerField(null=True, blank=True, editable=False)

    # A moderator took it from public view.
    is_hidden = models.BooleanField("hidden by moderators", default=False)
    # Counted from current items; `manage.py recount` mends it.
    item_count = models.PositiveIntegerField(default=0, editable=False)
    # Its tools are in `Tool.stack_count` and its like now: services.usage keeps it equal to `StackQuerySet.public`.
    is_counted = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    # When what its page says last changed; with each change `version` goes up, for badges and who edit at once.
    changed_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    # Similar stacks are due to be computed anew: services.likeness.
    likeness_due_at = models.DateTimeField(null=True, blank=True, editable=False)

    # Of its item of a tool; set by selectors.stacks_of, no column.
    tier: str = ""

    objects = StackQuerySet.as_manager()

    class Meta:
        ordering = ["-changed_at"]
        constraints = [
            models.CheckConstraint(
                name="stack_one_owner",
                condition=Q(person__isnull=False, company=None) | Q(person=None, company__isnull=False),
                violation_error_message="A stack belongs to a person or to a company.",
            ),
            # Also serve a stack's page by its owner, and an owner's stacks.
            models.UniqueConstraint(
                fields=["person", "slug"],
                name="stack_of_person_unique",
                violation_error_message="You have a stack of this address already.",
            ),
            models.UniqueConstraint(
                fields=["company", "slug"],
                name="stack_of_company_unique",
                violation_error_message="The company has a stack of this address already.",
            ),
            models.CheckConstraint(name="stack_slug_form", condition=Q(slug__regex=rf"^{SLUG_PATTERN}$")),
            models.CheckConstraint(
                name="stack_proof_whole",
                condition=Q(proved_at=None, proved_by="")
                | (Q(proved_at__isnull=False) & ~Q(proved_by="") & ~Q(repository="")),
            ),
        ]
        indexes = [
            # Searches by words: named_like.
            GinIndex(WORDS, name="stack_by_words"),
            # Keyset pages of /stacks/, newest change first; the sitemap.
            models.Index(
                F("changed_at").desc(),
                F("id").desc(),
                name="stack_newest",
                condition=Q(visibility="public", is_hidden=False),
            ),
            # The stacks of a repository, for reading and proof.
            models.Index(Lower("repository"), name="stack_of_repository", condition=~Q(repository="")),
            # Those whose likeness is due: services.likeness.
            models.Index(
                "likeness_due_at", name="stack_likeness_due", condition=Q(likeness_due_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("stacks:detail", kwargs={"owner": self.owner_slug, "slug": self.slug})

    @property
    def owner(self) -> Company | User | None:
        """The company or person; costs no query after `StackQuerySet.with_owner`."""
        return self.company or self.person

    @property
    def owner_slug(self) -> str:
        return self.company.slug if self.company else self.person.username  # type: ignore[union-attr]

    @property
    def owner_name(self) -> str:
        return self.company.name if self.company else self.person.get_full_name()  # type: ignore[union-attr]


class Tier(models.TextChoices):
    """What stands behind it that a stack runs a tool."""

    CLAIMED = "claimed", "Claimed"
    VERIFIED = "verified", "Verified"
    PROVED = "proved", "Proved"


TIER_WORDS = {
    Tier.CLAIMED: "The owner says so.",
    Tier.VERIFIED: "A manifest, lock file or bill of materials shows it.",
    Tier.PROVED: "A file shows it that we read from the repository, and the repository was shown to be the owner's.",
}


class Item(models.Model):
    """That a stack runs, or ran, a tool. With `until` it is history; a tool that comes back has a new row."""

    class Stage(models.TextChoices):
        TRIAL = "trial", "Trial"
        IN_USE = "in_use", "In use"
        LEAVING = "leaving", "Phasing out"

    stack = models.ForeignKey(Stack, on_delete=models.CASCADE, related_name="items")
    tool = models.ForeignKey(Tool, on_delete=models.PROTECT, related_name="items")
    why = models.TextField(max_length=MAX_WHY_CHARACTERS, blank=True, help_text="Markdown.")
    version = models.CharField(max_length=60, blank=True)
    scope = models.CharField(
        max_length=11,
        choices=[(scope.value, scope.value.capitalize()) for scope in Scope],
        default=Scope.RUNTIME,
    )
    stage = models.CharField(max_length=7, choices=Stage.choices, default=Stage.IN_USE)
    since = models.CharField(max_length=10, blank=True, validators=[_partial_date])
    until = models.CharField(max_length=10, blank=True, validators=[_partial_date])
    replaced_by = models.ForeignKey(
        Tool, on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_items"
    )
    # Why it was dropped or replaced.
    why_not = models.TextField(max_length=MAX_WHY_CHARACTERS, blank=True, help_text="Markdown.")
    position = models.PositiveSmallIntegerField(default=0)
    # From its evidence and the stack's proof: services.items sets it.
    tier = models.CharField(max_length=8, choices=Tier.choices, default=Tier.CLAIMED, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ItemQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["stack", "tool"],
                name="item_current_unique",
                condition=Q(until=""),
                violation_error_message="The stack has this tool already.",
            ),
            models.CheckConstraint(
                name="item_replaced_is_past",
                condition=Q(replaced_by=None) | ~Q(until=""),
            ),
            models.CheckConstraint(
                name="item_replaced_by_another",
                condition=Q(replaced_by=None) | ~Q(replaced_by=F("tool")),
            ),
        ]
        indexes = [
            # The stacks that run a tool, by tier: counts, /stacks/?tool=, pages of the tool.
            models.Index("tool", "tier", "stack", name="item_of_tool", condition=Q(until="")),
            # Moves from a tool to another, and adoption over time.
            models.Index("tool", "replaced_by", name="item_replaced", condition=Q(replaced_by__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.stack_id}: {self.tool_id}"

    @property
    def is_current(self) -> bool:
        return not self.until


class Evidence(models.Model):
    """What shows that a stack runs a tool: a place in a file, and how that file came to us."""

    class Source(models.TextChoices):
        REPOSITORY = "repository", "read from the repository by us"
        CLI = "cli", "sent by the command line"
        UPLOAD = "upload", "uploaded"
        SBOM = "sbom", "bill of materials"
        TECHSTACK = "techstack", "techstack.yml"

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="evidence")
    source = models.CharField(max_length=10, choices=Source.choices)
    path = models.CharField(max_length=300)
    line = models.PositiveIntegerField(null=True, blank=True)
    purl = models.CharField(max_length=300, blank=True)
    # What was seen where it is no package: the name of an image's rule, a command, a file.
    name = models.CharField(max_length=200, blank=True)
    version = models.CharField(max_length=60, blank=True)
    scope = models.CharField(max_length=11, blank=True)
    confidence = models.FloatField(default=1.0)
    # Of what we read ourselves: owner/name and the commit.
    repository = models.CharField(max_length=140, blank=True)
    commit = models.CharField(max_length=40, blank=True)
    found_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "evidence"
        ordering = ["-confidence", "path", "line"]
        constraints = [
            # Also serves the evidence of a page's items.
            models.UniqueConstraint(fields=["item", "path", "purl", "name"], name="evidence_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


class Change(models.Model):
    """One step in the history of a stack. Written by services.items, never changed."""

    class Kind(models.TextChoices):
        ADDED = "added", "Added"
        UPGRADED = "upgraded", "Upgraded"
        DOWNGRADED = "downgraded", "Downgraded"
        DROPPED = "dropped", "Dropped"
        REPLACED = "replaced", "Replaced"
        STAGE = "stage", "Stage"

    # Its stack and tool once more, for the indexes below.
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="changes")
    stack = models.ForeignKey(Stack, on_delete=models.CASCADE, related_name="changes")
    tool = models.ForeignKey(Tool, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # Versions, or stages.
    before = models.CharField(max_length=60, blank=True)
    after = models.CharField(max_length=60, blank=True)
    # By which it was replaced.
    other = models.ForeignKey(Tool, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    # When it happened, as exactly as the owner knows: since or until of the item, or the day it was told us.
    on = models.CharField(max_length=10, validators=[_partial_date])
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    # Not yet in the feed: apps.pages.
    is_feed_due = models.BooleanField(default=True, db_default=True, editable=False)

    class Meta:
        ordering = ["-on", "-id"]
        indexes = [
            models.Index("id", name="change_feed_due", condition=Q(is_feed_due=True)),
            # The timeline of a stack.
            models.Index(F("stack"), F("on").desc(), F("id").desc(), name="change_of_stack"),
            # What happened around a tool, newest first, for the feed.
            models.Index(F("tool"), F("id").desc(), name="change_of_tool"),
        ]

    def __str__(self) -> str:
        return f"{self.stack_id}: {self.kind} {self.tool_id}"


class Reading(models.Model):
    """One look at files, a repository or a list of names: what was found, to be reviewed and published or thrown away.

    A row of a repository that is due is the queue of the worker: services.readings.
    """

    class Source(models.TextChoices):
        REPOSITORY = "repository", "GitHub repository"
        UPLOAD = "upload", "Files"
        CLI = "cli", "Command line"
        SBOM = "sbom", "Bill of materials"
        TECHSTACK = "techstack", "techstack.yml"
        NAMES = "names", "List of names"

    class State(models.TextChoices):
        WAITING = "waiting", "waits for a worker"
        READING = "reading", "being read"
        READY = "ready", "to be reviewed"
        FAILED = "failed", "failed"
        PUBLISHED = "published", "published"

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="readings")
    # The stack it is for; none: a new one.
    stack = models.ForeignKey(Stack, on_delete=models.CASCADE, null=True, blank=True, related_name="readings")
    source = models.CharField(max_length=10, choices=Source.choices)
    repository = models.CharField(max_length=140, blank=True, validators=[_repository])
    commit = models.CharField(max_length=40, blank=True)
    # GitHub's number of a repository that we read.
    github_id = models.BigIntegerField(null=True, blank=True, editable=False)
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    # Files read and to be read, for the page that shows progress.
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    # Lists of what `services.readings.store` writes: see there.
    findings = models.JSONField(default=list)
    unread = models.JSONField(default=list)
    # Names or packages that no tool is known for.
    unknown = models.JSONField(default=list)
    # Why it failed, in words for the person.
    error = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # When a worker may claim it; held by one until then.
    due_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ReadingQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="reading_due_is_open", condition=Q(due_at=None) | Q(state__in=["waiting", "reading"])
            ),
        ]
        indexes = [
            # What a person has under way, newest first.
            models.Index(fields=["person", "-id"], name="reading_of_person"),
            # The queue: services.readings.read_due_repositories.
            models.Index("due_at", "id", name="reading_due", condition=Q(due_at__isnull=False)),
            # Those that are old enough to be forgotten.
            models.Index("created_at", name="reading_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.pk}"

    def get_absolute_url(self) -> str:
        """The page on which the person follows it and reviews it."""
        return reverse("stacks:reading", kwargs={"pk": self.pk})


class ProofCheck(models.Model):
    """That somebody asked us to look for a company's DNS record, or a stack's file or record. The row is the queue."""

    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, null=True, blank=True, related_name="proof_checks"
    )
    stack = models.ForeignKey(
        Stack, on_delete=models.CASCADE, null=True, blank=True, related_name="proof_checks"
    )
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    way = models.CharField(max_length=4, choices=ProvedBy.choices[1:])
    due_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # What we saw, in words for the person; empty: not looked yet.
    said = models.CharField(max_length=300, blank=True)
    is_found = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    checked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="proofcheck_of_one",
                condition=Q(company__isnull=False, stack=None) | Q(company=None, stack__isnull=False),
            ),
        ]
        indexes = [
            # The queue: services.proofs.check_due_proofs.
            models.Index("due_at", "id", name="proofcheck_due", condition=Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.way} {self.company_id or self.stack_id}"


class SimilarStack(models.Model):
    """One of the public stacks most like a public stack: computed by a worker, apps/stacks/likeness.py says how."""

    stack = models.ForeignKey(Stack, on_delete=models.CASCADE, related_name="similar")
    other = models.ForeignKey(Stack, on_delete=models.CASCADE, related_name="+")
    rank = models.PositiveSmallIntegerField()
    likeness = models.FloatField(help_text="0 to 1.")
    shared = models.PositiveSmallIntegerField(help_text="Tools in common.")

    class Meta:
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(fields=["stack", "other"], name="similarstack_unique"),
            # Serves the similar stacks of a page in their order.
            models.UniqueConstraint(fields=["stack", "rank"], name="similarstack_rank_unique"),
            models.CheckConstraint(name="similarstack_is_another", condition=~Q(stack=F("other"))),
        ]

    def __str__(self) -> str:
        return f"{self.stack_id}: {self.rank}. {self.other_id}"


class UsedWith(models.Model):
    """A tool that public stacks with a tool often run too: computed nightly."""

    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="used_with")
    other = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="+")
    rank = models.PositiveSmallIntegerField()
    stacks = models.PositiveIntegerField(help_text="Public stacks that run both.")
    # How much more often than chance would have it; the order.
    lift = models.FloatField()

    class Meta:
        verbose_name_plural = "used with"
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(fields=["tool", "other"], name="usedwith_unique"),
            models.UniqueConstraint(fields=["tool", "rank"], name="usedwith_rank_unique"),
            models.CheckConstraint(name="usedwith_is_another", condition=~Q(tool=F("other"))),
        ]

    def __str__(self) -> str:
        return f"{self.tool_id}: {self.rank}. {self.other_id}"


class Adoption(models.Model):
    """How many public stacks ran a tool in the middle of a month, from since and until: computed nightly."""

    pk = models.CompositePrimaryKey("tool", "month")
    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="adoption")
    # The first of it.
    month = models.DateField()
    claimed = models.PositiveIntegerField()
    verified = models.PositiveIntegerField()
    proved = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "adoption"
        ordering = ["month"]

    def __str__(self) -> str:
        return f"{self.tool_id} {self.month:%Y-%m}"
