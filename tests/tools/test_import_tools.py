import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.tools.models import Tool
from tests.factories.tools import FunctionFactory, ToolFactory
from tests.tools.dataset import dataset_row, write_dataset

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., str]:
    """`run(row, row, "--publish")`: what the command prints on a file of these rows."""
    FunctionFactory()

    def run(*arguments: Any) -> str:
        rows = [argument for argument in arguments if isinstance(argument, dict)]
        path = write_dataset(tmp_path / "tools.csv", rows)
        out = io.StringIO()
        call_command("import_tools", path, *(a for a in arguments if isinstance(a, str)), stdout=out)
        return out.getvalue()

    return run


Run = Callable[..., str]


def test_command_says_what_it_did(run: Run) -> None:
    ToolFactory(name="Flask")

    out = run(
        dataset_row(1), dataset_row(2), dataset_row(3, name="Flask"), dataset_row(4, category="dentistry")
    )

    assert out.splitlines() == [
        "4 rows read",
        "  2 new, 0 of all listed",
        "  1 are tools that the catalogue has: only their figures were noted",
        "  0 imported before and changed, 0 unchanged",
        "  1 refused",
        "    1 × category … is unknown; known: languages-and-frameworks",
        "  line 5: Tool 4: category 'dentistry' is unknown; known: languages-and-frameworks",
    ]
    assert Tool.objects.count() == 3


def test_command_changes_nothing_in_a_dry_run(run: Run) -> None:
    out = run(dataset_row(), "--dry-run")

    assert out.startswith("1 rows read (dry run: nothing was changed)\n  1 new")
    assert not Tool.objects.exists()


def test_command_publishes_when_asked(run: Run) -> None:
    assert "1 new, 1 of all listed" in run(dataset_row(), "--publish")
    assert Tool.objects.listed().exists()


def test_command_passes_over_what_is_not_popular(run: Run) -> None:
    out = run(dataset_row(1, popularity="9"), dataset_row(2), "--min-popularity=10.5")

    assert "  1 passed over, popularity below 10.5" in out
    assert Tool.objects.get().slug == "tool-2"


def test_command_prints_some_refused_rows_and_counts_the_others(run: Run) -> None:
    out = run(*(dataset_row(number, name="") for number in range(25)))

    assert out.count("  line ") == 20
    assert "  and 5 more; --refused FILE writes them all" in out


def test_command_writes_all_refused_rows(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "refused.txt"

    run(*(dataset_row(number, votes="many") for number in range(25)), f"--refused={target}")

    lines = target.read_text().splitlines()
    assert len(lines) == 25
    assert lines[0].startswith("line 2: Tool 0: votes: Input should be a valid integer")


@pytest.mark.parametrize("place", ["nowhere/refused.txt", "."])
def test_command_imports_nothing_when_it_could_not_write_the_refused_rows(
    run: Run, tmp_path: Path, place: str
) -> None:
    with pytest.raises(CommandError, match="can't be written"):
        run(dataset_row(), f"--refused={tmp_path / place}")

    assert not Tool.objects.exists()


def test_command_prints_no_control_characters_of_the_file(run: Run) -> None:
    out = run(dataset_row(name="\x1b]0;title\x07"), dataset_row(2, category="\x1b[2J"))

    assert "\x1b" not in out
    assert "\x07" not in out


def test_command_says_that_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"There is no file .*nowhere\.csv"):
        call_command("import_tools", tmp_path / "nowhere.csv")


def test_command_says_why_a_file_is_no_dataset(tmp_path: Path) -> None:
    FunctionFactory()
    path = tmp_path / "tools.csv"
    path.write_text("name\nFlask\n")

    with pytest.raises(CommandError, match=r"tools\.csv has no column url, object_id, popularity"):
        call_command("import_tools", path)


def test_command_needs_the_taxonomy(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="load_catalogue"):
        call_command("import_tools", write_dataset(tmp_path / "tools.csv", []))
