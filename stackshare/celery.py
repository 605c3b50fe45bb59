"""The Celery application. Its settings are the `CELERY_*` ones in `stackshare/settings.py`."""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stackshare.settings")

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
