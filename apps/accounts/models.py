"""People: who they are, whom they follow, their keys to the API, and what they ask for when they leave."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone

from apps.accounts.querysets import UserManager
from apps.accounts.usernames import USERNAME_VALIDATORS

BIO_CHARACTERS = 1000
MAX_LINKS = 5


class User(AbstractUser):
    """A person with an account. Names are unique whatever their case."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    username = models.CharField(
        max_length=30,
        unique=True,
        validators=USERNAME_VALIDATORS,
        error_messages={"unique": "This username is taken. Choose another one."},
    )
    name = models.CharField(max_length=80, blank=True, help_text="As shown on the site.")
    # The defaults in the database, from here on, are for the release before this one, which adds people while it
    # still runs.
    title = models.CharField(
        max_length=80, blank=True, default="", db_default="", help_text="Such as Staff engineer."
    )
    company = models.CharField(max_length=80, blank=True, default="", db_default="")
    place = models.CharField(max_length=80, blank=True, default="", db_default="")
    bio = models.TextField(
        max_length=BIO_CHARACTERS, blank=True, default="", db_default="", help_text="Markdown."
    )
    links = ArrayField(
        models.URLField(max_length=200), size=MAX_LINKS, default=list, db_default=[], blank=True
    )
    # Part of the address of the picture, so that a new picture has a new one; empty: a monogram.
    avatar_digest = models.CharField(max_length=16, blank=True, default="", db_default="", editable=False)

    # Counted from rows; `manage.py recount` mends them.
    follower_count = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    reputation = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    # Made up, so that a new site has something to look at: shown with a mark, `manage.py remove_demo` deletes them.
    is_demo = models.BooleanField("demo", default=False, db_default=False)

    # When the person closed the account: a worker takes away all that is personal, and the row last.
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="user_username_unique",
                violation_error_message="This username is taken. Choose another one.",
            ),
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique",
                condition=~Q(email=""),
                violation_error_message="Another account has this address.",
            ),
        ]
        indexes = [
            # The accounts to be taken apart: services.closing.finish_closing.
            models.Index("closed_at", name="user_closed", condition=Q(closed_at__isnull=False)),
        ]

    def get_full_name(self) -> str:
        """The name shown on the site: the display name, or the username without one."""
        return self.name or self.username

    def get_short_name(self) -> str:
        return self.username

    def get_absolute_url(self) -> str:
        return reverse("pages:profile", kwargs={"username": self.username})


class Avatar(models.Model):
    """A person's picture as we drew it anew: WebP, square. Kept here so that web processes on any machine serve it."""

    person = models.OneToOneField(User, on_delete=models.CASCADE, related_name="avatar", primary_key=True)
    image = models.BinaryField()
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"Picture of {self.person_id}"


class FormerUsername(models.Model):
    """A name that a person had: it goes on leading to them and nobody else can take it."""

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="former_usernames")
    username = models.CharField(max_length=30)
    given_up_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-given_up_at"]
        constraints = [
            # Also serves the redirect of a profile's old address.
            models.UniqueConstraint(Lower("username"), name="formerusername_unique"),
        ]

    def __str__(self) -> str:
        return self.username


class PersonFollow(models.Model):
    """That one person follows another."""

    follower = models.ForeignKey(User, on_delete=models.CASCADE, related_name="follows")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="follower_rows")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "follower of a person"
        verbose_name_plural = "followers of people"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["follower", "person"], name="personfollow_unique"),
            models.CheckConstraint(
                name="personfollow_another",
                condition=~Q(follower=F("person")),
                violation_error_message="Nobody follows themselves.",
            ),
        ]
        indexes = [
            # The followers of a person, newest first; and those that a person follows.
            models.Index(fields=["person", "-id"], name="personfollow_of_person"),
            models.Index(fields=["follower", "-id"], name="personfollow_by_follower"),
        ]

    def __str__(self) -> str:
        return f"{self.follower_id} follows {self.person_id}"


class ApiToken(models.Model):
    """A key to the API. Only its SHA-256 is kept: the token itself is shown once."""

    class Scope(models.TextChoices):
        READ = "read", "read"
        WRITE = "write", "read and write"

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60, help_text="Where it is used, such as Build server.")
    # Also serves the look-up of a request's token.
    digest = models.CharField(max_length=64, unique=True, editable=False)
    # Of the token, for a person to tell theirs apart.
    last_characters = models.CharField(max_length=4, editable=False)
    scope = models.CharField(max_length=5, choices=Scope.choices, default=Scope.READ)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API token"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())


class DataExport(models.Model):
    """All that is a person's, as JSON. The row is the queue: a worker writes the file, and it goes after some days."""

    # How long a written file can be fetched.
    LIFETIME = timedelta(days=7)

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="exports")
    requested_at = models.DateTimeField(auto_now_add=True)
    written_at = models.DateTimeField(null=True, blank=True)
    file = models.BinaryField(null=True, blank=True, help_text="JSON, compressed with gzip.")
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(written_at=None), name="dataexport_one_waiting"
            ),
        ]
        indexes = [
            # The exports that wait to be written, oldest first: services.exports.write_due_exports.
            models.Index("requested_at", name="dataexport_due", condition=Q(written_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}, {self.requested_at:%Y-%m-%d %H:%M}"

    @property
    def expires_at(self) -> datetime | None:
        return self.written_at + self.LIFETIME if self.written_at else None
