import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.db import connections, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.services import unverified
from apps.accounts.services.unverified import (
    UNVERIFIED_DAYS,
    forget_unverified,
    give_way,
    is_taken,
    make_room,
    never_verified,
)
from apps.notifications.models import Notification
from apps.tools.models import ToolFollow
from tests.factories.accounts import UserFactory
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db

LONG_AGO = timezone.now() - timedelta(days=UNVERIFIED_DAYS, hours=1)


def test_unverified_account_is_forgotten_with_all_that_is_its() -> None:
    bob = UserFactory(username="bob", verified=False, date_joined=LONG_AGO)
    EmailAddress.objects.create(user=bob, email=bob.email, primary=True)
    SocialAccount.objects.create(user=bob, provider="github", uid="1")

    assert forget_unverified() == 1
    assert not User.objects.exists()
    assert forget_unverified() == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"verified": True, "date_joined": LONG_AGO},
        {"verified": False, "date_joined": LONG_AGO + timedelta(hours=2)},
        {"verified": False, "date_joined": LONG_AGO, "is_staff": True},
        {"verified": False, "date_joined": LONG_AGO, "last_login": LONG_AGO},
    ],
    ids=["verified", "young", "staff", "was signed in"],
)
def test_account_is_kept(fields: dict[str, object]) -> None:
    UserFactory(username="bob", **fields)

    assert forget_unverified() == 0
    assert User.objects.count() == 1


def test_account_that_made_something_is_kept() -> None:
    bob = UserFactory(username="bob", verified=False, date_joined=LONG_AGO)
    ToolFollow.objects.create(person=bob, tool=ToolFactory())

    assert forget_unverified() == 0


def test_account_that_was_only_told_something_is_forgotten() -> None:
    bob = UserFactory(username="bob", verified=False, date_joined=LONG_AGO)
    Notification.objects.create(person=bob, kind="follower", text="Somebody follows you.", url="/")

    assert forget_unverified() == 1


def test_address_is_given_up_in_whatever_case_and_by_nobody_else() -> None:
    UserFactory(username="bob", email="Bob@Example.org", verified=False)
    bill = UserFactory(username="bill", email="", verified=False)
    EmailAddress.objects.create(user=bill, email="bob@example.org")
    keep = UserFactory(username="keep", email="", verified=False)
    EmailAddress.objects.create(user=keep, email="bob@example.org")
    UserFactory(username="other", verified=False)

    give_way(email="bob@example.org", keep=keep)

    assert set(User.objects.values_list("username", flat=True)) == {"keep", "other"}


def test_never_verified_reads_people_in_one_query(count_queries) -> None:
    UserFactory(verified=False)

    with count_queries(at_most=1):
        assert len(never_verified()) == 1


def test_room_is_made_without_an_end_to_pending_accounts() -> None:
    bob = UserFactory(username="bob", email="bob@example.org", verified=False)
    EmailAddress.objects.create(user=bob, email=bob.email, primary=True)
    bill = UserFactory(username="bill", email="", verified=False)
    EmailAddress.objects.create(user=bill, email="bob@example.org", primary=True)
    other = UserFactory(username="other", verified=False)

    make_room(email="bob@example.org", username="bob")

    for person in (bob, bill, other):
        person.refresh_from_db()
        person.full_clean(exclude=["password"])
    assert (bob.email, bill.email, other.email) == ("", "", "other@example.org")
    assert bob.username.startswith("bob-")
    assert (bill.username, other.username) == ("bill", "other")
    assert EmailAddress.objects.count() == 2


@pytest.mark.parametrize(
    ("fields", "taken"),
    [
        ({"verified": True}, True),
        ({"verified": False}, False),
        ({"verified": False, "is_staff": True}, True),
        ({"verified": False, "last_login": LONG_AGO}, True),
    ],
)
def test_address_is_taken_by_accounts_that_stay(fields: dict[str, object], taken: bool) -> None:
    UserFactory(email="bob@example.org", **fields)

    assert is_taken("Bob@example.org") is taken
    assert not is_taken("bub@example.org")


def test_address_of_an_account_that_a_moderator_made_is_not_lost() -> None:
    bob = UserFactory(username="bob", email="bob@example.org", verified=False)

    make_room(email="bob@example.org", username="bub")

    assert bob.emailaddress_set.get().email == "bob@example.org"


def verify(person: User) -> None:
    EmailAddress.objects.filter(user=person).update(verified=True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "act",
    [
        forget_unverified,
        lambda: give_way(email="bob@example.org", keep=User.objects.get(username="keep")),
        lambda: make_room(email="bob@example.org", username="bob"),
    ],
    ids=["forget", "give way", "make room"],
)
def test_account_that_is_verified_after_it_was_listed_is_left_alone(
    act: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    UserFactory(username="keep")
    bob = UserFactory(username="bob", verified=False, date_joined=LONG_AGO)
    EmailAddress.objects.create(user=bob, email=bob.email, primary=True)
    locked, listed = unverified._locked, threading.Event()

    def lock(pk: int) -> User | None:
        listed.set()
        return locked(pk)

    monkeypatch.setattr(unverified, "_locked", lock)

    def work() -> None:
        try:
            act()
        finally:
            connections.close_all()

    thread = threading.Thread(target=work, daemon=True)
    with transaction.atomic():
        verify(bob)
        thread.start()
        assert listed.wait(timeout=30)
    thread.join(timeout=30)

    bob.refresh_from_db()
    assert (bob.username, bob.email) == ("bob", "bob@example.org")
