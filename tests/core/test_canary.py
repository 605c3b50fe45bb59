from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from apps.core.models import Heartbeat
from apps.core.tasks import canary

pytestmark = pytest.mark.django_db


def test_canary_notes_when_it_ran_and_once_for_each_queue() -> None:
    long_ago = timezone.now() - timedelta(days=1)
    Heartbeat.objects.create(queue="people", ran_at=long_ago)
    Heartbeat.objects.create(queue="github", ran_at=long_ago)

    canary("people")
    canary("people")
    canary("celery")

    seen = dict(Heartbeat.objects.values_list("queue", "ran_at"))
    assert set(seen) == {"people", "celery", "github"}
    assert seen["github"] == long_ago
    assert min(seen["people"], seen["celery"]) > timezone.now() - timedelta(hours=1)


def test_canary_goes_to_every_queue_each_minute() -> None:
    sent = [entry for entry in settings.CELERY_BEAT_SCHEDULE.values() if entry["task"] == canary.name]

    assert [entry["args"] for entry in sent] == [[queue] for queue in settings.QUEUES]
    for entry, queue in zip(sent, settings.QUEUES, strict=True):
        # One that no worker took within its minute is gone when the next one comes.
        assert entry["options"] == {"queue": queue, "expires": 60}
        assert entry["schedule"] == timedelta(minutes=1)
