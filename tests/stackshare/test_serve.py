"""What `make run` runs, with a toy Procfile in the place of the real one."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError
from django.db import connections
from pytest_django import Settings

from stackshare import serve
from tests.factories.accounts import UserFactory

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def listening() -> Iterator[int]:
    """Yields a port that somebody else serves."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


@contextmanager
def processes(folder: Path, port: int, **commands: str) -> Iterator["subprocess.Popen[str]"]:
    """Runs `commands` as the processes of a Procfile in `folder`."""
    (folder / "Procfile").write_text("".join(f"{name}: {line}\n" for name, line in commands.items()))
    code = (
        "import sys; from pathlib import Path; from stackshare.serve import run_processes;"
        f"sys.exit(run_processes(Path({str(folder / 'Procfile')!r}), '127.0.0.1', {port}))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def output_until(process: "subprocess.Popen[str]", words: str) -> str:
    """What the process writes up to the line with `words`, or all of it if there is none."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            break
    return "".join(lines)


def test_port_is_the_first_that_nobody_serves_or_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as taken:
        monkeypatch.setattr(serve, "PORTS", range(taken, taken + 50))
        with serve.claimed_port("127.0.0.1", "") as first, serve.claimed_port("127.0.0.1", "") as second:
            assert taken < first < second
        with serve.claimed_port("127.0.0.1", "") as again:
            assert again == first


def test_port_asked_for_is_not_replaced_when_it_is_taken() -> None:
    refused = pytest.raises(serve.ServeError, match="Address already in use")
    with listening() as taken, refused, serve.claimed_port("127.0.0.1", str(taken)):
        pass


@pytest.mark.parametrize("wrong", ["http", "0", "65536", "-1"])
def test_port_must_be_a_number_of_a_port(wrong: str) -> None:
    refused = pytest.raises(serve.ServeError, match="not the number of a port")
    with refused, serve.claimed_port("127.0.0.1", wrong):
        pass


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_site_announces_its_address_and_stops_when_asked(tmp_path: Path, signum: signal.Signals) -> None:
    (tmp_path / "healthz").write_text("ok")
    web = "exec python -m http.server --bind $HOST $PORT"
    with serve.claimed_port("127.0.0.1", "") as port:
        with processes(tmp_path, port, web=web, worker="exec sleep 60") as process:
            assert f"running at http://localhost:{port}/" in output_until(process, "running at")
            process.send_signal(signum)
            output_until(process, "the end")
            assert process.wait() == 0
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))


@pytest.mark.parametrize(
    ("variables", "where"), [({}, "http://localhost:1"), ({"SITE_URL": "http://box:9"}, "http://box:9")]
)
def test_processes_know_the_address_of_the_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], where: str
) -> None:
    monkeypatch.delenv("SITE_URL", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with processes(tmp_path, 1, worker="echo links to $SITE_URL.; exec sleep 60") as process:
        assert f"links to {where}." in output_until(process, "links to")


@pytest.mark.skipif(not serve._dying_with_us(), reason="only Linux ends the children of who is killed")
def test_processes_end_when_the_site_is_killed(tmp_path: Path) -> None:
    with processes(tmp_path, 1, worker="echo $$ is my number; exec sleep 600") as process:
        number = int(output_until(process, "is my number").split("|")[1].split()[0])
        process.kill()
        process.wait()
        for _ in range(300):
            if (
                not Path(f"/proc/{number}/cmdline").exists()
                or not Path(f"/proc/{number}/cmdline").read_bytes()
            ):
                break
            time.sleep(0.1)
        else:
            pytest.fail("The process goes on.")


def test_processes_start_where_nothing_ends_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert serve._dying_with_us() == []


@pytest.mark.parametrize(("ending", "code"), [("exit 3", 3), ("exit 0", 1), ("kill -9 $$", 1)])
def test_site_stops_with_a_failure_when_a_process_ends(tmp_path: Path, ending: str, code: int) -> None:
    with processes(tmp_path, 1, web="exec sleep 60", worker=ending) as process:
        output_until(process, "the end")
        assert process.wait() == code


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://localhost:80/"),
        ("0.0.0.0", "http://localhost:80/"),  # noqa: S104
        ("::", "http://localhost:80/"),
        ("192.0.2.1", "http://192.0.2.1:80/"),
        ("fe80::1", "http://[fe80::1]:80/"),
        ("localhost", "http://localhost:80/"),
    ],
)
def test_url_can_be_opened_for_every_host(host: str, url: str) -> None:
    assert serve._url(host, 80) == url


def test_static_files_are_collected_when_they_changed(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.css").write_text("a {}")
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "static"
    manifest = tmp_path / "static/staticfiles.json"

    def collected() -> bool:
        serve._collect_static()
        return "Collecting" in capsys.readouterr().out

    assert collected()
    assert "a.css" in manifest.read_text()
    assert not collected()
    (source / "b.css").write_text("b {}")
    assert collected()
    assert "b.css" in manifest.read_text()
    manifest.unlink()
    assert collected()


def test_site_that_does_not_answer_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serve, "ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    serve.announce(url)
    assert f"does not answer at {url}" in capsys.readouterr().out


def test_preparation_runs_what_a_new_checkout_needs(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(
        serve, "call_command", lambda *arguments, **_options: done.append(" ".join(arguments))
    )
    monkeypatch.setattr(serve, "_collect_static", lambda: done.append("static"))
    monkeypatch.setattr(connections, "close_all", lambda: done.append("close"))
    assert serve.prepare() == ""
    assert done == ["migrate", "load_catalogue --if-changed", "load_demo --if-changed", "static", "close"]


def test_demo_content_that_cannot_be_loaded_holds_nothing_up(
    db: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def call(name: str, *_arguments: str, **_options: object) -> None:
        if name == "load_demo":
            raise CommandError("@maya is somebody already.")

    # It would have the log go to what `capsys` closes.
    monkeypatch.setattr(serve.django, "setup", lambda: None)
    monkeypatch.setattr(serve, "call_command", call)
    monkeypatch.setattr(serve, "_collect_static", lambda: None)
    monkeypatch.setattr(connections, "close_all", lambda: None)
    assert serve.prepare() == ""
    assert "@maya is somebody already." in capsys.readouterr().out


def test_line_of_log_ins_names_the_demo_people_with_a_password(db: None) -> None:
    UserFactory(username="robin", is_demo=True, is_staff=True, password="argon2$")
    UserFactory(username="maya", is_demo=True, password="argon2$")
    UserFactory(username="lena", is_demo=True, password="!")
    UserFactory(username="alice", password="argon2$")
    line = serve._demo_logins()
    assert line == f"    Demo log-ins (password {settings.DEMO_PASSWORD}): maya (member), robin (moderator)\n"


@pytest.mark.parametrize(
    ("problem", "code", "message"),
    [
        (None, 7, ""),
        (CommandError("The catalogue is broken."), 1, "The catalogue is broken.\n"),
        (serve.ServeError("No port."), 1, "No port.\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_exit_code_tells_how_it_went(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    problem: BaseException | None,
    code: int,
    message: str,
) -> None:
    def prepare() -> str:
        if problem:
            raise problem
        return ""

    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.setattr(serve, "prepare", prepare)
    monkeypatch.setattr(serve, "run_processes", lambda _procfile, _host, _port, _logins: 7)
    assert serve.main() == code
    assert capsys.readouterr().err == message
