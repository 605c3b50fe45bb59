"""What becomes of the workers when Redis is killed, when its connections freeze, and when a task kills its process.

Starts a PostgreSQL, a Redis, a worker and a beat of its own, as the Procfile says, and stops after ten minutes at most:

    python bench/broker_faults.py                  # all three, or: broker_faults.py killed frozen poison

killed: `kill -9` of Redis while a task is under way, and a start up to five seconds later, 20 times; seconds from when
it answers until a task is done (bar: 15).
frozen: connections to Redis that nothing passes through any more, while new ones work, 3 times (bar: 30 s).
poison: a task that kills its process starts at most 4 times and is then a TaskFailure.
Exits with 1 if a bar is missed, or if beat is not at work after it.
"""

import argparse
import os
import random
import signal
import socket
import statistics
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from celery import current_app, shared_task
from django.apps import apps
from django.utils import timezone

sys.path.insert(0, str(Path(__file__).resolve().parent))
from own_site import Redis, Site, own_site, wait_until

KILLS, FREEZES = 20, 3
KILLED_SECONDS, FROZEN_SECONDS = 15, 30
STARTS = 4
# As a supervisor leaves between the end of a process and the next start.
AWAY_SECONDS = 5
# A task under way when Redis is killed, and still when it is back.
SLOW_SECONDS = 3
# Long enough to see that something does not happen any more, or never will.
LIMIT = 120
# Beat sends a canary a minute; after a fault it may take as long as the bar of that fault to go on.
BEAT_SECONDS = 60 + FROZEN_SECONDS


@shared_task(name="bench.poison")
def poison(file: str) -> None:
    """Write a line and kill the process that runs this."""
    with Path(file).open("a") as starts:
        starts.write(f"{time.time()}\n")
    os.kill(os.getpid(), signal.SIGKILL)


@shared_task(name="bench.slow")
def slow() -> None:
    """Be under way when Redis dies."""
    time.sleep(SLOW_SECONDS)


class Proxy:
    """Passes TCP connections on to Redis, until they are frozen: then they stay open, and nothing arrives."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self._open: list[threading.Event] = []
        self.url = f"redis://127.0.0.1:{self._server.getsockname()[1]}/0"
        threading.Thread(target=self._serve, daemon=True).start()

    def freeze(self) -> int:
        """Freeze the connections that there are; answers how many. Later ones work."""
        frozen, self._open = self._open, []
        for event in frozen:
            event.set()
        return len(frozen)

    def _serve(self) -> None:
        while True:
            near, _ = self._server.accept()
            try:
                far = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                near.close()
                continue
            frozen = threading.Event()
            self._open.append(frozen)
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(*pair, frozen), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, frozen: threading.Event) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if frozen.is_set():
                    continue
                target.sendall(data)
        if frozen.is_set():
            # Not even the end of the connection gets through.
            return
        with suppress(ValueError):
            self._open.remove(frozen)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def seconds_until_consumed(name: str) -> float | None:
    """Sends a canary each second, until a worker has noted one of them."""
    heartbeats = apps.get_model("core", "Heartbeat").objects
    started = time.monotonic()
    for number in range(LIMIT):
        with suppress(Exception):
            current_app.send_task("apps.core.tasks.canary", args=[f"{name}-{number}"], expires=LIMIT)
        if wait_until(lambda: heartbeats.filter(queue__startswith=f"{name}-").exists(), 1, 0.05) is not None:
            return time.monotonic() - started
    return None


def beat_goes_on() -> bool:
    """Whether a canary of beat comes through that was not there before."""
    heartbeats = apps.get_model("core", "Heartbeat").objects
    now = timezone.now()
    seconds = wait_until(
        lambda: heartbeats.filter(queue="celery", ran_at__gt=now).exists(), BEAT_SECONDS, 0.5
    )
    print("beat: " + ("nothing came" if seconds is None else f"a message after {seconds:.1f} s"), flush=True)
    return seconds is not None


def try_killed(redis: Redis) -> dict[str, bool]:
    times = []
    for number in range(KILLS):
        current_app.send_task("bench.slow", expires=LIMIT)
        time.sleep(0.5)
        redis.kill()
        away = AWAY_SECONDS * number / KILLS
        time.sleep(away)
        redis.start()
        times.append(seconds_until_consumed(f"killed-{number}") or LIMIT)
        print(
            f"killed {number + 1}, away for {away:.1f} s: a task is done after {times[-1]:.1f} s", flush=True
        )
        # At another moment of what the worker does.
        time.sleep(random.uniform(0.5, 2.5))  # noqa: S311
    print(f"killed {KILLS} times: median {statistics.median(times):.1f} s, longest {max(times):.1f} s")
    return {
        f"Redis killed: at work again within {KILLED_SECONDS} s": max(times) <= KILLED_SECONDS,
        "Redis killed: beat goes on": beat_goes_on(),
    }


def try_frozen(proxy: Proxy) -> dict[str, bool]:
    times = []
    for number in range(FREEZES):
        count = proxy.freeze()
        times.append(seconds_until_consumed(f"frozen-{number}") or LIMIT)
        print(f"frozen {number + 1}: {count} connections; a task is done after {times[-1]:.1f} s", flush=True)
        time.sleep(random.uniform(0.5, 2.5))  # noqa: S311
    proxy.freeze()
    return {
        f"connections frozen: at work again within {FROZEN_SECONDS} s": max(times) <= FROZEN_SECONDS,
        "connections frozen: beat goes on": beat_goes_on(),
    }


def try_poison(folder: Path) -> dict[str, bool]:
    file = folder / "starts"
    failures = apps.get_model("core", "TaskFailure").objects.filter(task="bench.poison")
    current_app.send_task("bench.poison", args=[str(file)])
    seconds = wait_until(failures.exists, LIMIT)
    at_work = seconds_until_consumed("poison")
    # Would it go on, it would by now.
    time.sleep(20)
    starts, count = len(file.read_text().splitlines()), failures.count()
    print(f"poison: {starts} starts, a failure after {seconds or LIMIT:.1f} s", flush=True)
    # As those of beat, this message runs out: in this case before the second start.
    current_app.send_task("bench.poison", args=[str(file)], expires=3)
    seconds = wait_until(lambda: failures.count() > count, LIMIT)
    print(f"poison that runs out: a failure after {seconds or LIMIT:.1f} s")
    for row in failures:
        print(f"  {row.reason}")
    return {
        f"poison: at most {STARTS} starts": starts <= STARTS,
        "poison: one failure is kept": count == 1,
        "poison that runs out: one failure is kept, too": failures.count() == 2,
        "poison: the worker goes on": at_work is not None,
    }


def try_all(trials: list[str], site: Site, redis: Redis) -> dict[str, bool]:
    proxy = Proxy(redis.port)
    bench = {"REDIS_URL": proxy.url, "PYTHONPATH": str(Path(__file__).parent)}
    worker = site.start("worker", more="--include broker_faults", **bench)
    beat = site.start("beat", **bench)
    if seconds_until_consumed("start") is None:
        raise SystemExit("The worker does not start.")
    bars: dict[str, bool] = {}
    if "killed" in trials:
        bars |= try_killed(redis)
    if "frozen" in trials:
        bars |= try_frozen(proxy)
    if "poison" in trials:
        bars |= try_poison(site.folder)
    bars["worker and beat never ended"] = worker.poll() is None and beat.poll() is None
    return bars


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("trials", nargs="*", choices=[[], "killed", "frozen", "poison"])
    trials = parser.parse_args().trials or ["killed", "frozen", "poison"]
    with own_site() as (site, redis):
        bars = try_all(trials, site, redis)
        if not all(bars.values()):
            for log in sorted(site.folder.glob("*.log")):
                print(f"--- {log.name}\n{log.read_text(errors='replace')[-4000:]}")
    for bar, is_met in bars.items():
        print(f"{'met   ' if is_met else 'MISSED'} {bar}")
    sys.exit(not all(bars.values()))


if __name__ == "__main__":
    main()
