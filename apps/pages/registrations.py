"""What this app tells those below it of itself, once all models are there: imported by `AppConfig.ready`."""

from apps.pages.services.feed import note_shared
from apps.stacks.services.usage import register_sharing

register_sharing(note_shared)
