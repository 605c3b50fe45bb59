"""A million views of threads, and `kill -9` of who stores them, again and again: none is lost, none counted twice.

Starts a PostgreSQL and a Redis of its own. Several processes count views as a page does, some readers twice;
another stores them without a pause, as a worker does each minute, and is killed at moments drawn by `--seed`:

    python bench/views.py --views 1000000 --kills 100

Some minutes, thirty at most. Exits with 1 unless each thread has as many views as it had readers.
"""

import argparse
import multiprocessing
import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from own_site import own_site

POSTS = 1_000
SENDERS = 3
# Of so many readers one comes back on the same day.
AGAIN = 10
# Seconds that a storing process lives, at most: long enough to be anywhere in its work.
LIFE = 1.5
LIMIT = 30 * 60
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

# Processes are forked off one that has loaded Django, and no connection yet.
_forked = multiprocessing.get_context("fork")


def send(posts: list[int], first: int, last: int) -> None:
    """Count the views `first` to `last`: of each thread in turn, by one reader after the other."""
    from django.contrib.auth.models import AnonymousUser
    from django.http import HttpRequest
    from django.utils import timezone

    from apps.advice.services import views

    # What is tried is storing; here nobody gives up waiting for a machine that has other things to do.
    views.PATIENCE = LIMIT
    nobody, now = AnonymousUser(), timezone.now()
    for number in range(first, last):
        reader, index = divmod(number, len(posts))
        request = HttpRequest()
        request.method, request.user = "GET", nobody
        address = f"10.{reader >> 16}.{reader >> 8 & 255}.{reader & 255}"
        request.META = {"HTTP_USER_AGENT": AGENT, "REMOTE_ADDR": address}
        for _ in range(1 + (number % AGAIN == 0)):
            views.count_view(request, posts[index], at=now)


def store() -> None:
    from apps.advice.services.views import store_views

    while True:
        store_views()


def _left(client: Any) -> tuple[int, int]:
    """How many batches wait in Redis, and how many of them PostgreSQL has already."""
    from django.db import connection

    from apps.advice.models import ViewBatch
    from apps.advice.services import views

    ids = [raw.decode() for raw in client.smembers(views._BATCHES)]
    added = ViewBatch.objects.filter(pk__in=ids).count() if ids else 0
    # The next process is forked without it.
    connection.close()
    return len(ids), added


def kill_storers(redis_url: str, kills: int, seed: int, is_over: Any) -> Counter[str]:
    """Start and kill who stores, and say where it was hit; the last one lives until `is_over`."""
    import redis

    chance = random.Random(seed)  # noqa: S311 - the same moments in each run
    hits: Counter[str] = Counter()
    with redis.Redis.from_url(redis_url) as client:
        while not is_over():
            storer = _forked.Process(target=store, daemon=True)
            storer.start()
            if hits.total() == kills:
                while not is_over():
                    time.sleep(0.2)
            else:
                time.sleep(chance.uniform(0, LIFE))
            os.kill(storer.pid or 0, signal.SIGKILL)
            storer.join()
            if hits.total() < kills:
                batches, added = _left(client)
                hits[
                    "after adding" if added else "with a batch to add" if batches else "between batches"
                ] += 1
    return hits


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--views", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with own_site() as (_, redis):
        missed = _try(redis.url, arguments.views, arguments.kills, arguments.seed)
    sys.exit(missed)


def _try(redis_url: str, views: int, kills: int, seed: int) -> bool:
    from django.db import connections

    from apps.advice.models import Post, ViewBatch
    from apps.advice.services.views import store_views
    from tests.factories.advice import PostFactory
    from tests.factories.tools import ToolFactory

    posts = sorted(post.pk for post in PostFactory.create_batch(POSTS, tool=ToolFactory(), author=None))
    connections.close_all()
    started = time.monotonic()
    share = -(-views // SENDERS)
    senders = [
        _forked.Process(target=send, args=(posts, at, min(at + share, views)), daemon=True)
        for at in range(0, views, share)
    ]
    for sender in senders:
        sender.start()

    def is_over() -> bool:
        return not any(s.is_alive() for s in senders) or time.monotonic() - started > LIMIT

    hits = kill_storers(redis_url, kills, seed, is_over)
    seconds = time.monotonic() - started
    failed = sum(sender.exitcode != 0 for sender in senders)
    store_views()
    counts = dict(Post.objects.values_list("pk", "view_count"))
    right = {post: len(range(index, views, POSTS)) for index, post in enumerate(posts)}
    wrong = [post for post in posts if counts[post] != right[post]]
    stored = sum(counts.values())
    print(f"{views:,} views by as many readers in {seconds:.0f} s: {views / seconds:,.0f}/s")
    print(f"{hits.total()} kills: {dict(hits)}; {ViewBatch.objects.count():,} batches")
    print(f"{stored:,} stored, difference {stored - views:+,}, {len(wrong)} of {POSTS} threads wrong")
    bars = {
        "every view is stored, none twice": stored == views and not wrong,
        f"who stores was killed {kills} times while views came": hits.total() == kills and not failed,
    }
    for bar, is_met in bars.items():
        print(f"{'met   ' if is_met else 'MISSED'} {bar}")
    return not all(bars.values())


if __name__ == "__main__":
    main()
