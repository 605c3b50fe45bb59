from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.notifications.models import Channel, Digest, Kind, Notification, Preference
from apps.notifications.selectors import DEFAULTS, channels_of
from apps.notifications.services.preferences import choose_channels, choose_digest
from tests.factories.accounts import UserFactory
from tests.factories.notifications import NotificationFactory

pytestmark = pytest.mark.django_db

URL = reverse("notifications:settings")
DEFAULT = {kind.value: channel.value for kind, channel in DEFAULTS.items()}
CHOICE = DEFAULT | {"follower": "off", "point_vote": "mail", "digest": "on"}


def checked(client: Client) -> dict[str, str]:
    """What is chosen."""
    form = client.get(URL).context["form"]
    return {name: "on" if form[name].value() is True else form[name].value() for name in form.fields}


def test_settings_show_the_defaults(alice_client: Client) -> None:
    page = alice_client.get(URL).content.decode()

    assert page.count("<fieldset") == page.count("<legend>") == len(Kind) + 1
    assert page.count('type="radio"') == 3 * len(Kind)
    assert checked(alice_client) == DEFAULT | {"digest": False}


def test_settings_are_kept(alice_client: Client, alice: Any) -> None:
    answer = alice_client.post(URL, CHOICE, follow=True)

    assert answer.redirect_chain == [(URL, 302)]
    assert "Your choice is saved." in answer.content.decode()
    assert checked(alice_client) == CHOICE
    assert channels_of(alice) == DEFAULTS | {Kind.FOLLOWER: Channel.OFF, Kind.POINT_VOTE: Channel.MAIL}


def test_settings_can_be_changed_again(alice_client: Client) -> None:
    alice_client.post(URL, CHOICE)

    alice_client.post(URL, DEFAULT | {"stack": "off"})

    assert checked(alice_client) == DEFAULT | {"stack": "off", "digest": False}
    assert not Digest.objects.exists()


def test_settings_are_ones_own(alice_client: Client, mallory: Any) -> None:
    alice_client.post(URL, CHOICE)

    assert channels_of(mallory)[Kind.FOLLOWER] == Channel.MAIL
    assert not Digest.objects.filter(person=mallory).exists()


@pytest.mark.parametrize("value", [None, "", "pigeon"])
def test_settings_say_at_the_field_what_is_wrong(alice_client: Client, value: str | None) -> None:
    data = {name: chosen for name, chosen in CHOICE.items() if name != "follower"}
    if value is not None:
        data["follower"] = value

    page = alice_client.post(URL, data).content.decode()

    assert "Choose one of these." in page
    assert 'aria-describedby="id_follower_error"' in page
    assert "Nothing was saved." in page
    assert not Preference.objects.exists()
    assert not Digest.objects.exists()


def test_settings_of_an_empty_form_are_wrong(alice_client: Client) -> None:
    assert "Nothing was saved." in alice_client.post(URL).content.decode()


def test_settings_are_not_for_anonymous_people(client: Client) -> None:
    assert client.post(URL, CHOICE).status_code == 302
    assert not Preference.objects.exists()


def test_settings_need_the_token_of_the_form(alice: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)

    assert client.post(URL, CHOICE).status_code == 403


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_settings_refuse_methods_of_no_form(alice_client: Client, method: str) -> None:
    answer = alice_client.generic(method, URL)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")


def test_settings_cost_few_queries(alice_client: Client, count_queries: Any) -> None:
    with count_queries(at_most=6):
        answer = alice_client.get(URL)

    assert answer.status_code == 200


@pytest.mark.parametrize("channel", [Channel.SITE, Channel.OFF])
def test_choice_stops_mail_that_waits(alice: Any, mallory: Any, channel: Channel) -> None:
    for person in (alice, mallory):
        for kind in Kind:
            NotificationFactory(person=person, kind=kind, is_mail_due=True)

    choose_channels(person=alice, channels=dict.fromkeys(Kind, Channel.MAIL) | {Kind.FOLLOWER: channel})

    due = Notification.objects.filter(is_mail_due=True).values_list("person__username", "kind")
    everything = {(name, kind.value) for name in ("alice", "mallory") for kind in Kind}
    assert set(due) == everything - {("alice", "follower")}


def test_digest_goes_on_when_it_is_wanted_again(alice: Any) -> None:
    choose_digest(person=alice, wanted=True)
    since = Digest.objects.get().since

    choose_digest(person=alice, wanted=True)

    assert Digest.objects.get().since == since


@pytest.mark.django_db(transaction=True)
def test_choice_is_kept_when_it_is_sent_twice_at_once(in_two_threads: Any) -> None:
    alice = UserFactory()

    def choose() -> None:
        choose_channels(person=alice, channels=dict.fromkeys(Kind, Channel.OFF))
        choose_digest(person=alice, wanted=True)

    in_two_threads(choose)

    assert Preference.objects.filter(channel=Channel.OFF).count() == len(Kind)
    assert Digest.objects.count() == 1
