"""The whole site for development: `make run` runs this with PostgreSQL and Redis at hand.

Brings the database and the static files up to date, then runs the processes of `Procfile` until Ctrl-C.
`HOST` and `PORT` choose the address; without `PORT` it is 8000 or the next free one.
"""

import fcntl
import hashlib
import os
import signal
import socket
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import CommandError, call_command
from django.db import connections
from honcho.compat import ProcessManager  # type: ignore[import-untyped, unused-ignore]
from honcho.environ import parse_procfile  # type: ignore[import-untyped, unused-ignore]
from honcho.manager import Manager  # type: ignore[import-untyped, unused-ignore]
from honcho.printer import Message, Printer  # type: ignore[import-untyped, unused-ignore]

ROOT = Path(__file__).resolve().parent.parent
PORTS = range(8000, 8100)
ANSWER_SECONDS = 60
# What honcho returns when somebody asked it to stop, by SIGINT or SIGTERM.
ASKED_TO_STOP = (130, 143)


class ServeError(Exception):
    """The site cannot be served. The message says to a person what to do."""


@contextmanager
def claimed_port(host: str, wanted: str) -> Iterator[int]:
    """Yields the port `wanted`, or if that is empty the first free one of PORTS. Raises ServeError."""
    if wanted and not (wanted.isdecimal() and 0 < int(wanted) < 65536):
        raise ServeError(f"PORT={wanted} is not the number of a port.")
    for port in [int(wanted)] if wanted else PORTS:
        try:
            claim = _claim(host, port)
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            continue
        with claim:
            yield port
        return
    place = f"port {wanted}" if wanted else f"any port from {PORTS[0]} to {PORTS[-1]}"
    raise ServeError(f"The site cannot listen on {host}, {place}: {reason}. Set PORT to another one.")


def _claim(host: str, port: int) -> IO[str]:
    """Returns a locked file that stands for the port. Raises OSError if the port is taken.

    Granian shares a port with any other Granian of the same user without a word, and opens it only seconds
    from now. The lock keeps a second checkout that starts at the same time from choosing the same port.
    """
    path = Path(tempfile.gettempdir(), f"stackshare-{os.getuid()}-port-{port}.lock")
    with ExitStack() as on_failure:
        claim = on_failure.enter_context(path.open("a"))
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        socket.create_server((host, port), family=family).close()
        on_failure.pop_all()
        return claim


def prepare() -> None:
    """Brings the database and the static files up to date; does next to nothing if they are."""
    django.setup()
    _say("Bringing the database up to date ...")
    call_command("migrate", interactive=False, verbosity=0)
    call_command("load_catalogue", "--if-changed")
    _collect_static()
    # The processes to come must not inherit a connection.
    connections.close_all()


def _collect_static() -> None:
    """Runs collectstatic unless the files and the settings are those of the last time."""
    noted = settings.STATIC_ROOT.with_suffix(".sha256")
    fingerprint = _static_fingerprint()
    collected = (settings.STATIC_ROOT / "staticfiles.json").exists() and noted.exists()
    if collected and noted.read_text() == fingerprint:
        return
    _say("Collecting the static files ...")
    call_command("collectstatic", interactive=False, verbosity=0)
    noted.write_text(fingerprint)


def _static_fingerprint() -> str:
    """A hash over the names and contents of all static files, the project's and the packages'."""
    digest = hashlib.sha256(repr(settings.STORAGES).encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            digest.update(f"\0{path}\0".encode())
            digest.update(Path(storage.path(path)).read_bytes())
    return digest.hexdigest()


class AnnouncingPrinter(Printer):  # type: ignore[misc, unused-ignore]
    """Prints what the processes write, and the site's address as soon as the site answers."""

    def __init__(self, url: str) -> None:
        super().__init__(sys.stdout)
        self._announcer = threading.Thread(target=announce, args=(url,), daemon=True)

    def write(self, message: Message) -> None:
        # The first line comes when honcho has forked all of its processes: a thread any earlier might leave
        # one of them with a lock that nobody frees.
        if self._announcer.ident is None:
            self._announcer.start()
        super().write(message)


def announce(url: str) -> None:
    """Prints the address when the site answers there, or that it does not."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(f"{url}healthz", timeout=5) as answer:  # noqa: S310
            if answer.status == 200:
                _say(f"\n    The site is running at {url}\n    Ctrl-C stops it.\n")
                return
        time.sleep(0.1)
    _say(f"\n    The site does not answer at {url} yet. Look at the lines above.\n")


class LeadersFirst(ProcessManager):  # type: ignore[misc, unused-ignore]
    """Asks only each process itself to stop: honcho asks its children too, and Celery's drop their tasks."""

    def terminate(self, pid: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


def run_processes(procfile: Path, host: str, port: int) -> int:
    """Runs the processes of the Procfile until one ends or a signal comes; returns the exit code.

    That is 0 if somebody asked for the stop, and never 0 if a process ended by itself.
    """
    manager = Manager(AnnouncingPrinter(_url(host, port)))
    # Honcho has no parameter for this.
    manager._procmgr = LeadersFirst()
    # `python` in the Procfile is the one that runs this, whether its environment is activated or not.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    environment = os.environ | {"HOST": host, "PORT": str(port), "PATH": path, "PYTHONUNBUFFERED": "1"}
    # Whoever develops as root, as in a container, knows it.
    environment["PYTHONWARNINGS"] = "ignore:You're running the worker with superuser privileges"
    for name, command in parse_procfile(procfile.read_text()).processes.items():
        manager.add_process(name, command, env=environment, cwd=str(procfile.parent))
    manager.loop()
    if manager.returncode in ASKED_TO_STOP:
        return 0
    return manager.returncode if manager.returncode > 0 else 1


def _url(host: str, port: int) -> str:
    """The address to open in a browser of this machine."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104
    name = everywhere.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{name}:{port}/"


def _say(text: str) -> None:
    print(text, flush=True)


def main() -> int:
    """Runs the site; returns the exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stackshare.settings")
    host = os.environ.get("HOST") or "127.0.0.1"
    try:
        with claimed_port(host, os.environ.get("PORT", "")) as port:
            prepare()
            return run_processes(ROOT / "Procfile", host, port)
    except (ServeError, CommandError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return ASKED_TO_STOP[0]


if __name__ == "__main__":
    sys.exit(main())
