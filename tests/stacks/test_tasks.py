import pytest
from celery.schedules import crontab
from django.conf import settings

from apps.stacks import tasks
from stackshare.celery import app

pytestmark = pytest.mark.django_db

NAMES = (
    "read_due_repositories",
    "check_due_proofs",
    "rank_due_stacks",
    "rank_all_stacks",
    "measure_adoption",
    "find_companions",
    "forget_old_readings",
    "forget_old_proofs",
)


@pytest.mark.parametrize("name", NAMES)
def test_task_with_nothing_to_do_is_harmless(name: str) -> None:
    assert getattr(tasks, name)() is None


@pytest.mark.parametrize("name", NAMES)
def test_task_is_in_the_schedule(name: str) -> None:
    entries = [
        one for one in settings.CELERY_BEAT_SCHEDULE.values() if one["task"] == f"apps.stacks.tasks.{name}"
    ]

    assert len(entries) == 1
    is_nightly = isinstance(entries[0]["schedule"], crontab)
    assert is_nightly or entries[0]["options"]["expires"] <= 60


@pytest.mark.parametrize(
    ("name", "queue"),
    [("check_due_proofs", "people"), ("rank_all_stacks", "celery")],
)
def test_task_has_its_queue(name: str, queue: str) -> None:
    route = app.amqp.router.route({}, f"apps.stacks.tasks.{name}")

    assert route["queue"].name == queue
