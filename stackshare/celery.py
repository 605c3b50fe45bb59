"""The Celery application. Its settings are the `CELERY_*` ones in `stackshare/settings.py`."""

import os
from typing import Any

import redis
from celery import Celery
from django.conf import settings
from kombu.transport import redis as redis_transport

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stackshare.settings")


class Channel(redis_transport.Channel):
    """Kombu's channel to Redis, without the fault by which a worker ended when Redis died while a task was under way.

    A message that is not acknowledged yet makes a lost channel look for the connection that it had. None is left, and
    the AttributeError is no error that kombu and Celery expect of a broker; this one is, and the worker connects anew.
    """

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        if self.connection is None or self.connection.client is None:
            raise redis.ConnectionError("The connection of this channel is lost.")
        return dict(super()._connparams(asynchronous=asynchronous))  # type: ignore[misc] # Its types leave it out.


redis_transport.Transport.Channel = Channel

app = Celery("stackshare")
app.config_from_object("django.conf:settings", namespace="CELERY")
# RedBeat asks for its settings by names of its own, and takes the broker's options where they only bear the prefix.
app.add_defaults(
    lambda: {
        "redbeat_redis_url": settings.CELERY_REDBEAT_REDIS_URL,
        "redbeat_redis_options": settings.CELERY_REDBEAT_REDIS_OPTIONS,
    }
)
app.autodiscover_tasks()
