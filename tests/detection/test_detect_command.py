import json
import os
import socket
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.detection.management.commands.detect import read_folder
from tests.factories.tools import PackageFactory


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    root.mkdir()
    (root / "package.json").write_text('{"dependencies": {"react": "^19.0.0"}}')
    (root / "app").mkdir()
    (root / "app/main.py").write_text("secret")
    (root / "app/composer.json").write_text("{")
    (root / "app/unknown.json").write_text("")
    return root


def run(capsys: pytest.CaptureFixture[str], *arguments: Any, **options: Any) -> tuple[str, str]:
    call_command("detect", *arguments, **options)
    return tuple(capsys.readouterr())  # type: ignore[return-value]


def test_command_prints_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, err = run(capsys, folder, json=True, catalogue="files")
    document = json.loads(out)
    assert list(document) == ["tools", "findings", "unread"]
    assert {"react", "python"} <= set(document["tools"])
    react = next(finding for finding in document["findings"] if finding["tool"] == "react")
    assert (react["purl"], react["version"], react["path"], react["line"]) == (
        "pkg:npm/react",
        "^19.0.0",
        "package.json",
        1,
    )
    assert [unread["path"] for unread in document["unread"]] == ["app/composer.json"]
    assert err == ""


def test_command_prints_text_for_people(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = run(capsys, folder, catalogue="files")
    assert "  react ^19.0.0  (package.json:1, runtime)" in out
    assert "  python  (app/main.py, runtime)" in out
    assert "app/composer.json: is not JSON" in out


@pytest.mark.django_db
def test_command_uses_the_databases_tools(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    PackageFactory.create(type="npm", name="react", tool__slug="ours")
    out, err = run(capsys, folder, json=True)
    assert json.loads(out)["tools"] == ["ours"]
    assert err == ""


@pytest.mark.django_db
def test_command_uses_the_files_and_says_so_when_the_database_is_empty(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, err = run(capsys, folder, json=True)
    assert "react" in json.loads(out)["tools"]
    assert "holds no tools" in err


@pytest.mark.django_db
def test_command_uses_the_empty_database_when_asked_to(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, _ = run(capsys, folder, json=True, catalogue="database")
    assert json.loads(out)["tools"] == []


@pytest.fixture
def no_database(dead_port: int, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The database can't be reached."""
    with django_db_blocker.unblock():
        connection.close()
        monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        monkeypatch.setitem(connection.settings_dict, "PORT", str(dead_port))
        yield
        connection.close()


@pytest.mark.usefixtures("no_database")
def test_command_works_without_a_database(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, err = run(capsys, folder, json=True)
    assert "react" in json.loads(out)["tools"]
    assert err == "No database: tools come from the files of catalogue/.\n"


@pytest.mark.usefixtures("no_database")
def test_command_needs_the_database_when_asked_to_use_it(folder: Path) -> None:
    with pytest.raises(CommandError, match="can't be read"):
        call_command("detect", folder, catalogue="database")


def test_command_refuses_what_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no folder"):
        call_command("detect", tmp_path / "none")


def test_folder_is_read_without_following_links_or_waiting(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "package.json").write_text('{"dependencies": {"vue": "3"}}')
    (folder / "linked").symlink_to(outside)
    (folder / "web").mkdir()
    (folder / "web/package.json").symlink_to(outside / "package.json")
    os.mkfifo(folder / "web/Gemfile")
    os.mkfifo(folder / "Pipfile")
    (folder / "node_modules").mkdir()
    (folder / "node_modules/package.json").write_text("{}")
    # From within, as the address of a socket is short.
    with socket.socket(socket.AF_UNIX) as listener, chdir(folder):
        listener.bind("Cargo.toml")
        found = {file.path: file.content for file in read_folder(folder)}
    assert found == {
        "app/composer.json": b"{",
        "app/main.py": b"",
        "app/unknown.json": b"",
        "Cargo.toml": b"",
        "package.json": b'{"dependencies": {"react": "^19.0.0"}}',
        "Pipfile": b"",
        "web/Gemfile": b"",
        "web/package.json": b"",
    }
