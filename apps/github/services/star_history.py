"""Star histories that others read, imported from a file: one line for each repository and day.

The first line names the columns, of which repository, date, stars and forks are used. Plain text, .gz or .xz. What is
known already is never changed. `catalogue/star_history.csv.xz` is such a file and comes with the catalogue.
"""

import csv
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

from django.db import connection, transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.github.models import FigureSource, FormerName, Repository, StarReading
from apps.github.services.growth import measure_growth

COLUMNS = ["repository", "date", "stars", "forks"]

# Limits before anything is stored, also on what a small compressed file unpacks to. A dataset of 9,175 repositories
# over eight years has 277,330 lines and 13 MB.
MAX_BYTES = 200_000_000
MAX_LINES = 2_000_000
MAX_LINE_BYTES = 1_000
# With more lines that can't be read it is hardly a star history.
MAX_REFUSED = 1_000

# GitHub's first repository is of October 2007.
FIRST_DAY = date(2007, 10, 1)
# As much as the columns hold.
MAX_COUNT = 2**31 - 1

BATCH = 5000

_NAME = re.compile(r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}", re.ASCII)

_ADD = """
INSERT INTO github_starreading (repository_id, date, stars, forks, source)
SELECT *, %s FROM unnest(%s::bigint[], %s::date[], %s::int[], %s::int[])
ON CONFLICT (repository_id, date) DO NOTHING
"""


class StarHistoryError(Exception):
    """The file is not a star history; the message says what is wrong with it."""


class Refusal(NamedTuple):
    """A line that was not imported, and why."""

    line: int
    reason: str


@dataclass(slots=True)
class ImportReport:
    """What an import did, or would do, in counts of lines, and the names that we do not know."""

    read: int = 0
    added: int = 0
    known: int = 0
    passed_over: int = 0
    unknown: set[str] = field(default_factory=set)
    refused: list[Refusal] = field(default_factory=list)


class _Row(NamedTuple):
    repository: str
    day: date
    stars: int
    forks: int


@transaction.atomic
def import_star_history(
    path: Path, *, dry_run: bool = False, tick: Callable[[int], object] = lambda _: None
) -> ImportReport:
    """Add the readings of `path` that are new, of the repositories that we know by their present or a former name.

    Not of a replaced one, and by a former name only until that was given up: what is told by the name may be of another
    repository. All in one transaction; with `dry_run` nothing changes. `tick` is called with the bytes of the file that
    were read since it was called last. Raises `StarHistoryError`.
    """
    report = ImportReport()
    names = [*FormerName.objects.values_list("full_name", "repository", "until__date")]
    names += [(name, pk, date.max) for name, pk in Repository.objects.values_list("full_name", "pk")]
    replaced = set(Repository.objects.filter(state=Repository.State.REPLACED).values_list("pk", flat=True))
    bearers = {name.lower(): (pk, until) for name, pk, until in names if pk not in replaced}
    rows = _rows(path, report, tick)
    while batch := list(islice(rows, BATCH)):
        known = []
        for row in batch:
            name = row.repository.lower()
            pk, until = bearers.get(name, (0, date.min))
            if row.day <= until:
                known.append((pk, row.day, row.stars, row.forks))
            else:
                report.unknown.add(name)
        added = _add(known)
        report.added += added
        report.known += len(known) - added
        report.passed_over += len(batch) - len(known)
    if dry_run:
        transaction.set_rollback(True)
    else:
        # All at once: the measuring locks every one of them, and would wait for a worker that waits for one whose
        # figures were dated before.
        Repository.objects.all().lock()
        _date_figures()
        measure_growth()
    return report


@transaction.atomic
def load_star_history(path: Path) -> int:
    """Import `path`, of which every line must be in order; answers the number of readings added.

    Raises `StarHistoryError`.
    """
    report = import_star_history(path)
    for line, reason in report.refused:
        raise StarHistoryError(f"{path.name}: line {line}: {reason}.")
    return report.added


def _add(readings: Sequence[tuple[int, date, int, int]]) -> int:
    """Store those of a repository and day that have none; answers how many."""
    if not readings:
        return 0
    with connection.cursor() as cursor:
        columns = [list(column) for column in zip(*readings, strict=True)]
        cursor.execute(_ADD, [FigureSource.DATASET, *columns])
        return int(cursor.rowcount)


def _rows(path: Path, report: ImportReport, tick: Callable[[int], object]) -> Iterator[_Row]:
    try:
        with path.open("rb") as packed, _unpacked(path, packed) as file:
            columns = _columns(path, file.readline(MAX_LINE_BYTES))
            told = 0
            for number, line in enumerate(_lines(path, file), start=2):
                if packed.tell() > told:
                    tick(packed.tell() - told)
                    told = packed.tell()
                if not line.strip():
                    continue
                report.read += 1
                try:
                    yield _row(line, columns)
                except ValueError as error:
                    report.refused.append(Refusal(number, str(error)))
                if len(report.refused) > MAX_REFUSED:
                    raise StarHistoryError(
                        f"{path.name} is no star history: more than {MAX_REFUSED:,} lines can't be read, the first of "
                        f"them line {report.refused[0].line}: {report.refused[0].reason}."
                    )
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise StarHistoryError(f"{path.name}: {error}") from error


def _unpacked(path: Path, packed: BinaryIO) -> BinaryIO:
    if path.suffix == ".gz":
        return io.BufferedReader(gzip.GzipFile(fileobj=packed))
    if path.suffix == ".xz":
        return io.BufferedReader(lzma.LZMAFile(packed))
    return packed


def _lines(path: Path, file: BinaryIO) -> Iterator[bytes]:
    """The lines of `file`; of one that is too long, the beginning, which is too long as well."""
    lines = size = 0
    at_start = True
    while part := file.readline(MAX_LINE_BYTES + 1):
        lines, size = lines + at_start, size + len(part)
        if lines > MAX_LINES or size > MAX_BYTES:
            limits = f"{MAX_LINES:,} lines or {MAX_BYTES // 1_000_000} MB"
            raise StarHistoryError(f"{path.name} is larger than {limits}: split it.")
        if at_start:
            yield part
        at_start = part.endswith(b"\n")


def _columns(path: Path, head: bytes) -> list[str]:
    columns = head.decode("utf-8-sig", errors="replace").strip().split(",")
    if not set(COLUMNS) <= set(columns):
        raise StarHistoryError(f"{path.name}: the first line must name the columns {', '.join(COLUMNS)}.")
    return columns


def _row(line: bytes, columns: Sequence[str]) -> _Row:
    """Raises ValueError with words for who sent the file."""
    if len(line) > MAX_LINE_BYTES:
        raise ValueError(f"is longer than {MAX_LINE_BYTES} bytes")
    try:
        # By itself: a quote that is left open takes no other line with it.
        [values] = csv.reader([line.decode()], strict=True)
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(f"can't be read: {error}") from None
    if len(values) != len(columns):
        raise ValueError(f"has {len(values)} values, where the first line names {len(columns)} columns")
    of = dict(zip(columns, values, strict=True))
    if not _NAME.fullmatch(of["repository"]):
        raise ValueError(f"repository {of['repository'][:60]!r} is not written as owner/name")
    return _Row(of["repository"], _day(of["date"]), _count(of, "stars"), _count(of, "forks"))


def _day(text: str) -> date:
    with suppress(ValueError):
        day = date.fromisoformat(text)
        if text == day.isoformat() and FIRST_DAY <= day <= timezone.localdate():
            return day
    raise ValueError(f"date {text[:20]!r} is no day from {FIRST_DAY} to today, written like that")


def _count(of: Mapping[str, str], column: str) -> int:
    text = of[column]
    if text.isascii() and text.isdigit() and int(text) <= MAX_COUNT:
        return int(text)
    raise ValueError(f"{column} {text[:20]!r} is no whole number from 0 to {MAX_COUNT:,}")


def _date_figures() -> None:
    """Give each repository the figures of its newest reading, unless it has newer ones."""
    # What is older is of a repository for which the row stood before.
    since = Coalesce(OuterRef("same_since"), FIRST_DAY)
    newest = StarReading.objects.filter(repository=OuterRef("pk"), date__gte=since).order_by("-date")
    dated = Repository.objects.annotate(newest=Subquery(newest.values("date")[:1]))
    older = dated.filter(Q(figures_on=None) | Q(figures_on__lt=F("newest")), newest__isnull=False)
    older.update(
        stars=Subquery(newest.values("stars")[:1]),
        forks=Subquery(newest.values("forks")[:1]),
        figures_on=Subquery(newest.values("date")[:1]),
        figures_source=FigureSource.DATASET,
    )
