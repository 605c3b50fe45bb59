from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from apps.accounts.models import User
from apps.stacks import permissions
from apps.stacks.models import Membership, Stack
from tests.factories.accounts import UserFactory
from tests.factories.stacks import CompanyFactory, MembershipFactory, ReadingFactory, StackFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> dict[str, Any]:
    """Who wants something; the company has an admin and a member."""
    company = CompanyFactory()
    return {
        "company": company,
        "owner": UserFactory(),
        "admin": MembershipFactory(company=company, role=Membership.Role.ADMIN).person,
        "member": MembershipFactory(company=company).person,
        "stranger": MembershipFactory().person,
        "moderator": UserFactory(is_staff=True),
        "anonymous": AnonymousUser(),
    }


EVERYBODY = {"owner", "admin", "member", "stranger", "moderator", "anonymous"}


def own(people: dict[str, Any]) -> Stack:
    stack: Stack = StackFactory(person=people["owner"])
    return stack


def companys(people: dict[str, Any]) -> Stack:
    stack: Stack = StackFactory(company=people["company"])
    return stack


def private(people: dict[str, Any]) -> Stack:
    stack: Stack = StackFactory(person=people["owner"], visibility="private")
    return stack


def company(people: dict[str, Any]) -> Any:
    return people["company"]


def reading(people: dict[str, Any]) -> Any:
    return ReadingFactory(person=people["owner"])


@pytest.mark.parametrize(
    ("check", "target", "allowed"),
    [
        (permissions.check_edits, own, {"owner"}),
        (permissions.check_edits, companys, {"admin", "member"}),
        (permissions.check_deletes, own, {"owner"}),
        (permissions.check_deletes, companys, {"admin"}),
        (permissions.check_adds_to, company, {"admin", "member"}),
        (permissions.check_copies, own, EVERYBODY),
        (permissions.check_copies, private, {"owner", "moderator"}),
        (permissions.check_looks_after, company, {"admin"}),
        (permissions.check_publishes, reading, {"owner"}),
    ],
)
def test_who_may(
    people: dict[str, Any],
    check: Callable[[Any, Any], None],
    target: Callable[[dict[str, Any]], Any],
    allowed: set[str],
) -> None:
    thing = target(people)
    said = set()
    for name in EVERYBODY:
        try:
            check(people[name], thing)
        except PermissionDenied as error:
            assert str(error).endswith(".")  # noqa: PT017 - of each of them
        else:
            said.add(name)

    assert said == allowed


def test_asking_for_ones_own_stack_costs_nothing(alice: User, count_queries: Callable[..., Any]) -> None:
    stack = StackFactory(person=alice)

    with count_queries(at_most=0):
        assert permissions.may_edit(alice, stack)
        assert permissions.may_delete(alice, stack)
        assert not permissions.may_edit(AnonymousUser(), stack)
        assert not permissions.is_member(alice, None)
