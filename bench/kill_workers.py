"""`kill -9` of the worker that reads from GitHub, again and again: nothing is lost, nothing doubled, and it goes on.

Starts a PostgreSQL, a Redis, a fake GitHub, beat and a worker of its own, as the Procfile says:

    python bench/kill_workers.py --kills 50
    python bench/kill_workers.py --poison

With `--kills` the worker and all that it started are killed so many times at moments drawn by `--seed`, mostly while
it reads, some while it starts, and started anew at once. All rows are kept due meanwhile. After the last kill every
figure on the fake GitHub changes. Exits with 1 unless within six minutes each repository has been read since, with the
new figures, in one snapshot for each day, none given up, with never more than one request at a time.

With `--poison` the process that reads dies whenever one certain repository is asked for, and the worker starts
another. Exits with 1 unless that repository is asked for at most four times, is then shown as failed, and all others
are read. As the five minutes that a dead worker's claim lasts are not what is tried here, they are cut short.
"""

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

sys.path.insert(0, str(Path(__file__).resolve().parent))
from own_site import Site, own_site, wait_until

from apps.core.jobs import ring
from tests.github.fake import FakeGitHub
from tests.github.fake.answers import Answer, Asked
from tests.github.fake.server import TOKEN, FakeRequest

REPOSITORIES = 2_000
SECONDS_PER_REQUEST = 0.3
# A claim of a dead worker lasts five minutes, beat rings twice a minute.
GOING_AGAIN_SECONDS = 360
MOST_STARTS = 4
# Of so many kills one hits the worker while it starts, the others within so many seconds of its first request.
EARLY_KILL_EVERY = 5
READING_SECONDS = 5.0
REFRESH = "apps.github.tasks.refresh_due_repositories"


class DeadlyGitHub(FakeGitHub):
    """A fake GitHub that has whoever asks for the repository `deadly` killed, and counts how often."""

    deadly = ""
    pid = 0
    starts = 0

    def answer(self, asked: Asked, request: FakeRequest, waits: Any) -> Answer:
        if self.deadly and self._asks_for_it(asked):
            self.starts += 1
            for child in _children(self.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
        return super().answer(asked, request, waits)

    def _asks_for_it(self, asked: Asked) -> bool:
        if asked.path != "/graphql":
            return False
        variables = asked.json["variables"]
        owner, _, name = self.deadly.partition("/")
        by_name = any(
            variables.get(f"o{at}") == owner and variables.get(f"n{at}") == name for at in range(100)
        )
        repository = self.find(self.deadly)
        return by_name or (repository is not None and repository.node_id in variables.get("ids", []))


def _children(pid: int) -> list[int]:
    found = subprocess.run(
        ["ps", "--ppid", str(pid), "-o", "pid="], capture_output=True, text=True, check=False
    )
    return [int(word) for word in found.stdout.split()]


class Due:
    """Keeps all rows due while the block lasts, however often they are read."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def _keep(self) -> None:
        while not self._ended.wait(1):
            _change(_rows().filter(due_at__gt=timezone.now()), due_at=timezone.now())
        connection.close()

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self._thread.join()


def _rows() -> Any:
    return apps.get_model("github", "Repository").objects


def _change(rows: Any, **values: Any) -> None:
    """Update rows that workers use meanwhile: locked in the order of their ids, as those do, nobody deadlocks."""
    with transaction.atomic():
        locked = list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
        _rows().filter(pk__in=locked).update(**values)


def _fill(github: FakeGitHub) -> None:
    model = apps.get_model("github", "Repository")
    names = [f"owner-{number // 10}/repository-{number}" for number in range(REPOSITORIES)]
    for name in names:
        github.add_made_up(name)
    # The history by week is another task's.
    model.objects.bulk_create(model(full_name=name, history_due_at=None) for name in names)


def kill_workers(site: Site, github: FakeGitHub, kills: int, seed: int) -> dict[str, bool]:
    chance = random.Random(seed)  # noqa: S311 - the same moments in each run
    site.start("beat")
    worker = site.start("github")
    while_asking = claimed = 0
    started = time.monotonic()
    with Due():
        for number in range(1, kills + 1):
            ring(REFRESH)
            if number % EARLY_KILL_EVERY:
                asked = len(github.requests)
                if wait_until(lambda asked=asked: len(github.requests) > asked, 120, 0.02) is None:
                    raise SystemExit("The worker asks for nothing.")
            time.sleep(chance.uniform(0, READING_SECONDS))
            while_asking += _is_asking(github)
            site.kill(worker)
            claimed += _rows().filter(leased_until__gt=timezone.now() + timedelta(seconds=290)).exists()
            worker = site.start("github")
    seconds = time.monotonic() - started
    answered = Counter(request.status for request in github.requests)[200]
    print(
        f"{kills} kills in {seconds:.0f} s, {while_asking} during a request, {claimed} with a fresh claim;"
        f" {len(github.requests)} requests, {answered} answered",
        flush=True,
    )
    return _come_back(github)


def _is_asking(github: FakeGitHub) -> bool:
    return any(request.ended is None for request in github.requests[-3:])


def _come_back(github: FakeGitHub) -> dict[str, bool]:
    """What became of the rows, once all of them are due once more, with new figures."""
    names = list(_rows().values_list("full_name", flat=True))
    for name in names:
        repository = github.find(name)
        repository.stars += 1
    moment = timezone.now()
    _change(_rows(), due_at=moment)
    most_claims = max(_rows().values_list("claims", flat=True))
    left = _rows().filter(leased_until__gt=moment).count()
    print(
        f"{left} of {len(names)} rows bear a dead worker's claim, the most {most_claims} of them", flush=True
    )
    unread = _rows().exclude(read_at__gt=moment).exclude(state="failed")
    seconds = wait_until(lambda: not unread.exists(), 2 * GOING_AGAIN_SECONDS, 0.5)
    print(f"each read again after {'never' if seconds is None else f'{seconds:.0f} s'}", flush=True)
    states = Counter(_rows().values_list("state", flat=True))
    wrong = [row.full_name for row in _rows().all() if not _is_right(row, github)]
    days = Counter(apps.get_model("github", "Snapshot").objects.values_list("repository_id", "date"))
    newest = dict(
        apps.get_model("github", "Snapshot").objects.order_by("date").values_list("repository_id", "stars")
    )
    stale = [row.pk for row in _rows().all() if newest.get(row.pk) != row.stars]
    state = github.state()
    print(
        f"states {dict(states)}, {len(wrong)} with wrong figures, {len(days)} snapshots, {len(stale)} stale;"
        f" at most {state['most_at_once']} at once, {state['too_early']} too early"
    )
    return {
        f"each was read again within {GOING_AGAIN_SECONDS} s": seconds is not None
        and seconds <= GOING_AGAIN_SECONDS,
        "none is lost": len(names) == REPOSITORIES == states["ok"] + states["archived"],
        "none was given up wrongly": not states["failed"],
        "all figures are GitHub's": not wrong,
        "each has one snapshot for a day, with these figures": set(days.values()) == {1} and not stale,
        "never more than one request at a time": state["most_at_once"] == 1,
        "no request before its time": state["too_early"] == 0,
    }


def _is_right(row: Any, github: FakeGitHub) -> bool:
    there = github.find(row.full_name)
    return there is not None and (row.stars, row.forks, row.watchers, row.open_issues) == (
        there.stars,
        there.forks,
        there.watchers,
        there.open_issues,
    )


def poison(site: Site, github: DeadlyGitHub) -> dict[str, bool]:
    worker = site.start("github")
    github.pid, github.deadly = worker.pid, _rows().order_by("pk")[REPOSITORIES // 2].full_name
    row = _rows().filter(full_name=github.deadly)
    others = _rows().exclude(full_name=github.deadly)
    started = time.monotonic()
    seen = 0

    def is_over() -> bool:
        nonlocal seen
        if github.starts > seen:
            seen = github.starts
            time.sleep(1)
            claims, lease = row.values_list("claims", "leased_until").get()
            dead = _rows().filter(leased_until__isnull=False, leased_until=lease)
            print(f"death {seen}: claimed {claims} times, now with {dead.count() - 1} others", flush=True)
            _change(dead, leased_until=timezone.now())
        ring(REFRESH)
        is_failed = row.filter(state="failed").exists()
        return is_failed and not others.filter(read_at=None).exists()

    wait_until(is_over, 900, 2)
    states = Counter(_rows().values_list("state", flat=True))
    (state, problem) = row.values_list("state", "problem").get()
    reasons = list(
        apps.get_model("github", "Failure")
        .objects.filter(repository__in=row)
        .values_list("reason", flat=True)
    )
    print(
        f"after {time.monotonic() - started:.0f} s: {github.starts} deaths; {github.deadly} is {state}: {problem}"
    )
    print(f"states {dict(states)}; failures noted: {reasons}")
    tasks = apps.get_model("core", "TaskFailure").objects.values_list("task", "reason")
    print(f"failed tasks: {list(tasks)}")
    wrong = [other.full_name for other in others if not _is_right(other, github)]
    return {
        f"it was started at most {MOST_STARTS} times": 0 < github.starts <= MOST_STARTS,
        "it is shown as failed, with a reason": state == "failed" and bool(problem) and bool(reasons),
        "all others were read": states["ok"] + states["archived"] == REPOSITORIES - 1 and not wrong,
        "the worker itself lives": worker.poll() is None,
        "never more than one request at a time": github.most_at_once == 1,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--poison", action="store_true")
    arguments = parser.parse_args()
    with (
        DeadlyGitHub(seconds_per_request=SECONDS_PER_REQUEST) as github,
        own_site(GITHUB_API_URL=github.url, GITHUB_TOKEN=TOKEN) as (site, _),
    ):
        _fill(github)
        bars = (
            poison(site, github)
            if arguments.poison
            else kill_workers(site, github, arguments.kills, arguments.seed)
        )
        if not all(bars.values()):
            for log in sorted(site.folder.glob("*.log")):
                sys.stderr.write(f"--- {log.name}\n{log.read_text(errors='replace')[-4000:]}\n")
    for bar, is_met in bars.items():
        print(f"{'met   ' if is_met else 'MISSED'} {bar}")
    sys.exit(not all(bars.values()))


if __name__ == "__main__":
    main()
