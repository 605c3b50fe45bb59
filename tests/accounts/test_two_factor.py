import re

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from tests.accounts.clients import client_of
from tests.accounts.signing_in import (
    add_recovery_codes,
    add_totp,
    is_signed_in,
    mails_to,
    make_person,
    sign_in,
    totp_code,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna(db: None) -> User:
    return make_person("anna")


def test_authenticator_app_is_set_up_and_recovery_codes_come_with_it(anna: User) -> None:
    client = client_of(anna)
    page = client.get(reverse("mfa_activate_totp")).content.decode()
    found = re.search(r'id="authenticator_secret"[^>]*value="(\w+)"', page)
    assert found
    assert 'src="data:image/svg+xml' in page

    wrong = client.post(reverse("mfa_activate_totp"), {"code": "000000"})
    assert b'aria-invalid="true"' in wrong.content
    session = client.session
    session["mfa.totp.secret"] = "JBSWY3DPEHPK3PXP"
    session.save()
    answer = client.post(reverse("mfa_activate_totp"), {"code": totp_code()})

    assert answer["Location"] == reverse("mfa_view_recovery_codes")
    assert set(anna.authenticator_set.values_list("type", flat=True)) == {"totp", "recovery_codes"}
    codes = client.get(answer["Location"]).content.decode()
    assert len(re.findall(r"<li><code>\d+</code></li>", codes)) == 10


def test_signin_asks_for_the_code_of_the_app(client: Client, anna: User) -> None:
    add_totp(anna)

    answer = sign_in(client, "anna")

    assert answer["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    page = client.get(answer["Location"]).content.decode()
    assert 'autocomplete="one-time-code"' in page
    assert 'data-allauth-onload="allauth.webauthn.forms.authenticateForm"' in page
    wrong = client.post(answer["Location"], {"code": "000000"})
    assert b"Incorrect code." in wrong.content or b"This code is not" in wrong.content
    assert not is_signed_in(client)
    client.post(answer["Location"], {"code": totp_code()})
    assert is_signed_in(client)


def test_code_of_the_app_works_once(anna: User) -> None:
    add_totp(anna)
    code = totp_code()
    clients = [Client(), Client()]

    for client in clients:
        sign_in(client, "anna")
        client.post(reverse("mfa_authenticate"), {"code": code})

    assert [is_signed_in(client) for client in clients] == [True, False]


def test_recovery_code_works_once(anna: User) -> None:
    add_totp(anna)
    code = add_recovery_codes(anna)[3]
    clients = [Client(), Client()]

    for client in clients:
        sign_in(client, "anna")
        client.post(reverse("mfa_authenticate"), {"code": code})

    assert [is_signed_in(client) for client in clients] == [True, False]


def test_second_factor_can_be_cancelled(client: Client, anna: User) -> None:
    add_totp(anna)
    sign_in(client, "anna")

    answer = client.post(reverse("account_logout"), {"next": reverse("account_login")})

    assert answer["Location"] == reverse("account_login")
    assert client.get(reverse("mfa_authenticate"))["Location"] == reverse("account_login")


@pytest.mark.django_db(transaction=True)
def test_new_recovery_codes_replace_the_old_ones(anna: User) -> None:
    add_totp(anna)
    old = add_recovery_codes(anna)
    client = client_of(anna)
    assert b"no longer work" in client.get(reverse("mfa_generate_recovery_codes")).content

    client.post(reverse("mfa_generate_recovery_codes"))

    page = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    assert not any(code in page for code in old)
    download = client.get(reverse("mfa_download_recovery_codes"))
    assert download["Content-Type"].startswith("text/plain")
    assert len(download.content.split()) == 10
    assert mails_to(anna.email)[-1].subject == "New recovery codes"


def test_app_is_taken_away_with_the_recovery_codes(anna: User) -> None:
    add_totp(anna)
    add_recovery_codes(anna)
    client = client_of(anna)
    assert b"Take the authenticator app away?" in client.get(reverse("mfa_deactivate_totp")).content

    client.post(reverse("mfa_deactivate_totp"))

    assert not Authenticator.objects.exists()
    assert mails_to(anna.email)[-1].subject == "The authenticator app was taken away"
    cache.clear()
    fresh = Client()
    sign_in(fresh, "anna")
    assert is_signed_in(fresh)


@pytest.mark.parametrize(
    "name",
    ["mfa_activate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_download_recovery_codes",
     "mfa_add_webauthn"],
)  # fmt: skip
def test_what_is_sensitive_asks_who_it_is_first(anna: User, name: str) -> None:
    if name != "mfa_activate_totp":
        add_totp(anna)
        add_recovery_codes(anna)

    answer = client_of(anna, is_fresh=False).get(reverse(name))

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_reauthenticate"))


@pytest.mark.parametrize(
    "name", ["mfa_index", "mfa_activate_totp", "mfa_list_webauthn", "mfa_view_recovery_codes"]
)
def test_pages_are_for_people_who_are_signed_in(client: Client, name: str) -> None:
    answer = client.get(reverse(name))

    assert answer["Location"].startswith(reverse("account_login"))


def test_index_says_what_is_set_up(anna: User, count_queries) -> None:
    client = client_of(anna)
    assert b"None is set up." in client.get(reverse("mfa_index")).content
    add_totp(anna)
    add_recovery_codes(anna)

    with count_queries(at_most=10):
        page = client.get(reverse("mfa_index")).content

    assert b"Take it away" in page
    assert b"10 codes left." in page
