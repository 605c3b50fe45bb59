import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from tests.accounts.clients import client_of
from tests.accounts.signing_in import (
    add_totp,
    code_for,
    enter_code,
    mails_to,
    make_person,
    sign_up,
    without_tokens,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna(db: None) -> User:
    return make_person("anna")


def change(client: Client, address: str) -> None:
    answer = client.post(reverse("account_email"), {"email": address, "action_add": "1"})
    assert answer["Location"] == reverse("account_email_verification_sent")


def test_address_changes_after_the_code_and_the_old_one_is_told(anna: User) -> None:
    client = client_of(anna)
    change(client, "New@Example.org")
    anna.refresh_from_db()
    assert anna.email == "anna@example.org"

    enter_code(client, code_for("new@example.org"))

    anna.refresh_from_db()
    assert anna.email == "new@example.org"
    address = EmailAddress.objects.get(user=anna)
    assert (address.email, address.verified, address.primary) == ("new@example.org", True, True)
    mail = mails_to("anna@example.org")[-1]
    assert mail.subject == "Your e-mail address was changed"
    assert "from anna@example.org to new@example.org" in mail.body
    assert "127.0.0.1" in mail.body
    assert "http://testserver/accounts/password/reset/" in mail.body


def test_address_changes_with_a_second_factor_too(anna: User) -> None:
    add_totp(anna)
    client = client_of(anna)

    change(client, "new@example.org")
    enter_code(client, code_for("new@example.org"))

    assert EmailAddress.objects.get(user=anna).email == "new@example.org"


def test_change_can_be_left(anna: User) -> None:
    client = client_of(anna)
    change(client, "new@example.org")

    page = client.get(reverse("account_email_verification_sent")).content.decode()

    assert f'href="{reverse("account_email")}"' in page
    assert "anna@example.org" in client.get(reverse("account_email")).content.decode()


def test_address_of_somebody_else_answers_like_one_that_is_free(anna: User, alice: User) -> None:
    clients = [client_of(anna), client_of(anna)]

    pages = []
    for client, address in zip(clients, ["alice@example.org", "aliza@example.org"], strict=True):
        change(client, address)
        pages.append(without_tokens(client.get(reverse("account_email_verification_sent")).content))

    assert pages[0].replace(b"alice@", b"aliza@") == pages[1]
    enter_code(clients[0], code_for("alice@example.org"))
    alice.refresh_from_db()
    anna.refresh_from_db()
    assert (alice.email, anna.email) == ("alice@example.org", "anna@example.org")


def test_address_that_was_never_verified_can_be_changed_to(anna: User) -> None:
    sign_up(Client(), email="work@example.org", username="squatter")
    cache.clear()
    client = client_of(anna)
    change(client, "work@example.org")
    assert User.objects.count() == 2

    enter_code(client, code_for("work@example.org"))

    anna.refresh_from_db()
    assert anna.email == "work@example.org"
    assert User.objects.count() == 1


def test_verified_address_can_not_be_removed(anna: User) -> None:
    client = client_of(anna)

    client.post(reverse("account_email"), {"email": "anna@example.org", "action_remove": "1"})

    assert EmailAddress.objects.get(user=anna).verified


def test_own_address_is_refused_in_words(anna: User) -> None:
    answer = client_of(anna).post(reverse("account_email"), {"email": "anna@example.org", "action_add": "1"})

    assert b"This is your address already." in answer.content
    assert b'aria-invalid="true"' in answer.content


def test_address_is_asked_for_a_code_again(db: None) -> None:
    bob = make_person("bob", verified=False)
    client = client_of(bob)
    page = client.get(reverse("account_email")).content.decode()
    assert "It is not verified yet." in page
    assert "style=" not in page

    answer = client.post(reverse("account_email"), {"email": "bob@example.org", "action_send": ""})

    assert answer["Location"] == reverse("account_email_verification_sent")
    enter_code(client, code_for("bob@example.org"))
    assert EmailAddress.objects.get(user=bob).verified


def test_account_without_an_address_can_get_one(db: None) -> None:
    bob = make_person("bob", email="", verified=False)
    EmailAddress.objects.all().delete()
    client = client_of(bob)
    assert b"Your account has no address yet." in client.get(reverse("account_email")).content

    change(client, "bob@example.org")
    enter_code(client, code_for("bob@example.org"))

    bob.refresh_from_db()
    assert bob.email == "bob@example.org"


def test_page_is_for_people_who_are_signed_in(client: Client) -> None:
    assert client.get(reverse("account_email"))["Location"].startswith(reverse("account_login"))
