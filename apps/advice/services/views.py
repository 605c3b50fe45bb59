"""Counting who reads a thread: in Redis, added to PostgreSQL in batches by a worker.

A reader counts once for a thread and day. Redis keeps of them a digest, of a secret and the day, for no longer than
that; never an address.
"""

import ipaddress
import logging
import time
import zlib
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache, lru_cache
from uuid import UUID, uuid4

import redis
from crawleruseragents import is_crawler
from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from apps.accounts.models import User
from apps.advice.models import Post, ViewBatch
from apps.core.limits import client_address

logger = logging.getLogger(__name__)

# Seconds that a page waits for Redis, which answers within milliseconds or not at all.
PATIENCE = 0.25
# Seconds for which a process leaves a Redis alone that did not answer.
RETRY_SECONDS = 10
# Different browsers behind one address, on one thread and day. An office is counted too low; who counts themselves up
# by inventing names of browsers, not much too high.
READERS_OF_ADDRESS = 16
# A longer name of a browser is read up to here.
AGENT_CHARACTERS = 300
# How long a reader is known: until the day is over, wherever in it that was.
SEEN_SECONDS = 25 * 60 * 60
# A batch that was stored is known far longer than Redis could hold it, or come back with it out of a backup.
BATCHES_KEPT = timedelta(days=60)

_PREFIX = "stackshare:views"
# Hash: thread to views since the last batch.
_COUNTS = f"{_PREFIX}:counts"
# Set: ids of the batches that are not in PostgreSQL, or not known to be.
_BATCHES = f"{_PREFIX}:batches"

# Each of these runs whole or not at all. KEYS: who was seen, counts; ARGV: reader, seconds, thread.
_COUNT = """
if redis.call('SADD', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('HINCRBY', KEYS[2], ARGV[3], 1)
return 1
"""
# KEYS: counts, the new batch, ids of batches; ARGV: id of the new batch. Answers the ids, old and new.
_CUT = """
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('RENAME', KEYS[1], KEYS[2])
  redis.call('SADD', KEYS[3], ARGV[1])
end
return redis.call('SMEMBERS', KEYS[3])
"""

_ADD = """
UPDATE advice_post SET view_count = view_count + counted.views
FROM unnest(%s::bigint[], %s::bigint[]) AS counted (post, views)
WHERE id = counted.post
"""

# By the Redis asked: when it may be asked again.
_away_until: dict[str, float] = {}


def count_view(
    request: HttpRequest, post_id: int, *, author_id: int | None = None, at: datetime | None = None
) -> None:
    """Count one reader of the thread, once a day; robots and the author not at all. `at`: when, if not now.

    Redis away: nothing is counted, and it is not asked again for `RETRY_SECONDS`. Never raises.
    """
    url: str = settings.BROKER_URL
    if not _is_reading(request) or time.monotonic() < _away_until.get(url, 0):
        return
    who = request.user
    if isinstance(who, User) and who.pk == author_id:
        return
    day = (at or timezone.now()).date().isoformat()
    reader = f"person {who.pk}" if isinstance(who, User) else _passer_by(request)
    digest = salted_hmac(f"{__name__} {day}", reader, algorithm="sha256").digest()[:8]
    try:
        _counting(url)(
            keys=[f"{_PREFIX}:seen:{day}:{post_id}", _COUNTS], args=[digest, SEEN_SECONDS, post_id]
        )
    except redis.RedisError as error:
        logger.warning("Views are not counted: Redis does not answer (%s).", error)
        _away_until[url] = time.monotonic() + RETRY_SECONDS


def _is_reading(request: HttpRequest) -> bool:
    """Whether a person has the whole page before them: no part of one, none in advance, no robot."""
    headers = request.headers
    agent = headers.get("User-Agent", "")[:AGENT_CHARACTERS]
    in_advance = f"{headers.get('Sec-Purpose', '')} {headers.get('Purpose', '')} {headers.get('X-Moz', '')}"
    return (
        request.method == "GET"
        and "HX-Request" not in headers
        and "prefetch" not in in_advance.lower()
        and not _is_robot(agent)
    )


# A thousand patterns; most readers have one of few browsers.
@lru_cache(maxsize=1024)
def _is_robot(agent: str) -> bool:
    return not agent or is_crawler(agent)


def _passer_by(request: HttpRequest) -> str:
    """Who has no account: the address, of IPv6 the network that a household has, and one of some browsers there."""
    address = client_address(request)
    if ":" in address:
        # Proxies may write what they like.
        with suppress(ValueError):
            address = str(ipaddress.ip_network((address, 64), strict=False))
    agent = request.headers.get("User-Agent", "")[:AGENT_CHARACTERS]
    return f"{address} {zlib.crc32(agent.encode(errors='replace')) % READERS_OF_ADDRESS}"


@cache
def _counting(url: str) -> "redis.commands.core.Script":
    client = redis.Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=None)
    return client.register_script(_COUNT)


def store_views() -> int:
    """Add what was counted to the threads; answers how many views. For a worker.

    It may be killed at any time and run twice at once: what was counted becomes a batch with an id, PostgreSQL keeps
    the id together with what it adds, and only then the batch goes. Redis away: the next run goes on.
    """
    try:
        with redis.Redis.from_url(
            settings.BROKER_URL, socket_timeout=5, socket_connect_timeout=3, retry=None
        ) as client:
            stored = sum(store_batch(client, batch) for batch in cut_batch(client))
    except redis.RedisError as error:
        logger.warning("Views are not stored: Redis does not answer (%s).", error)
        return 0
    # Once none is left in Redis that one of these might be.
    ViewBatch.objects.filter(stored_at__lt=timezone.now() - BATCHES_KEPT).delete()
    return stored


def cut_batch(client: redis.Redis) -> list[UUID]:
    """Make a batch of what was counted since the last one; answers all that wait, those of killed runs too."""
    batch = uuid4()
    ids = client.register_script(_CUT)(keys=[_COUNTS, _key(batch), _BATCHES], args=[str(batch)])
    return sorted(UUID(raw.decode()) for raw in ids)


def store_batch(client: redis.Redis, batch: UUID) -> int:
    """Add a batch to the threads unless that was done before, and forget it; answers how many views were added."""
    counts = {int(post): int(views) for post, views in client.hgetall(_key(batch)).items()}
    stored = add_batch(batch, counts)
    with client.pipeline() as pipeline:
        pipeline.delete(_key(batch))
        pipeline.srem(_BATCHES, str(batch))
        pipeline.execute()
    return stored


@transaction.atomic
def add_batch(batch: UUID, counts: dict[int, int]) -> int:
    """Add views, by thread, unless the batch is known; answers how many. Threads that are gone are none's."""
    # Of two who do this at once one waits here, and then finds it.
    _, is_new = ViewBatch.objects.get_or_create(pk=batch)
    if not is_new or not counts:
        return 0
    # In the order of their ids, so that two batches wait for each other in one direction only.
    posts = Post.objects.select_for_update(no_key=True).filter(pk__in=list(counts)).order_by("pk")
    there = list(posts.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [there, [counts[pk] for pk in there]])
    return sum(counts[pk] for pk in there)


def _key(batch: UUID) -> str:
    return f"{_PREFIX}:batch:{batch}"
