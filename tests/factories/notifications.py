from datetime import timedelta
from typing import Any

import factory
from django.utils import timezone

from apps.notifications.models import Kind, Notification
from tests.factories.accounts import UserFactory


class NotificationFactory(factory.django.DjangoModelFactory[Notification]):
    """What a person was told. `minutes_ago=90` says when."""

    class Meta:
        model = Notification
        skip_postgeneration_save = True

    person = factory.SubFactory(UserFactory)
    kind = Kind.FOLLOWER
    actor = factory.SubFactory(UserFactory)
    text = factory.LazyAttribute(lambda row: f"{row.actor.username} follows you" if row.actor else "News")
    url = factory.Sequence(lambda n: f"/thing-{n}/")

    @factory.post_generation
    def minutes_ago(self: Any, create: bool, extracted: float | None, **kwargs: object) -> None:
        if extracted is not None:
            self.created_at = timezone.now() - timedelta(minutes=extracted)
            self.save(update_fields=["created_at"])
