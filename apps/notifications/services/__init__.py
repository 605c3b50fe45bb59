"""What changes notifications. Upper apps call what is named here."""

from apps.notifications.services.digests import register_digest_section
from apps.notifications.services.telling import forget_told, notify, notify_many

__all__ = ["forget_told", "notify", "notify_many", "register_digest_section"]
