"""What this app tells those below it of itself, once all models are there: imported by `AppConfig.ready`."""

from apps.accounts.services.personal import register_closing, register_export
from apps.advice.counters import COUNTERS
from apps.advice.news import new_advice_for
from apps.advice.services import personal
from apps.core import counters
from apps.notifications.services import register_digest_section

for counter in COUNTERS:
    counters.register(counter)
register_export("posts", personal.export_posts)
register_export("replies", personal.export_replies)
register_export("comments", personal.export_comments)
register_export("earlier_words", personal.export_revisions)
register_export("drafts", personal.export_drafts)
register_closing("advice", personal.leave)
register_digest_section("Advice on your tools", new_advice_for)
