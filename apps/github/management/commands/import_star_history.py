from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from apps.github.services.star_history import COLUMNS, StarHistoryError, import_star_history

# So many refused lines are printed.
SHOWN_REFUSALS = 20


class Command(BaseCommand):
    help = (
        f"Imports a star history: a CSV file (.csv, .csv.gz, .csv.xz) with the columns {', '.join(COLUMNS)} and any "
        "others. Adds what is new of the repositories that are known here, and never changes what is there already. "
        "Lines that can't be read are passed over and named."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")

    def handle(self, *, file: Path, dry_run: bool, **options: Any) -> None:
        try:
            with tqdm(total=file.stat().st_size, unit="B", unit_scale=True, disable=None, leave=False) as bar:
                report = import_star_history(file, dry_run=dry_run, tick=bar.update)
        except OSError as error:
            raise CommandError(f"{file} can't be read: {error.strerror}.") from None
        except StarHistoryError as error:
            raise CommandError(f"Nothing was imported. {error}") from None
        write = self.stdout.write
        write(f"{report.read} lines read{' (dry run: nothing was changed)' if dry_run else ''}")
        write(f"  {report.added} readings added")
        write(f"  {report.known} known already")
        write(f"  {report.passed_over} of {len(report.unknown)} repositories that are not known here")
        write(f"  {len(report.refused)} refused")
        for line, reason in report.refused[:SHOWN_REFUSALS]:
            write(f"    line {line}: {reason}")
        if len(report.refused) > SHOWN_REFUSALS:
            write(f"    and {len(report.refused) - SHOWN_REFUSALS} more")
