"""The clock: RedBeat's scheduler, which keeps in Redis what ran when, with a lock that only one beat has."""

import logging
from contextlib import suppress
from typing import Any

from redbeat import RedBeatScheduler
from redbeat.schedulers import get_redis
from redis.backoff import NoBackoff
from redis.exceptions import LockError, RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)


class Scheduler(RedBeatScheduler):  # type: ignore[misc] # It has no types.
    """Waits for its lock again where RedBeat's own ends with an error: Redis was away for long, or lost its data."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        try:
            return float(super().tick(*args, **kwargs))
        except LockError:
            logger.warning("The lock of beat is lost; waiting for it.")
            self.lock.acquire()
            # The schedule went with it, perhaps.
            self.setup_schedule()
            return 0

    def close(self) -> None:
        # Whoever stops beat must not wait for a Redis that is away.
        get_redis(self.app).set_retry(Retry(NoBackoff(), retries=0))
        with suppress(RedisError):
            super().close()
