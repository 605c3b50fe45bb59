import gzip
import lzma
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.github.models import FigureSource, FormerName, Repository, StarReading
from apps.github.services import star_history
from apps.github.services.star_history import (
    MAX_LINE_BYTES,
    MAX_REFUSED,
    ImportReport,
    Refusal,
    StarHistoryError,
    import_star_history,
    load_star_history,
)
from tests.factories.tools import RepositoryFactory, StarReadingFactory
from tests.github.test_refresh_races import in_another_thread

pytestmark = pytest.mark.django_db

HEAD = "repository,date,stars,forks\n"
AHEAD = timezone.localdate() + timedelta(days=2)


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "star_history.csv.xz"
    path.write_bytes(lzma.compress(text if isinstance(text, bytes) else text.encode(), preset=0))
    return path


def imported(tmp_path: Path, text: str | bytes) -> ImportReport:
    return import_star_history(write(tmp_path, text))


def test_load_adds_the_readings_of_known_repositories_only(tmp_path: Path) -> None:
    flask = RepositoryFactory(full_name="pallets/flask")
    path = write(
        tmp_path, HEAD + "no/such,2026-07-01,1,1\npallets/flask,2026-07-01,70,7\nz/z,2026-07-01,1,1\n"
    )

    added = load_star_history(path)

    assert added == 1
    reading = StarReading.objects.get()
    assert (reading.repository, reading.date, reading.stars, reading.forks, reading.source) == (
        flask,
        date(2026, 7, 1),
        70,
        7,
        FigureSource.DATASET,
    )


def test_load_finds_a_repository_in_whatever_case(tmp_path: Path) -> None:
    RepositoryFactory(full_name="Pallets/Flask")

    assert load_star_history(write(tmp_path, HEAD + "pallets/flask,2026-07-01,70,7\n")) == 1


def test_load_finds_a_repository_by_a_former_name(tmp_path: Path) -> None:
    flask = RepositoryFactory(full_name="pallets/flask")
    FormerName.objects.create(repository=flask, full_name="mitsuhiko/flask")

    added = load_star_history(write(tmp_path, HEAD + "Mitsuhiko/Flask,2026-07-01,70,7\n"))

    assert added == flask.star_readings.count() == 1


def test_load_takes_nothing_by_a_name_after_that_was_given_up(tmp_path: Path) -> None:
    FormerName.objects.create(repository=RepositoryFactory(), full_name="a/b")
    FormerName.objects.update(until=datetime(2026, 7, 15, tzinfo=UTC))

    report = imported(tmp_path, HEAD + "a/b,2026-07-15,70,7\na/b,2026-07-16,5,1\n")

    assert (report.added, report.passed_over, report.unknown) == (1, 1, {"a/b"})
    assert StarReading.objects.get().stars == 70


def test_load_takes_the_one_that_bears_a_name_now_when_another_bore_it(tmp_path: Path) -> None:
    bears, bore = RepositoryFactory(full_name="a/b"), RepositoryFactory(full_name="c/d")
    FormerName.objects.create(repository=bore, full_name="A/b")

    load_star_history(write(tmp_path, HEAD + "a/b,2026-07-01,70,7\n"))

    assert StarReading.objects.get().repository == bears


def test_load_dates_the_figures_by_the_newest_reading(tmp_path: Path) -> None:
    flask, unread = RepositoryFactory(full_name="pallets/flask"), RepositoryFactory()

    load_star_history(
        write(tmp_path, HEAD + "pallets/flask,2026-07-01,70,7\npallets/flask,2026-08-01,80,8\n")
    )

    flask.refresh_from_db()
    unread.refresh_from_db()
    assert (flask.stars, flask.forks, flask.figures_on) == (80, 8, date(2026, 8, 1))
    assert flask.figures_source == FigureSource.DATASET
    assert (unread.stars, unread.forks, unread.figures_on, unread.figures_source) == (None, None, None, "")


def test_load_measures_growth(tmp_path: Path) -> None:
    flask = RepositoryFactory(full_name="pallets/flask")

    load_star_history(
        write(tmp_path, HEAD + "pallets/flask,2026-05-01,70,7\npallets/flask,2026-08-01,80,8\n")
    )

    flask.refresh_from_db()
    assert (flask.grew_90, flask.growth_on) == (10, date(2026, 8, 1))
    assert flask.trend_90 is not None


def test_load_keeps_the_past_of_a_former_repository_out_of_figures_and_growth(tmp_path: Path) -> None:
    row = RepositoryFactory(full_name="a/b", same_since=date(2026, 5, 1))
    unread = RepositoryFactory(full_name="c/d", same_since=date(2026, 9, 1))
    days = {"2026-02-01": 50_000, "2026-05-01": 10, "2026-08-01": 12}

    load_star_history(
        write(
            tmp_path,
            HEAD + "".join(f"{name},{day},{days[day]},1\n" for name in ("a/b", "c/d") for day in days),
        )
    )

    row.refresh_from_db()
    unread.refresh_from_db()
    assert (row.stars, row.figures_on, row.grew_90) == (12, date(2026, 8, 1), 2)
    assert (unread.stars, unread.figures_on, unread.growth_on) == (None, None, None)
    assert row.star_readings.count() == unread.star_readings.count() == 3


def test_load_takes_nothing_for_a_replaced_one(tmp_path: Path) -> None:
    figures = {"stars": 70_000, "figures_on": date(2026, 1, 1), "figures_source": FigureSource.GITHUB}
    row = RepositoryFactory(full_name="a/b", state=Repository.State.REPLACED, **figures)
    FormerName.objects.create(repository=row, full_name="c/d")

    report = imported(tmp_path, HEAD + "a/b,2026-08-01,12,1\nc/d,2026-08-02,12,1\n")

    row.refresh_from_db()
    assert (row.stars, row.figures_on) == (70_000, date(2026, 1, 1))
    assert (report.passed_over, StarReading.objects.count()) == (2, 0)


@pytest.mark.django_db(transaction=True)
def test_import_and_a_worker_do_not_wait_for_one_another(tmp_path: Path) -> None:
    worker_first, dated = RepositoryFactory(), RepositoryFactory(full_name="a/b")
    path = write(tmp_path, HEAD + "a/b,2026-08-01,12,1\n")
    rows = Repository.objects.select_for_update(no_key=True)

    with transaction.atomic():
        rows.get(pk=worker_first.pk)
        importing = in_another_thread(lambda: load_star_history(path))
        rows.get(pk=dated.pk)

    assert importing.result(30) == 1


def test_load_keeps_figures_that_are_newer(tmp_path: Path) -> None:
    newer = {"figures_on": date(2026, 11, 1), "figures_source": FigureSource.GITHUB}
    flask = RepositoryFactory(full_name="pallets/flask", stars=99, forks=9, **newer)

    load_star_history(write(tmp_path, HEAD + "pallets/flask,2026-08-01,80,8\n"))

    flask.refresh_from_db()
    assert (flask.stars, flask.figures_on, flask.figures_source) == (99, date(2026, 11, 1), "github")


def test_load_replaces_figures_that_are_older(tmp_path: Path) -> None:
    older = {"figures_on": date(2026, 1, 1), "figures_source": FigureSource.GITHUB}
    flask = RepositoryFactory(full_name="pallets/flask", stars=9, forks=9, **older)

    load_star_history(write(tmp_path, HEAD + "pallets/flask,2026-08-01,80,8\n"))

    flask.refresh_from_db()
    assert (flask.stars, flask.figures_on, flask.figures_source) == (80, date(2026, 8, 1), "dataset")


def test_load_adds_nothing_the_second_time(tmp_path: Path) -> None:
    RepositoryFactory(full_name="pallets/flask")
    path = write(tmp_path, HEAD + "pallets/flask,2026-07-01,70,7\npallets/flask,2026-08-01,80,8\n")

    added = [load_star_history(path), load_star_history(path)]

    assert added == [2, 0]
    assert StarReading.objects.count() == 2


def test_load_adds_what_is_missing_and_changes_nothing(tmp_path: Path) -> None:
    flask = RepositoryFactory(full_name="pallets/flask")
    StarReadingFactory(repository=flask, date=date(2026, 7, 1), stars=70)
    lines = (f"pallets/flask,2026-0{month}-01,{month},1\n" for month in (6, 7, 8))

    added = load_star_history(write(tmp_path, HEAD + "".join(lines)))

    assert added == 2
    assert list(flask.star_readings.values_list("stars", flat=True)) == [6, 70, 8]


def test_load_adds_nothing_of_a_file_without_rows(tmp_path: Path) -> None:
    assert load_star_history(write(tmp_path, HEAD)) == 0


@pytest.mark.parametrize("head", ["", "name,date,stars,forks\n", "x" * 3000, b"\xff\xfe\x00r"])
def test_load_refuses_a_file_without_the_names_of_the_columns(tmp_path: Path, head: str | bytes) -> None:
    with pytest.raises(
        StarHistoryError, match=r"^star_history.csv.xz: the first line must name the columns "
    ):
        load_star_history(write(tmp_path, head))


BAD_LINES = [
    ("a/b,2026-07-01,70", "has 3 values, where the first line names 4 columns"),
    ("a/b,2026-07-01,70,7,7", "has 5 values, where the first line names 4 columns"),
    ("ab,2026-07-01,70,7", "repository 'ab' is not written as owner/name"),
    ("\x1b[2Ja/b,2026-07-01,70,7", r"repository '\x1b[2Ja/b' is not written as owner/name"),
    ("a/b,1 July,70,7", "date '1 July' is no day from 2007-10-01 to today, written like that"),
    ("a/b,20260701,70,7", "date '20260701' is no day"),
    ("a/b,2026-02-30,70,7", "date '2026-02-30' is no day"),
    ("a/b,2007-09-30,70,7", "date '2007-09-30' is no day"),
    (f"a/b,{AHEAD},70,7", f"date '{AHEAD}' is no day"),
    ("a/b,2026-07-01,many,7", "stars 'many' is no whole number from 0 to 2,147,483,647"),
    ("a/b,2026-07-01,,7", "stars '' is no whole number"),
    ("a/b,2026-07-01,-1,7", "stars '-1' is no whole number"),
    ("a/b,2026-07-01,1_0,7", "stars '1_0' is no whole number"),
    ("a/b,2026-07-01,٣,7", "stars '٣' is no whole number"),
    ("a/b,2026-07-01,70,2147483648", "forks '2147483648' is no whole number"),
    ('a/b,2026-07-01,"70,7', "can't be read: unexpected end of data"),
    ("a" * (MAX_LINE_BYTES + 1), "is longer than 1000 bytes"),
    ("a" * 12_345, "is longer than 1000 bytes"),
    (b"\xff\xfe,2026-07-01,1,1", "can't be read: 'utf-8' codec"),
]


@pytest.mark.parametrize(("line", "words"), BAD_LINES)
def test_import_passes_over_a_line_that_is_wrong(tmp_path: Path, line: str | bytes, words: str) -> None:
    RepositoryFactory(full_name="a/b")
    bad = line if isinstance(line, bytes) else line.encode()

    report = imported(tmp_path, HEAD.encode() + b"a/b,2026-06-01,60,6\n" + bad + b"\na/b,2026-08-01,80,8\n")

    assert (report.read, report.added) == (3, 2)
    [refused] = report.refused
    assert refused.line == 3
    assert refused.reason.startswith(words)


@pytest.mark.parametrize(("line", "words"), BAD_LINES[:2])
def test_load_refuses_a_file_with_a_line_that_is_wrong(tmp_path: Path, line: str, words: str) -> None:
    RepositoryFactory(full_name="a/b")

    with pytest.raises(StarHistoryError, match=f"^star_history.csv.xz: line 3: {words}"):
        load_star_history(write(tmp_path, HEAD + f"a/b,2026-08-01,80,8\n{line}\n"))

    assert not StarReading.objects.exists()


@pytest.mark.parametrize("content", [b"repository,date,stars,forks\n", b"", lzma.compress(b"x" * 999)[:-9]])
def test_load_refuses_a_file_that_is_not_whole(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "star_history.csv.xz"
    path.write_bytes(content)

    with pytest.raises(StarHistoryError, match=r"^star_history\.csv\.xz: "):
        load_star_history(path)


@pytest.mark.parametrize(
    "content", [gzip.compress(HEAD.encode(), mtime=0)[:-4], b"no gzip", b"\x1f\x8b\x08" + bytes(99)]
)
def test_import_refuses_a_gzip_file_that_is_broken(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "history.csv.gz"
    path.write_bytes(content)

    with pytest.raises(StarHistoryError, match=r"^history\.csv\.gz: "):
        import_star_history(path)


@pytest.mark.parametrize(
    ("name", "pack"), [("h.csv", bytes), ("h.csv.gz", gzip.compress), ("h.csv.xz", lzma.compress)]
)
def test_import_reads_every_form_with_columns_in_any_order(
    tmp_path: Path, name: str, pack: type[bytes]
) -> None:
    flask = RepositoryFactory(full_name="pallets/flask")
    path = tmp_path / name
    text = "\ufeffforks,language,stars,date,repository\r\n7,Python,70,2026-07-01,pallets/flask\r\n\r\n"
    path.write_bytes(pack(text.encode()))
    sizes: list[int] = []

    report = import_star_history(path, tick=sizes.append)

    assert (report.read, report.added, report.refused) == (1, 1, [])
    assert flask.star_readings.values_list("date", "stars", "forks").get() == (date(2026, 7, 1), 70, 7)
    assert sum(sizes) == path.stat().st_size


def test_import_counts_what_is_known_and_what_is_not(tmp_path: Path) -> None:
    StarReadingFactory(repository__full_name="a/b", date=date(2026, 7, 1), stars=1)
    lines = [
        "a/b,2026-07-01,2,2",
        "a/b,2026-08-01,3,3",
        "a/b,2026-08-01,4,4",
        *["x/y,2026-08-01,5,5"] * 2,
        "?",
    ]

    report = imported(tmp_path, HEAD + "\n".join(lines))

    assert (report.read, report.added, report.known, report.passed_over) == (6, 1, 2, 2)
    assert report.unknown == {"x/y"}
    assert report.refused == [Refusal(7, "has 1 values, where the first line names 4 columns")]


def test_import_changes_nothing_when_it_is_a_dry_run(tmp_path: Path) -> None:
    flask = RepositoryFactory(full_name="a/b")

    report = import_star_history(write(tmp_path, HEAD + "a/b,2026-08-01,80,8\n"), dry_run=True)

    flask.refresh_from_db()
    assert report.added == 1
    assert flask.stars is None
    assert not StarReading.objects.exists()


def test_import_refuses_a_file_of_which_most_is_wrong(tmp_path: Path) -> None:
    RepositoryFactory(full_name="a/b")
    text = HEAD + "a/b,2026-08-01,80,8\n" + "nonsense\n" * (MAX_REFUSED + 1)

    with pytest.raises(
        StarHistoryError, match=r"no star history: more than 1,000 lines .* line 3: has 1 values"
    ):
        imported(tmp_path, text)

    assert not StarReading.objects.exists()


@pytest.mark.parametrize(
    ("limit", "value", "text"),
    [("MAX_LINES", 2, "a/b,2026-08-01,1,1\n" * 3), ("MAX_BYTES", 50_000, "a" * 50_001)],
)
def test_import_refuses_a_file_that_is_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, text: str
) -> None:
    monkeypatch.setattr(star_history, limit, value)

    with pytest.raises(StarHistoryError, match=r"is larger than .*: split it\."):
        imported(tmp_path, HEAD + text)


def test_import_takes_lines_in_whatever_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(star_history, "BATCH", 7)
    names = [row.full_name for row in RepositoryFactory.create_batch(3)]
    lines = [f"{name},2026-0{month}-01,{month},0\n" for name in names for month in range(1, 9)]
    random.Random(3).shuffle(lines)

    report = imported(tmp_path, HEAD + "".join(lines))

    assert report.added == StarReading.objects.count() == 24


@given(st.binary(max_size=200))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_import_survives_any_line(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "history.csv"
    path.write_bytes(HEAD.encode() + line + b"\na/b,2026-08-01,1,1\n")

    report = import_star_history(path, dry_run=True)

    assert report.passed_over == 1
    assert report.read == 1 + len(report.refused)
