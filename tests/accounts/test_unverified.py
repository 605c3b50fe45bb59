from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.services.unverified import (
    UNVERIFIED_DAYS,
    forget_unverified,
    give_way,
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
