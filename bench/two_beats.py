"""Two beats at once: each periodic message is sent once, and one beat goes on when the other is killed.

Starts a PostgreSQL, a Redis, a fake GitHub, workers and two beats of its own, as the Procfile says:

    python bench/two_beats.py --minutes 10

Half-way the beat that has the lock is killed and started anew. Listens to all that is sent to Redis. Exits with 1 if
a message was sent twice for its time, if none came for longer than the lock lasts and a period, if a repository was
read twice or has no snapshot of its own, or if a process ended.
"""

import argparse
import json
import sys
import threading
import time
from collections import Counter, defaultdict
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import redis as redis_client
from django.apps import apps
from django.conf import settings

sys.path.insert(0, str(Path(__file__).resolve().parent))
from own_site import Redis, Site, own_site, wait_until

from tests.github.fake import FakeGitHub
from tests.github.fake.server import TOKEN

REPOSITORIES = 200
# What runs by the hour or the day comes too rarely to be judged here.
PERIOD = 60
# Two messages for one time come within moments; two for two times, a period apart but for what a busy machine adds.
DOUBLED_SECONDS = PERIOD / 2
LATE_SECONDS = 10


class Sent:
    """What beats sent, by its task and arguments: the times of it."""

    def __init__(self, redis: Redis) -> None:
        self.times: dict[str, list[float]] = defaultdict(list)
        client = redis_client.Redis.from_url(redis.url, socket_timeout=None)
        threading.Thread(target=self._listen, args=(client,), daemon=True).start()

    def _listen(self, client: Any) -> None:
        # Until Redis ends with the trial.
        with suppress(redis_client.ConnectionError), client.monitor() as monitor:
            for command in monitor.listen():
                verb, _, rest = command["command"].partition(" ")
                name, _, message = rest.partition(" ")
                if verb != "LPUSH" or name not in settings.QUEUES:
                    continue
                headers = json.loads(message.replace('\\"', '"'))["headers"]
                if headers.get("celery_beat_task"):
                    self.times[headers["task"] + headers["argsrepr"]].append(command["time"])

    def report(self, seconds: float) -> dict[str, bool]:
        gaps = {
            what: [later - earlier for earlier, later in pairwise(times)]
            for what, times in sorted(self.times.items())
            if len(times) > seconds / PERIOD / 2
        }
        for what, between in gaps.items():
            print(f"{what}: {len(between) + 1} times, {min(between):.0f} to {max(between):.0f} s apart")
        every = [gap for between in gaps.values() for gap in between] or [0.0]
        longest = settings.CELERY_REDBEAT_LOCK_TIMEOUT + PERIOD + 2 * LATE_SECONDS
        return {
            "all that is due each minute was sent": len(gaps) >= len(_each_minute()),
            "no message was sent twice": min(every) > DOUBLED_SECONDS,
            f"none came later than {longest} s": max(every) <= longest,
        }


def _each_minute() -> list[str]:
    return [
        name
        for name, entry in settings.CELERY_BEAT_SCHEDULE.items()
        if getattr(entry["schedule"], "total_seconds", lambda: 0)() == PERIOD
    ]


def holder(beats: dict[str, Any], site: Site) -> str:
    """Which of the beats has the lock: the other one has not sent anything yet."""
    logs = {name: (site.folder / f"{name}.log").read_text() for name in beats}
    (name,) = [name for name, log in logs.items() if "Acquired lock" in log]
    return name


def try_two(site: Site, redis: Redis, github: FakeGitHub, minutes: float) -> dict[str, bool]:
    repositories = apps.get_model("github", "Repository").objects
    for number in range(REPOSITORIES):
        name = f"owner/repository-{number}"
        github.add(name, stars=1000 + number)
        repositories.create(full_name=name)
    sent = Sent(redis)
    processes = [site.start("worker"), site.start("github")]
    # Their words tell which of them has the lock.
    beats = {
        name: site.start("beat", log=name, more="--loglevel INFO --pidfile=") for name in ("first", "second")
    }
    started = time.monotonic()
    time.sleep(minutes * 30)
    name = holder(beats, site)
    site.kill(beats[name])
    (site.folder / f"{name}.log").unlink()
    killed = time.time()
    beats[name] = site.start("beat", log=name, more="--loglevel INFO --pidfile=")
    print(f"{name} beat had the lock and is killed after {time.monotonic() - started:.0f} s", flush=True)
    wait_until(
        lambda: any("Acquired lock" in (site.folder / f"{log}.log").read_text() for log in beats), 600, 1
    )
    print(f"{holder(beats, site)} has it {time.time() - killed:.0f} s later", flush=True)
    time.sleep(max(0, minutes * 60 - (time.monotonic() - started)))
    bars = sent.report(time.monotonic() - started)
    bars["no process ended"] = all(process.poll() is None for process in [*processes, *beats.values()])
    return bars | _repositories(github)


def _repositories(github: FakeGitHub) -> dict[str, bool]:
    snapshots = Counter(apps.get_model("github", "Snapshot").objects.values_list("repository_id", flat=True))
    asked = sum(request.repositories for request in github.requests if "graphql" in request.path)
    read = apps.get_model("github", "Repository").objects.filter(read_at__isnull=False).count()
    print(f"{read} repositories read, {asked} asked for, {snapshots.total()} snapshots")
    return {
        "each repository was read": read == REPOSITORIES,
        "none was read twice": asked == REPOSITORIES,
        "each has one snapshot": len(snapshots) == snapshots.total() == REPOSITORIES,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10)
    minutes = parser.parse_args().minutes
    with FakeGitHub() as github, own_site(GITHUB_API_URL=github.url, GITHUB_TOKEN=TOKEN) as (site, redis):
        bars = try_two(site, redis, github, minutes)
        if not all(bars.values()):
            for log in sorted(site.folder.glob("*.log")):
                print(f"--- {log.name}\n{log.read_text(errors='replace')[-4000:]}")
    for bar, is_met in bars.items():
        print(f"{'met   ' if is_met else 'MISSED'} {bar}")
    sys.exit(not all(bars.values()))


if __name__ == "__main__":
    main()
