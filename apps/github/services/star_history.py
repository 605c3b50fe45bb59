"""The star history that ships with the catalogue: one compact file, loaded for the repositories that we know.

`catalogue/star_history.csv.xz` has the columns repository, date, stars, forks, sorted by repository and date.
"""

import csv
import lzma
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from pathlib import Path

from django.db.models import F, OuterRef, Q, Subquery

from apps.github.models import FigureSource, Repository, StarReading

COLUMNS = ["repository", "date", "stars", "forks"]


class StarHistoryError(Exception):
    """The file is not a star history; the message says what is wrong with it."""


def load_star_history(path: Path) -> int:
    """Add the readings of `path` that are new, and date the figures of repositories by the newest of them.

    Answers the number of readings added. Call it in a transaction. Raises `StarHistoryError`.
    """
    known = {r.full_name.lower(): r.pk for r in Repository.objects.all()}
    latest = dict(
        Repository.objects.annotate(
            newest=Subquery(
                StarReading.objects.filter(repository=OuterRef("pk")).order_by("-date").values("date")[:1]
            )
        ).values_list("pk", "newest")
    )
    rows: list[StarReading] = []
    for name, readings in groupby(_readings(path), key=lambda row: row[0]):
        pk = known.get(name.lower())
        if pk is None:
            continue
        newest = latest[pk]
        rows += [
            StarReading(repository_id=pk, date=day, stars=stars, forks=forks)
            for _, day, stars, forks in readings
            if newest is None or day > newest
        ]
    StarReading.objects.bulk_create(rows, batch_size=5000)
    _date_figures()
    return len(rows)


def _readings(path: Path) -> Iterator[tuple[str, date, int, int]]:
    try:
        with lzma.open(path, "rt", encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            if next(reader, None) != COLUMNS:
                raise StarHistoryError(f"{path.name}: the first line must be {','.join(COLUMNS)}.")
            for name, day, stars, forks in reader:
                yield name, date.fromisoformat(day), int(stars), int(forks)
    except (lzma.LZMAError, EOFError, csv.Error, ValueError) as error:
        raise StarHistoryError(f"{path.name}: {error}") from error


def _date_figures() -> None:
    """Give each repository the figures of its newest reading, unless it has newer ones."""
    newest = StarReading.objects.filter(repository=OuterRef("pk")).order_by("-date")
    dated = Repository.objects.annotate(newest=Subquery(newest.values("date")[:1]))
    dated.filter(Q(figures_on=None) | Q(figures_on__lt=F("newest")), newest__isnull=False).update(
        stars=Subquery(newest.values("stars")[:1]),
        forks=Subquery(newest.values("forks")[:1]),
        figures_on=Subquery(newest.values("date")[:1]),
        figures_source=FigureSource.DATASET,
    )
