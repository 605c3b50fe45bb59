"""People."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower


class User(AbstractUser):
    """A person with an account. Names are unique whatever their case."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField(max_length=80, blank=True, help_text="As shown on the site.")

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
                condition=~models.Q(email=""),
                violation_error_message="Another account has this address.",
            ),
        ]

    def get_full_name(self) -> str:
        """The name shown on the site: the display name, or the username without one."""
        return self.name or self.username

    def get_short_name(self) -> str:
        return self.username
