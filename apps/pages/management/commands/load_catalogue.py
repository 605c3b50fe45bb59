from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from tqdm import tqdm

from apps.comparisons.services import load_comparisons, rank_alternatives, read_comparisons
from apps.core.locks import hold_lock
from apps.github.services.star_history import StarHistoryError, load_star_history
from apps.pages.services.cards import mark_due_cards
from apps.tools.catalogue import CATALOGUE_DIR, catalogue_digest, read_catalogue
from apps.tools.entries import CatalogueError
from apps.tools.models import CatalogueLoad
from apps.tools.services.catalogue import load_tools

# So many fields that were left alone are named.
SHOWN_KEPT = 10


class Command(BaseCommand):
    help = (
        "Loads the starter catalogue (catalogue/) into the database: taxonomy, tools, comparisons, star history. "
        "All or nothing; harmless to repeat. Fields that a person edited in the admin stay as they are."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="check the files and change nothing")
        parser.add_argument(
            "--if-changed", action="store_true", help="do nothing if these very files were loaded last"
        )
        parser.add_argument("--from", dest="root", type=Path, default=CATALOGUE_DIR, metavar="DIR")

    def handle(self, *, check: bool, if_changed: bool, root: Path, **options: Any) -> None:
        try:
            if check:
                catalogue = read_catalogue(root)
                comparisons = read_comparisons(root, catalogue.slugs)
                self.stdout.write(
                    f"The catalogue is in order: {len(catalogue.tools)} tools, "
                    f"{len(comparisons.written)} written comparisons."
                )
                return
            with transaction.atomic(), hold_lock("catalogue"):
                digest = catalogue_digest(root)
                if (
                    if_changed
                    and CatalogueLoad.objects.order_by("-pk").values_list("digest", flat=True).first()
                    == digest
                ):
                    self.stdout.write("The catalogue has not changed since it was loaded.")
                    return
                self._load(root, digest)
        except CatalogueError as error:
            problems = "\n".join(f"  {problem}" for problem in error.problems)
            raise CommandError(
                f"Nothing was loaded. {len(error.problems)} things to mend in {root}:\n{problems}"
            ) from None
        except StarHistoryError as error:
            raise CommandError(f"Nothing was loaded. {error}") from None

    def _load(self, root: Path, digest: str) -> None:
        catalogue = read_catalogue(root)
        comparisons = read_comparisons(root, catalogue.slugs)
        with tqdm(total=len(catalogue.tools), unit=" tools", disable=None, leave=False) as bar:
            report = load_tools(catalogue, tick=bar.update)
        changed = load_comparisons(comparisons)
        history = root / "star_history.csv.xz"
        readings = load_star_history(history) if history.exists() else 0
        rank_alternatives()
        mark_due_cards()
        CatalogueLoad.objects.create(
            digest=digest, tools_created=report.created, tools_changed=report.changed
        )
        self.stdout.write(
            f"{report.created} tools created, {report.changed} changed, {report.unchanged} unchanged; "
            f"{changed} comparisons changed; {readings} star readings added."
        )
        if report.kept:
            more = f" and {len(report.kept) - SHOWN_KEPT} more" if len(report.kept) > SHOWN_KEPT else ""
            self.stdout.write(f"Left as edited in the admin: {', '.join(report.kept[:SHOWN_KEPT])}{more}.")
