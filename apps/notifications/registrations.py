"""What this app tells those above it of itself, once all models are there: imported by `AppConfig.ready`."""

from apps.accounts.services.follows import register_listener
from apps.accounts.services.personal import register_closing, register_export
from apps.notifications.services import personal
from apps.notifications.services.telling import tell_of_follower

register_listener(tell_of_follower)
register_export("notifications", personal.export_notifications)
register_export("notification_preferences", personal.export_preferences)
register_export("weekly_mail", personal.export_digest)
register_closing("notifications", personal.take_away)
