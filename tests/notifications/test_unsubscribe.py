from typing import Any

import pytest
from django.core.signing import Signer
from django.test import Client
from django.urls import reverse

from apps.notifications.models import Channel, Digest, Kind, Notification
from apps.notifications.selectors import channels_of
from apps.notifications.services import unsubscribing
from apps.notifications.services.preferences import choose_channels, choose_digest
from apps.notifications.services.unsubscribing import (
    ALL,
    DIGEST,
    BadTokenError,
    read_token,
    unsubscribe_headers,
    unsubscribe_link,
)
from tests.factories.notifications import NotificationFactory

pytestmark = pytest.mark.django_db

EVERYTHING = [ALL, DIGEST, *Kind.values]


@pytest.fixture
def mailed(alice: Any) -> Any:
    """Somebody who gets all mails."""
    choose_channels(person=alice, channels=dict.fromkeys(Kind, Channel.MAIL))
    choose_digest(person=alice, wanted=True)
    return alice


def url_of(person: Any, what: str) -> str:
    return unsubscribe_link(person, what).removeprefix("http://localhost:8000")


def state(person: Any) -> dict[str, object]:
    return {**channels_of(person), DIGEST: Digest.objects.filter(person=person).exists()}


@pytest.mark.parametrize("what", EVERYTHING)
def test_link_asks_and_changes_nothing(client: Client, mailed: Any, what: str) -> None:
    before = state(mailed)

    answer = client.get(url_of(mailed, what))

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Stop these mails" in page
    assert "@alice" in page
    assert "csrfmiddlewaretoken" not in page
    assert 'content="noindex"' in page
    assert "no-store" in answer.headers["Cache-Control"]
    assert state(mailed) == before


@pytest.mark.parametrize(
    ("what", "stopped"),
    [
        ("follower", {"follower"}),
        ("point_vote", {"point_vote"}),
        (DIGEST, {DIGEST}),
        ("mention", {"mention"}),
        (ALL, {*Kind.values, DIGEST}),
    ],
)
def test_button_stops_what_the_link_says(mailed: Any, what: str, stopped: set[str]) -> None:
    answer = Client(enforce_csrf_checks=True).post(url_of(mailed, what))

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "You get no more of these" in page
    assert reverse("notifications:settings") in page
    mails = {name for name, value in state(mailed).items() if value in (Channel.MAIL, True)}
    assert mails == {*Kind.values, DIGEST} - stopped
    assert Channel.OFF not in state(mailed).values()


def test_mail_program_stops_mails_with_one_click(mailed: Any) -> None:
    client = Client(enforce_csrf_checks=True)

    answer = client.post(url_of(mailed, Kind.FOLLOWER), {"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    assert channels_of(mailed)[Kind.FOLLOWER] == Channel.SITE


@pytest.mark.parametrize("what", EVERYTHING)
def test_button_twice_is_success(client: Client, mailed: Any, what: str) -> None:
    pages = [client.post(url_of(mailed, what)) for _ in range(2)]

    assert [page.status_code for page in pages] == [200, 200]
    assert pages[0].content == pages[1].content


def test_button_leaves_off_what_is_off(client: Client, alice: Any) -> None:
    choose_channels(person=alice, channels={Kind.FOLLOWER: Channel.OFF})

    client.post(url_of(alice, ALL))

    assert channels_of(alice)[Kind.FOLLOWER] == Channel.OFF


def test_button_stops_the_mail_that_waits(client: Client, mailed: Any) -> None:
    NotificationFactory(person=mailed, is_mail_due=True)

    client.post(url_of(mailed, Kind.FOLLOWER))

    assert Notification.objects.get().is_mail_due is False


def test_button_changes_nothing_of_whoever_is_signed_in(client: Client, mailed: Any, mallory: Any) -> None:
    client.force_login(mallory)
    before = state(mallory)

    client.post(url_of(mailed, ALL))

    assert state(mallory) == before
    assert state(mailed)[DIGEST] is False


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("token", ["x", "W251bGxd:abc", "%25", "é"])
def test_bad_token_is_not_there(client: Client, mailed: Any, method: str, token: str) -> None:
    before = state(mailed)

    answer = getattr(client, method)(f"/notifications/unsubscribe/{token}/")

    assert answer.status_code == 404
    assert "This link to stop mails is incomplete" in answer.content.decode()
    assert state(mailed) == before


def test_token_that_was_cut_is_not_there(client: Client, mailed: Any) -> None:
    url = url_of(mailed, ALL).rstrip("/")

    assert client.post(f"{url[:-1]}/").status_code == 404


def test_token_signed_for_something_else_is_not_read(mailed: Any) -> None:
    with pytest.raises(BadTokenError):
        read_token(Signer(salt="another").sign_object([mailed.pk, ALL]))


def test_token_of_a_kind_that_is_no_more_is_not_read(mailed: Any) -> None:
    with pytest.raises(BadTokenError):
        read_token(unsubscribing._signer.sign_object([mailed.pk, "poke"]))


def test_token_of_somebody_who_left_is_not_there(client: Client, mailed: Any) -> None:
    url = url_of(mailed, ALL)
    mailed.delete()

    assert client.post(url).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_unsubscribe_refuses_methods_of_no_form(client: Client, mailed: Any, method: str) -> None:
    answer = client.generic(method, url_of(mailed, ALL))

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")


def test_unsubscribe_costs_few_queries(client: Client, mailed: Any, count_queries: Any) -> None:
    url = url_of(mailed, ALL)

    with count_queries(at_most=1):
        assert client.get(url).status_code == 200
    # The person; the digest; what they chose; that within a transaction, and the mails that wait.
    with count_queries(at_most=7):
        assert client.post(url).status_code == 200


def test_headers_hold_one_address_and_the_word_of_the_rfc(settings: Any, alice: Any) -> None:
    settings.SITE_URL = "https://stacks.example.org"

    headers = unsubscribe_headers(alice, DIGEST)

    assert headers["List-Unsubscribe"].startswith("<https://stacks.example.org/notifications/unsubscribe/")
    assert headers["List-Unsubscribe"].endswith("/>")
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
