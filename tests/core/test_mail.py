import email
import logging
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail as django_mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.core import mail, tasks
from apps.core.mail import mail_link, post_mail, send_due_mail, try_again
from apps.core.models import OutgoingMail

SMTP = "django.core.mail.backends.smtp.EmailBackend"
FILES = "django.core.mail.backends.filebased.EmailBackend"
MEMORY = "django.core.mail.backends.locmem.EmailBackend"

Capture = Callable[..., Any]


def make_mail(**fields: Any) -> OutgoingMail:
    defaults = {
        "to": ["alice@example.org"],
        "subject": "Hello",
        "body": "One\nTwo\n",
        "expires_at": timezone.now() + timedelta(days=1),
    }
    return OutgoingMail.objects.create(**(defaults | fields))


def post(**fields: Any) -> None:
    post_mail(**({"to": ["alice@example.org"], "subject": "Hello", "body": "One\nTwo\n"} | fields))


@pytest.fixture
def smtp_away(settings: Any, dead_port: int) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", dead_port


@pytest.mark.django_db
def test_post_keeps_the_mail_and_wakes_a_worker(
    queued_tasks: Callable[[], list[str]], django_capture_on_commit_callbacks: Capture
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        post()

    assert OutgoingMail.objects.get().to == ["alice@example.org"]
    assert queued_tasks() == ["apps.core.tasks.send_due_mail"]
    assert django_mail.outbox == []


@pytest.mark.django_db
@pytest.mark.usefixtures("redis_away")
def test_post_sends_at_once_when_redis_is_away(django_capture_on_commit_callbacks: Capture) -> None:
    make_mail(subject="another")

    with django_capture_on_commit_callbacks(execute=True):
        post()

    assert [letter.subject for letter in django_mail.outbox] == ["Hello"]
    assert [row.subject for row in OutgoingMail.objects.all()] == ["another"]


@pytest.mark.django_db
@pytest.mark.usefixtures("redis_away", "smtp_away")
def test_post_keeps_the_mail_when_redis_and_the_mail_server_are_away(
    django_capture_on_commit_callbacks: Capture,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        post()

    assert OutgoingMail.objects.get().attempts == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("redis_away")
def test_post_raises_nothing_when_sending_fails_in_a_way_nobody_thought_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_: object) -> int:
        raise RuntimeError("unthought of")

    monkeypatch.setattr(mail, "send_due_mail", fail)

    with caplog.at_level(logging.ERROR, "django"), transaction.atomic():
        post()

    assert OutgoingMail.objects.count() == 1
    assert "unthought of" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_post_sends_nothing_when_the_transaction_is_rolled_back(
    queued_tasks: Callable[[], list[str]],
) -> None:
    with transaction.atomic():
        post()
        transaction.set_rollback(True)

    assert not OutgoingMail.objects.exists()
    assert queued_tasks() == []
    assert send_due_mail() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    "subject", ["Hi\nBcc: evil@example.org", "Hi\r\nBcc: evil@example.org", "Hi\u2028x", "\x0b"]
)
def test_post_makes_a_subject_one_line(settings: Any, tmp_path: Path, subject: str) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = FILES, str(tmp_path)
    post(subject=subject)

    assert send_due_mail() == 1

    (file,) = tmp_path.iterdir()
    assert email.message_from_bytes(file.read_bytes())["Bcc"] is None


@pytest.mark.django_db
def test_post_cuts_a_long_subject() -> None:
    post(subject="x" * 400)

    assert OutgoingMail.objects.get().subject == "x" * 300


@pytest.mark.django_db
def test_nothing_is_posted_to_addresses_that_nobody_has() -> None:
    post(to=["maya@demo.INVALID"])
    assert not OutgoingMail.objects.exists()
    post(to=["maya@demo.invalid", "alice@example.org"])
    assert OutgoingMail.objects.get().to == ["alice@example.org"]


@pytest.mark.django_db
def test_mail_needs_a_recipient() -> None:
    with pytest.raises(IntegrityError):
        post(to=[])


@pytest.mark.django_db
def test_send_sends_plain_text_that_says_it_is_automatic(settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = FILES, str(tmp_path)
    settings.DEFAULT_FROM_EMAIL = "StackShare <noreply@stacks.example.org>"
    post(subject="Grüße", body="Schöne Grüße\n", headers={"X-Ours": "yes"})

    assert send_due_mail() == 1

    (file,) = tmp_path.iterdir()
    letter = email.message_from_bytes(file.read_bytes())
    assert letter.get_content_type() == "text/plain"
    assert letter.get_payload(decode=True).decode().startswith("Schöne Grüße\n")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Message-ID"].endswith("@stacks.example.org>")
    assert (letter["From"], letter["To"]) == (settings.DEFAULT_FROM_EMAIL, "alice@example.org")
    assert letter["X-Ours"] == "yes"


@pytest.mark.django_db
def test_send_deletes_what_is_sent() -> None:
    make_mail()

    assert [send_due_mail() for _ in range(2)] == [1, 0]
    assert not OutgoingMail.objects.exists()
    assert len(django_mail.outbox) == 1


@pytest.mark.django_db
def test_send_deletes_what_nobody_needs_any_more() -> None:
    make_mail(expires_at=timezone.now() - timedelta(seconds=1))

    assert send_due_mail() == 0
    assert not OutgoingMail.objects.exists()
    assert django_mail.outbox == []


@pytest.mark.django_db
def test_post_keeps_a_mail_for_as_long_as_it_says() -> None:
    post(lifetime=timedelta(minutes=5))

    left = OutgoingMail.objects.get().expires_at - timezone.now()
    assert timedelta(minutes=4) < left <= timedelta(minutes=5)


@pytest.mark.django_db
def test_send_takes_the_oldest_first_and_those_that_failed_last() -> None:
    for subject, day, attempts in (("failed", 1, 1), ("newer", 3, 0), ("older", 2, 0)):
        row = make_mail(subject=subject, attempts=attempts)
        OutgoingMail.objects.filter(pk=row.pk).update(created_at=datetime(2026, 11, day, tzinfo=UTC))

    send_due_mail()

    assert [letter.subject for letter in django_mail.outbox] == ["older", "newer", "failed"]


@pytest.mark.django_db
@pytest.mark.usefixtures("smtp_away")
def test_send_tries_what_failed_once_in_a_run() -> None:
    row = make_mail()

    assert [send_due_mail() for _ in range(2)] == [0, 0]

    row.refresh_from_db()
    assert row.attempts == 1
    assert "refused" in row.last_error


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("attempts", "minutes", "sent"), [(1, 0.9, 0), (1, 1.1, 1), (3, 2.9, 0), (3, 3.1, 1)]
)
def test_send_waits_longer_after_each_failure(attempts: int, minutes: float, sent: int) -> None:
    make_mail(attempts=attempts, tried_at=timezone.now() - timedelta(minutes=minutes))

    assert send_due_mail() == sent


@pytest.mark.django_db
def test_send_gives_up_after_so_many_attempts() -> None:
    make_mail(attempts=mail.MAX_ATTEMPTS)
    make_mail(attempts=mail.MAX_ATTEMPTS - 1)

    assert send_due_mail() == 1


@pytest.mark.django_db
def test_try_again_sends_what_was_given_up(
    queued_tasks: Callable[[], list[str]], django_capture_on_commit_callbacks: Capture
) -> None:
    row = make_mail(attempts=mail.MAX_ATTEMPTS, tried_at=timezone.now(), last_error="away")

    with django_capture_on_commit_callbacks(execute=True):
        assert try_again(pks=[row.pk, row.pk + 1]) == 1

    assert queued_tasks() == ["apps.core.tasks.send_due_mail"]
    assert send_due_mail() == 1


@pytest.mark.django_db
def test_send_ends_before_the_task_must(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "RUN_SECONDS", 0)
    make_mail()

    assert send_due_mail() == 0


@pytest.mark.django_db
def test_send_counts_the_attempt_when_the_server_does_not_answer(settings: Any) -> None:
    row = make_mail()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_BACKEND, settings.EMAIL_HOST = SMTP, "127.0.0.1"
        settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = silent.getsockname()[1], 0.1

        send_due_mail()

    row.refresh_from_db()
    assert row.attempts == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields",
    [
        {"to": ['"\x0bx:\x0b"@example.org']},
        {"to": ["a@\u28f5\u05e4.org"]},
        {"to": ["a@example.org\nBcc: evil@example.org"]},
        {"subject": "Hi\nBcc: evil@example.org"},
        {"headers": {"X-Ours": "yes\nBcc: evil@example.org"}},
    ],
)
def test_send_holds_up_no_other_for_what_fits_in_no_header(settings: Any, fields: dict[str, Any]) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    bad, good = make_mail(**fields), make_mail()

    assert send_due_mail() == 1

    bad.refresh_from_db()
    assert bad.attempts == 1
    assert not OutgoingMail.objects.filter(pk=good.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_send_leaves_a_mail_to_the_worker_that_has_it(in_two_threads: Any) -> None:
    make_mail()

    with transaction.atomic():
        OutgoingMail.objects.select_for_update().get()
        sent = in_two_threads(send_due_mail)

    assert sent == [0, 0]
    assert django_mail.outbox == []


@pytest.mark.django_db(transaction=True)
def test_send_sends_each_mail_once_when_two_workers_run(in_two_threads: Any) -> None:
    for number in range(30):
        make_mail(subject=str(number))

    sent = in_two_threads(send_due_mail)

    assert sum(sent) == 30
    assert sorted(int(letter.subject) for letter in django_mail.outbox) == list(range(30))


@pytest.mark.django_db
def test_task_sends_what_is_due() -> None:
    make_mail()

    tasks.send_due_mail()

    assert len(django_mail.outbox) == 1


@pytest.mark.parametrize(
    ("site_url", "link"), [("https://s.example", "https://s.example/x/"), ("", "http://localhost:8000/x/")]
)
def test_mail_link_is_absolute(settings: Any, site_url: str, link: str) -> None:
    settings.SITE_URL = site_url

    assert mail_link("/x/") == link
