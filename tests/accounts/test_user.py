import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError

from apps.accounts.models import Avatar, PersonFollow, User
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


def test_user_is_the_one_that_the_project_signs_in() -> None:
    assert get_user_model() is User


@pytest.mark.parametrize("name", ["alice", "Alice", "ALICE"])
def test_username_is_unique_in_whatever_case(name: str) -> None:
    UserFactory(username="alice", email="")

    with pytest.raises(IntegrityError, match="username"):
        UserFactory(username=name, email="")


def test_email_is_unique_in_whatever_case() -> None:
    UserFactory(email="alice@example.org")

    with pytest.raises(IntegrityError, match="user_email_unique"):
        UserFactory(email="Alice@Example.org")


def test_email_may_be_missing_more_than_once() -> None:
    UserFactory(email="", verified=False)
    UserFactory(email="", verified=False)

    assert User.objects.filter(email="").count() == 2


@pytest.mark.parametrize(
    ("username", "email", "words"),
    [
        ("alice", "other@example.org", "This username is taken. Choose another one."),
        ("other", "ALICE@EXAMPLE.ORG", "Another account has this address."),
    ],
)
def test_user_that_is_taken_is_refused_with_words(username: str, email: str, words: str) -> None:
    UserFactory(username="alice", email="alice@example.org")

    with pytest.raises(ValidationError, match=words):
        User(username=username, email=email, password="x").full_clean()


@pytest.mark.parametrize(("name", "shown"), [("Alice Liddell", "Alice Liddell"), ("", "alice")])
def test_full_name_is_the_display_name_or_the_username(name: str, shown: str) -> None:
    user = UserFactory(username="alice", name=name)

    assert (user.get_full_name(), user.get_short_name(), str(user)) == (shown, "alice", "alice")


def test_user_has_no_first_and_last_name() -> None:
    names = {field.name for field in User._meta.get_fields()}

    assert names & {"first_name", "last_name"} == set()


def test_createsuperuser_makes_a_moderator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse battery")

    call_command("createsuperuser", username="maud", email="maud@example.org", interactive=False, verbosity=0)

    maud = User.objects.get(username="maud")
    assert maud.is_staff
    assert maud.is_superuser
    assert maud.check_password("correct horse battery")


def test_rows_around_a_person_name_them_by_number(alice: User, mallory: User) -> None:
    avatar = Avatar(person=alice)
    follow = PersonFollow(follower=alice, person=mallory)

    assert str(avatar) == f"Picture of {alice.pk}"
    assert str(follow) == f"{alice.pk} follows {mallory.pk}"


@pytest.mark.parametrize("address", ["Alice@Example.ORG", " alice@example.org "])
def test_address_is_kept_in_lower_case(db: None, address: str) -> None:
    user = User.objects.create_superuser("root-of-all", address, "correct-horse-battery-staple")

    assert user.email == "alice@example.org"
