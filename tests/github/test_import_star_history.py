import gzip
from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.github.management.commands.import_star_history import SHOWN_REFUSALS
from apps.github.models import StarReading
from tests.factories.tools import RepositoryFactory

pytestmark = pytest.mark.django_db

HEAD = "repository,date,stars,forks,open_issues,language\n"


def write(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "history.csv"
    path.write_text(HEAD + "".join(f"{line}\n" for line in lines))
    return path


def output(capsys: pytest.CaptureFixture[str], path: Path, *options: str) -> list[str]:
    call_command("import_star_history", str(path), *options)
    return [line.strip() for line in capsys.readouterr().out.splitlines()]


def test_command_says_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    RepositoryFactory(full_name="a/b")
    path = write(
        tmp_path,
        "a/b,2026-07-01,70,7,1,C",
        "a/b,2026-08-01,80,8,1,C",
        "x/y,2026-08-01,1,1,1,C",
        "a/b,?,1,1,1,C",
    )

    first, second = output(capsys, path), output(capsys, path)

    assert first == [
        "4 lines read",
        "2 readings added",
        "0 known already",
        "1 of 1 repositories that are not known here",
        "1 refused",
        "line 5: date '?' is no day from 2007-10-01 to today, written like that",
    ]
    assert second[1:3] == ["0 readings added", "2 known already"]
    assert set(StarReading.objects.values_list("date", "stars")) == {
        (date(2026, 7, 1), 70),
        (date(2026, 8, 1), 80),
    }


def test_command_reads_a_packed_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    RepositoryFactory(full_name="a/b")
    path = tmp_path / "history.csv.gz"
    path.write_bytes(gzip.compress(f"{HEAD}a/b,2026-07-01,70,7,1,C".encode()))

    assert output(capsys, path)[1] == "1 readings added"


def test_command_changes_nothing_when_it_is_a_dry_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    RepositoryFactory(full_name="a/b")

    said = output(capsys, write(tmp_path, "a/b,2026-07-01,70,7,1,C"), "--dry-run")

    assert said[:2] == ["1 lines read (dry run: nothing was changed)", "1 readings added"]
    assert not StarReading.objects.exists()


def test_command_names_the_first_refused_lines_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = output(capsys, write(tmp_path, *["nonsense"] * (SHOWN_REFUSALS + 3)))

    assert said[4] == f"{SHOWN_REFUSALS + 3} refused"
    assert said[-2:] == [
        f"line {SHOWN_REFUSALS + 1}: has 1 values, where the first line names 6 columns",
        "and 3 more",
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no-such.csv", "no-such.csv can't be read: No such file or directory."),
        (".", "Is a directory"),
        ("other.csv", "Nothing was imported. other.csv: the first line must name the columns"),
    ],
)
def test_command_fails_when_the_file_is_no_star_history(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "other.csv").write_text("a,b,c\n")

    with pytest.raises(CommandError, match=words):
        call_command("import_star_history", str(tmp_path / name))
