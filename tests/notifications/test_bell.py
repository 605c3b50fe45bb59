import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.notifications.models import Kind, Notification
from apps.notifications.selectors import MOST_COUNTED, unread_count
from tests.factories.accounts import UserFactory
from tests.factories.notifications import NotificationFactory

pytestmark = pytest.mark.django_db

PAGE = reverse("pages:about")


def tell(person: Any, number: int) -> None:
    Notification.objects.bulk_create(
        Notification(person=person, kind=Kind.FOLLOWER, text="x", url=f"/{n}/") for n in range(number)
    )


def bell(page: str) -> tuple[str, str]:
    """What a screen reader says of it, and the number that is seen."""
    [link] = re.findall(r'<a class="[^"]*" id="bell".*?</a>', page)
    [name] = re.findall(r'<span class="sr">([^<]*)</span>', link)
    seen = re.findall(r'aria-hidden="true">([^<]+)</span>', link)
    return name, "".join(seen)


@pytest.mark.parametrize(
    ("unread", "name", "seen"),
    [
        (0, "Notifications", ""),
        (1, "Notifications, 1 unread", "1"),
        (MOST_COUNTED, "Notifications, 99 unread", "99"),
        (MOST_COUNTED + 1, "Notifications, more than 99 unread", "99+"),
        (MOST_COUNTED + 9, "Notifications, more than 99 unread", "99+"),
    ],
)
def test_bell_says_how_many_are_unread(
    alice_client: Client, alice: Any, unread: int, name: str, seen: str
) -> None:
    tell(alice, unread)
    NotificationFactory(person=alice, read_at="2026-11-22T00:00Z", actor=None)
    NotificationFactory(person=UserFactory(verified=False), actor=None)

    assert bell(alice_client.get(PAGE).content.decode()) == (name, seen)


def test_bell_is_on_pages_of_errors_too(alice_client: Client, alice: Any) -> None:
    tell(alice, 2)

    assert bell(alice_client.get("/nothing/here/").content.decode())[0] == "Notifications, 2 unread"


def test_bell_is_for_who_is_signed_in(client: Client) -> None:
    assert 'id="bell"' not in client.get(PAGE).content.decode()


def test_bell_costs_one_query_that_ends_early(alice: Any, count_queries: Any) -> None:
    with count_queries(at_most=1) as queries:
        assert unread_count(alice) == 0

    assert f"LIMIT {MOST_COUNTED + 1}" in queries[0]["sql"]


def test_bell_changes_with_what_htmx_marks_as_read(alice_client: Client, alice: Any) -> None:
    tell(alice, 3)
    url = reverse("notifications:read", args=[Notification.objects.first().pk])  # type: ignore[union-attr]

    page = alice_client.post(url, headers={"HX-Request": "true"}).content.decode()

    assert bell(page) == ("Notifications, 2 unread", "2")
    assert page.count('hx-swap-oob="true"') == 1
    # What is around the row stays.
    assert page.index("<li>") < page.index("</li>") < page.index('id="bell"')


def test_bell_of_a_page_takes_nobodys_place(alice_client: Client) -> None:
    assert "hx-swap-oob" not in alice_client.get(PAGE).content.decode()
