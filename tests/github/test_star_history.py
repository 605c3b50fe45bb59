import lzma
from datetime import date
from pathlib import Path

import pytest

from apps.github.models import FigureSource, StarReading
from apps.github.services.star_history import StarHistoryError, load_star_history
from tests.factories.tools import RepositoryFactory, StarReadingFactory

pytestmark = pytest.mark.django_db

HEAD = "repository,date,stars,forks\n"


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "star_history.csv.xz"
    path.write_bytes(lzma.compress(text if isinstance(text, bytes) else text.encode()))
    return path


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


def test_load_adds_what_came_after_the_newest_reading(tmp_path: Path) -> None:
    flask = RepositoryFactory(full_name="pallets/flask")
    StarReadingFactory(repository=flask, date=date(2026, 7, 1), stars=70)

    added = load_star_history(
        write(tmp_path, HEAD + "pallets/flask,2026-07-01,1,1\npallets/flask,2026-08-01,80,8\n")
    )

    assert added == 1
    assert list(flask.star_readings.values_list("stars", flat=True)) == [70, 80]


def test_load_adds_nothing_of_a_file_without_rows(tmp_path: Path) -> None:
    assert load_star_history(write(tmp_path, HEAD)) == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the first line must be repository,date,stars,forks"),
        ("name,date,stars,forks\n", "the first line must be repository,date,stars,forks"),
        (HEAD + "a/b,2026-07-01,70\n", "not enough values"),
        (HEAD + "a/b,2026-07-01,70,7,7\n", "too many values"),
        (HEAD + "\n", "not enough values"),
        (HEAD + "a/b,1 July,70,7\n", "Invalid isoformat string"),
        (HEAD + "a/b,2026-02-30,70,7\n", "day is out of range"),
        (HEAD + "a/b,2026-07-01,many,7\n", "invalid literal"),
        (HEAD + "a/b,2026-07-01,,7\n", "invalid literal"),
        (HEAD + "a" * 200_000, "field larger than"),
        (HEAD.encode() + b"\xff\xfe,2026-07-01,1,1\n", "utf-8"),
    ],
)
def test_load_refuses_a_file_that_is_no_star_history(tmp_path: Path, text: str | bytes, words: str) -> None:
    RepositoryFactory(full_name="a/b")

    with pytest.raises(StarHistoryError, match=rf"^star_history.csv.xz: .*{words}"):
        load_star_history(write(tmp_path, text))

    assert not StarReading.objects.exists()


@pytest.mark.parametrize("content", [b"repository,date,stars,forks\n", b"", lzma.compress(b"x" * 999)[:-9]])
def test_load_refuses_a_file_that_is_not_whole(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "star_history.csv.xz"
    path.write_bytes(content)

    with pytest.raises(StarHistoryError, match=r"^star_history\.csv\.xz: "):
        load_star_history(path)
