import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import transaction

from apps.pages import tasks
from apps.pages.models import ContactMessage
from apps.pages.services import messages

SMTP = "django.core.mail.backends.smtp.EmailBackend"
FILES = "django.core.mail.backends.filebased.EmailBackend"


def make_message(**fields: Any) -> ContactMessage:
    defaults = {"name": "Alice", "email": "alice@example.org", "subject": "Hello", "text": "One\nTwo"}
    return ContactMessage.objects.create(**(defaults | fields))


@pytest.fixture
def smtp_away(settings: Any, dead_port: int) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", dead_port


@pytest.mark.django_db
def test_receive_keeps_the_message_and_wakes_a_worker(
    queued_tasks: Callable[[], list[str]], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        message = messages.receive_message(name="A", email="a@example.org", subject="S", text="T")

    assert ContactMessage.objects.get() == message
    assert queued_tasks() == ["apps.pages.tasks.send_due_messages"]


@pytest.mark.django_db
@pytest.mark.usefixtures("redis_away")
def test_receive_keeps_the_message_when_redis_is_away(
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        messages.receive_message(name="A", email="a@example.org", subject="S", text="T")

    assert messages.send_due_messages() == 1


@pytest.mark.django_db
def test_send_mails_the_operator_what_was_written(settings: Any) -> None:
    settings.OPERATOR_EMAIL = "operator@example.org"
    message = make_message()

    sent = messages.send_due_messages()

    assert sent == 1
    (letter,) = mail.outbox
    assert letter.subject == f"[{settings.PRODUCT_NAME}] Hello"
    assert letter.body == "One\nTwo\n\n-- \nAlice <alice@example.org>\n"
    assert letter.recipients() == ["operator@example.org"]
    assert letter.reply_to == ["alice@example.org"]
    assert letter.from_email == settings.DEFAULT_FROM_EMAIL
    message.refresh_from_db()
    assert message.sent_at is not None


@pytest.mark.django_db
def test_send_writes_a_file_with_the_file_backend(settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = FILES, str(tmp_path)
    make_message(subject="Grüße")

    messages.send_due_messages()

    (file,) = tmp_path.iterdir()
    assert "Reply-To: alice@example.org" in file.read_text()


@pytest.mark.django_db
def test_send_sends_nothing_twice() -> None:
    make_message()

    assert [messages.send_due_messages() for _ in range(2)] == [1, 0]
    assert len(mail.outbox) == 1


@pytest.mark.django_db
def test_send_takes_the_oldest_first_and_those_that_failed_last() -> None:
    for subject, day, attempts in (("failed", 1, 1), ("newer", 3, 0), ("older", 2, 0)):
        message = make_message(subject=subject, attempts=attempts)
        ContactMessage.objects.filter(pk=message.pk).update(created_at=datetime(2026, 11, day, tzinfo=UTC))

    messages.send_due_messages()

    assert [letter.subject.split()[1] for letter in mail.outbox] == ["older", "newer", "failed"]


@pytest.mark.django_db
def test_send_leaves_more_than_a_batch_for_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "BATCH", 2)
    for _ in range(3):
        make_message()

    assert [messages.send_due_messages() for _ in range(2)] == [2, 1]


@pytest.mark.django_db
@pytest.mark.usefixtures("smtp_away")
def test_send_keeps_the_message_and_counts_the_attempt_when_the_server_is_away() -> None:
    message = make_message()

    sent = messages.send_due_messages()

    assert sent == 0
    message.refresh_from_db()
    assert (message.sent_at, message.attempts) == (None, 1)
    assert "refused" in message.last_error


@pytest.mark.django_db
def test_send_counts_the_attempt_when_the_server_does_not_answer(settings: Any) -> None:
    message = make_message()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_BACKEND, settings.EMAIL_HOST = SMTP, "127.0.0.1"
        settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = silent.getsockname()[1], 0.1

        messages.send_due_messages()

    message.refresh_from_db()
    assert (message.sent_at, message.attempts) == (None, 1)


@pytest.mark.django_db
def test_send_tries_one_message_a_run_when_the_server_is_away(smtp_away: None) -> None:
    for _ in range(3):
        make_message()

    messages.send_due_messages()

    assert sorted(ContactMessage.objects.values_list("attempts", flat=True)) == [0, 0, 1]


@pytest.mark.django_db
def test_send_sends_in_the_next_run_what_failed(settings: Any, smtp_away: None) -> None:
    message = make_message()
    messages.send_due_messages()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    sent = messages.send_due_messages()

    assert sent == 1
    message.refresh_from_db()
    assert message.sent_at is not None


@pytest.mark.django_db
@pytest.mark.parametrize("email", ['"\x0bx:\x0b"@example.org', "a@\u28f5\u05e4.org"])
def test_send_holds_up_no_other_when_an_address_fits_in_no_header(settings: Any, email: str) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    bad, good = make_message(email=email), make_message()

    sent = [messages.send_due_messages() for _ in range(2)]

    assert sent == [0, 1]
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.sent_at, bad.attempts) == (None, 2)
    assert good.sent_at is not None


@pytest.mark.django_db
def test_send_gives_up_after_so_many_attempts() -> None:
    make_message(attempts=messages.MAX_ATTEMPTS)
    make_message(attempts=messages.MAX_ATTEMPTS - 1)

    assert messages.send_due_messages() == 1


@pytest.mark.django_db(transaction=True)
def test_send_leaves_a_message_to_the_worker_that_has_it(in_two_threads: Any) -> None:
    make_message()

    with transaction.atomic():
        ContactMessage.objects.select_for_update().get()
        sent = in_two_threads(messages.send_due_messages)

    assert sent == [0, 0]
    assert mail.outbox == []


@pytest.mark.django_db(transaction=True)
def test_send_sends_each_message_once_when_two_workers_run(in_two_threads: Any) -> None:
    for number in range(30):
        make_message(subject=str(number))

    sent = in_two_threads(messages.send_due_messages)

    assert sum(sent) == 30
    assert {letter.subject.split()[1] for letter in mail.outbox} == {str(number) for number in range(30)}
    assert len(mail.outbox) == 30


@pytest.mark.django_db
def test_task_sends_what_is_due() -> None:
    make_message()

    tasks.send_due_messages()

    assert len(mail.outbox) == 1
