import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.notifications import views
from apps.notifications.models import Notification
from apps.notifications.selectors import unread_count
from tests.factories.accounts import UserFactory
from tests.factories.notifications import NotificationFactory

pytestmark = pytest.mark.django_db

INDEX = reverse("notifications:index")
READ_ALL = reverse("notifications:read_all")


def read_url(row: Notification) -> str:
    return reverse("notifications:read", args=[row.pk])


def texts(client: Client, **query: str) -> list[str]:
    page = client.get(INDEX, query).content.decode()
    return re.findall(r'<a class="name" href="[^"]*">([^<]*)</a>', page)


def test_index_shows_what_one_was_told_newest_first(alice_client: Client, alice: Any) -> None:
    for text in ("first", "second"):
        NotificationFactory(person=alice, text=text)
    NotificationFactory(text="to somebody else")

    assert texts(alice_client) == ["second", "first"]


def test_index_says_nothing_of_who_was_locked_out(alice_client: Client, alice: Any) -> None:
    NotificationFactory(person=alice, text="by the site")
    NotificationFactory(person=alice, text="by mallory", actor=UserFactory(is_active=False))

    assert texts(alice_client) == ["by the site"]
    assert unread_count(alice) == 1


def test_index_leads_on_by_links(alice_client: Client, alice: Any) -> None:
    NotificationFactory(person=alice, text="<b>", url="/@bob/")

    page = alice_client.get(INDEX).content.decode()

    assert '<a class="name" href="/@bob/">&lt;b&gt;</a>' in page
    assert reverse("notifications:settings") in page


def test_index_marks_what_is_unread_and_changes_nothing(alice_client: Client, alice: Any) -> None:
    NotificationFactory(person=alice)
    NotificationFactory(person=alice, actor=None, read_at="2026-11-22T00:00Z")

    pages = [alice_client.get(INDEX).content.decode() for _ in range(2)]

    assert [page.count(">New</span>") for page in pages] == [1, 1]
    assert all(READ_ALL in page for page in pages)


def test_index_offers_to_mark_nothing_when_all_is_read(alice_client: Client, alice: Any) -> None:
    NotificationFactory(person=alice, read_at="2026-11-22T00:00Z")

    page = alice_client.get(INDEX).content.decode()

    assert READ_ALL not in page
    assert "Mark as read" not in page


def test_index_has_words_when_there_is_nothing(alice_client: Client) -> None:
    page = alice_client.get(INDEX).content.decode()

    assert "Nothing here yet." in page
    assert READ_ALL not in page


def test_index_goes_on_page_by_page(
    alice_client: Client, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "PAGE_SIZE", 2)
    for number in range(5):
        NotificationFactory(person=alice, text=str(number))

    seen, url = [], INDEX
    while url:
        page = alice_client.get(url).content.decode()
        seen.append(re.findall(r'<a class="name" href="[^"]*">([^<]*)</a>', page))
        assert (READ_ALL in page) is (url == INDEX)
        following = re.search(r'href="(\?after=[^"]+)" rel="next"', page)
        url = INDEX + following[1] if following else ""

    assert seen == [["4", "3"], ["2", "1"], ["0"]]


def test_index_starts_anew_when_the_cursor_is_none_of_ours(alice_client: Client) -> None:
    answer = alice_client.get(INDEX, {"after": "rubbish"})

    assert (answer.status_code, answer.headers["Location"]) == (302, INDEX)


def test_index_costs_few_queries(alice_client: Client, alice: Any, count_queries: Any) -> None:
    for _ in range(30):
        NotificationFactory(person=alice)

    with count_queries(at_most=6):
        answer = alice_client.get(INDEX)

    assert answer.content.count(b">New</span>") == 30


def test_index_is_for_people_who_are_not_verified_too(client: Client) -> None:
    client.force_login(UserFactory(verified=False))

    assert client.get(INDEX).status_code == 200


@pytest.mark.parametrize("url", [INDEX, reverse("notifications:settings")])
def test_page_sends_anonymous_readers_to_the_sign_in(client: Client, url: str) -> None:
    answer = client.get(url)

    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{reverse('account_login')}?next={url}"


def test_read_marks_one(alice_client: Client, alice: Any) -> None:
    row, other = NotificationFactory(person=alice), NotificationFactory(person=alice)

    answer = alice_client.post(read_url(row), {"next": "/notifications/?after=x"})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/notifications/?after=x")
    assert list(Notification.objects.filter(read_at=None)) == [other]


def test_read_answers_the_row_to_htmx(alice_client: Client, alice: Any) -> None:
    row = NotificationFactory(person=alice, text="Bob follows you")

    answer = alice_client.post(read_url(row), headers={"HX-Request": "true"})

    page = answer.content.decode()
    assert "Bob follows you" in page
    assert "<html" not in page
    assert "Mark as read" not in page


def test_read_twice_is_success(alice_client: Client, alice: Any) -> None:
    row = NotificationFactory(person=alice)

    assert [alice_client.post(read_url(row)).status_code for _ in range(2)] == [302, 302]


def test_read_of_a_stranger_is_not_there(alice_client: Client, mallory: Any) -> None:
    row = NotificationFactory(person=mallory)

    assert alice_client.post(read_url(row)).status_code == 404
    row.refresh_from_db()
    assert row.read_at is None


@pytest.mark.parametrize("pk", [0, 2**80])
def test_read_of_nothing_is_not_there(alice_client: Client, pk: int) -> None:
    assert alice_client.post(reverse("notifications:read", args=[pk])).status_code == 404


def test_read_all_marks_up_to_what_the_page_showed(alice_client: Client, alice: Any) -> None:
    shown, newer = NotificationFactory(person=alice), NotificationFactory(person=alice)

    answer = alice_client.post(READ_ALL, {"value": str(shown.pk)})

    assert (answer.status_code, answer.headers["Location"]) == (302, INDEX)
    assert list(Notification.objects.filter(read_at=None)) == [newer]


@pytest.mark.parametrize("value", ["", "x", "-1", "9" * 30, "²"])
def test_read_all_ignores_what_is_no_number(alice_client: Client, alice: Any, value: str) -> None:
    NotificationFactory(person=alice)

    answer = alice_client.post(READ_ALL, {"value": value})

    assert answer.status_code == 302
    assert Notification.objects.get().read_at is None


def test_read_is_not_for_anonymous_readers(client: Client) -> None:
    row = NotificationFactory()

    assert client.post(read_url(row)).status_code == 302
    assert client.post(READ_ALL, {"value": str(row.pk)}).status_code == 302
    row.refresh_from_db()
    assert row.read_at is None


def test_read_needs_the_token_of_the_form(alice: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    row = NotificationFactory(person=alice)

    assert client.post(read_url(row)).status_code == 403
    assert client.post(READ_ALL, {"value": str(row.pk)}).status_code == 403


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_read_takes_a_form_only(alice_client: Client, method: str) -> None:
    for url in (READ_ALL, reverse("notifications:read", args=[1])):
        answer = alice_client.generic(method, url)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_index_is_read_only(alice_client: Client, method: str) -> None:
    answer = alice_client.generic(method, INDEX)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
