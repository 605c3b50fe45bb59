"""What changes notifications. Upper apps call `notify` and `register_digest_section`."""

from apps.notifications.services.digests import register_digest_section
from apps.notifications.services.telling import notify

__all__ = ["notify", "register_digest_section"]
