"""Failures of tasks are kept, whatever else is broken."""

from datetime import timedelta
from typing import Any

import pytest
from billiard.exceptions import WorkerLostError
from celery.app.task import Context
from celery.signals import task_failure, task_revoked
from django.db import IntegrityError, connection, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.core.failures import forget_old_failures
from apps.core.models import Heartbeat, TaskFailure
from apps.core.tasks import recount
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

ID = "8dd4a4b2-1f0d-4e4b-9a2c-0f6e6f1d2c3b"


def fail(exception: BaseException) -> None:
    """As Celery says it, in the process of the task or, for one whose process died, in the worker's own."""
    task_failure.send(sender=recount, task_id=ID, exception=exception)


def kept() -> list[tuple[str, str, str]]:
    return list(TaskFailure.objects.values_list("task", "task_id", "reason"))


def test_failure_of_a_task_is_kept_with_its_reason() -> None:
    fail(KeyError("nothing here"))

    assert kept() == [("apps.core.tasks.recount", ID, "KeyError('nothing here')")]
    assert TaskFailure.objects.get().at > timezone.now() - timedelta(hours=1)


def test_task_that_lost_its_worker_is_kept() -> None:
    fail(WorkerLostError("Worker exited prematurely: signal 9 (SIGKILL)."))

    assert "signal 9" in kept()[0][2]


def test_failure_is_kept_when_its_connection_is_amidst_a_broken_transaction() -> None:
    UserFactory(username="alice")
    with transaction.atomic():
        with pytest.raises(IntegrityError) as error:
            # Not undone by a savepoint, so that PostgreSQL takes nothing more.
            User.objects.bulk_create([User(username="alice", email="alice@example.org")])
        fail(error.value)
        transaction.set_rollback(True)

    assert "IntegrityError" in kept()[0][2]


def test_failure_is_kept_when_its_connection_is_closed() -> None:
    connection.ensure_connection()
    connection.connection.close()

    fail(ValueError("x"))

    connection.close()
    assert len(kept()) == 1


def test_failure_that_postgresql_would_not_take_is_kept_in_part() -> None:
    fail(ValueError("a\0b" + "x" * 1000))

    (row,) = kept()
    assert "\0" not in row[2]
    assert len(row[2]) == 500


def test_worker_goes_on_when_the_database_is_away(
    dead_port: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch:
        for name, value in {"HOST": "127.0.0.1", "PORT": str(dead_port), "OPTIONS": {}}.items():
            patch.setitem(connections.settings["default"], name, value)
        fail(ValueError("x"))

    assert kept() == []
    assert "The failure of apps.core.tasks.recount could not be kept." in caplog.text


@pytest.mark.parametrize(
    ("retries", "expired", "count"),
    [(2, True, 1), (0, True, 0), (2, False, 0)],
    ids=["tried", "new", "ended"],
)
def test_message_that_ran_out_is_a_failure_only_if_its_task_killed_a_process(
    retries: int, expired: bool, count: int
) -> None:
    request = Context(id=ID, retries=retries)

    task_revoked.send(sender=recount, request=request, terminated=False, signum=None, expired=expired)

    assert len(kept()) == count


def test_failures_are_forgotten_after_thirty_days() -> None:
    for days in (29, 31):
        fail(ValueError(str(days)))
        TaskFailure.objects.filter(reason=f"ValueError('{days}')").update(
            at=timezone.now() - timedelta(days=days)
        )

    assert forget_old_failures() == 1
    assert kept()[0][2] == "ValueError('29')"


def test_nightly_task_forgets_failures() -> None:
    fail(ValueError("x"))
    TaskFailure.objects.update(at=timezone.now() - timedelta(days=31))

    recount()

    assert kept() == []


@pytest.mark.parametrize(("name", "word"), [("taskfailure", "recount"), ("heartbeat", "people")])
def test_admin_shows_and_changes_nothing(maud_client: Client, settings: Any, name: str, word: str) -> None:
    settings.ADMIN_SECOND_FACTOR = False
    fail(ValueError("a reason"))
    Heartbeat.objects.create(queue="people", ran_at=timezone.now())
    key = TaskFailure.objects.get().pk if name == "taskfailure" else "people"

    listed = maud_client.get(reverse(f"admin:core_{name}_changelist"), {"q": word})
    one = maud_client.get(reverse(f"admin:core_{name}_change", args=[key]))

    assert (listed.status_code, one.status_code) == (200, 200)
    assert word in listed.content.decode()
    assert maud_client.get(reverse(f"admin:core_{name}_add")).status_code == 403
    assert (
        maud_client.post(reverse(f"admin:core_{name}_delete", args=[key]), {"post": "yes"}).status_code == 403
    )
