"""What this app has counted, exported and taken away, once all models are there: imported by `AppConfig.ready`."""

from apps.accounts.counters import FOLLOWERS
from apps.accounts.services import closing, rows
from apps.accounts.services.personal import register_closing, register_export
from apps.core import counters

counters.register(FOLLOWERS)

register_export("profile", rows.profile)
register_export("avatar", rows.avatar)
register_export("email_addresses", rows.email_addresses)
register_export("former_usernames", rows.former_usernames)
register_export("follows", rows.follows)
register_export("followers", rows.followers)
register_export("api_tokens", rows.api_tokens)
register_export("exports", rows.exports)
register_export("connected_accounts", rows.connected_accounts)
register_export("authenticators", rows.authenticators)
register_export("sessions", rows.sessions)
register_export("moderation", rows.moderation)

register_closing("follows", closing.stop_following)
register_closing("admin_log", closing.forget_in_admin_log)
