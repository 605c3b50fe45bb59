"""What belongs to the pages themselves: pictures of links, mail to the operator, what the feed shows."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.advice.models import Post, Reply
from apps.pages.querysets import EventQuerySet
from apps.stacks.models import Stack
from apps.tools.models import Tool


class ContactMessage(models.Model):
    """A message of the contact form. The row is the queue: a worker mails it to the operator."""

    name = models.CharField(max_length=80)
    email = models.EmailField()
    subject = models.CharField(max_length=120)
    text = models.TextField(max_length=5000)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            # The messages that wait to be sent, oldest first: tasks.send_due_messages.
            models.Index("created_at", name="contactmessage_due", condition=Q(sent_at=None)),
        ]

    def __str__(self) -> str:
        return self.subject


class SocialCard(models.Model):
    """The picture (PNG, 1200 by 630) that a link to a page carries. Drawn by a worker, kept here so that
    web processes on any machine can serve it."""

    # "tools/flask" or "stackups/actix-vs-flask".
    path = models.CharField(max_length=300, unique=True)
    title = models.CharField(max_length=260)
    lines = models.JSONField(default=list)
    digest = models.CharField(max_length=64, help_text="SHA-256 over what the picture says.")
    image = models.BinaryField(null=True, blank=True)
    drawn_digest = models.CharField(max_length=64, blank=True)
    drawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["path"]
        indexes = [
            # The cards that wait to be drawn: tasks.draw_due_cards.
            models.Index("id", name="socialcard_due", condition=~Q(drawn_digest=models.F("digest"))),
        ]

    def __str__(self) -> str:
        return self.path


class Event(models.Model):
    """Something that happened around tools and people: what the feed shows. A worker makes them: services.feed."""

    class Kind(models.TextChoices):
        POST = "post", "asked or decided"
        REPLY = "reply", "answered"
        # What one person changed of a stack within a day.
        STACK = "stack", "changed a stack"
        MOVE = "move", "moved from a tool to another"

    kind = models.CharField(max_length=5, choices=Kind.choices)
    # Empty once that person closed the account, or where a program did it.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    post = models.ForeignKey(Post, on_delete=models.CASCADE, null=True, blank=True, related_name="events")
    reply = models.ForeignKey(Reply, on_delete=models.CASCADE, null=True, blank=True, related_name="events")
    stack = models.ForeignKey(Stack, on_delete=models.CASCADE, null=True, blank=True, related_name="events")
    # Ids of `stacks.Change`: of a move the one, of a stack the first so many of the day.
    changes = ArrayField(models.BigIntegerField(), default=list, blank=True)
    day = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField()

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="event_whole",
                condition=Q(kind="post", post__isnull=False, reply=None, stack=None)
                | Q(kind="reply", post__isnull=False, reply__isnull=False, stack=None)
                | Q(kind__in=["stack", "move"], post=None, reply=None, stack__isnull=False),
            ),
            models.UniqueConstraint(fields=["post"], name="event_post_unique", condition=Q(kind="post")),
            models.UniqueConstraint(fields=["reply"], name="event_reply_unique", condition=Q(kind="reply")),
            # Not of nobody: people who are gone may have changed a company's stack on the same day.
            models.UniqueConstraint(
                fields=["stack", "day", "actor"], name="event_stack_unique", condition=Q(kind="stack")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class EventSubject(models.Model):
    """A tool or a person that an event is about: by it the feed finds the event."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="subjects")
    # Without an index of their own: the constraints below have one for each.
    tool = models.ForeignKey(
        Tool, on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="eventsubject_of_one",
                condition=Q(tool__isnull=False, person=None) | Q(tool=None, person__isnull=False),
            ),
            # They also serve the feed: the newest events of each tool and person that somebody follows.
            models.UniqueConstraint(
                fields=["tool", "event"], name="eventsubject_of_tool", condition=Q(tool__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["person", "event"], name="eventsubject_of_person", condition=Q(person__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id}: {self.tool_id or self.person_id}"


class DemoLoad(models.Model):
    """A load of the demo content: of which version of its files. Once it was removed, no start brings it back."""

    digest = models.CharField(max_length=64, help_text="SHA-256 over the files.")
    loaded_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.loaded_at:%Y-%m-%d %H:%M}"
