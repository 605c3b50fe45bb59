"""A cache in Redis that goes on in PostgreSQL while Redis is away."""

import logging
import time
from typing import Any

import redis
from django.core.cache import caches
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.redis import RedisCache

logger = logging.getLogger(__name__)

# Seconds for which a process leaves a Redis alone that did not answer: each try may wait for a time-out.
RETRY_SECONDS = 5


class FallbackCache(BaseCache):
    """Django's Redis cache; on its errors the cache named by `OPTIONS["fallback"]`.

    What one of them holds the other does not know: for counters of attempts, which start anew then.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        options = dict(params.get("OPTIONS", {}))
        self._fallback: str = options.pop("fallback")
        self._redis = RedisCache(server, params | {"OPTIONS": options})
        self._away_until = 0.0

    def _call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= self._away_until:
            try:
                return getattr(self._redis, method)(*args, **kwargs)
            except redis.RedisError as error:
                logger.warning("Redis does not answer (%s); the cache goes on in PostgreSQL.", error)
                self._away_until = time.monotonic() + RETRY_SECONDS
        return getattr(caches[self._fallback], method)(*args, **kwargs)

    def add(
        self, key: str, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        return bool(self._call("add", key, value, timeout, version=version))

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._call("get", key, default, version=version)

    def set(
        self, key: str, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        self._call("set", key, value, timeout, version=version)

    def touch(self, key: str, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(self._call("touch", key, timeout, version=version))

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(self._call("delete", key, version=version))

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        return int(self._call("incr", key, delta, version=version))

    def clear(self) -> None:
        self._call("clear")
