"""What has no noun of its own: mail that waits to be sent, and how the background work goes."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


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


class Heartbeat(models.Model):
    """When a worker last took the canary out of a queue: the queue is served if that is a minute ago."""

    queue = models.CharField(primary_key=True, max_length=30)
    ran_at = models.DateTimeField()

    class Meta:
        ordering = ["queue"]

    def __str__(self) -> str:
        return self.queue


class TaskFailure(models.Model):
    """A task that ended with an error, or killed its worker again and again; kept for a month."""

    task = models.CharField(max_length=200)
    task_id = models.CharField(max_length=40)
    reason = models.CharField(max_length=500)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-at"]
        indexes = [
            # The last failures of /status/ and the admin, and those to forget.
            models.Index(F("at").desc(), name="taskfailure_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.task}: {self.reason}"
