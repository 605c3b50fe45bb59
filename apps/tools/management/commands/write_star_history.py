import csv
import lzma
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.github.services.star_history import COLUMNS
from apps.tools.catalogue import CATALOGUE_DIR
from apps.tools.management.catalogue import checked_catalogue


class Command(BaseCommand):
    help = (
        "Writes catalogue/star_history.csv.xz: of a larger file with the columns repository, date, stars, forks, what "
        "concerns the catalogue's repositories. Run by developers; the file is committed, its source is named in "
        "catalogue/README.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv")
        parser.add_argument("--from", dest="root", type=Path, default=CATALOGUE_DIR, metavar="DIR")

    def handle(self, *, file: Path, root: Path, **options: Any) -> None:
        wanted = {
            name.lower() for sourced in checked_catalogue(root).tools for name in sourced.entry.repositories
        }
        try:
            with file.open(encoding="utf-8", newline="") as source:
                rows = [
                    [row[column] for column in COLUMNS]
                    for row in csv.DictReader(source)
                    if row["repository"].lower() in wanted
                ]
        except (OSError, KeyError, UnicodeDecodeError) as error:
            raise CommandError(
                f"{file} is no star history: {error!r}. It needs {', '.join(COLUMNS)}."
            ) from None
        rows.sort(key=lambda row: (row[0].lower(), row[1]))
        with lzma.open(root / "star_history.csv.xz", "wt", encoding="utf-8", newline="", preset=9) as target:
            csv.writer(target, lineterminator="\n").writerows([COLUMNS, *rows])
        names = {row[0].lower() for row in rows}
        self.stdout.write(
            f"{len(rows)} readings of {len(names)} repositories; {len(wanted - names)} have none."
        )
