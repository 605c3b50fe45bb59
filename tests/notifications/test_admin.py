from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.notifications.models import Channel, Digest, Kind, Preference
from tests.factories.accounts import UserFactory
from tests.factories.notifications import NotificationFactory

pytestmark = pytest.mark.django_db

NAMES = ["notification", "preference", "digest"]


def list_url(name: str) -> str:
    return reverse(f"admin:notifications_{name}_changelist")


def make_rows(person: Any) -> None:
    NotificationFactory(person=person, actor=None)
    Preference.objects.create(person=person, kind=Kind.FOLLOWER, channel=Channel.OFF)
    Digest.objects.create(person=person, since=timezone.now())


@pytest.fixture(autouse=True)
def _without_second_factor(settings: Any) -> None:
    settings.ADMIN_SECOND_FACTOR = False


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("query", ["alice", "alice@example.org"])
def test_list_finds_rows_by_person(
    maud_client: Client, alice: Any, mallory: Any, name: str, query: str
) -> None:
    make_rows(alice)
    make_rows(mallory)

    page = maud_client.get(list_url(name), {"q": query}).content.decode()

    assert ">alice<" in page
    assert ">mallory<" not in page


@pytest.mark.parametrize("name", NAMES)
def test_list_costs_no_query_per_row(maud_client: Client, count_queries: Any, name: str) -> None:
    for _ in range(20):
        make_rows(UserFactory())

    with count_queries(at_most=8):
        answer = maud_client.get(list_url(name))

    assert answer.content.count(b'class="field-person') + answer.content.count(b'class="field-__str__') >= 20


@pytest.mark.parametrize("name", NAMES)
def test_list_has_filters(maud_client: Client, alice: Any, name: str) -> None:
    make_rows(alice)

    assert b'id="changelist-filter"' in maud_client.get(list_url(name)).content


@pytest.mark.parametrize(
    ("name", "title"), [("notification", "News"), ("preference", "off"), ("digest", "since")]
)
def test_row_can_be_read(maud_client: Client, alice: Any, name: str, title: str) -> None:
    make_rows(alice)
    model = apps.get_model("notifications", name)

    url = reverse(f"admin:notifications_{name}_change", args=[model.objects.get().pk])
    page = maud_client.get(url).content.decode()

    assert title in page
    assert 'name="_save"' not in page


@pytest.mark.parametrize("name", NAMES)
def test_admin_adds_nothing(maud_client: Client, name: str) -> None:
    assert maud_client.get(reverse(f"admin:notifications_{name}_add")).status_code == 403


@pytest.mark.parametrize("name", NAMES)
def test_list_is_not_for_others(alice: Any, name: str) -> None:
    client = Client()
    client.force_login(alice)

    assert client.get(list_url(name), follow=True).status_code == 403
