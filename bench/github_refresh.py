"""Reading 10,000 repositories by a Celery worker from a fake GitHub: how long, for how many points, never two at once.

Starts a PostgreSQL, a Redis, the worker of the Procfile and a fake GitHub of its own, each a process:

    python bench/github_refresh.py [--repositories 10000] [--seconds-per-request 0.5] [--faults]

Reads all by name, as on first contact, and then all by id. Rings once a minute, as beat does. Exits with 1 if either
takes more than 15 minutes or 250 points, if two requests were made at once, one before the permitted time, or if one
repository has not today's figures and exactly one snapshot. With `--faults` GitHub limits, fails, cuts off and
refuses batches as too large all the while, and a hundred repositories are not there: then there is no bar on time and
points, but everything else holds, and those that are there must all be read.
"""

import argparse
import json
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

sys.path.insert(0, str(Path(__file__).resolve().parent))
from own_site import ROOT, own_site

MINUTES, POINTS = 15, 250
# Seconds after which even a run with faults is given up.
LIMIT = 2400
NOT_THERE = 100
# One after the other, so many requests apart.
FAULTS: list[dict[str, Any]] = [
    {"kind": "502"},
    {"kind": "limited", "retry_after": 3},
    {"kind": "too_large"},
    {"kind": "cut"},
    {"kind": "429", "retry_after": 2},
    {"kind": "partial"},
    {"kind": "502", "times": 8},
    {"kind": "500"},
    {"kind": "not_json"},
    {"kind": "limited", "retry_after": 4, "as_status": 403},
    {"kind": "graphql_error"},
    {"kind": "hung_up"},
]
REQUESTS_A_FAULT = 4


class Fake:
    """The fake GitHub in its own process, as it tells of itself."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def state(self, fault: dict[str, Any] | None = None) -> dict[str, int]:
        """What it counted; with `fault`, that is what happens to the next request."""
        data = json.dumps(fault).encode() if fault else None
        with urlopen(Request(f"{self.url}/_fake", data=data), timeout=30) as answer:  # noqa: S310 - our own
            state: dict[str, int] = json.load(answer)
        return state


@contextmanager
def fake_github(repositories: int, seconds_per_request: float) -> Iterator[Fake]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.github.fake", f"--port={port}", f"--repositories={repositories}"]
    process = subprocess.Popen(
        [*command, f"--seconds-per-request={seconds_per_request}"], cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout  # noqa: S101 - it is a pipe
        process.stdout.readline()
        yield Fake(port)
    finally:
        process.terminate()
        process.wait()


def read_all(fake: Fake, *, healthy: int, faults: bool) -> tuple[float, int]:
    """Have the worker read what is due until all that is there was read; minutes and points that it took."""
    # Only now is Django set up.
    from django.utils import timezone

    from apps.github.models import Repository
    from stackshare.celery import app

    began, started, rung = timezone.now(), time.monotonic(), 0.0
    points, failed = fake.state()["points"], fake.state()["requests"]
    kinds = cycle(FAULTS)
    while time.monotonic() - started < LIMIT:
        if time.monotonic() - rung > 60:
            rung = time.monotonic()
            app.send_task("apps.github.tasks.refresh_due_repositories", ignore_result=True, expires=60)
        if faults and fake.state()["requests"] - failed >= REQUESTS_A_FAULT:
            failed = fake.state(next(kinds))["requests"]
        is_over = Repository.objects.filter(read_at__gt=began).count() >= healthy
        if is_over and not Repository.objects.overdue(timezone.now()).exists():
            break
        time.sleep(0.5)
    return (time.monotonic() - started) / 60, fake.state()["points"] - points


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repositories", type=int, default=10_000)
    parser.add_argument("--seconds-per-request", type=float, default=0.5)
    parser.add_argument("--faults", action="store_true")
    options = parser.parse_args()
    count: int = options.repositories
    bars: dict[str, bool] = {}
    with (
        fake_github(count, options.seconds_per_request) as fake,
        own_site(GITHUB_API_URL=fake.url, GITHUB_TOKEN="ghp_fake") as (site, _),  # noqa: S106 - the fake's
    ):
        from django.db.models import Count
        from django.db.models.functions import Now
        from django.utils import timezone

        from apps.github.models import Failure, Repository, Snapshot

        names = [f"owner-{number // 10}/repository-{number}" for number in range(count)]
        names += [f"not/there-{number}" for number in range(NOT_THERE if options.faults else 0)]
        Repository.objects.bulk_create(Repository(full_name=name) for name in names)
        site.start("github")
        first_day = timezone.now().date()
        for how in ("by name", "by id"):
            Repository.objects.update(due_at=Now())
            minutes, points = read_all(fake, healthy=count, faults=options.faults)
            print(f"{how}: {minutes:.1f} minutes, {points} points")
            if not options.faults:
                bars[f"{how} in {MINUTES} minutes"] = minutes <= MINUTES
                bars[f"{how} for {POINTS} points"] = points <= POINTS
        state = fake.state()
        updated = Repository.objects.filter(state__in=["ok", "archived"], figures_on__gte=first_day).count()
        often = (
            Snapshot.objects.values("repository", "date").annotate(rows=Count("*")).filter(rows__gt=1).count()
        )
        missed = Repository.objects.filter(
            full_name__startswith="not/", stars=None, missing_count__gt=0
        ).count()
        kinds = Counter(Failure.objects.values_list("kind", flat=True))
        print(f"updated: {updated:,}, snapshots: {Snapshot.objects.count():,}, doubled: {often}")
        print(f"requests: {state['requests']}, most at once: {state['most_at_once']}, ", end="")
        print(f"too early: {state['too_early']}, failures: {dict(kinds)}")
        bars["every repository that is there was updated"] = updated == count
        bars["every one has a snapshot of each day"] = (
            not often and Snapshot.objects.values("repository").distinct().count() == count
        )
        bars["never more than one request at a time"] = state["most_at_once"] == 1
        bars["no request before the permitted time"] = not state["too_early"]
        bars["what is not there has no figures"] = missed == len(names) - count
    for bar, is_met in bars.items():
        print(f"{'met   ' if is_met else 'MISSED'} {bar}")
    sys.exit(not all(bars.values()))


if __name__ == "__main__":
    main()
