"""A site of its own for trials that break things: PostgreSQL, a Redis on a port that can be killed, processes of the
Procfile. All in a temporary folder; nothing of a running site is touched, and all of it ends with the trial.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from stackshare.embedded import servers  # noqa: E402
from stackshare.wheel_servers import Redis as EmbeddedRedis  # noqa: E402


def wait_until(condition: Callable[[], object], seconds: float, pause: float = 0.1) -> float | None:
    """The seconds until `condition` holds; None where it does not within `seconds`."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > seconds:
            return None
        time.sleep(pause)
    return time.monotonic() - started


class Redis:
    """A Redis with an append-only file, as in production, at a port of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = (
            f"{EmbeddedRedis.program()} --port {self.port} --bind 127.0.0.1 --dir {self.folder} --save ''"
        )
        lasting = "--appendonly yes --appendfsync everysec --maxmemory-policy noeviction --loglevel warning"
        self.process = subprocess.Popen(["sh", "-c", f"exec {command} {lasting}"], stdout=subprocess.DEVNULL)
        if wait_until(self.answers, 30, 0.02) is None:
            raise SystemExit("Redis does not start.")

    def answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(5) == b"+PONG"
        return False

    def kill(self) -> None:
        """As when the machine dies: nothing is written any more."""
        self.process.kill()
        self.process.wait()


class Site:
    """Processes of the Procfile with their logs in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        lines = (line.partition(": ") for line in (ROOT / "Procfile").read_text().splitlines())
        self.commands = {name: command for name, _, command in lines}
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(
        self, name: str, log: str = "", more: str = "", **environment: str
    ) -> "subprocess.Popen[bytes]":
        """Start the process `name` of the Procfile, with `more` arguments and variables; it writes to `log`."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        with (self.folder / f"{log or name}.log").open("ab") as file:
            process = subprocess.Popen(
                ["sh", "-c", f"{self.commands[name]} {more}"],
                cwd=ROOT,
                env=os.environ | {"PATH": path} | environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def kill(self, process: "subprocess.Popen[bytes]") -> None:
        """End it and all that it started, at once."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def end(self) -> None:
        for process in self._processes:
            self.kill(process)


@contextmanager
def own_site(**environment: str) -> Iterator[tuple[Site, Redis]]:
    """Yields a site with an empty, migrated database and no process yet. Django is set up for it in here, too."""
    # Told to end, it takes with it what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = Path(tempfile.mkdtemp(prefix="stackshare-bench-"))
    # PostgreSQL may have to run as another user.
    folder.chmod(0o711)
    with ExitStack() as ends:
        ends.callback(shutil.rmtree, folder, ignore_errors=True)
        (folder / "redis").mkdir()
        redis = Redis(folder / "redis")
        redis.start()
        ends.callback(redis.kill)
        # Nothing here talks to the real GitHub.
        own = {
            "DEVELOPMENT": "1",
            "REDIS_URL": redis.url,
            "BROKER_URL": "",
            "GITHUB_API_URL": "",
            "GITHUB_TOKEN": "",
        }
        os.environ |= own | environment | {"DJANGO_SETTINGS_MODULE": "stackshare.settings"}
        os.environ.pop("DATABASE_URL", None)
        os.environ["DATABASE_URL"] = ends.enter_context(servers(var=folder / "var")).database_url
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, check=True)
        django.setup()
        site = Site(folder)
        ends.callback(site.end)
        try:
            yield site, redis
        except BaseException:
            for log in folder.glob("*.log"):
                sys.stderr.write(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}\n")
            raise
