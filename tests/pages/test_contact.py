import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from apps.pages.forms import ContactForm
from apps.pages.models import ContactMessage
from apps.pages.services.messages import send_due_messages

pytestmark = pytest.mark.django_db

Data = dict[str, str]


def test_contact_shows_an_empty_form(client: Client) -> None:
    response = client.get("/contact/")

    assert response.status_code == 200
    assert not response.context["form"].is_bound
    for name in ("name", "email", "subject", "text"):
        assert f'name="{name}"'.encode() in response.content


def test_contact_keeps_a_message(client: Client, contact_data: Data) -> None:
    response = client.post("/contact/", contact_data)

    assert (response.status_code, response.headers["Location"]) == (302, "/contact/")
    message = ContactMessage.objects.get()
    assert {name: getattr(message, name) for name in contact_data} == contact_data
    assert (message.sent_at, message.attempts) == (None, 0)


def test_contact_wakes_a_worker_after_commit(
    client: Client,
    contact_data: Data,
    queued_tasks: Callable[[], list[str]],
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/contact/", contact_data)
        before_commit = queued_tasks()

    assert before_commit == []
    assert queued_tasks() == ["apps.pages.tasks.send_due_messages"]


@pytest.mark.parametrize("field", ["subject", "name", "text"])
def test_contact_lets_nobody_write_headers_of_the_mail(
    client: Client, contact_data: Data, settings: Any, field: str
) -> None:
    client.post("/contact/", contact_data | {field: "Hello\r\nBcc: victim@example.org\r\n\r\nSpam"})

    send_due_messages()

    headers = mail.outbox[0].message()
    assert "Bcc" not in headers
    assert headers["To"] == settings.OPERATOR_EMAIL
    assert mail.outbox[0].recipients() == [settings.OPERATOR_EMAIL]
    assert len(headers["Subject"].splitlines()) == 1


def test_contact_says_once_that_the_message_is_on_its_way(client: Client, contact_data: Data) -> None:
    first = client.post("/contact/", contact_data, follow=True)
    second = client.get("/contact/")

    assert b"Your message is on its way." in first.content
    assert b"Your message is on its way." not in second.content


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "This field is required."),
        ("name", " \t ", "This field is required."),
        ("name", "x" * 81, "at most 80 characters"),
        ("name", "Al\0ice", "Null characters are not allowed."),
        ("email", "", "This field is required."),
        ("email", "alice", "Enter a valid email address."),
        ("email", "alice@example.org\nBcc: mallory@example.org", "Enter a valid email address."),
        ("email", f"{'x' * 60}@{'y' * 63}.{'z' * 63}.{'w' * 63}.org", "at most 254 characters"),
        ("subject", "", "This field is required."),
        ("subject", "x" * 121, "at most 120 characters"),
        ("text", "", "This field is required."),
        ("text", "x" * 5001, "at most 5000 characters"),
        ("text", "a\0b", "Null characters are not allowed."),
    ],
)
def test_contact_says_at_the_field_what_is_wrong(
    client: Client, contact_data: Data, field: str, value: str, words: str
) -> None:
    response = client.post("/contact/", contact_data | {field: value})

    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    page = response.content.decode()
    (told,) = re.findall(rf'id="id_{field}_error">(.*?)</div>', page)
    assert words in told
    assert f'id="id_{field}_error"' in page
    assert re.search(rf'aria-describedby="[^"]*id_{field}_error"', page)
    assert not ContactMessage.objects.exists()


def test_contact_names_each_error_of_a_field_in_one_element(client: Client, contact_data: Data) -> None:
    response = client.post("/contact/", contact_data | {"email": "x" * 255})

    assert response.content.count(b'id="id_email_error"') == 1
    assert b"Enter a valid email address." in response.content
    assert b"at most 254 characters" in response.content


def test_contact_keeps_the_input_when_a_field_is_wrong(client: Client, contact_data: Data) -> None:
    response = client.post("/contact/", contact_data | {"email": "nobody", "name": '"><b>Alice'})

    page = response.content.decode()
    assert 'value="nobody"' in page
    assert 'value="A wrong licence"' in page
    assert "Flask is under BSD-3-Clause." in page
    assert 'value="&quot;&gt;&lt;b&gt;Alice"' in page


def test_contact_asks_for_every_field_when_nothing_was_sent(client: Client) -> None:
    response = client.post("/contact/")

    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"name", "email", "subject", "text"}


@pytest.mark.parametrize("body", [b"\xff\xfe", b"name", b"{}"])
def test_contact_refuses_what_is_no_form(client: Client, body: bytes) -> None:
    response = client.generic("POST", "/contact/", body, content_type="application/json")

    assert response.status_code == 422


def test_contact_thanks_a_robot_and_keeps_nothing(client: Client, contact_data: Data) -> None:
    response = client.post("/contact/", contact_data | {"website": "https://spam.example"}, follow=True)

    assert b"Your message is on its way." in response.content
    assert not ContactMessage.objects.exists()


def test_contact_counts_no_robot_against_the_limit(client: Client, contact_data: Data) -> None:
    for _ in range(6):
        client.post("/contact/", contact_data | {"website": "https://spam.example"})

    assert client.post("/contact/", contact_data).status_code == 302


def test_contact_counts_no_mistake_against_the_limit(client: Client, contact_data: Data) -> None:
    for _ in range(6):
        client.post("/contact/", contact_data | {"email": "nobody"})

    assert client.post("/contact/", contact_data).status_code == 302


def test_contact_refuses_the_sixth_message_within_the_hour(client: Client, contact_data: Data) -> None:
    statuses = [client.post("/contact/", contact_data).status_code for _ in range(5)]

    sixth = client.post("/contact/", contact_data)

    assert statuses == [302] * 5
    assert sixth.status_code == 429
    assert b"You have sent several messages within the hour." in sixth.content
    assert b'value="A wrong licence"' in sixth.content
    assert ContactMessage.objects.count() == 5


def test_contact_limits_each_address_apart(client: Client, contact_data: Data) -> None:
    for _ in range(6):
        client.post("/contact/", contact_data, REMOTE_ADDR="192.0.2.1")

    response = client.post("/contact/", contact_data, REMOTE_ADDR="192.0.2.2")

    assert response.status_code == 302


def test_contact_limit_is_not_evaded_by_a_header_of_the_visitor(client: Client, contact_data: Data) -> None:
    for number in range(5):
        client.post("/contact/", contact_data, headers={"x-forwarded-for": f"192.0.2.{number}"})

    response = client.post("/contact/", contact_data, headers={"x-forwarded-for": "192.0.2.99"})

    assert response.status_code == 429


@pytest.mark.usefixtures("redis_away")
def test_contact_takes_messages_when_redis_is_away(
    client: Client, contact_data: Data, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post("/contact/", contact_data, follow=True)

    assert b"Your message is on its way." in response.content
    assert ContactMessage.objects.count() == 1


def test_contact_needs_its_token(contact_data: Data) -> None:
    client = Client(enforce_csrf_checks=True)

    response = client.post("/contact/", contact_data)

    assert response.status_code == 403
    assert not ContactMessage.objects.exists()


def test_contact_takes_the_form_with_its_token(contact_data: Data) -> None:
    client = Client(enforce_csrf_checks=True)
    page = client.get("/contact/").content.decode()
    (token,) = re.findall('name="csrfmiddlewaretoken" value="([^"]+)"', page)

    response = client.post("/contact/", contact_data | {"csrfmiddlewaretoken": token})

    assert response.status_code == 302
    assert ContactMessage.objects.count() == 1


def test_contact_is_one_write(client: Client, contact_data: Data, count_queries: Callable[..., Any]) -> None:
    with count_queries(at_most=3) as queries:
        client.post("/contact/", contact_data)

    written = [query for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(written) == 1


@hypothesis_settings(deadline=None, max_examples=100)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=120))
def test_form_makes_every_subject_one_line(subject: str) -> None:
    form = ContactForm({"name": "A", "email": "a@example.org", "text": "Hello", "subject": subject})

    assert form.is_valid() == bool(subject.strip())
    if form.is_valid():
        assert len(form.message["subject"].splitlines()) == 1
        assert form.message["subject"].split() == subject.split()
