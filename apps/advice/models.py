"""Threads of advice and decisions, replies, comments, what became of it, and drafts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from apps.advice.querysets import WORDS, CommentQuerySet, PostQuerySet, ReplyQuerySet
from apps.core.ranking import hotness, wilson_lower_bound
from apps.stacks.models import PARTIAL_DATE_PATTERN, Stack
from apps.tools.models import Tool

MIN_TITLE_CHARACTERS = 10
MAX_TITLE_CHARACTERS = 120
MAX_BODY_CHARACTERS = 20_000
MAX_REPLY_CHARACTERS = 10_000
MAX_COMMENT_CHARACTERS = 1000
MAX_CONTEXT_CHARACTERS = 300
MAX_WHY_CHARACTERS = 500
MAX_OUTCOME_CHARACTERS = 1000

_partial_date = RegexValidator(
    rf"^{PARTIAL_DATE_PATTERN}\Z", 'Write "2024", "2024-04" or "2024-04-01", as exactly as you know it.'
)


class Written(models.Model):
    """What a person wrote: Markdown, its HTML, when, and whether it was removed."""

    # Empty once that person closed the account.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="%(class)ss",
    )
    body = models.TextField(help_text="Markdown.")
    # Made of the body when it is saved, so that pages of many replies need not.
    html = models.TextField(editable=False)
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    # By its author, or a moderator; it can be restored.
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        abstract = True


class Post(Written):
    """A thread: somebody needs advice, or tells of a decision."""

    class Kind(models.TextChoices):
        ADVICE = "advice", "Needs advice"
        DECISION = "decision", "Decision"

    class TeamSize(models.TextChoices):
        ONE = "1", "Just me"
        FEW = "2-5", "2 to 5 people"
        TEAM = "6-20", "6 to 20 people"
        TEAMS = "21-100", "21 to 100 people"
        MANY = "100+", "More than 100 people"

    class Stage(models.TextChoices):
        LEARNING = "learning", "Learning"
        IDEA = "idea", "An idea or prototype"
        BUILDING = "building", "Being built"
        LIVE = "live", "In production"
        MOVING = "moving", "Moving off something"

    class Again(models.TextChoices):
        YES = "yes", "Would choose it again"
        NO = "no", "Would not choose it again"
        EARLY = "early", "Too early to tell"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    title = models.CharField(max_length=MAX_TITLE_CHARACTERS)
    # Of the title, for the address; another one there redirects.
    slug = models.CharField(max_length=80)
    tools: models.ManyToManyField[Any, Any] = models.ManyToManyField(
        Tool, through="PostTool", related_name="posts"
    )
    # The first of them: its author earns reputation on it.
    tool = models.ForeignKey(Tool, on_delete=models.PROTECT, related_name="+")

    # What matters to who asks; all may be empty.
    team_size = models.CharField(max_length=6, choices=TeamSize.choices, blank=True)
    stage = models.CharField(max_length=8, choices=Stage.choices, blank=True)
    scale = models.CharField(max_length=MAX_CONTEXT_CHARACTERS, blank=True)
    constraints = models.CharField(max_length=MAX_CONTEXT_CHARACTERS, blank=True)
    decide_by = models.DateField(null=True, blank=True)

    # Of a decision.
    since = models.CharField(max_length=10, blank=True, validators=[_partial_date])
    again = models.CharField(max_length=5, choices=Again.choices, blank=True)
    stack = models.ForeignKey(Stack, on_delete=models.SET_NULL, null=True, blank=True, related_name="posts")

    # The reply that who asked accepts.
    accepted = models.ForeignKey(
        "Reply", on_delete=models.SET_NULL, null=True, blank=True, related_name="accepted_for"
    )
    accepted_at = models.DateTimeField(null=True, blank=True)
    # When who asked is asked next what became of it: services.outcomes.
    outcome_due_at = models.DateTimeField(null=True, blank=True, editable=False)

    # Counted from rows; `manage.py recount` mends them.
    up_count = models.PositiveIntegerField(default=0, editable=False)
    down_count = models.PositiveIntegerField(default=0, editable=False)
    # Shown ones.
    reply_count = models.PositiveIntegerField(default=0, editable=False)
    # Readers and days, robots left out: services.views.
    view_count = models.PositiveBigIntegerField(default=0, editable=False)
    hot = models.GeneratedField(
        expression=hotness("up_count", "down_count", "created_at"),
        output_field=models.FloatField(),
        db_persist=True,
    )
    # The last word in it: written, edited, replied to.
    changed_at = models.DateTimeField()
    # Goes up with each edit, for who edit at once.
    version = models.PositiveIntegerField(default=1, editable=False)
    # Not yet in the feed: apps.pages. Those who run its tools are not told yet: services.telling.
    is_feed_due = models.BooleanField(default=True, editable=False)
    is_telling_due = models.BooleanField(default=True, editable=False)

    objects = PostQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="post_kind", condition=Q(kind__in=["advice", "decision"])),
            models.CheckConstraint(
                name="post_accepted_is_advice", condition=Q(accepted=None) | Q(kind="advice")
            ),
        ]
        indexes = [
            # Searches by words, and posts like a title.
            GinIndex(WORDS, name="post_by_words"),
            # Keyset pages of /advice/: newest, of a kind too; hot; unanswered.
            models.Index(F("id").desc(), name="post_newest", condition=Q(removed_at=None)),
            models.Index(F("kind"), F("id").desc(), name="post_of_kind", condition=Q(removed_at=None)),
            models.Index(F("hot").desc(), F("id").desc(), name="post_hot", condition=Q(removed_at=None)),
            models.Index(
                F("id").desc(),
                name="post_unanswered",
                condition=Q(removed_at=None, kind="advice", reply_count=0),
            ),
            # A person's, newest first: profile, limits of newcomers.
            models.Index(F("author"), F("id").desc(), name="post_of_author"),
            # What workers do next: services.outcomes, apps.pages' feed, services.telling.
            models.Index(
                "outcome_due_at", name="post_outcome_due", condition=Q(outcome_due_at__isnull=False)
            ),
            models.Index("id", name="post_feed_due", condition=Q(is_feed_due=True)),
            models.Index("id", name="post_telling_due", condition=Q(is_telling_due=True)),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("advice:detail", kwargs={"pk": self.pk, "slug": self.slug})

    @property
    def is_decision(self) -> bool:
        return self.kind == self.Kind.DECISION


class PostTool(models.Model):
    """A tool that a post is about, and what part it plays there."""

    class Role(models.TextChoices):
        # Of a question.
        ABOUT = "about", "about"
        OPTION = "option", "considered"
        # Of a decision.
        CHOSEN = "chosen", "chosen"
        REJECTED = "rejected", "rejected"

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="post_tools")
    tool = models.ForeignKey(Tool, on_delete=models.PROTECT, related_name="post_tools")
    role = models.CharField(max_length=8, choices=Role.choices)
    # Of what was rejected: why.
    why = models.CharField(max_length=MAX_WHY_CHARACTERS, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = "tool of a post"
        verbose_name_plural = "tools of posts"
        ordering = ["position", "id"]
        constraints = [
            # Also serves the tools of a page's posts.
            models.UniqueConstraint(
                fields=["post", "tool"],
                name="posttool_unique",
                violation_error_message="A tool plays one part in a post.",
            ),
        ]
        indexes = [
            # The posts on a tool, newest first: lists, pages of the tool, feeds.
            models.Index(F("tool"), F("post").desc(), name="posttool_of_tool"),
        ]

    def __str__(self) -> str:
        return f"{self.post_id}: {self.role} {self.tool_id}"


class Reply(Written):
    """An answer to a post; it may recommend tools."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="replies")
    recommended: models.ManyToManyField[Any, Any] = models.ManyToManyField(
        Tool, through="Recommendation", related_name="+"
    )
    # The first that it recommends, else the post's: its author earns reputation on it.
    tool = models.ForeignKey(Tool, on_delete=models.PROTECT, related_name="+")
    up_count = models.PositiveIntegerField(default=0, editable=False)
    down_count = models.PositiveIntegerField(default=0, editable=False)
    rank = models.GeneratedField(
        expression=wilson_lower_bound("up_count", "down_count"),
        output_field=models.FloatField(),
        db_persist=True,
    )
    is_feed_due = models.BooleanField(default=True, editable=False)

    objects = ReplyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "replies"
        ordering = ["-rank", "id"]
        indexes = [
            # The replies of a page, best first: selectors. The accepted one is read by its id.
            models.Index(F("post"), F("rank").desc(), F("id"), name="reply_best"),
            # A person's, newest first: profile, limits of newcomers.
            models.Index(F("author"), F("id").desc(), name="reply_of_author"),
            # Not yet in the feed: apps.pages.
            models.Index("id", name="reply_feed_due", condition=Q(is_feed_due=True)),
        ]

    def __str__(self) -> str:
        return f"Reply {self.pk} to {self.post_id}"

    def get_absolute_url(self) -> str:
        """Leads to where it stands in its thread."""
        return reverse("advice:reply", kwargs={"pk": self.pk})


class Recommendation(models.Model):
    """That a reply recommends a tool."""

    reply = models.ForeignKey(Reply, on_delete=models.CASCADE, related_name="recommendations")
    tool = models.ForeignKey(Tool, on_delete=models.PROTECT, related_name="recommendations")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            # Also serves the tools of a page's replies.
            models.UniqueConstraint(fields=["reply", "tool"], name="recommendation_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.reply_id}: {self.tool_id}"


class Comment(Written):
    """A remark on a post or on a reply; nothing hangs below it."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="comments")
    # None: on the post itself.
    reply = models.ForeignKey(Reply, on_delete=models.CASCADE, null=True, blank=True, related_name="comments")

    objects = CommentQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            # All of a thread, oldest first.
            models.Index("post", "id", name="comment_of_post"),
            # A person's: limits of newcomers, export.
            models.Index(F("author"), F("id").desc(), name="comment_of_author"),
        ]

    def __str__(self) -> str:
        return f"Comment {self.pk} on {self.post_id}"

    def get_absolute_url(self) -> str:
        """Leads to where it stands in its thread."""
        return reverse("advice:comment", kwargs={"pk": self.pk})


class Revision(models.Model):
    """What something said before it was edited, and who edited it."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, null=True, blank=True, related_name="revisions")
    reply = models.ForeignKey(
        Reply, on_delete=models.CASCADE, null=True, blank=True, related_name="revisions"
    )
    comment = models.ForeignKey(
        Comment, on_delete=models.CASCADE, null=True, blank=True, related_name="revisions"
    )
    # Of a post.
    title = models.CharField(max_length=MAX_TITLE_CHARACTERS, blank=True)
    body = models.TextField()
    # Names of the tools, and for a post the other fields, in words, as they were: {label: text}.
    details = models.JSONField(default=dict, blank=True)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # When it was written, and when it was replaced.
    written_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="revision_of_one",
                condition=Q(post__isnull=False, reply=None, comment=None)
                | Q(post=None, reply__isnull=False, comment=None)
                | Q(post=None, reply=None, comment__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Before {self.created_at:%Y-%m-%d %H:%M}"


class Outcome(models.Model):
    """What became of a question, as who asked it tells: asked for after so many days."""

    class Verdict(models.TextChoices):
        GOOD = "good", "It went well"
        MIXED = "mixed", "It went so-so"
        BAD = "bad", "It went badly"
        OPEN = "open", "Not decided yet"

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="outcomes")
    after_days = models.PositiveSmallIntegerField()
    asked_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    verdict = models.CharField(max_length=5, choices=Verdict.choices, blank=True)
    chosen = models.ForeignKey(Tool, on_delete=models.PROTECT, null=True, blank=True, related_name="outcomes")
    text = models.TextField(max_length=MAX_OUTCOME_CHARACTERS, blank=True, help_text="Markdown.")
    html = models.TextField(blank=True, editable=False)

    class Meta:
        ordering = ["after_days"]
        constraints = [
            # Also serves the outcomes of a page.
            models.UniqueConstraint(fields=["post", "after_days"], name="outcome_unique"),
            models.CheckConstraint(
                name="outcome_answer_whole",
                condition=Q(answered_at=None, verdict="") | (Q(answered_at__isnull=False) & ~Q(verdict="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.post_id} after {self.after_days} days"


class Draft(models.Model):
    """What a person has begun to write and not published."""

    class Kind(models.TextChoices):
        ADVICE = "advice", "Needs advice"
        DECISION = "decision", "Decision"
        REPLY = "reply", "Reply"

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    # Of a reply: to which post.
    post = models.ForeignKey(Post, on_delete=models.CASCADE, null=True, blank=True, related_name="drafts")
    # The fields of the form as they were typed: {name: [text, ...]}.
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-changed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "post"], name="draft_of_reply_unique", condition=Q(kind="reply")
            ),
            models.CheckConstraint(
                name="draft_reply_has_post",
                condition=Q(kind="reply", post__isnull=False) | (~Q(kind="reply") & Q(post=None)),
            ),
        ]
        indexes = [
            # A person's drafts, newest first.
            models.Index(F("person"), F("changed_at").desc(), name="draft_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.person_id}"

    def get_absolute_url(self) -> str:
        """The form that goes on with it; empty where its thread is not there any more."""
        if self.post is not None:
            return "" if self.post.removed_at else f"{self.post.get_absolute_url()}#your-answer"
        form = "advice:decide" if self.kind == self.Kind.DECISION else "advice:ask"
        return f"{reverse(form)}?draft={self.pk}"

    @property
    def heading(self) -> str:
        """What a list of drafts calls it."""
        if self.post is not None:
            return "To a thread that was removed" if self.post.removed_at else f"To “{self.post}”"
        words = " ".join(" ".join(self.data.get("title") or self.data.get("body") or []).split())
        return words[:MAX_TITLE_CHARACTERS] or "Untitled"


class ViewBatch(models.Model):
    """A batch of views that was added to the posts' counters, so that none is added twice: services.views."""

    id = models.UUIDField(primary_key=True)
    stored_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "view batches"
        indexes = [
            # Those that are old enough to be forgotten.
            models.Index("stored_at", name="viewbatch_oldest"),
        ]

    def __str__(self) -> str:
        return str(self.id)
