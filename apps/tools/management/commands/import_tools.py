from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from apps.tools.services.dataset import DatasetError, count_rows, import_dataset, refusal_reasons

# So many refused rows are printed one by one; --refused writes all of them to a file.
SHOWN_REFUSALS = 20


class Command(BaseCommand):
    help = (
        "Imports tools from a CSV file in the form of the open StackShare dataset. They are marked as imported and "
        "not listed until a moderator lists them, or --publish does. Nothing that a person edited is overwritten."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")
        parser.add_argument("--publish", action="store_true", help="list the imported tools at once")
        parser.add_argument(
            "--min-popularity",
            type=float,
            default=0,
            metavar="N",
            help="pass over rows with a lower popularity",
        )
        parser.add_argument(
            "--refused", type=Path, metavar="OUT.txt", help="write every refused row and why here"
        )

    def handle(
        self, *, file: Path, dry_run: bool, publish: bool, min_popularity: float, **options: Any
    ) -> None:
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        refused: Path | None = options["refused"]
        if refused and (refused.is_dir() or not refused.parent.is_dir()):
            raise CommandError(f"{refused} can't be written: name a file in a folder that exists.")
        with tqdm(total=count_rows(file), unit=" rows", disable=None, leave=False) as bar:
            try:
                report = import_dataset(
                    file, min_popularity=min_popularity, publish=publish, dry_run=dry_run, tick=bar.update
                )
            except DatasetError as error:
                raise CommandError(str(error)) from None
        write = self.stdout.write
        write(f"{report.read} rows read{' (dry run: nothing was changed)' if dry_run else ''}")
        write(f"  {report.created} new, {report.published} of all listed")
        write(f"  {report.matched} are tools that the catalogue has: only their figures were noted")
        write(f"  {report.updated} imported before and changed, {report.unchanged} unchanged")
        if min_popularity:
            write(f"  {report.below_popularity} passed over, popularity below {min_popularity:g}")
        write(f"  {len(report.refused)} refused")
        for reason, count in refusal_reasons(report):
            write(f"    {count} × {reason}")
        for refusal in report.refused[:SHOWN_REFUSALS]:
            write(f"  line {refusal.line}: {refusal.name}: {refusal.reason}")
        if len(report.refused) > SHOWN_REFUSALS:
            write(f"  and {len(report.refused) - SHOWN_REFUSALS} more; --refused FILE writes them all")
        if refused:
            lines = (f"line {r.line}: {r.name}: {r.reason}\n" for r in report.refused)
            refused.write_text("".join(lines), encoding="utf-8")
