"""What reading the feed costs in the database: a million posts, a person who follows 500 tools and 500 people.

Starts a PostgreSQL of its own, fills it (some six minutes) and stops it in the end:

    python bench/feed.py [--posts 1000000] [--reads 400] [--folder DIR]

With `--folder` the data stay there, and the next run uses them. Tools and people are as popular as in life: the best
known tool has one post in twenty-five. Prints the time that PostgreSQL plans and executes for, by its own clock: with
nothing in its memory after a start, then warm, over pages 1 to 5, of that person and of others who follow less; and how
much of the processor that took, which is the same on a busy machine. Exits with 1 if the 95th percentile of either is
above the bar: measure on a machine that has nothing else to do.
"""

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from stackshare.embedded import servers  # noqa: E402

BAR_MS = 60
PAGES = 5
TOOLS, PEOPLE, OTHERS = 3_000, 20_000, 100
FOLLOWED = 500
# The last posts come while others read: no vacuum has seen them.
UNSEEN = 20_000

# Which tool or person it is: the first ones most often. "n" makes each row have its own.
TOOL = f"(1 + floor({TOOLS} * random() ^ 2.5 + 0 * n))::bigint"
PERSON = f"(1 + floor({PEOPLE} * random() ^ 2 + 0 * n))::bigint"

# The numbers of the first and the last post go into each.
FILL = (
    f"""
    INSERT INTO advice_post (
        id, kind, title, slug, body, html, author_id, tool_id, created_at, changed_at, team_size, stage, scale,
        constraints, since, again, up_count, down_count, reply_count, view_count, version, is_feed_due, is_telling_due
    )
    SELECT
        n, CASE WHEN n %% 3 = 0 THEN 'decision' ELSE 'advice' END, 'Question number ' || n, 'question-' || n, 'Text',
        '<p>Text</p>', {PERSON}, {TOOL}, at, at, '', '', '', '', '', '', 0, 0, 0, 0, 1, false, false
    FROM (
        SELECT n, '2024-01-01'::timestamptz + n * interval '80 seconds' AS at
        FROM generate_series(%(first)s, %(last)s) AS n
    ) AS numbers
    """,  # noqa: S608 - numbers of ours
    """
    INSERT INTO pages_event (id, kind, actor_id, post_id, changes, created_at)
    SELECT id, 'post', author_id, id, '{}', created_at FROM advice_post
    WHERE id BETWEEN %(first)s AND %(last)s ORDER BY id
    """,
    f"""
    INSERT INTO pages_eventsubject (event_id, tool_id, person_id)
    SELECT id, tool_id, NULL::bigint FROM advice_post WHERE id BETWEEN %(first)s AND %(last)s
    UNION SELECT n, {TOOL}, NULL FROM generate_series(%(first)s, %(last)s) AS n
    UNION SELECT n, {TOOL}, NULL FROM generate_series(%(first)s, %(last)s) AS n WHERE n %% 2 = 0
    UNION SELECT id, NULL, author_id FROM advice_post WHERE id BETWEEN %(first)s AND %(last)s
    ORDER BY 1
    """,  # noqa: S608
)


def execute(sql: str, parameters: Any = None) -> list[Any]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def fill(posts: int) -> None:
    from django.core.management import call_command

    from apps.accounts.models import PersonFollow, User
    from apps.tools.models import Category, Tool, ToolFollow

    started = time.perf_counter()
    call_command("migrate", verbosity=0)
    chance = random.Random(6)  # noqa: S311 - the same each time
    layer = Category.objects.create(level="layer", slug="layer", name="Layer")
    category = Category.objects.create(level="category", slug="category", name="Category", parent=layer)
    function = Category.objects.create(level="function", slug="function", name="Function", parent=category)
    Tool.objects.bulk_create(
        Tool(id=n, name=f"Tool {n}", slug=f"tool-{n}", function=function) for n in range(1, TOOLS + 1)
    )
    User.objects.bulk_create(
        User(id=n, username=f"person-{n}", email=f"{n}@example.org") for n in range(1, PEOPLE + 1)
    )
    for reader in range(1, OTHERS + 2):
        # The first one follows 500 of each, the best known hundred among them; others as many as it comes.
        count = FOLLOWED if reader == 1 else chance.randint(1, 150)
        known = range(1, 101 if reader == 1 else 2)
        tools = {*known, *(1 + int(TOOLS * chance.random() ** 1.5) for _ in range(10 * count))}
        people = {*known, *(1 + int(PEOPLE * chance.random() ** 1.5) for _ in range(10 * count))} - {reader}
        ToolFollow.objects.bulk_create(
            ToolFollow(person_id=reader, tool_id=tool) for tool in sorted(tools, key=_mixed)[:count]
        )
        PersonFollow.objects.bulk_create(
            PersonFollow(follower_id=reader, person_id=one) for one in sorted(people, key=_mixed)[:count]
        )
    # Nothing here searches, and what these rows refer to is there.
    execute("DROP INDEX post_by_words; SET session_replication_role = replica")
    for first in range(1, posts + 1, UNSEEN):
        last = min(first + UNSEEN - 1, posts)
        if first + UNSEEN > posts:
            execute("VACUUM ANALYZE")
        for sql in FILL:
            execute(sql, {"first": first, "last": last})
        print(f"\r{last:,} posts", end="", flush=True, file=sys.stderr)
    execute("SET session_replication_role = origin; CHECKPOINT")
    print(f"\nFilled in {time.perf_counter() - started:,.0f} s")


def _mixed(number: int) -> tuple[bool, int]:
    """The hundred best known first, the others in an order that has nothing to do with how well known they are."""
    return (number > 100, number * 7919 % 20011)


class Took(NamedTuple):
    """Milliseconds, by the clock and of the processor; the latter is 0 where the system does not say (not Linux)."""

    clock: float
    processor: float


def processor_ms() -> float:
    """What the connection's process in PostgreSQL has used so far."""
    ((pid,),) = execute("SELECT pg_backend_pid()")
    file = Path(f"/proc/{pid}/schedstat")
    return int(file.read_text().split()[0]) / 1e6 if file.exists() else 0


def read(reader: int, pages: int = PAGES) -> list[Took]:
    """What each of the pages took, the newest first."""
    from apps.accounts.models import User
    from apps.pages.selectors import EVENTS_SQL, NEWEST, READ_EVENTS, events_for

    before, times = NEWEST, []
    for _ in range(pages):
        values = {"reader": reader, "before": before, "limit": READ_EVENTS}
        used = processor_ms()
        ((plan,),) = execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {EVENTS_SQL}", values)
        (told,) = json.loads(plan) if isinstance(plan, str) else plan
        # With what asking for it takes, some hundredths.
        times.append(Took(told["Planning Time"] + told["Execution Time"], processor_ms() - used))
        before = min(events_for(User(pk=reader), before=before, limit=READ_EVENTS), default=0)
    return times


def show(what: str, took: list[Took]) -> bool:
    """Print medians, 95th percentiles and the longest; answers whether the bar is kept."""
    print(f"{what}, {len(took)} reads:")
    kept = True
    for name, column in zip(Took._fields, zip(*took, strict=True), strict=True):
        times = sorted(column)
        p95 = times[int(len(times) * 0.95)]
        print(f"  {name}: p50 {times[len(times) // 2]:.1f} ms, p95 {p95:.1f} ms, max {times[-1]:.1f} ms")
        kept &= p95 <= BAR_MS
    return kept


def measure(reads: int) -> bool:
    """Whether the bar is kept. PostgreSQL has just started."""
    from apps.pages.models import EventSubject
    from apps.pages.selectors import EVENTS_SQL, NEWEST, READ_EVENTS

    show("Cold, 500 tools and 500 people", read(1))
    print(f"{EventSubject.objects.count():,} subjects of events")
    kept = show("Warm, 500 tools and 500 people", [one for _ in range(reads // PAGES) for one in read(1)])
    less = [one for reader in range(2, OTHERS + 2) for one in read(reader)]
    kept &= show("Warm, others who follow 1 to 150 of each", less)
    values = {"reader": 1, "before": NEWEST, "limit": READ_EVENTS}
    print(*(line for (line,) in execute(f"EXPLAIN (ANALYZE, BUFFERS) {EVENTS_SQL}", values)), sep="\n")
    return kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--posts", type=int, default=1_000_000)
    parser.add_argument("--reads", type=int, default=400)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="stackshare-bench-"))
    folder.mkdir(exist_ok=True)
    # PostgreSQL may have to run as another user.
    folder.chmod(0o711)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stackshare.settings")
    os.environ["DEVELOPMENT"] = "1"
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    try:
        with servers(var=folder) as addresses:
            os.environ |= {"DATABASE_URL": addresses.database_url, "REDIS_URL": addresses.redis_url}
            django.setup()
            if not (folder / "filled").exists():
                fill(options.posts)
                (folder / "filled").touch()
            _close()
            del os.environ["DATABASE_URL"], os.environ["REDIS_URL"]
        with servers(var=folder):
            kept = measure(options.reads)
            _close()
    finally:
        if not options.folder:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if kept else 1)


def _close() -> None:
    from django.db import connection

    connection.close()


if __name__ == "__main__":
    main()
