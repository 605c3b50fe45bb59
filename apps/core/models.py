"""What has no noun of its own: mail that waits to be sent."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class OutgoingMail(models.Model):
    """A mail that waits to be sent. The row is the queue, and is deleted once the mail is out."""

    to = ArrayField(models.EmailField())
    subject = models.CharField(max_length=300)
    body = models.TextField()
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)
    # After this nobody needs it any more, such as a code that has run out.
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "outgoing mail"
        verbose_name_plural = "outgoing mail"
        indexes = [
            # The mail that waits, least tried and oldest first: mail.send_due_mail.
            models.Index("attempts", "created_at", name="outgoingmail_due"),
        ]
        constraints = [
            models.CheckConstraint(name="outgoingmail_has_recipient", condition=~Q(to=[])),
        ]

    def __str__(self) -> str:
        return self.subject
