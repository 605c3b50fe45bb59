from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts import tasks
from apps.accounts.models import User
from tests.accounts.signing_in import is_signed_in, make_person, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def clients(db: None) -> list[Client]:
    make_person("anna")
    make_person("mallory")
    made = [Client(headers={"user-agent": f"Firefox/{number} Linux"}) for number in range(3)]
    for client, login in zip(made, ["anna", "anna", "mallory"], strict=True):
        sign_in(client, login)
    return made


def is_alive(client: Client) -> bool:
    return client.get(reverse("usersessions_list")).status_code == 200


def test_sessions_are_listed_with_the_current_one_marked(clients: list[Client]) -> None:
    page = clients[0].get(reverse("usersessions_list")).content.decode()

    assert page.count("Firefox on Linux") == 2
    assert page.count("This one") == 1
    assert "127.0.0.1" in page


def test_other_sessions_are_signed_out(clients: list[Client]) -> None:
    here, elsewhere, mallory = clients

    answer = here.post(reverse("usersessions_list"))

    assert answer["Location"] == reverse("usersessions_list")
    assert is_alive(here)
    assert not is_alive(elsewhere)
    assert is_alive(mallory)
    assert b"You are signed in nowhere else." in here.get(reverse("usersessions_list")).content


def test_sessions_are_for_people_who_are_signed_in(client: Client) -> None:
    for answer in (client.get(reverse("usersessions_list")), client.post(reverse("usersessions_list"))):
        assert answer["Location"].startswith(reverse("account_login"))


def test_signout_ends_this_session_only(clients: list[Client]) -> None:
    clients[0].post(reverse("account_logout"))

    assert not is_signed_in(clients[0])
    assert is_alive(clients[1])


def test_change_of_the_password_ends_every_session(clients: list[Client]) -> None:
    anna = User.objects.get(username="anna")
    anna.set_password("another horse battery")
    anna.save()

    assert not is_alive(clients[0])
    assert not is_alive(clients[1])
    assert is_alive(clients[2])


@pytest.mark.parametrize(
    "name",
    [
        "account_email",
        "account_change_password",
        "mfa_index",
        "usersessions_list",
        "socialaccount_connections",
    ],
)
def test_settings_page_is_finished_and_kept_by_nobody(clients: list[Client], name: str) -> None:
    answer = clients[0].get(reverse(name))

    page = answer.content.decode()
    assert page.count("<h1") == 1
    assert 'aria-current="page"' in page
    assert '<meta name="robots" content="noindex">' in page
    assert "style=" not in page
    assert {"private", "no-store"} & set(answer["Cache-Control"].replace(" ", "").split(","))


def test_what_is_noted_of_a_session_goes_with_it(clients: list[Client]) -> None:
    keys = [client.session.session_key for client in clients]
    Session.objects.filter(session_key=keys[0]).update(expire_date=timezone.now() - timedelta(minutes=1))
    Session.objects.filter(session_key=keys[1]).delete()

    tasks.forget_what_expired()

    assert [session.session_key for session in UserSession.objects.all()] == [keys[2]]
    assert is_alive(clients[2])
