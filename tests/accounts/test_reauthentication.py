import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from tests.accounts.clients import client_of
from tests.accounts.signing_in import PASSWORD, add_passkey, add_totp, make_person, totp_code

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna(db: None) -> User:
    return make_person("anna")


def test_question_goes_on_to_what_was_asked_for(anna: User) -> None:
    client = client_of(anna, is_fresh=False)
    question = client.get(reverse("mfa_activate_totp"))["Location"]
    page = client.get(question).content.decode()
    assert "Is it you?" in page
    assert 'autocomplete="current-password"' in page

    wrong = client.post(question, {"password": "not hers", "next": reverse("mfa_activate_totp")})
    right = client.post(question, {"password": PASSWORD, "next": reverse("mfa_activate_totp")})

    assert b"This is not your password." in wrong.content
    assert right["Location"] == reverse("mfa_activate_totp")
    assert client.get(reverse("mfa_activate_totp")).status_code == 200


def test_question_can_be_answered_with_the_code_of_the_app(anna: User) -> None:
    add_totp(anna)
    add_passkey(anna)
    client = client_of(anna, is_fresh=False)
    question = client.get(reverse("mfa_deactivate_totp"))["Location"]
    page = client.get(question).content.decode()
    assert "With a code of your authenticator app" in page
    assert "With a passkey" in page

    wrong = client.post(reverse("mfa_reauthenticate"), {"code": "000000"})
    answer = client.post(
        reverse("mfa_reauthenticate"), {"code": totp_code(), "next": reverse("mfa_deactivate_totp")}
    )

    assert wrong.status_code == 200
    assert answer["Location"] == reverse("mfa_deactivate_totp")
    assert client.get(answer["Location"]).status_code == 200


def test_page_to_answer_with_a_passkey_has_what_the_scripts_need(anna: User) -> None:
    add_totp(anna)
    add_passkey(anna)
    client = client_of(anna, is_fresh=False)

    page = client.get(reverse("mfa_reauthenticate")).content.decode()

    assert "With your password" in page
    assert reverse("mfa_reauthenticate_webauthn") in page


def test_form_that_was_sent_is_done_after_the_answer(anna: User) -> None:
    client = client_of(anna, is_fresh=False)
    question = client.post(reverse("account_email"), {"email": "new@example.org", "action_add": "1"})
    assert question["Location"].startswith(reverse("account_reauthenticate"))

    answer = client.post(question["Location"], {"password": PASSWORD, "next": reverse("account_email")})

    assert answer["Location"] == reverse("account_email_verification_sent")


def test_question_is_for_people_who_are_signed_in(client: Client) -> None:
    answer = client.get(reverse("account_reauthenticate"))

    assert answer["Location"].startswith(reverse("account_login"))


def test_answer_leads_nowhere_else(anna: User) -> None:
    client = client_of(anna, is_fresh=False)

    answer = client.post(
        reverse("account_reauthenticate"), {"password": PASSWORD, "next": "https://evil.example/"}
    )

    assert answer["Location"] == "/"
