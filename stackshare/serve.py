"""The whole site for development: `make run` runs this with PostgreSQL and Redis at hand.

Brings the database and the static files up to date, then runs the processes of `Procfile` until Ctrl-C.
`HOST` and `PORT` choose the address; without `PORT` it is 8000 or the next free one.
"""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.staticfiles.finders import get_finders
from django.core.management import CommandError, call_command
from django.db import connections

ROOT = Path(__file__).resolve().parent.parent
PORTS = range(8000, 8100)
ANSWER_SECONDS = 60
# How long requests and jobs under way may take to end; a job that is killed is due again at the next start.
STOP_SECONDS = 5
LOOK_SECONDS = 0.1

_say = partial(print, flush=True)


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
        else:
            with claim:
                yield port
            return
    ports = wanted or f"{PORTS[0]} to {PORTS[-1]}"
    raise ServeError(f"The site cannot listen on {host}, port {ports}: {reason}. Set PORT to another one.")


def _claim(host: str, port: int) -> socket.socket:
    """Returns a socket that keeps other checkouts from the port. Raises OSError if the port is taken.

    Granian shares a port with any other Granian of the same user without a word, and opens it only seconds
    from now. Until then the UDP port of the same number, which nobody else wants, stands for it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    socket.create_server((host, port), family=family).close()
    claim = socket.socket(family, socket.SOCK_DGRAM)
    with ExitStack() as closed_on_failure:
        closed_on_failure.enter_context(claim).bind((host, port))
        closed_on_failure.pop_all()
    return claim


def prepare() -> str:
    """Brings the database and the static files up to date; does next to nothing if they are.

    Returns a line that says as whom one can sign in, empty without demo content.
    """
    django.setup()
    _say("Bringing the database up to date ...")
    call_command("migrate", interactive=False, verbosity=0)
    call_command("load_catalogue", "--if-changed")
    try:
        call_command("load_demo", "--if-changed")
    except CommandError as error:
        # Somebody has a name of its people, or a tool of its stacks is gone: the site itself is well.
        _say(error)
    _collect_static()
    logins = _demo_logins()
    connections.close_all()
    return logins


def _demo_logins() -> str:
    people = (
        get_user_model().objects.filter(is_demo=True).exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    )
    rows = people.order_by("is_staff", "username").values_list("username", "is_staff")
    names = ", ".join(f"{name} ({'moderator' if is_staff else 'member'})" for name, is_staff in rows)
    return f"    Demo log-ins (password {settings.DEMO_PASSWORD}): {names}\n" if names else ""


def _collect_static() -> None:
    """Runs collectstatic unless the files and the settings are those of the last time."""
    noted = settings.STATIC_ROOT.with_suffix(".sha256")
    now = _static_fingerprint()
    if (settings.STATIC_ROOT / "staticfiles.json").exists() and noted.exists() and noted.read_text() == now:
        return
    _say("Collecting the static files ...")
    call_command("collectstatic", interactive=False, verbosity=0)
    noted.write_text(now)


def _static_fingerprint() -> str:
    """A hash of the names and contents of all static files, the project's and the packages'."""
    digest = hashlib.sha256(repr(settings.STORAGES).encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            digest.update(f"\0{path}\0".encode())
            digest.update(Path(storage.path(path)).read_bytes())
    return digest.hexdigest()


def announce(url: str, logins: str = "") -> None:
    """Prints the address when the site answers there, with a line of `logins`, or that it does not."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline:
        connection = HTTPConnection(urlsplit(url).netloc, timeout=5)
        with suppress(OSError, HTTPException), closing(connection):
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                _say(f"\n    The site is running at {url}\n{logins}    Ctrl-C stops it.\n")
                return
        time.sleep(LOOK_SECONDS)
    _say(f"\n    The site does not answer at {url} yet. Look at the lines above.\n")


def run_processes(procfile: Path, host: str, port: int, logins: str = "") -> int:
    """Runs the Procfile's processes until a signal comes (and returns 0) or one ends (and never does)."""
    asked: list[int] = []
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, lambda number, _frame: asked.append(number))
    url = _url(host, port)
    # Mails of the worker, which sees no request, link to where the site is.
    site_url = os.environ.get("SITE_URL") or url.rstrip("/")
    processes = _start_processes(procfile, {"HOST": host, "PORT": str(port), "SITE_URL": site_url})
    threading.Thread(target=announce, args=(url, logins), daemon=True).start()
    ended: dict[str, int] = {}
    while not asked and not ended:
        time.sleep(LOOK_SECONDS)
        ended = {name: code for name, process in processes.items() if (code := process.poll()) is not None}
    for name, code in ended.items():
        _say(f"{name} ended by itself, with exit code {code}.")
    _say("Stopping ...")
    _stop_processes(list(processes.values()))
    return 0 if asked else max(1, *ended.values())


def _start_processes(procfile: Path, variables: dict[str, str]) -> "dict[str, subprocess.Popen[bytes]]":
    """Starts each process in a session of its own and prints what it writes; returns them by their names."""
    # `python` in the Procfile is the one that runs this, whether its environment is activated or not.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    # Whoever develops as root, as in a container, need not hear it from Celery.
    variables |= {"PATH": path, "PYTHONWARNINGS": "ignore:You're running the worker with superuser"}
    prefix = _dying_with_us()
    processes = {}
    for name, _, command in (line.partition(": ") for line in procfile.read_text().splitlines()):
        process = processes[name] = subprocess.Popen(
            [*prefix, "sh", "-c", command],
            cwd=procfile.parent,
            env=os.environ | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        threading.Thread(target=_relay, args=(name, process), daemon=True).start()
    return processes


def _dying_with_us() -> list[str]:
    """What to put before a command that shall end when this process is killed; nothing where only Linux has it."""
    command = ["setpriv", "--pdeathsig", "TERM"]
    with suppress(FileNotFoundError):
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
            return command
    return []


def _relay(name: str, process: "subprocess.Popen[bytes]") -> None:
    for line in process.stdout or ():
        _say(f"{name:<6} | {line.decode(errors='replace').rstrip()}")


def _stop_processes(processes: "list[subprocess.Popen[bytes]]") -> None:
    """Asks each process to stop, waits for STOP_SECONDS at most, and kills what is left of it then.

    Only the process itself is asked: if its children were too, Celery's would drop their jobs half-way.
    """
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline and any(process.poll() is None for process in processes):
        time.sleep(LOOK_SECONDS)
    for process in processes:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _url(host: str, port: int) -> str:
    """The address to open in a browser of this machine. By its name, as browsers let no passkey belong to a number."""
    if host in ("127.0.0.1", "0.0.0.0", "::1", "::"):  # noqa: S104
        host = "localhost"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def main() -> int:
    """Runs the site; returns the exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stackshare.settings")
    host = os.environ.get("HOST") or "127.0.0.1"
    try:
        with claimed_port(host, os.environ.get("PORT", "")) as port:
            logins = prepare()
            return run_processes(ROOT / "Procfile", host, port, logins)
    except (ServeError, CommandError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
