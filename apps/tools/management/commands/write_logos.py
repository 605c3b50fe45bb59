import csv
import importlib
import json
import re
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.tools.catalogue import CATALOGUE_DIR
from apps.tools.logos import LOGO_DIR, is_allowed, logo_svg
from apps.tools.management.catalogue import checked_catalogue

COLUMNS = ["slug", "brand", "colour", "licence", "source", "used"]


class Command(BaseCommand):
    help = (
        "Writes the logos that the catalogue names into static/logos/, out of the package simplepycons (Simple Icons), "
        "and what is known of each into static/logos/logos.csv. Run by developers; the files are committed. "
        "simplepycons leaves the licences of single marks out, so they come from the npm package simple-icons: "
        "its file data/simple-icons.json."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("licences", type=Path, metavar="simple-icons.json")
        parser.add_argument("--from", dest="root", type=Path, default=CATALOGUE_DIR, metavar="DIR")
        parser.add_argument("--to", dest="target", type=Path, default=LOGO_DIR, metavar="DIR")

    def handle(self, *, licences: Path, root: Path, target: Path, **options: Any) -> None:
        try:
            icons = importlib.import_module("simplepycons").all_icons
        except ModuleNotFoundError:
            raise CommandError("simplepycons is not installed: it is one of requirements-dev.txt.") from None
        try:
            metadata = {entry["slug"]: entry for entry in json.loads(licences.read_text(encoding="utf-8"))}
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise CommandError(f"{licences} is not the data file of simple-icons: {error}") from None
        wanted = sorted(
            {sourced.entry.logo for sourced in checked_catalogue(root).tools if sourced.entry.logo}
        )
        known = set(icons.names()) & metadata.keys()
        target.mkdir(parents=True, exist_ok=True)
        for old in target.glob("*.svg"):
            old.unlink()
        rows = []
        for slug in filter(known.__contains__, wanted):
            licence = (metadata[slug].get("license") or {}).get("type", "")
            used = is_allowed(licence)
            if used:
                (target / f"{slug}.svg").write_text(_svg(slug, icons[slug]), encoding="utf-8")
            rows.append(
                [
                    slug,
                    metadata[slug]["title"],
                    icons[slug].primary_color,
                    licence,
                    metadata[slug]["source"],
                    used,
                ]
            )
        with (target / "logos.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerows([COLUMNS, *rows])
        refused = [row[0] for row in rows if not row[-1]]
        self.stdout.write(
            f"{len(rows) - len(refused)} logos written. Left out for their licence: {', '.join(refused)}."
        )
        unknown = [slug for slug in wanted if slug not in known]
        if unknown:
            raise CommandError(f"Simple Icons has no {', '.join(unknown)}: correct `logo` in those entries.")


def _svg(slug: str, icon: Any) -> str:
    path = re.search(r'<path\s+d="([^"]+)"', icon.raw_svg, re.DOTALL)
    if path is None:
        raise CommandError(f"The mark {slug} is not a single path.")
    return logo_svg(re.sub(r"\s+", " ", path[1]), icon.primary_color)
