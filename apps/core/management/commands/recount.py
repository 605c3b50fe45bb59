"""Compare every counter with the rows that it counts, and mend what differs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from tqdm import tqdm

from apps.core.counters import recount, registered


class Command(BaseCommand):
    help = "Compare every counter with the rows that it counts, and mend what differs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what differs")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        with tqdm(total=len(registered()), unit="counter", disable=None) as bar:
            drifts = recount(dry_run=dry_run, tick=bar.update)
        for drift in drifts:
            self.stdout.write(f"{drift.counter} of {drift.pk}: {drift.said}, right is {drift.right}")
        verb = "would be mended" if dry_run else "mended"
        self.stdout.write(f"{len(registered())} counters compared, {len(drifts)} rows {verb}.")
