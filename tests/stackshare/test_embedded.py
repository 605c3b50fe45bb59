"""The embedded servers, started for real in folders of their own beside those that this run uses."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import environ
import psycopg
import pytest
import redis

from stackshare import embedded
from stackshare.wheel_servers import EmbeddedError, account_for

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what `make test` sets: the servers of this run, and commits that do not wait for the disk."""
    for name in ("DATABASE_URL", "REDIS_URL", "PGOPTIONS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that other users may enter, which pytest's own are not."""
    path = Path(tempfile.mkdtemp(prefix="stackshare-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def var(folder: Path) -> Path:
    """Creating a database takes a second, so the tests share one; each starts and stops its servers."""
    # An earlier attempt to create the database was interrupted.
    (folder / "var/postgres/data.new").mkdir(parents=True)
    (folder / "var/postgres/data.new/PG_VERSION").write_text("18\n")
    return folder / "var"


@contextmanager
def run(var: Path, *command: str) -> Iterator["subprocess.Popen[str]"]:
    """Starts `python -m stackshare.embedded run`, away from any terminal that would send signals as well."""
    arguments = [sys.executable, "-m", "stackshare.embedded", "--var", str(var), "run", "--", *command]
    with subprocess.Popen(
        arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def python(code: str) -> tuple[str, str, str]:
    return sys.executable, "-c", code


def first_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def postgres_pid(var: Path) -> int:
    return int((var / "postgres/data/postmaster.pid").read_text().split()[0])


def redis_pid(var: Path) -> int:
    return int((var / "redis/pid").read_text())


def is_stopped(var: Path) -> bool:
    return not (var / "postgres/data/postmaster.pid").exists() and not (var / "redis/pid").exists()


def test_servers_answer_at_their_addresses(var: Path) -> None:
    with embedded.servers(var=var) as addresses:
        with psycopg.connect(addresses.database_url) as database:
            row = database.execute(
                "SELECT lower('ÄÉ'), current_setting('TimeZone'), current_setting('server_encoding'),"
                " current_setting('fsync'), current_setting('listen_addresses')"
            ).fetchone()
        assert row == ("äé", "UTC", "UTF8", "on", "")
        with redis.Redis.from_url(addresses.redis_url, decode_responses=True) as queue:
            settings = queue.config_get("*")
        assert settings["port"] == "0"
        assert settings["appendonly"] == "yes"
        assert settings["maxmemory-policy"] == "noeviction"
    assert is_stopped(var)


def test_database_url_is_understood_by_django_environ(
    var: Path, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    with embedded.servers(var=var) as addresses:
        monkeypatch.setenv("DATABASE_URL", addresses.database_url)
        settings = environ.Env().db()
    assert settings["NAME"] == "stackshare"
    assert settings["OPTIONS"] == {"host": str(folder / "var/run"), "port": 5432}


def test_servers_run_until_the_last_user_leaves(var: Path) -> None:
    first, second = ExitStack(), ExitStack()
    addresses = first.enter_context(embedded.servers(var=var))
    started = postgres_pid(var), redis_pid(var)
    assert second.enter_context(embedded.servers(var=var))[:2] == addresses[:2]
    first.close()
    assert (postgres_pid(var), redis_pid(var)) == started
    with psycopg.connect(addresses.database_url), redis.Redis.from_url(addresses.redis_url) as queue:
        assert queue.ping()
    second.close()
    assert is_stopped(var)


def test_data_survive_a_crash_when_the_process_numbers_belong_to_others_by_now(var: Path) -> None:
    with embedded.servers(var=var) as addresses:
        with psycopg.connect(addresses.database_url) as database:
            database.execute("CREATE TABLE survivor AS SELECT 42 AS answer")
        with redis.Redis.from_url(addresses.redis_url) as queue:
            queue.set("survivor", "42")
        os.kill(postgres_pid(var), signal.SIGKILL)
        os.kill(redis_pid(var), signal.SIGKILL)
        pid_file = var / "postgres/data/postmaster.pid"
        pid_file.write_text(pid_file.read_text().replace(str(postgres_pid(var)), str(os.getpid()), 1))
        with embedded.servers(var=var) as again:
            assert again[:2] == addresses[:2]
            with psycopg.connect(again.database_url) as database:
                assert database.execute("SELECT answer FROM survivor").fetchone() == (42,)
                database.execute("DROP TABLE survivor")
            with redis.Redis.from_url(again.redis_url, decode_responses=True) as queue:
                assert queue.getdel("survivor") == "42"


def test_servers_work_in_a_deep_folder_with_any_characters(folder: Path) -> None:
    deep = folder / "a b" / ("ä" * 60) / "var"
    with embedded.servers(var=deep) as addresses:
        sockets = Path(urlsplit(addresses.redis_url).path).parent
        assert sockets.parent == Path("/tmp")  # noqa: S108
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        with psycopg.connect(addresses.database_url), redis.Redis.from_url(addresses.redis_url) as queue:
            assert queue.ping()
    assert not sockets.exists()


def test_servers_are_those_that_the_environment_names(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://db.example/x")
    monkeypatch.setenv("REDIS_URL", "redis://queue.example/0")
    with embedded.servers(var=folder / "unused") as addresses:
        assert addresses == ("postgres://db.example/x", "redis://queue.example/0", None)
    assert not (folder / "unused").exists()


def test_only_redis_starts_when_the_environment_names_a_database(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://db.example/x")
    with embedded.servers(var=var) as addresses:
        assert addresses.database_url == "postgres://db.example/x"
        assert redis_pid(var)
        assert not (var / "postgres/data/postmaster.pid").exists()


def test_only_postgres_starts_when_the_environment_names_a_redis(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://queue.example/0")
    with embedded.servers(var=var) as addresses:
        assert addresses.redis_url == "redis://queue.example/0"
        assert postgres_pid(var)
        assert not (var / "redis/pid").exists()


def test_start_fails_with_the_end_of_the_log(folder: Path) -> None:
    broken = folder / "broken"
    (broken / "postgres/data").mkdir(parents=True)
    refused = pytest.raises(EmbeddedError, match=r"(?s)PostgreSQL did not start.*data")
    with refused, embedded.servers(var=broken):
        pass


def test_run_passes_on_addresses_and_exit_code(var: Path) -> None:
    code = "import os; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL']); raise SystemExit(7)"
    with run(var, *python(code)) as process:
        assert first_line(process).startswith("postgresql://stackshare@/stackshare?host=")
        assert process.wait() == 7
    assert is_stopped(var)


def test_run_says_what_cannot_be_run(var: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with run(var, "no-such-command") as process:
        assert process.wait() == 127
    assert "no-such-command cannot be run" in capfd.readouterr().err
    assert is_stopped(var)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_run_passes_a_signal_on_and_stops_the_servers_after_the_command(
    var: Path, signum: signal.Signals
) -> None:
    code = f"""
import os, signal, sys, psycopg
def leave(*_):
    with psycopg.connect(os.environ["DATABASE_URL"]):
        sys.exit(9)
signal.signal({int(signum)}, leave)
print("ready", flush=True)
while True:
    signal.pause()
"""
    with run(var, *python(code)) as process:
        assert first_line(process) == "ready"
        process.send_signal(signum)
        assert process.wait() == 9
    assert is_stopped(var)


def test_servers_outlive_a_killed_run_while_its_command_uses_them(var: Path) -> None:
    with run(var, *python("import os, signal; print(os.getpid(), flush=True); signal.pause()")) as process:
        command = int(first_line(process))
        process.kill()
        process.wait()
        with embedded.servers(var=var):
            started = postgres_pid(var)
        assert postgres_pid(var) == started
        os.kill(command, signal.SIGKILL)
    with embedded.servers(var=var):
        assert postgres_pid(var) == started
    assert is_stopped(var)


def test_clean_refuses_while_the_servers_are_in_use_and_deletes_after(folder: Path) -> None:
    var = folder / "to-clean"
    var.mkdir()
    (var / "mail").mkdir()
    (var / "static.sha256").touch()
    with embedded.servers(var=var), pytest.raises(EmbeddedError, match="in use"):
        embedded.clean(var=var)
    embedded.clean(var=var)
    assert {entry.suffix for entry in var.iterdir()} == {".lock"}


@pytest.mark.parametrize("answer", ["", "no", "y", None])
def test_clean_deletes_nothing_without_a_yes(
    folder: Path, monkeypatch: pytest.MonkeyPatch, answer: str | None
) -> None:
    def ask(_prompt: str) -> str:
        if answer is None:
            raise EOFError
        return answer

    (folder / "kept").mkdir(exist_ok=True)
    (folder / "kept/file").touch()
    monkeypatch.setattr("builtins.input", ask)
    assert embedded.main(["--var", str(folder / "kept"), "clean"]) == 1
    assert (folder / "kept/file").exists()


def test_clean_deletes_after_a_yes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "unwanted").mkdir()
    (folder / "unwanted/file").touch()
    monkeypatch.setattr("builtins.input", lambda _prompt: "Yes ")
    assert embedded.main(["--var", str(folder / "unwanted"), "clean"]) == 0
    assert not (folder / "unwanted/file").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the servers as somebody else")
def test_servers_of_root_run_as_another_user_in_a_closed_folder(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    with (
        embedded.servers(var=closed / "var") as addresses,
        psycopg.connect(addresses.database_url) as database,
    ):
        assert database.execute("SELECT 1").fetchone() == (1,)
        assert (closed / "var/postgres").stat().st_uid == account_for(closed / "var").uid != 0
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_command_line_says_what_is_wrong(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "file").touch()
    signals = {signum: signal.getsignal(signum) for signum in embedded.STOPPING}
    try:
        assert embedded.main(["--var", str(folder / "file/var"), "run", "--", "true"]) == 1
    finally:
        for signum, handler in signals.items():
            signal.signal(signum, handler)
    assert capsys.readouterr().err == f"{folder}/file/var cannot be created: Not a directory.\n"
