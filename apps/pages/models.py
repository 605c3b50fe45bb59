"""What belongs to the pages themselves: the pictures that links to them carry, and mail to the operator."""

from django.db import models
from django.db.models import Q


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
