import io
import lzma
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

HEADER = "repository,date,stars,forks,issues\n"


def write(root: Path, text: str | bytes) -> str:
    path = root / "larger.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    out = io.StringIO()
    call_command("write_star_history", path, root=root, stdout=out)
    return out.getvalue()


def test_command_keeps_the_readings_of_the_catalogue_in_order(catalogue_dir: Path) -> None:
    out = write(
        catalogue_dir,
        HEADER
        + "pallets/flask,2020-02-01,50,5,1\n"
        + "django/django,2020-01-01,70,7,1\n"
        + "Pallets/Flask,2020-01-01,40,4,1\n",
    )

    with lzma.open(catalogue_dir / "star_history.csv.xz", "rt") as file:
        assert file.read() == (
            "repository,date,stars,forks\nPallets/Flask,2020-01-01,40,4\npallets/flask,2020-02-01,50,5\n"
        )
    assert out == "2 readings of 1 repositories; 0 have none.\n"


def test_command_counts_the_repositories_without_readings(catalogue_dir: Path) -> None:
    assert write(catalogue_dir, HEADER) == "0 readings of 0 repositories; 1 have none.\n"


@pytest.mark.parametrize(
    "content", ["repository,date\npallets/flask,2020-01-01\n", b"\xff\xfe\x00", "a\nb\n"]
)
def test_command_says_what_the_file_needs(catalogue_dir: Path, content: str | bytes) -> None:
    with pytest.raises(CommandError, match="It needs repository, date, stars, forks"):
        write(catalogue_dir, content)

    assert not (catalogue_dir / "star_history.csv.xz").exists()


def test_command_says_that_there_is_no_file(catalogue_dir: Path) -> None:
    with pytest.raises(CommandError, match="is no star history"):
        call_command("write_star_history", catalogue_dir / "nowhere.csv", root=catalogue_dir)


def test_command_asks_to_mend_the_catalogue_first(catalogue_dir: Path) -> None:
    (catalogue_dir / "tools/languages-and-frameworks.toml").write_text("as_of = ")

    with pytest.raises(
        CommandError, match=r"Mend the catalogue first:\ntools/languages-and-frameworks\.toml"
    ):
        write(catalogue_dir, HEADER)
