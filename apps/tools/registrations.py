"""What this app tells those below it of itself, once all models are there: imported by `AppConfig.ready`."""

from apps.accounts.services.personal import register_closing, register_export
from apps.core import counters
from apps.notifications.services import register_digest_section
from apps.tools.counters import COUNTERS
from apps.tools.selectors import new_points_for
from apps.tools.services import personal

for counter in COUNTERS:
    counters.register(counter)
register_export("points", personal.export_points)
register_export("point_answers", personal.export_answers)
register_export("followed_tools", personal.export_follows)
register_closing("tools", personal.leave)
register_digest_section("New pros and cons of tools you follow", new_points_for)
