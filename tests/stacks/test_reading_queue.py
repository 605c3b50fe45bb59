from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.detection.sights import Finding, Kind, Report, Scope
from apps.notifications.models import Notification
from apps.stacks.models import Reading
from apps.stacks.services.reading_queue import (
    KEPT,
    LEASE,
    MAX_ATTEMPTS,
    claim_reading,
    fail_reading,
    finish_reading,
    forget_old_readings,
    note_progress,
    put_off_reading,
)
from apps.stacks.services.readings import ask_for_reading
from tests.factories.stacks import ReadingFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(alice: User) -> Reading:
    return ask_for_reading(person=alice, repository="alice/site")


def claim() -> Reading:
    reading = claim_reading()
    assert reading
    return reading


def test_reading_is_claimed_for_a_while_by_one(asked: Reading) -> None:
    before = timezone.now()

    reading = claim()

    assert (reading.pk, reading.state, reading.attempts) == (asked.pk, "reading", 1)
    assert reading.due_at
    assert reading.due_at >= before + LEASE
    assert claim_reading() is None


def test_claim_of_a_dead_worker_is_taken_over_and_it_writes_no_more(asked: Reading) -> None:
    dead = claim()
    Reading.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    living = claim()

    assert not note_progress(dead, done=1, total=2)
    assert not finish_reading(dead, report=Report(), commit="")
    assert not fail_reading(dead, "Nothing.")
    assert note_progress(living, done=1, total=2)
    asked.refresh_from_db()
    assert (asked.state, asked.done, asked.total, asked.attempts) == ("reading", 1, 2, 2)


def test_reading_that_kills_its_workers_is_given_up(asked: Reading) -> None:
    for _ in range(MAX_ATTEMPTS):
        claim()
        Reading.objects.update(due_at=timezone.now() - timedelta(seconds=1))

    assert claim_reading() is None

    asked.refresh_from_db()
    assert (asked.state, asked.due_at) == ("failed", None)
    assert "several times" in asked.error


@pytest.mark.parametrize(("count", "attempts"), [(True, 1), (False, 0)])
def test_reading_is_put_off(asked: Reading, count: bool, attempts: int) -> None:
    put_off_reading(claim(), wait=timedelta(minutes=5), count=count)

    assert claim_reading() is None
    asked.refresh_from_db()
    assert (asked.state, asked.attempts) == ("waiting", attempts)


def test_end_keeps_what_was_found_and_tells_the_person(alice: User, asked: Reading) -> None:
    reading = claim()
    note_progress(reading, done=3, total=3)
    finding = Finding(
        "flask",
        Kind.PACKAGE,
        "flask",
        "uv.lock",
        1,
        "pkg:pypi/flask",
        "3",
        Scope.RUNTIME,
        1.0,
        is_direct=True,
    )

    assert finish_reading(reading, report=Report(findings=(finding,)), commit="abc")
    assert not finish_reading(reading, report=Report(), commit="def")

    asked.refresh_from_db()
    assert (asked.state, asked.due_at, asked.commit, asked.done) == ("ready", None, "abc", 3)
    assert asked.findings[0]["tool"] == "flask"
    told = Notification.objects.get()
    assert (told.person, told.kind, told.url) == (alice, "stack", asked.get_absolute_url())
    assert told.text.startswith("alice/site was read")


def test_failure_is_told_with_its_reason(asked: Reading) -> None:
    assert fail_reading(claim(), "There is no such repository. " * 30)

    asked.refresh_from_db()
    assert (asked.state, asked.due_at, len(asked.error)) == ("failed", None, 300)
    assert Notification.objects.get().text == "alice/site could not be read"


def test_readings_are_forgotten_after_a_week() -> None:
    old, new = ReadingFactory(), ReadingFactory()
    Reading.objects.filter(pk=old.pk).update(created_at=timezone.now() - KEPT - timedelta(hours=1))

    assert forget_old_readings() == 1

    assert Reading.objects.get() == new
