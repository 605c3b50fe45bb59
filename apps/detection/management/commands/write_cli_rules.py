import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.detection import paths
from apps.detection.detect import DEFAULT_LIMITS
from apps.detection.parsers import PARSERS

FILE: Path = settings.BASE_DIR / "cli" / "wanted.json"

# Of what the command line sends at once, in bytes: as JSON, with what that escapes, it stays below what the API reads
# of a request.
SENT_BYTES = 14_000_000


def rules() -> dict[str, Any]:
    """What `detect.is_wanted` goes by, for the command line, which asks no server which files to send."""
    return {
        "patterns": sorted({pattern.lower() for parser in PARSERS for pattern in parser.patterns}),
        "long": sorted(
            {pattern.lower() for parser in PARSERS if parser.is_lock for pattern in parser.patterns}
        ),
        "folders": sorted(paths._vendored | paths._samples),
        "folderEndings": [".egg-info", ".dist-info"],
        "vendor": sorted(paths._VENDOR),
        "ownParents": sorted(paths._OWN_PARENTS),
        "templates": sorted(paths._TEMPLATES),
        "usedAsTemplates": list(paths._IN_USE_AS_TEMPLATE),
        "maxPath": paths.MAX_PATH,
        "limits": {
            "fileBytes": DEFAULT_LIMITS.file_bytes,
            "longFileBytes": DEFAULT_LIMITS.long_file_bytes,
            "files": DEFAULT_LIMITS.files,
            "totalBytes": SENT_BYTES,
        },
    }


class Command(BaseCommand):
    help = "Writes cli/wanted.json: which files the command line sends, by the rules of detection."
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        FILE.write_text(json.dumps(rules(), indent=1) + "\n")
        self.stdout.write(f"Written: {FILE}")
