"""PostgreSQL and Redis for development and tests: nothing to install, no port to open.

Data, logs and sockets of a checkout lie under its `var/`, so checkouts side by side do not meet. Whoever uses
the servers holds a shared lock on `var/users.lock`; the first to come starts them, the last to go stops them.
`DATABASE_URL` or `REDIS_URL` in the environment names another server instead of the respective one here.

    python -m stackshare.embedded run -- COMMAND ARGUMENTS...
    python -m stackshare.embedded clean
"""

import argparse
import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from stackshare.wheel_servers import (
    EmbeddedError,
    Postgres,
    Redis,
    account_for,
    lock_now,
    open_lock,
    socket_folder,
)

VAR = Path(__file__).resolve().parent.parent / "var"
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Addresses(NamedTuple):
    """Where both servers are, and the open lock that keeps them running (None: neither of them is ours)."""

    database_url: str
    redis_url: str
    lease: int | None


@contextmanager
def servers(*, var: Path = VAR) -> Iterator[Addresses]:
    """Runs the servers of `var` for as long as the block lasts, unless the environment names others.

    Servers that run already are shared. They are stopped when the last of their users goes, so neither the
    first nor a later one takes them away from another. Raises EmbeddedError.
    """
    database_url, redis_url = os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", "")
    if database_url and redis_url:
        yield Addresses(database_url, redis_url, None)
        return
    var = _folder(var)
    with open_lock(var / "users.lock") as users:
        with _one_at_a_time(var):
            postgres, redis = _servers_of(var)
        try:
            with _one_at_a_time(var):
                fcntl.flock(users, fcntl.LOCK_SH)
                if not database_url:
                    postgres.ensure_running()
                if not redis_url:
                    redis.ensure_running()
            yield Addresses(database_url or postgres.url(), redis_url or redis.url(), users)
        finally:
            with _one_at_a_time(var):
                if lock_now(users):
                    _stop(postgres, redis)


def clean(*, var: Path = VAR) -> None:
    """Deletes everything in `var` except the locks. Raises EmbeddedError if its servers are in use."""
    var = _folder(var)
    with open_lock(var / "users.lock") as users, _one_at_a_time(var):
        if not lock_now(users):
            raise EmbeddedError("The servers are in use: stop `make run` and `make test` first.")
        _stop(*_servers_of(var))
        for entry in var.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.suffix != ".lock":
                entry.unlink()


def run(command: list[str], *, var: Path = VAR) -> int:
    """Runs `command` between the start and the stop of the servers; returns its exit code.

    A signal to stop is passed on to the command. Raises EmbeddedError.
    """
    for signum in STOPPING:
        signal.signal(signum, _exit_on_signal)
    with servers(var=var) as addresses:
        code = _supervise(command, addresses)
        # A second, impatient Ctrl-C must not leave the servers behind.
        for signum in STOPPING:
            signal.signal(signum, signal.SIG_IGN)
    return code


def _folder(var: Path) -> Path:
    """The full path of `var`, which exists from now on. Raises EmbeddedError."""
    var = var.resolve()
    try:
        var.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(f"{var} cannot be created: {error.strerror}.") from error
    return var


@contextmanager
def _one_at_a_time(var: Path) -> Iterator[None]:
    """Starting and stopping exclude each other, among all processes of this checkout."""
    with open_lock(var / "embedded.lock") as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def _servers_of(var: Path) -> tuple[Postgres, Redis]:
    """Both servers of `var`, running or not, with their folders in place. Raises EmbeddedError."""
    account = account_for(var)
    sockets = socket_folder(var, account)
    return (
        Postgres(account.own(var / "postgres"), sockets, account),
        Redis(account.own(var / "redis"), sockets, account),
    )


def _stop(postgres: Postgres, redis: Redis) -> None:
    postgres.stop()
    redis.stop()
    # Not if something is left in it, which the next start puts in order.
    with suppress(OSError):
        postgres.sockets.rmdir()


def _exit_on_signal(signum: int, _frame: object) -> None:
    raise SystemExit(128 + signum)


def _supervise(command: list[str], addresses: Addresses) -> int:
    """Runs the command with the addresses in its environment; returns its exit code.

    It inherits the lease: should this process be killed, the servers stay in use until the command ends.
    """
    urls = {"DATABASE_URL": addresses.database_url, "REDIS_URL": addresses.redis_url}
    lease = () if addresses.lease is None else (addresses.lease,)
    try:
        child = subprocess.Popen(command, env=os.environ | urls, pass_fds=lease)
    except OSError as error:
        print(f"{command[0]} cannot be run: {error.strerror}.", file=sys.stderr)
        return 127

    def forward(signum: int, _frame: object) -> None:
        if signum != signal.SIGINT or not _terminal_interrupts_all():
            child.send_signal(signum)

    for signum in STOPPING:
        signal.signal(signum, forward)
    code = child.wait()
    return code if code >= 0 else 128 - code


def _terminal_interrupts_all() -> bool:
    """Whether a Ctrl-C in the terminal reaches the child too, without our doing."""
    with suppress(OSError), Path("/dev/tty").open("rb") as terminal:
        return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    return False


def _confirmed(var: Path) -> bool:
    print(f"This deletes the development database, the queue and everything else in {var}.")
    try:
        return input("Type yes to go on: ").strip().lower() == "yes"
    except EOFError:
        print()
        return False


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m stackshare.embedded", description="PostgreSQL and Redis."
    )
    parser.add_argument("--var", type=Path, default=VAR, help="the folder of data, logs and sockets")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("run", help="run a command with both servers").add_argument("command", nargs="+")
    verbs.add_parser("clean", help="delete all data, after asking")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.verb == "run":
            return run(chosen.command, var=chosen.var)
        if not _confirmed(chosen.var):
            print("Nothing was deleted.")
            return 1
        clean(var=chosen.var)
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
