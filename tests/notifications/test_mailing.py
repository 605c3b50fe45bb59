import email
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core.mail import send_due_mail
from apps.core.models import OutgoingMail
from apps.notifications import tasks
from apps.notifications.models import Kind, Notification
from apps.notifications.services import mailing
from apps.notifications.services.mailing import mail_notifications
from apps.notifications.services.unsubscribing import read_token
from tests.factories.accounts import UserFactory
from tests.factories.notifications import NotificationFactory

pytestmark = pytest.mark.django_db


def make_due(person: Any, *, minutes_ago: float = 61, **fields: Any) -> Notification:
    return NotificationFactory(person=person, is_mail_due=True, minutes_ago=minutes_ago, **fields)


@pytest.fixture(autouse=True)
def _site(settings: Any) -> None:
    settings.SITE_URL = "https://stacks.example.org"


def token_of(mail: OutgoingMail) -> str:
    return mail.headers["List-Unsubscribe"].strip("<>").rstrip("/").rpartition("/")[2]


def test_mail_tells_one_thing(alice: Any) -> None:
    row = make_due(alice, text="Bob follows you", url="/@bob/")

    assert mail_notifications() == 1

    mail = OutgoingMail.objects.get()
    assert (mail.to, mail.subject) == (["alice@example.org"], "Bob follows you")
    assert mail.body.startswith(
        "Hello alice,\n\n- Bob follows you\n  https://stacks.example.org/@bob/\n\n-- \n"
    )
    assert "https://stacks.example.org/notifications/settings/\n" in mail.body
    row.refresh_from_db()
    assert (row.is_mail_due, row.read_at) == (False, None)


def test_mail_tells_all_that_waits_in_one(alice: Any, mallory: Any, settings: Any) -> None:
    make_due(alice, text="one")
    make_due(alice, text="two", minutes_ago=1)
    make_due(mallory, text="three")
    NotificationFactory(person=alice, text="on the site only", minutes_ago=61)

    assert mail_notifications() == 2

    mails = {mail.to[0]: mail for mail in OutgoingMail.objects.all()}
    assert mails["alice@example.org"].subject == f"2 notifications at {settings.PRODUCT_NAME}"
    assert "- one\n" in mails["alice@example.org"].body
    assert "- two\n" in mails["alice@example.org"].body
    assert "on the site only" not in mails["alice@example.org"].body
    assert mails["mallory@example.org"].subject == "three"


def test_mail_comes_once_an_hour_at_most(alice: Any) -> None:
    make_due(alice)
    assert mail_notifications() == 1
    newer = make_due(alice, minutes_ago=0)

    assert mail_notifications() == 0

    newer.created_at = timezone.now() - mailing.PAUSE
    newer.save(update_fields=["created_at"])
    assert mail_notifications() == 1


def test_mail_is_sent_once(alice: Any) -> None:
    make_due(alice)

    assert [mail_notifications() for _ in range(2)] == [1, 0]


def test_mail_leaves_what_is_over_for_the_site(alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailing, "MAX_LINES", 2)
    for number in range(5):
        make_due(alice, text=f"thing {number}")

    assert mail_notifications() == 1

    body = OutgoingMail.objects.get().body
    assert body.count("- thing") == 2
    assert "And 3 more.\n" in body
    assert not Notification.objects.filter(is_mail_due=True).exists()


def test_mail_leaves_more_people_than_a_batch_for_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailing, "BATCH", 2)
    for _ in range(3):
        make_due(UserFactory())

    assert [mail_notifications() for _ in range(3)] == [2, 1, 0]


@pytest.mark.parametrize(
    "fields", [{"verified": False}, {"is_active": False}, {"closed_at": "2026-11-22T00:00Z"}]
)
def test_mail_goes_to_nobody_who_is_gone_or_not_verified(fields: dict[str, Any]) -> None:
    make_due(UserFactory(**fields))

    assert mail_notifications() == 0
    assert not OutgoingMail.objects.exists()
    assert not Notification.objects.filter(is_mail_due=True).exists()


def test_mail_goes_to_the_primary_address_only(alice: Any) -> None:
    EmailAddress.objects.filter(user=alice).update(verified=False)
    EmailAddress.objects.create(user=alice, email="other@example.org", verified=True, primary=False)
    make_due(alice)

    assert mail_notifications() == 0

    EmailAddress.objects.filter(user=alice).update(verified=True)
    make_due(alice)
    assert mail_notifications() == 1
    assert OutgoingMail.objects.get().to == ["alice@example.org"]


def test_mail_tells_nothing_of_those_who_were_locked_out(alice: Any, mallory: Any) -> None:
    make_due(alice, actor=mallory, text="mallory follows you")
    make_due(alice, actor=None, text="from the site")
    User.objects.filter(pk=mallory.pk).update(is_active=False)

    assert mail_notifications() == 1
    assert OutgoingMail.objects.get().subject == "from the site"

    make_due(alice, actor=mallory)
    assert mail_notifications() == 0


def test_mail_offers_to_unsubscribe_from_its_kind(alice: Any) -> None:
    make_due(alice, kind=Kind.POINT_VOTE)

    mail_notifications()

    mail = OutgoingMail.objects.get()
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    subscription = read_token(token_of(mail))
    assert (subscription.person, subscription.what) == (alice, Kind.POINT_VOTE)
    assert f"Stop these mails: {mail.headers['List-Unsubscribe'].strip('<>')}\n" in mail.body


def test_mail_of_several_kinds_offers_to_unsubscribe_from_all(alice: Any) -> None:
    make_due(alice, kind=Kind.POINT_VOTE)
    make_due(alice, kind=Kind.FOLLOWER)

    mail_notifications()

    assert read_token(token_of(OutgoingMail.objects.get())).what == "all"


def test_mail_arrives_with_headers_that_programs_read(alice: Any, settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    make_due(alice)
    mail_notifications()
    expected = OutgoingMail.objects.get().headers["List-Unsubscribe"]

    send_due_mail()

    (file,) = tmp_path.iterdir()
    letter = email.message_from_bytes(file.read_bytes())
    assert "".join(letter["List-Unsubscribe"].split()) == expected
    assert letter["Auto-Submitted"] == "auto-generated"


def test_mail_and_flag_change_together(alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(**_: object) -> None:
        raise KeyboardInterrupt

    make_due(alice)
    with monkeypatch.context() as patch:
        patch.setattr(mailing, "post_mail", die)
        with pytest.raises(KeyboardInterrupt):
            mail_notifications()

    assert Notification.objects.get().is_mail_due
    assert mail_notifications() == 1


def test_mail_of_one_person_costs_few_queries(alice: Any, count_queries: Any) -> None:
    for _ in range(20):
        make_due(alice)

    # Who is due; savepoint, the person, rows, flags, address, the mail, savepoint.
    with count_queries(at_most=8):
        assert mail_notifications() == 1


@pytest.mark.django_db(transaction=True)
def test_mail_is_sent_once_when_two_workers_run(in_two_threads: Any) -> None:
    people = [UserFactory() for _ in range(10)]
    for person in people:
        for _ in range(3):
            make_due(person)

    assert sum(in_two_threads(mail_notifications)) == 10
    assert sorted(mail.to[0] for mail in OutgoingMail.objects.all()) == sorted(p.email for p in people)


@pytest.mark.django_db(transaction=True)
def test_mail_is_left_to_the_worker_that_has_the_person(in_two_threads: Any) -> None:
    person = UserFactory()
    make_due(person)

    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=person.pk)
        assert in_two_threads(mail_notifications) == [0, 0]

    assert Notification.objects.get().is_mail_due


def test_mail_person_does_nothing_when_another_worker_was_there(alice: Any) -> None:
    make_due(alice, minutes_ago=1)

    assert mailing._mail_person(alice.pk) is False
    assert Notification.objects.get().is_mail_due


def test_task_mails_notifications(alice: Any) -> None:
    make_due(alice)

    tasks.mail_notifications()

    assert timezone.now() - OutgoingMail.objects.get().created_at < timedelta(minutes=1)


def test_mail_that_cannot_be_written_holds_up_no_other(
    alice: Any, mallory: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make_due(alice)
    make_due(mallory)

    def mail_address(person: User) -> str:
        if person == alice:
            raise ValueError("no address")
        return "mallory@example.org"

    monkeypatch.setattr("apps.notifications.services.mailing.mail_address", mail_address)

    assert mail_notifications() == 1
    assert [mail.to for mail in OutgoingMail.objects.all()] == [["mallory@example.org"]]
    assert f"The notifications of person {alice.pk} could not be mailed." in caplog.text
