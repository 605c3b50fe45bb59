"""Votes of many at once on a running site: one row for each person and thing, counters exact, no deadlock, no error.

Needs a site of this machine (`make run`) and its database in the environment, for the people, sessions and things to
vote on, which are made and at the end removed:

    DATABASE_URL=... REDIS_URL=... DEVELOPMENT=1 python bench/votes.py http://127.0.0.1:8000

First 1,000 votes of one person on one tool, then 10,000 of many people on tools and on pros and cons, up, down and
taken back, each by 64 clients. Stops after twenty minutes. Exits with 1 if a bar is missed: one row and +1, no drift,
no deadlock, a redirect in answer to each.
"""

import argparse
import os
import secrets
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import django

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stackshare.settings")
django.setup()

from allauth.account.models import EmailAddress  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.contrib.sessions.models import Session  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from apps.accounts.models import User  # noqa: E402
from apps.core.counters import recount  # noqa: E402
from apps.tools.models import Category, Point, Tool  # noqa: E402
from apps.votes.models import Vote  # noqa: E402

CLIENTS = 64
ONE_PERSON, MIXED = 1_000, 10_000
PEOPLE, AUTHORS, TOOLS, POINTS = 120, 20, 20, 100
# Seconds of one race, long enough for a machine that has other things to do.
LIMIT = 600
# Django takes a secret of 32 characters as it is.
TOKEN = secrets.token_hex(16)


class Cast(NamedTuple):
    """One request: whose session, on what, which value."""

    session: str
    path: str
    value: int


class World(NamedTuple):
    people: list[User]
    sessions: list[str]
    tools: list[Tool]
    points: list[Point]


@contextmanager
def made_world() -> Iterator[World]:
    """People who are established, their sessions, and things to vote on; removed in the end."""
    tag = secrets.token_hex(4)
    function = Category.objects.filter(level="function").first()
    if function is None:
        sys.exit("The site has no catalogue yet: start it once with `make run`.")
    joined = timezone.now() - timedelta(days=30)
    sessions: list[str] = []
    try:
        people = [
            User.objects.create(
                username=f"bench-{tag}-{n}", email=f"{tag}-{n}@example.org", date_joined=joined
            )
            for n in range(PEOPLE)
        ]
        for person in people:
            EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
            store = SessionStore()
            store[SESSION_KEY] = str(person.pk)
            store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
            store[HASH_SESSION_KEY] = person.get_session_auth_hash()
            store.create()
            sessions.append(str(store.session_key))
        tools = [
            Tool.objects.create(name=f"Bench {tag} {n}", slug=f"bench-{tag}-{n}", function=function)
            for n in range(TOOLS)
        ]
        points = [
            Point.objects.create(
                tool=tools[n % TOOLS],
                author=people[n % AUTHORS],
                kind="pro",
                about="1",
                text=f"Measured remark {n}",
            )
            for n in range(POINTS)
        ]
        yield World(people, sessions, tools, points)
    finally:
        Tool.objects.filter(slug__startswith=f"bench-{tag}-").delete()
        User.objects.filter(username__startswith=f"bench-{tag}-").delete()
        Session.objects.filter(session_key__in=sessions).delete()


def send(host: str, port: int, casts: list[Cast], deadline: float) -> Counter[int]:
    """Send the votes one after the other by one connection; answers how many of each status."""
    statuses: Counter[int] = Counter()
    http = HTTPConnection(host, port, timeout=60)
    for cast in casts:
        if time.monotonic() > deadline:
            break
        body = urlencode({"value": cast.value, "next": "/", "csrfmiddlewaretoken": TOKEN})
        cookies = f"{settings.SESSION_COOKIE_NAME}={cast.session}; {settings.CSRF_COOKIE_NAME}={TOKEN}"
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookies}
        http.request("POST", cast.path, body, headers)
        response = http.getresponse()
        response.read()
        statuses[response.status] += 1
    http.close()
    return statuses


def race(host: str, port: int, casts: list[Cast]) -> Counter[int]:
    """Send `casts` by all clients at once, and say how it went."""
    started = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        futures = [
            pool.submit(send, host, port, casts[at::CLIENTS], started + LIMIT) for at in range(CLIENTS)
        ]
        statuses = sum((future.result() for future in futures), Counter[int]())
    seconds = time.monotonic() - started
    print(
        f"{statuses.total():,} votes in {seconds:.1f} s, {statuses.total() / seconds:.0f}/s: {dict(statuses)}"
    )
    return statuses


def mixed_casts(world: World) -> list[Cast]:
    random = Random(1)  # noqa: S311 - the same votes in each run
    casts = []
    while len(casts) < MIXED:
        at = random.randrange(PEOPLE)
        # A third goes to one hot tool and one hot remark.
        index = 0 if random.random() < 1 / 3 else random.randrange(POINTS)
        if random.random() < 0.4:
            path, values = f"/votes/tool/{world.tools[index % TOOLS].pk}/", (1, 1, 0)
        else:
            point = world.points[index]
            if point.author_id == world.people[at].pk:
                continue
            path, values = f"/votes/point/{point.pk}/", (1, 1, -1, 0)
        casts.append(Cast(world.sessions[at], path, random.choice(values)))
    return casts


def deadlocks() -> int:
    # Each connection of the site hands in its figures when it is idle for a second.
    time.sleep(2)
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("address")
    url = urlsplit(parser.parse_args().address)
    if url.hostname not in ("127.0.0.1", "localhost", "::1"):
        sys.exit("Only sites of this machine are measured.")
    where: tuple[str, int] = (url.hostname, url.port or 80)
    bars: dict[str, Any] = {}
    with made_world() as world:
        deadlocked, drifted = deadlocks(), set(recount(dry_run=True))
        tool = world.tools[0]
        statuses = race(*where, [Cast(world.sessions[0], f"/votes/tool/{tool.pk}/", 1)] * ONE_PERSON)
        tool.refresh_from_db()
        rows = Vote.objects.filter(tool=tool).count()
        print(f"rows: {rows}, counter: {tool.vote_count:+d}")
        bars["one row and +1"] = (rows, tool.vote_count) == (1, 1)
        statuses += race(*where, mixed_casts(world))
        drift = set(recount(dry_run=True)) - drifted
        deadlocked = deadlocks() - deadlocked
        votes = Vote.objects.filter(voter__in=world.people).count()
        print(f"rows: {votes}, drift: {len(drift)}, deadlocks: {deadlocked}")
        bars["no drift"] = not drift
        bars["no deadlock"] = not deadlocked
        bars["every vote was sent, and answered by a redirect"] = statuses == {302: ONE_PERSON + MIXED}
    for bar, is_met in bars.items():
        print(f"{'met   ' if is_met else 'MISSED'} {bar}")
    sys.exit(not all(bars.values()))


if __name__ == "__main__":
    main()
