import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core.models import OutgoingMail
from apps.notifications import tasks
from apps.notifications.models import Digest
from apps.notifications.services import digests, register_digest_section
from apps.notifications.services.digests import mail_digests
from apps.notifications.services.unsubscribing import DIGEST, read_token
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)
Asked = list[tuple[User, datetime]]


def make_digest(person: Any, *, age: timedelta = WEEK) -> Digest:
    return Digest.objects.create(person=person, since=timezone.now() - age)


def one_line(person: User, since: datetime) -> list[tuple[str, str]]:
    return [("Fast, says Bob", "/tools/flask/#point-1")]


@pytest.fixture(autouse=True)
def _site(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SITE_URL = "https://stacks.example.org"
    monkeypatch.setattr(digests, "_sections", {})


def test_digest_tells_what_is_new(alice: Any, settings: Any) -> None:
    digest = make_digest(alice)
    asked: Asked = []

    def lines(person: User, since: datetime) -> list[tuple[str, str]]:
        asked.append((person, since))
        return [("Fast,\nsays Bob", "/tools/flask/"), ("Small", "/tools/bottle/")]

    register_digest_section("New pros and cons", lines)
    register_digest_section("Nothing of this", lambda person, since: [])

    assert mail_digests() == 1

    mail = OutgoingMail.objects.get()
    assert asked == [(alice, digest.since)]
    assert mail.to == ["alice@example.org"]
    assert mail.subject == f"New at {settings.PRODUCT_NAME} since {digest.since:%-d %B}"
    assert mail.body.startswith(
        "Hello alice,\n\nNew pros and cons\n-----------------\n\n"
        "- Fast, says Bob\n  https://stacks.example.org/tools/flask/\n"
        "- Small\n  https://stacks.example.org/tools/bottle/\n\n-- \n"
    )
    assert "Nothing of this" not in mail.body
    subscription = read_token(mail.headers["List-Unsubscribe"].strip("<>").split("/")[-2])
    assert (subscription.person, subscription.what) == (alice, DIGEST)


def test_digest_comes_once_a_week(alice: Any) -> None:
    register_digest_section("New", one_line)
    make_digest(alice)

    assert [mail_digests() for _ in range(2)] == [1, 0]
    assert timezone.now() - Digest.objects.get().since < timedelta(minutes=1)


@pytest.mark.parametrize(("age", "mails"), [(timedelta(days=6, hours=23), 0), (WEEK, 1), (4 * WEEK, 1)])
def test_digest_waits_a_week(alice: Any, age: timedelta, mails: int) -> None:
    register_digest_section("New", one_line)
    make_digest(alice, age=age)

    assert mail_digests() == mails


def test_digest_is_no_mail_when_nothing_is_new_but_time_goes_on(alice: Any) -> None:
    make_digest(alice)

    assert mail_digests() == 0
    assert not OutgoingMail.objects.exists()
    assert timezone.now() - Digest.objects.get().since < timedelta(minutes=1)


@pytest.mark.parametrize(
    "fields", [{"verified": False}, {"is_active": False}, {"closed_at": "2026-11-22T00:00Z"}]
)
def test_digest_goes_to_nobody_who_is_gone_or_not_verified(fields: dict[str, Any]) -> None:
    register_digest_section("New", one_line)
    make_digest(UserFactory(**fields))

    assert mail_digests() == 0
    assert not OutgoingMail.objects.exists()


@pytest.mark.parametrize(("count", "more"), [(30, ""), (31, "And 1 more.\n"), (100, "And 70 more.\n")])
def test_digest_shows_so_many_lines_of_a_section(alice: Any, count: int, more: str) -> None:
    register_digest_section("New", lambda person, since: [(f"Line {n}", "/") for n in range(count)])
    make_digest(alice)

    mail_digests()

    body = OutgoingMail.objects.get().body
    assert body.count("- Line ") == 30
    assert more in body
    assert ("more." in body) is bool(more)


def test_digest_that_fails_holds_up_no_other(
    alice: Any, mallory: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def lines(person: User, since: datetime) -> list[tuple[str, str]]:
        if person == mallory:
            raise RuntimeError("No lines for you")
        return one_line(person, since)

    register_digest_section("New", lines)
    bad = make_digest(mallory, age=2 * WEEK)
    make_digest(alice)

    with caplog.at_level(logging.ERROR, "apps.notifications.services.digests"):
        assert mail_digests() == 1

    assert OutgoingMail.objects.get().to == ["alice@example.org"]
    assert "No lines for you" in caplog.text
    before = bad.since
    bad.refresh_from_db()
    assert bad.since == before


def test_digest_leaves_more_people_than_a_batch_for_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "BATCH", 2)
    register_digest_section("New", one_line)
    for _ in range(3):
        make_digest(UserFactory())

    assert [mail_digests() for _ in range(3)] == [2, 1, 0]


def test_digest_and_date_change_together(alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(**_: object) -> None:
        raise KeyboardInterrupt

    register_digest_section("New", one_line)
    make_digest(alice)
    with monkeypatch.context() as patch:
        patch.setattr(digests, "post_mail", die)
        with pytest.raises(KeyboardInterrupt):
            mail_digests()

    assert mail_digests() == 1


@pytest.mark.django_db(transaction=True)
def test_digest_is_sent_once_when_two_workers_run(in_two_threads: Callable[..., list[int]]) -> None:
    register_digest_section("New", one_line)
    for _ in range(10):
        make_digest(UserFactory())

    assert sum(in_two_threads(mail_digests)) == 10
    assert OutgoingMail.objects.count() == 10


@pytest.mark.django_db(transaction=True)
def test_digest_is_left_to_the_worker_that_has_it(in_two_threads: Callable[..., list[int]]) -> None:
    register_digest_section("New", one_line)
    make_digest(UserFactory())

    with transaction.atomic():
        Digest.objects.select_for_update().get()
        assert in_two_threads(mail_digests) == [0, 0]


def test_task_mails_digests(alice: Any) -> None:
    register_digest_section("New", one_line)
    make_digest(alice)

    tasks.mail_digests()

    assert OutgoingMail.objects.count() == 1
