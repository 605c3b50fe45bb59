"""What people say of themselves."""

from django.db import transaction

from apps.accounts.models import User
from apps.accounts.services.avatars import keep_avatar, remove_avatar

FIELDS = ("name", "title", "company", "place", "bio", "links")


@transaction.atomic
def change_profile(*, person: User, image: bytes | None = None, without_avatar: bool = False) -> None:
    """Save the `FIELDS` of `person` as they are set on it, with a new picture if there is an `image`, or without."""
    person.save(update_fields=FIELDS)
    if image is not None:
        keep_avatar(person=person, image=image)
    elif without_avatar:
        remove_avatar(person=person)
