from typing import Any

import factory
from allauth.account.models import EmailAddress

from apps.accounts.models import User


class UserFactory(factory.django.DjangoModelFactory[User]):
    """A person whose address is verified; not with `verified=False`."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person-{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.org")

    @factory.post_generation
    def verified(self: Any, create: bool, extracted: bool | None, **kwargs: object) -> None:
        if extracted is not False:
            EmailAddress.objects.create(user=self, email=self.email, verified=True, primary=True)
