from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.pages.models import ContactMessage, Event, SocialCard
from apps.pages.services import cards, messages
from tests.factories.pages import EventFactory

pytestmark = pytest.mark.django_db

LISTS = ["/admin/pages/contactmessage/", "/admin/pages/event/", "/admin/pages/socialcard/"]


@pytest.fixture
def message(db: None) -> ContactMessage:
    return ContactMessage.objects.create(
        name="Alice",
        email="alice@example.org",
        subject="A <b>wrong</b> licence",
        text="Flask is under BSD.",
        attempts=messages.MAX_ATTEMPTS,
        last_error="Connection refused",
    )


@pytest.fixture
def card(db: None) -> SocialCard:
    cards.mark_due_cards()
    cards.draw_due_cards()
    return SocialCard.objects.get()


@pytest.mark.parametrize("path", LISTS)
def test_list_asks_an_anonymous_reader_to_sign_in(client: Client, path: str) -> None:
    response = client.get(path)

    assert (response.status_code, response.headers["Location"]) == (302, f"/admin/login/?next={path}")


@pytest.mark.parametrize("path", LISTS)
def test_list_is_not_shown_to_people_who_are_no_staff(client: Client, mallory: Any, path: str) -> None:
    client.force_login(mallory)

    assert client.get(path).status_code == 302


def test_messages_are_listed_with_their_errors(maud_client: Client, message: ContactMessage) -> None:
    response = maud_client.get("/admin/pages/contactmessage/", {"q": "wrong", "sent_at__isempty": "1"})

    assert response.status_code == 200
    assert b"A &lt;b&gt;wrong&lt;/b&gt; licence" in response.content
    assert b"Connection refused" in response.content


def test_message_is_shown_and_cannot_be_changed(maud_client: Client, message: ContactMessage) -> None:
    path = f"/admin/pages/contactmessage/{message.pk}/change/"

    shown = maud_client.get(path)
    maud_client.post(path, {"subject": "Forged", "text": "Forged"})

    assert b"Flask is under BSD." in shown.content
    message.refresh_from_db()
    assert message.subject == "A <b>wrong</b> licence"
    assert message.text == "Flask is under BSD."


def test_message_cannot_be_added(maud_client: Client) -> None:
    assert maud_client.get("/admin/pages/contactmessage/add/").status_code == 403


def test_message_can_be_deleted(maud_client: Client, message: ContactMessage) -> None:
    maud_client.post(f"/admin/pages/contactmessage/{message.pk}/delete/", {"post": "yes"})

    assert not ContactMessage.objects.exists()


def test_send_again_makes_messages_due_that_were_given_up(
    maud_client: Client, message: ContactMessage, queued_tasks: Callable[[], list[str]]
) -> None:
    response = maud_client.post(
        "/admin/pages/contactmessage/",
        {"action": "send_again", "_selected_action": [message.pk]},
        follow=True,
    )

    message.refresh_from_db()
    assert (message.attempts, message.last_error) == (0, "")
    assert b"1 message will be sent." in response.content
    assert queued_tasks() == ["apps.pages.tasks.send_due_messages"]
    assert messages.send_due_messages() == 1


def test_send_again_leaves_alone_what_was_sent(maud_client: Client, message: ContactMessage) -> None:
    ContactMessage.objects.update(attempts=1)
    messages.send_due_messages()

    response = maud_client.post(
        "/admin/pages/contactmessage/",
        {"action": "send_again", "_selected_action": [message.pk]},
        follow=True,
    )

    message.refresh_from_db()
    assert message.attempts == 1
    assert b"0 messages will be sent." in response.content


def test_cards_are_listed_without_reading_their_pictures(
    maud_client: Client, card: SocialCard, count_queries: Callable[..., Any]
) -> None:
    with count_queries(at_most=10) as queries:
        response = maud_client.get("/admin/pages/socialcard/", {"q": "site", "drawn_at__isempty": "0"})

    assert b"site" in response.content
    assert not any('"image"' in query["sql"] for query in queries)


def test_card_is_shown_without_its_picture(maud_client: Client, card: SocialCard) -> None:
    response = maud_client.get(f"/admin/pages/socialcard/{card.pk}/change/")

    assert response.status_code == 200
    assert card.digest.encode() in response.content
    assert b"field-image" not in response.content


@pytest.mark.parametrize("action", ["change", "delete"])
def test_card_cannot_be_written(maud_client: Client, card: SocialCard, action: str) -> None:
    response = maud_client.post(f"/admin/pages/socialcard/{card.pk}/{action}/", {"post": "yes", "title": "X"})

    assert response.status_code == 403
    assert SocialCard.objects.get().title == card.title


def test_events_are_listed_with_few_queries(maud_client: Client, count_queries: Callable[..., Any]) -> None:
    events = [EventFactory() for _ in range(3)]

    with count_queries(at_most=8):
        response = maud_client.get("/admin/pages/event/", {"q": events[0].post.title, "kind__exact": "post"})

    assert response.content.decode().count(events[0].post.title) >= 1
    assert events[1].actor.username not in response.content.decode()


@pytest.mark.parametrize("action", ["change", "delete"])
def test_event_cannot_be_written(maud_client: Client, action: str) -> None:
    event = EventFactory()

    response = maud_client.post(f"/admin/pages/event/{event.pk}/{action}/", {"post": "yes"})

    assert response.status_code == 403
    assert Event.objects.get() == event
