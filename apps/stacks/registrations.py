"""What this app tells those below it of itself, once all models are there: imported by `AppConfig.ready`."""

from apps.accounts.services.personal import register_closing, register_export, register_standing
from apps.accounts.services.usernames import register_name_check
from apps.core import counters
from apps.stacks.counters import COUNTERS
from apps.stacks.services import personal
from apps.stacks.services.companies import has_company
from apps.stacks.services.usage import settle_person

for counter in COUNTERS:
    counters.register(counter)
register_export("stacks", personal.export_stacks)
register_export("stack_changes", personal.export_changes)
register_export("memberships", personal.export_memberships)
register_export("removals", personal.export_removals)
register_export("companies", personal.export_companies)
register_export("readings", personal.export_readings)
register_export("proof_checks", personal.export_proof_checks)
register_closing("stacks", personal.leave)
register_standing("stacks", settle_person)
register_name_check("companies", has_company)
