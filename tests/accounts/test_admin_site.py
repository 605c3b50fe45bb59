from typing import Any

import pytest
from allauth.socialaccount.models import SocialApp, SocialToken
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from tests.accounts.signing_in import add_passkey, add_totp, make_person, sign_in

pytestmark = pytest.mark.django_db

INDEX = "/admin/"
LOGIN = "/admin/login/"


@pytest.fixture
def strict(settings: Any) -> None:
    settings.ADMIN_SECOND_FACTOR = True


def follow(client: Client, path: str) -> tuple[str, Any]:
    """Where the redirects end, and the answer there."""
    answer = client.get(path, follow=True)
    end = answer.redirect_chain[-1][0] if answer.redirect_chain else path
    return end, answer


@pytest.mark.parametrize("path", [INDEX, LOGIN, "/admin/accounts/user/"])
def test_anonymous_reader_is_sent_to_the_sites_own_signin_and_back(client: Client, path: str) -> None:
    make_person("maud", is_staff=True, is_superuser=True)

    end, answer = follow(client, path)

    assert end.startswith(f"{reverse('account_login')}?next=/admin/")
    assert answer.status_code == 200
    back = end.split("next=")[1]
    signed_in = client.post(
        reverse("account_login"), {"login": "maud", "password": "correct horse battery", "next": back}
    )
    assert signed_in["Location"] == back
    assert follow(client, back)[1].status_code == 200


@pytest.mark.parametrize("path", [INDEX, LOGIN, "/admin/accounts/user/"])
def test_person_who_is_no_moderator_is_refused_in_words(client: Client, alice: User, path: str) -> None:
    client.force_login(alice)

    _, answer = follow(client, path)

    assert answer.status_code == 403
    assert b"The admin is for moderators." in answer.content


@pytest.mark.parametrize("path", [INDEX, LOGIN, "/admin/accounts/user/"])
@pytest.mark.usefixtures("strict")
def test_moderator_without_a_second_factor_is_sent_to_set_one_up(maud_client: Client, path: str) -> None:
    end, answer = follow(maud_client, path)

    assert end == reverse("mfa_index")
    assert b"The admin needs a second factor" in answer.content


@pytest.mark.parametrize("add", [add_totp, add_passkey])
@pytest.mark.usefixtures("strict")
def test_moderator_with_a_second_factor_is_let_in(maud_client: Client, maud: User, add: Any) -> None:
    add(maud)

    assert maud_client.get(INDEX).status_code == 200
    assert maud_client.get(LOGIN)["Location"] == INDEX


@pytest.mark.usefixtures("strict")
def test_signin_of_a_moderator_asks_for_the_second_factor(client: Client) -> None:
    add_totp(make_person("maud", is_staff=True, is_superuser=True))

    assert sign_in(client, "maud")["Location"] == reverse("mfa_authenticate")
    assert client.get(INDEX).status_code == 302


def test_moderator_without_a_second_factor_is_let_in_where_none_is_asked_for(maud_client: Client) -> None:
    assert maud_client.get(INDEX).status_code == 200


def test_moderator_who_was_locked_out_is_anonymous(maud_client: Client, maud: User) -> None:
    User.objects.filter(pk=maud.pk).update(is_active=False)

    assert follow(maud_client, INDEX)[0].startswith(reverse("account_login"))


def test_admin_never_takes_a_password_itself(client: Client) -> None:
    make_person("maud", is_staff=True, is_superuser=True)

    answer = client.post(LOGIN, {"username": "maud", "password": "correct horse battery"})

    assert answer["Location"].startswith(reverse("account_login"))
    assert "_auth_user_id" not in client.session


def test_password_is_changed_on_the_sites_own_page(maud_client: Client) -> None:
    answer = maud_client.post("/admin/password_change/", {"new_password1": "x"})

    assert answer["Location"] == reverse("account_change_password")


def test_admin_shows_no_secrets() -> None:
    shown = {model._meta.label for model in admin.site._registry}

    assert not admin.site.is_registered(SocialApp)
    assert not admin.site.is_registered(SocialToken)
    assert "mfa.Authenticator" not in shown
    assert {"accounts.User", "account.EmailAddress"} <= shown
