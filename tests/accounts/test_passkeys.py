"""What the server does about passkeys; a browser with a virtual authenticator tries the rest."""

import json

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from tests.accounts.clients import client_of
from tests.accounts.signing_in import add_passkey, add_totp, is_signed_in, mails_to
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db

NONSENSE = [
    "",
    "{}",
    "[]",
    "null",
    "x",
    '{"id": "x"}',
    '{"id": "x", "rawId": "eA", "response": {}, "type": "y"}',
]


def test_page_to_add_a_passkey_has_what_the_scripts_need(alice: User) -> None:
    page = client_of(alice).get(reverse("mfa_add_webauthn")).content.decode()

    assert 'id="mfa_webauthn_add"' in page
    assert 'type="hidden" name="credential"' in page
    assert 'data-allauth-onload="allauth.webauthn.forms.addForm"' in page
    options = json.loads(page.split('id="js_data" type="application/json">')[1].split("</script>")[0])
    assert options["creation_options"]["publicKey"]["rp"]["id"] == "testserver"
    box = page[page.index('name="passwordless"') :].split(">")[0]
    assert 'id="id_passwordless"' in box
    assert "checked" in box
    assert "Passkeys need JavaScript" in page


def test_page_to_add_a_passkey_asks_for_the_password_first(alice: User) -> None:
    alice.set_password("correct horse battery")
    alice.save()

    answer = client_of(alice, is_fresh=False).get(reverse("mfa_add_webauthn"))

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_reauthenticate"))


def test_passkeys_are_listed_renamed_and_removed(alice: User) -> None:
    client = client_of(alice)
    phone = add_passkey(alice)
    page = client.get(reverse("mfa_list_webauthn")).content.decode()
    assert "Phone" in page
    assert "never used" in page

    client.post(reverse("mfa_edit_webauthn", args=[phone.pk]), {"name": "Blue key"})

    assert "Blue key" in client.get(reverse("mfa_remove_webauthn", args=[phone.pk])).content.decode()
    answer = client.post(reverse("mfa_remove_webauthn", args=[phone.pk]))
    assert answer["Location"] == reverse("mfa_list_webauthn")
    assert not Authenticator.objects.exists()
    assert mails_to(alice.email)[-1].subject == "A passkey was removed"
    assert b"You have none yet." in client.get(reverse("mfa_list_webauthn")).content


@pytest.mark.parametrize("name", ["mfa_edit_webauthn", "mfa_remove_webauthn"])
def test_passkey_of_somebody_else_is_not_found(alice: User, mallory: User, name: str) -> None:
    phone = add_passkey(alice)
    client = client_of(mallory)

    assert client.get(reverse(name, args=[phone.pk])).status_code == 404
    assert client.post(reverse(name, args=[phone.pk]), {"name": "x"}).status_code == 404
    assert Authenticator.objects.count() == 1


@pytest.mark.parametrize("credential", NONSENSE)
def test_nonsense_signs_nobody_in(client: Client, alice: User, credential: str) -> None:
    add_passkey(alice)
    client.get(reverse("mfa_login_webauthn"), headers={"accept": "application/json"})

    answer = client.post(reverse("mfa_login_webauthn"), {"credential": credential})

    assert answer["Location"] == reverse("account_login")
    assert not is_signed_in(client)


@pytest.mark.parametrize("credential", NONSENSE)
def test_nonsense_adds_no_passkey(alice: User, credential: str) -> None:
    client = client_of(alice)
    client.get(reverse("mfa_add_webauthn"))

    answer = client.post(reverse("mfa_add_webauthn"), {"name": "x", "credential": credential})

    assert answer.status_code == 200
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize("credential", NONSENSE)
def test_nonsense_is_no_second_showing(alice: User, credential: str) -> None:
    add_passkey(alice)
    add_totp(alice)

    answer = client_of(alice, is_fresh=False).post(
        reverse("mfa_reauthenticate_webauthn"), {"credential": credential}
    )

    assert answer.status_code == 302


def test_options_of_a_passkey_login_name_nobody(client: Client, alice: User) -> None:
    add_passkey(alice)

    answer = client.get(reverse("mfa_login_webauthn"), headers={"accept": "application/json"})

    options = answer.json()["request_options"]["publicKey"]
    assert options["userVerification"] == "required"
    assert not options.get("allowCredentials")


def test_passkey_needs_a_verified_address() -> None:
    bob = UserFactory(username="bob", verified=False)
    client = client_of(bob)
    client.get(reverse("account_email"))

    answer = client.get(reverse("mfa_add_webauthn"))

    assert answer["Location"] == reverse("mfa_index")
