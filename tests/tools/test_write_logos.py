import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.tools.catalogue import read_catalogue
from apps.tools.logos import LOGO_DIR, is_allowed

TOOLS = "tools/languages-and-frameworks.toml"


@pytest.fixture
def metadata(tmp_path: Path) -> Path:
    """The part of Simple Icons' data file that tells of Flask, Python and Rust."""
    path = tmp_path / "simple-icons.json"
    path.write_text(
        json.dumps(
            [
                {"slug": "flask", "title": "Flask", "source": "https://example.org/flask"},
                {
                    "slug": "python",
                    "title": "Python",
                    "source": "https://example.org/python",
                    "license": {"type": "CC-BY-ND-4.0"},
                },
                {"slug": "rust", "title": "Rust", "source": "https://example.org/rust"},
            ]
        )
    )
    return path


@pytest.fixture
def logo_catalogue(catalogue_dir: Path) -> Path:
    """A catalogue whose two tools name a logo each."""
    path = catalogue_dir / TOOLS
    text = path.read_text()
    for slug in ("flask", "python"):
        text = text.replace(f'slug = "{slug}"', f'slug = "{slug}"\nlogo = "{slug}"')
    path.write_text(text)
    return catalogue_dir


def write(metadata: Path, root: Path, target: Path) -> str:
    out = io.StringIO()
    call_command("write_logos", metadata, root=root, target=target, stdout=out)
    return out.getvalue()


def rows(folder: Path) -> list[dict[str, Any]]:
    with (folder / "logos.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_command_writes_the_logos_that_the_catalogue_names(
    metadata: Path, logo_catalogue: Path, tmp_path: Path
) -> None:
    out = write(metadata, logo_catalogue, tmp_path / "logos")

    assert [path.name for path in (tmp_path / "logos").glob("*.svg")] == ["flask.svg"]
    assert (tmp_path / "logos/flask.svg").read_text().startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert out == "1 logos written. Left out for their licence: python.\n"


def test_command_notes_brand_colour_licence_and_source_of_each(
    metadata: Path, logo_catalogue: Path, tmp_path: Path
) -> None:
    write(metadata, logo_catalogue, tmp_path)

    flask, python = rows(tmp_path)
    assert (flask["brand"], flask["licence"], flask["source"], flask["used"]) == (
        "Flask",
        "",
        "https://example.org/flask",
        "True",
    )
    assert (python["licence"], python["used"]) == ("CC-BY-ND-4.0", "False")
    assert python["colour"].startswith("#")


def test_command_takes_away_what_is_named_no_more(
    metadata: Path, logo_catalogue: Path, tmp_path: Path
) -> None:
    (tmp_path / "old.svg").write_text("<svg/>")

    write(metadata, logo_catalogue, tmp_path)

    assert not (tmp_path / "old.svg").exists()


def test_command_is_the_same_when_repeated(metadata: Path, logo_catalogue: Path, tmp_path: Path) -> None:
    def content() -> dict[str, str]:
        write(metadata, logo_catalogue, tmp_path / "logos")
        return {path.name: path.read_text() for path in (tmp_path / "logos").iterdir()}

    assert content() == content()


def test_command_names_logos_that_there_are_none_of(
    metadata: Path, logo_catalogue: Path, tmp_path: Path
) -> None:
    path = logo_catalogue / TOOLS
    path.write_text(path.read_text().replace('logo = "flask"', 'logo = "flaskk"'))

    with pytest.raises(CommandError, match="Simple Icons has no flaskk: correct `logo` in those entries"):
        write(metadata, logo_catalogue, tmp_path)


@pytest.mark.parametrize("content", ["", "{}x", "[1]", '[{"title": "Flask"}]', '"text"'])
def test_command_refuses_what_is_not_the_data_file(
    logo_catalogue: Path, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "data.json"
    path.write_text(content)

    with pytest.raises(CommandError, match="is not the data file of simple-icons"):
        write(path, logo_catalogue, tmp_path)


def test_command_refuses_a_data_file_that_is_not_there(logo_catalogue: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is not the data file of simple-icons"):
        write(tmp_path / "nowhere.json", logo_catalogue, tmp_path)


def test_command_says_what_to_install(
    metadata: Path, logo_catalogue: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "simplepycons", None)

    with pytest.raises(CommandError, match="it is one of requirements-dev"):
        write(metadata, logo_catalogue, tmp_path)


def test_logos_of_the_repository_are_noted_and_allowed() -> None:
    noted = rows(LOGO_DIR)

    used = {row["slug"] for row in noted if row["used"] == "True"}
    assert {path.stem for path in LOGO_DIR.glob("*.svg")} == used
    assert all(is_allowed(row["licence"]) == (row["used"] == "True") for row in noted)
    assert all(row["source"].startswith("https://") for row in noted)


def test_logos_of_the_repository_are_those_of_its_catalogue() -> None:
    wanted = {tool.entry.logo for tool in read_catalogue().tools if tool.entry.logo}

    assert {row["slug"] for row in rows(LOGO_DIR)} == wanted
