"""Votes, what their authors earn by them, and rings of accounts that vote for one another."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.advice.models import Post, Reply
from apps.tools.models import Point, Tool


class Ring(models.Model):
    """Accounts that voted for one another as no honest people do. Their votes are reversed, and can be restored."""

    found_at = models.DateTimeField(auto_now_add=True)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="rings")
    vote_count = models.PositiveIntegerField("reversed votes")
    inside_share = models.FloatField(
        help_text="Of all their votes, the share that went to one another; 0 to 1."
    )
    restored_at = models.DateTimeField(null=True, blank=True)
    restored_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = "voting ring"
        ordering = ["-found_at"]

    def __str__(self) -> str:
        return f"Ring {self.pk}, {self.found_at:%Y-%m-%d}"


class Vote(models.Model):
    """A person's vote on one thing: a column for each kind of it, of which exactly one is set."""

    class Value(models.IntegerChoices):
        UP = 1, "up"
        DOWN = -1, "down"

    class State(models.TextChoices):
        # Of an account that is too new: counts once it is old enough.
        PENDING = "pending", "waits"
        COUNTED = "counted", "counts"
        # Of a ring.
        REVERSED = "reversed", "reversed"

    TARGETS: ClassVar[tuple[str, ...]] = ("tool", "point", "post", "reply")

    voter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="votes")
    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, null=True, blank=True, related_name="votes")
    point = models.ForeignKey(Point, on_delete=models.CASCADE, null=True, blank=True, related_name="votes")
    post = models.ForeignKey(Post, on_delete=models.CASCADE, null=True, blank=True, related_name="votes")
    reply = models.ForeignKey(Reply, on_delete=models.CASCADE, null=True, blank=True, related_name="votes")
    value = models.SmallIntegerField(choices=Value.choices, default=Value.UP)
    state = models.CharField(max_length=8, choices=State.choices, default=State.COUNTED)
    ring = models.ForeignKey(Ring, on_delete=models.SET_NULL, null=True, blank=True, related_name="votes")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="vote_one_target",
                condition=Q(tool__isnull=False, point=None, post=None, reply=None)
                | Q(tool=None, point__isnull=False, post=None, reply=None)
                | Q(tool=None, point=None, post__isnull=False, reply=None)
                | Q(tool=None, point=None, post=None, reply__isnull=False),
                violation_error_message="A vote is on one thing.",
            ),
            models.CheckConstraint(name="vote_value", condition=Q(value__in=[1, -1])),
            models.CheckConstraint(
                name="vote_tool_up",
                condition=Q(tool=None) | Q(value=1),
                violation_error_message="A tool can only be voted up.",
            ),
            # They also serve "my votes" on a page.
            models.UniqueConstraint(
                fields=["voter", "tool"], name="vote_tool_unique", condition=Q(tool__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["voter", "point"], name="vote_point_unique", condition=Q(point__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["voter", "post"], name="vote_post_unique", condition=Q(post__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["voter", "reply"], name="vote_reply_unique", condition=Q(reply__isnull=False)
            ),
        ]
        indexes = [
            # Votes that may count by now: counting.count_pending_votes.
            models.Index("id", name="vote_pending", condition=Q(state="pending")),
            # How much a new account has voted lately: casting.
            models.Index("voter", "created_at", name="vote_by_voter"),
        ]

    def __str__(self) -> str:
        return f"{self.voter_id}: {self.value:+d}"


class Reputation(models.Model):
    """What a person has earned by what they wrote on a tool; see reputation.py."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reputations")
    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="reputations")
    score = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-score", "id"]
        constraints = [
            models.UniqueConstraint(fields=["person", "tool"], name="reputation_unique"),
        ]
        indexes = [
            # What a profile shows: a person's tools, best first.
            models.Index(fields=["person", "-score"], name="reputation_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} on {self.tool_id}: {self.score}"
