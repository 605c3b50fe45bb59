"""What a person is told, and by which way."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Kind(models.TextChoices):
    """What a notification is about. Each has a row on the settings page."""

    REPLY = "reply", "Somebody answers, or comments on, what you wrote"
    ACCEPTED = "accepted", "Your answer is accepted"
    MENTION = "mention", "Somebody mentions you"
    ADVICE = "advice", "Somebody needs advice on a tool that you run"
    OUTCOME = "outcome", "We ask how a question of yours turned out"
    FOLLOWER = "follower", "Somebody follows you"
    POINT_VOTE = "point_vote", "Others agree with something that you wrote"
    STACK = "stack", "A repository was read for you, or is shown to be yours"


class Channel(models.TextChoices):
    SITE = "site", "On the site"
    MAIL = "mail", "On the site and by mail"
    OFF = "off", "Off"


class Preference(models.Model):
    """How a person chose to be told of one kind of thing; without a row it is the default: selectors.DEFAULTS."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_preferences"
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    channel = models.CharField(max_length=4, choices=Channel.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "kind"], name="preference_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.kind} {self.channel}"


class Digest(models.Model):
    """That a person wants a weekly mail of what is new on their tools, and when the last one went out."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="digest", primary_key=True
    )
    since = models.DateTimeField(help_text="What is newer than this comes with the next mail.")

    class Meta:
        verbose_name = "weekly digest"
        indexes = [
            # The digests that are due, oldest first: services.digests.mail_digests.
            models.Index("since", name="digest_due"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} since {self.since:%Y-%m-%d}"


class Notification(models.Model):
    """Something that a person is told."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications"
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    # Who did it; a closed account takes it along.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    text = models.CharField(max_length=300)
    # A path of this site.
    url = models.CharField(max_length=300)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)
    # It shall go out by mail; taken off once it is posted.
    is_mail_due = models.BooleanField("waits to be mailed", default=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            # One for each person and thing: doing, undoing and doing it again tells nobody twice.
            models.UniqueConstraint(
                fields=["person", "kind", "actor", "url"],
                name="notification_unique",
                nulls_distinct=False,
            ),
        ]
        indexes = [
            # A person's list, newest first.
            models.Index(fields=["person", "-id"], name="notification_of_person"),
            # What is not read yet, for the count in the header.
            models.Index("person", name="notification_unread", condition=Q(read_at=None)),
            # What waits to be mailed: services.mailing.mail_notifications.
            models.Index("person", "id", name="notification_due", condition=Q(is_mail_due=True)),
            # What was told of one thing, for when it is removed; by the beginning of its address, too.
            models.Index(fields=["url"], name="notification_of_thing", opclasses=["varchar_pattern_ops"]),
        ]

    def __str__(self) -> str:
        return self.text
