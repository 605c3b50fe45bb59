"""What this app holds of a person: for their export, and to be taken away when they leave."""

from typing import Any

from django.db.models import F, Q

from apps.accounts.models import User
from apps.notifications.models import Digest, Notification, Preference


def export_notifications(person: User) -> list[dict[str, Any]]:
    """What the person was told, newest first."""
    rows = Notification.objects.filter(person=person).order_by("-id")
    columns = rows.values("kind", "text", "url", "created_at", "read_at", actor_name=F("actor__username"))
    return [dict(row) for row in columns]


def export_preferences(person: User) -> list[dict[str, Any]]:
    rows = Preference.objects.filter(person=person).order_by("kind")
    return [dict(row) for row in rows.values("kind", "channel")]


def export_digest(person: User) -> list[dict[str, Any]]:
    return [dict(row) for row in Digest.objects.filter(person=person).values("since")]


def take_away(person: User) -> None:
    """Delete what the person was told and chose, and what others were told of them."""
    Notification.objects.filter(Q(person=person) | Q(actor=person)).delete()
    Preference.objects.filter(person=person).delete()
    Digest.objects.filter(person=person).delete()
