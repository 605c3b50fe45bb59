"""What ten years of daily snapshots of 10,000 repositories cost: space, a day's writing, a chart, the growth of all.

Needs a PostgreSQL where it may make a database of its own, which it drops in the end (5 GB, some ten minutes):

    DATABASE_URL=... DEVELOPMENT=1 python bench/snapshots.py [--repositories 10000] [--days 3650]

The rows are written day after day, as the workers do: in the table those of a day lie together, in the index those of a
repository. Prints figures; there is no bar.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import django

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stackshare.settings")
django.setup()

from django.db import connection  # noqa: E402

from apps.github.models import Repository, Snapshot  # noqa: E402
from apps.github.services.growth import measure_growth  # noqa: E402
from apps.tools.selectors import readings_of  # noqa: E402

DATABASE = "bench_snapshots"
LAST = date(2026, 11, 21)
# As many as the workers store at once.
BATCH = 50


def execute(sql: str, *parameters: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone() if cursor.description else None


def timed(what: str, function: Callable[[], Any]) -> Any:
    started = time.perf_counter()
    result = function()
    print(f"{what}: {time.perf_counter() - started:,.2f} s", flush=True)
    return result


def fill(repositories: int, days: int) -> None:
    """All but the last day, by days. Foreign keys are not looked up: that is no part of what is measured."""
    execute(
        "INSERT INTO github_repository (full_name, figures_source, latest_release, created_at)"
        " SELECT 'bench/r' || n, '', '', now() FROM generate_series(1, %s) AS n",
        repositories,
    )
    execute("SET session_replication_role = replica")
    step = 365
    for start in range(days, 0, -step):
        first, last = LAST - timedelta(days=start), LAST - timedelta(days=max(start - step + 1, 1))
        timed(
            f"days until {last}",
            lambda first=first, last=last: execute(
                "INSERT INTO github_snapshot (repository_id, date, stars, forks, watchers, open_issues)"
                " SELECT r.id, day, r.id %% 5000 + (day::date - date '2007-01-01') * (r.id %% 7), 100, 50, 10"
                " FROM generate_series(%s::timestamp, %s, '1 day') AS day, github_repository AS r"
                " ORDER BY day, r.id",
                first,
                last,
            ),
        )
    execute("SET session_replication_role = DEFAULT")
    timed("vacuum and analyse", lambda: execute("VACUUM ANALYZE github_snapshot"))


def write_day(ids: list[int], added: int) -> None:
    """What the workers write of a day: batches, each a statement and a transaction."""
    for at in range(0, len(ids), BATCH):
        Snapshot.objects.bulk_create(
            (
                Snapshot(
                    repository_id=pk, date=LAST, stars=20_000 + added, forks=9, watchers=9, open_issues=9
                )
                for pk in ids[at : at + BATCH]
            ),
            update_conflicts=True,
            unique_fields=["repository", "date"],
            update_fields=["stars", "forks", "watchers", "open_issues"],
        )


def charts(what: str, groups: list[list[Repository]]) -> None:
    """The readings of each group, as on a stackup of four tools."""
    times = []
    for group in groups:
        started = time.perf_counter()
        readings_of(group)
        times.append((time.perf_counter() - started) * 1000)
    print(f"chart of four, {what}: median {median(times):.1f} ms, longest {max(times):.1f} ms", flush=True)


def measure(repositories: int, days: int) -> None:
    timed(f"{repositories * (days - 1):,} rows", lambda: fill(repositories, days))
    table, index = execute("SELECT pg_relation_size('github_snapshot'), pg_indexes_size('github_snapshot')")
    print(f"table {table / 2**20:,.0f} MB, index {index / 2**20:,.0f} MB", flush=True)
    rows = list(Repository.objects.order_by("pk"))
    ids = [row.pk for row in rows]
    apart = len(rows) // 80
    groups = [[rows[(group + 20 * side) * apart] for side in range(4)] for group in range(20)]
    # What was cached goes out by reading something larger.
    execute("SELECT count(*), sum(stars) FROM github_snapshot")
    charts("not read before", groups)
    charts("read before", groups)
    timed(f"a day's {len(ids):,} snapshots", lambda: write_day(ids, 0))
    timed("the same once more, changed", lambda: write_day(ids, 5))
    for what in ("first", "again, nothing changed"):
        changed = timed(f"growth of all, {what}", measure_growth)
        print(f"  {changed:,} repositories changed", flush=True)
    timed("growth of a batch of 50", lambda: measure_growth(repositories=ids[:50]))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repositories", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=3650)
    options = parser.parse_args()
    usual = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = DATABASE
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        measure(options.repositories, options.days)
    finally:
        connection.creation.destroy_test_db(usual, verbosity=0)


if __name__ == "__main__":
    main()
