"""What this app tells those above it of itself, once all models are there: imported by `AppConfig.ready`."""

from apps.accounts.services.personal import register_closing, register_export
from apps.advice.services.earning import register_earning_listener
from apps.core import counters
from apps.tools.services.points import register_removal_listener
from apps.votes.counters import COUNTERS
from apps.votes.services import personal
from apps.votes.services.reputation import forget_removed, recompute_earned

for counter in COUNTERS:
    counters.register(counter)
register_export("votes", personal.export_votes)
register_export("reputation", personal.export_reputation)
register_closing("votes", personal.take_away)
register_removal_listener(forget_removed)
register_earning_listener(recompute_earned)
