from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.core.models import OutgoingMail
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db

LIST = reverse("admin:core_outgoingmail_changelist")


@pytest.fixture(autouse=True)
def _without_second_factor(settings: Any) -> None:
    settings.ADMIN_SECOND_FACTOR = False


@pytest.fixture
def waiting() -> OutgoingMail:
    return OutgoingMail.objects.create(
        to=["Alice@example.org", "bob@example.org"],
        subject="Your code",
        body="The code is 491-827.",
        headers={"List-Unsubscribe": "<https://stacks.example.org/secret>"},
        attempts=20,
        tried_at=timezone.now(),
        last_error="Connection refused",
        expires_at=timezone.now() + timedelta(days=1),
    )


@pytest.fixture
def other() -> OutgoingMail:
    return OutgoingMail.objects.create(
        to=["carol@example.org"], subject="To Carol", body="Hello", expires_at=timezone.now()
    )


def test_list_shows_mail_without_what_it_says(maud_client: Client, waiting: OutgoingMail) -> None:
    pages = [
        maud_client.get(LIST).content.decode(),
        maud_client.get(reverse("admin:core_outgoingmail_change", args=[waiting.pk])).content.decode(),
    ]

    for page in pages:
        assert "Alice@example.org, bob@example.org" in page
        assert "Connection refused" in page
        assert "491-827" not in page
        assert "secret" not in page


def test_list_finds_mail_by_recipient(
    maud_client: Client, waiting: OutgoingMail, other: OutgoingMail
) -> None:
    page = maud_client.get(LIST, {"q": "alice@"}).content.decode()

    assert "Your code" in page
    assert "To Carol" not in page


def test_list_finds_no_mail_by_what_it_says(maud_client: Client, waiting: OutgoingMail) -> None:
    assert "Your code" not in maud_client.get(LIST, {"q": "491"}).content.decode()


def test_list_costs_no_query_per_row(maud_client: Client, count_queries: Any, waiting: OutgoingMail) -> None:
    for _ in range(20):
        waiting.pk = None
        waiting.save()

    with count_queries(at_most=8):
        page = maud_client.get(LIST).content.decode()

    assert page.count("Your code") >= 20


def test_action_tries_again(
    maud_client: Client,
    waiting: OutgoingMail,
    queued_tasks: Callable[[], list[str]],
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = maud_client.post(
            LIST, {"action": "try_again_now", "_selected_action": [waiting.pk]}, follow=True
        )

    assert "1 mail will be tried now." in answer.content.decode()
    waiting.refresh_from_db()
    assert (waiting.attempts, waiting.tried_at, waiting.last_error) == (0, None, "")
    assert queued_tasks() == ["apps.core.tasks.send_due_mail"]


def test_action_is_not_for_those_who_may_only_look(waiting: OutgoingMail) -> None:
    looker = UserFactory(is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_outgoingmail"))
    client = Client()
    client.force_login(looker)

    client.post(LIST, {"action": "try_again_now", "_selected_action": [waiting.pk]})

    waiting.refresh_from_db()
    assert waiting.attempts == 20


@pytest.mark.parametrize("action", ["add", "change", "delete"])
def test_admin_writes_no_mail(maud_client: Client, waiting: OutgoingMail, action: str) -> None:
    args = [] if action == "add" else [waiting.pk]

    answer = maud_client.post(reverse(f"admin:core_outgoingmail_{action}", args=args), {"post": "yes"})

    assert answer.status_code == 403
    assert OutgoingMail.objects.get().body == "The code is 491-827."


def test_list_is_not_for_others(waiting: OutgoingMail, alice: Any) -> None:
    client = Client()

    assert client.get(LIST).status_code == 302
    client.force_login(alice)
    assert client.get(LIST, follow=True).status_code == 403
