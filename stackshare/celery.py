"""The Celery application. Its settings are the `CELERY_*` ones in `stackshare/settings.py`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stackshare.settings")

app = Celery("stackshare")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
