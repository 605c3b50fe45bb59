"""Who sees which stacks and companies, and what counts."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from apps.accounts.models import User
from apps.stacks.models import Company, Item, Stack
from tests.factories.accounts import UserFactory
from tests.factories.stacks import CompanyFactory, ItemFactory, MembershipFactory, StackFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(alice: User) -> dict[str, Any]:
    """A stack of each kind, by its name; alice owns those of a person, bob belongs to both companies."""
    proved, unproved = CompanyFactory(), CompanyFactory(is_proved=False)
    bob = UserFactory(username="bob")
    for company in (proved, unproved):
        MembershipFactory(company=company, person=bob)
    locked_out = UserFactory(is_active=False)
    closed = UserFactory(closed_at=timezone.now())
    for name in ("public", "unlisted", "private"):
        StackFactory(person=alice, name=name, visibility=name)
        StackFactory(company=proved, name=f"company {name}", visibility=name)
    StackFactory(person=alice, name="hidden", is_hidden=True)
    StackFactory(person=alice, name="hidden unlisted", is_hidden=True, visibility="unlisted")
    StackFactory(company=unproved, name="unproved")
    StackFactory(person=locked_out, name="locked out")
    StackFactory(person=closed, name="closed")
    for stack in Stack.objects.all():
        ItemFactory(stack=stack, why=stack.name)
    return {"alice": alice, "bob": bob, "anonymous": AnonymousUser(), "maud": UserFactory(is_staff=True)}


PUBLIC = {"public", "company public"}
SHOWN = PUBLIC | {"unlisted", "company unlisted"}


def names(stacks: Any) -> set[str]:
    return set(stacks.values_list("name", flat=True))


def test_public_stacks_are_those_of_lists_and_counts(world: dict[str, Any]) -> None:
    assert names(Stack.objects.public()) == PUBLIC
    assert set(Item.objects.of_public_stacks().values_list("why", flat=True)) == PUBLIC


def test_pages_are_shown_to_who_may_see_them(world: dict[str, Any]) -> None:
    own = {
        "anonymous": set(),
        "alice": {"private", "hidden", "hidden unlisted"},
        "bob": {"company private", "unproved"},
        "maud": {
            *("private", "hidden", "hidden unlisted", "company private"),
            *("unproved", "locked out", "closed"),
        },
    }

    found = {who: list(Stack.objects.visible_to(world[who]).values_list("name", flat=True)) for who in own}

    assert {who: set(names) for who, names in found.items()} == {who: SHOWN | own[who] for who in own}
    assert all(len(names) == len(set(names)) for names in found.values())


def test_people_edit_their_own_and_their_companys(world: dict[str, Any]) -> None:
    assert {who: names(Stack.objects.editable_by(person)) for who, person in world.items()} == {
        "anonymous": set(),
        "alice": {"public", "unlisted", "private", "hidden", "hidden unlisted"},
        "bob": {"company public", "company unlisted", "company private", "unproved"},
        "maud": set(),
    }


def test_companies_are_shown_once_proved(world: dict[str, Any]) -> None:
    counts = {who: Company.objects.visible_to(person).count() for who, person in world.items()}

    assert counts == {"anonymous": 1, "alice": 1, "bob": 2, "maud": 2}
    assert Company.objects.listed().count() == 1


def test_owner_is_found_by_name_in_one_query(world: dict[str, Any], count_queries: Any) -> None:
    company = Company.objects.listed().get()

    with count_queries(at_most=2):
        assert names(Stack.objects.of_owner(company.slug).filter(visibility="public")) == {"company public"}
        assert len(names(Stack.objects.of_owner("alice"))) == 5
    assert not Stack.objects.of_owner("nobody").exists()


def test_items_are_current_or_past() -> None:
    current, past = ItemFactory(), ItemFactory(until="2024")

    assert (Item.objects.current().get(), Item.objects.past().get()) == (current, past)
    assert (current.is_current, past.is_current) == (True, False)
