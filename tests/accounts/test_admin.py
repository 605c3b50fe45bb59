import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db

NEW = {
    "username": "bob",
    "usable_password": "true",
    "password1": "correct horse battery",
    "password2": "correct horse battery",
}

# The parts of a person's page, with no rows.
PARTS = {
    f"{part}-{name}_FORMS": "0"
    for part in ("emailaddress_set", "former_usernames")
    for name in ("TOTAL", "INITIAL")
}


def test_admin_finds_people_by_name_and_address(maud_client: Client, alice: User) -> None:
    UserFactory(username="bob", name="Robert Roe", email="rr@example.org")

    answers = [
        maud_client.get(reverse("admin:accounts_user_changelist"), {"q": q}) for q in ("robert", "rr@")
    ]

    assert all(b"Robert Roe" in answer.content for answer in answers)
    assert all(b"alice@example.org" not in answer.content for answer in answers)


def test_admin_adds_a_person_who_can_sign_in(maud_client: Client) -> None:
    answer = maud_client.post(reverse("admin:accounts_user_add"), NEW)

    bob = User.objects.get(username="bob")
    assert answer.status_code == 302
    assert answer["Location"] == reverse("admin:accounts_user_change", args=[bob.pk])
    assert bob.check_password("correct horse battery")
    assert not bob.is_staff


@pytest.mark.parametrize("username", ["alice", "ALICE"])
def test_admin_refuses_a_username_that_is_taken(maud_client: Client, alice: User, username: str) -> None:
    answer = maud_client.post(reverse("admin:accounts_user_add"), NEW | {"username": username})

    assert answer.status_code == 200
    assert b"This username is taken. Choose another one." in answer.content
    assert User.objects.filter(username__iexact="alice").count() == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"username": "ALICE"}, b"This username is taken. Choose another one."),
        ({"email": "ALICE@example.org"}, b"Another account has this address."),
    ],
)
def test_admin_refuses_a_change_to_what_is_taken(
    maud_client: Client, alice: User, changes: dict[str, str], words: bytes
) -> None:
    bob = UserFactory(username="bob")
    url = reverse("admin:accounts_user_change", args=[bob.pk])

    answer = maud_client.post(
        url, PARTS | {"username": "bob", "email": bob.email, "is_active": "on"} | changes
    )

    bob.refresh_from_db()
    assert answer.status_code == 200
    assert words in answer.content
    assert (bob.username, bob.email) == ("bob", "bob@example.org")


def test_admin_changes_a_name_and_keeps_the_password(maud_client: Client) -> None:
    bob = UserFactory(username="bob", password="!a hash")
    url = reverse("admin:accounts_user_change", args=[bob.pk])

    answer = maud_client.post(url, PARTS | {"username": "bob", "name": "Robert Roe", "is_active": "on"})

    bob.refresh_from_db()
    assert answer.status_code == 302
    assert (bob.name, bob.password) == ("Robert Roe", "!a hash")


def test_admin_is_closed_to_those_who_are_no_moderators(client: Client, mallory: User) -> None:
    client.force_login(mallory)

    answer = client.get(reverse("admin:accounts_user_changelist"))

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("admin:login"))
