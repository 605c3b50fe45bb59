"""How often somebody may do something: counted in Redis, by the `limits` library."""

import logging
import math
import time
from functools import cache

import redis
from django.conf import settings
from django.http import HttpRequest
from limits import parse
from limits.storage import storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter

logger = logging.getLogger(__name__)


@cache
def _limiter() -> SlidingWindowCounterRateLimiter:
    url = settings.REDIS_URL.replace("unix://", "redis+unix://", 1)
    storage = storage_from_string(
        url, socket_timeout=1, socket_connect_timeout=1, key_prefix="stackshare:limits"
    )
    return SlidingWindowCounterRateLimiter(storage)


def is_allowed(action: str, who: str, limit: str) -> bool:
    """Count one more `action` of `who` and say whether `limit` ("5/hour") allows it.

    With Redis away the answer is yes: nobody shall be locked out by a fault of ours.
    """
    try:
        return _limiter().hit(parse(limit), action, who)
    except redis.RedisError as error:
        logger.warning("No limit on %s: Redis does not answer (%s).", action, error)
        return True


def seconds_to_wait(action: str, who: str, limit: str) -> int:
    """In how many seconds `limit` will have forgotten what it counted, after `is_allowed` said no; at least 1."""
    try:
        reset = _limiter().get_window_stats(parse(limit), action, who).reset_time
    except redis.RedisError:
        return 1
    return max(1, math.ceil(reset - time.time()))


def client_address(request: HttpRequest) -> str:
    """The address that the request comes from, past the proxies that `TRUSTED_PROXY_COUNT` says are ours."""
    proxies: int = settings.TRUSTED_PROXY_COUNT
    forwarded = [
        part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()
    ]
    if proxies and len(forwarded) >= proxies:
        return forwarded[-proxies]
    return str(request.META.get("REMOTE_ADDR", ""))
