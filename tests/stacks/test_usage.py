"""Whatever happens to stacks, in whatever order: counts of tools equal the rows."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.accounts.models import User
from apps.accounts.services.closing import close_account
from apps.accounts.services.personal import take_away_all, tell_of_standing
from apps.core.counters import recount
from apps.stacks.models import Company, Evidence, Membership, ProvedBy, Stack
from apps.stacks.services.companies import prove_company, unprove_company
from apps.stacks.services.items import add_items, drop_item, erase_item, restore_item
from apps.stacks.services.stacks import change_stack, create_stack, delete_stack, set_hidden, unprove_stack
from apps.stacks.services.tiers import set_tiers
from apps.stacks.services.usage import counting_usage, lock_stack
from apps.tools.models import Tool
from tests.factories.accounts import UserFactory
from tests.factories.stacks import (
    CompanyFactory,
    EvidenceFactory,
    ItemFactory,
    MembershipFactory,
    StackFactory,
)
from tests.factories.tools import ToolFactory
from tests.stacks.counts import check_counts, right_counts, said_counts

pytestmark = pytest.mark.django_db

TOOLS = 5
tool_sets = st.sets(st.integers(0, TOOLS - 1), min_size=1)
places = st.integers(0, 9)


class StackMachine(RuleBasedStateMachine):
    """A person and a company with a stack each, and some more; five tools."""

    world: tuple[User, User, Company, list[Tool]]

    def __init__(self) -> None:
        super().__init__()
        self.rollback = transaction.atomic()
        self.rollback.__enter__()
        person, member, company, self.tools = self.world
        self.person = User.objects.get(pk=person.pk)
        self.member = User.objects.get(pk=member.pk)
        self.company = Company.objects.get(pk=company.pk)
        self.is_closed = False
        create_stack(person=self.person, name="Site", repository="alice/site")
        create_stack(person=self.member, company=self.company, name="Shop", repository="shop/shop")

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.rollback.__exit__(None, None, None)

    def pick(self, place: int) -> Stack:
        stacks = list(Stack.objects.order_by("pk"))
        return stacks[place % len(stacks)]

    def owner_of(self, stack: Stack) -> User:
        return self.member if stack.company_id else self.person

    @precondition(lambda self: Stack.objects.count() < 4 and not self.is_closed)
    @rule(visibility=st.sampled_from(Stack.Visibility.values))
    def create(self, visibility: str) -> None:
        create_stack(person=self.person, name="Site", visibility=visibility)

    @rule(place=places, numbers=tool_sets)
    def add(self, place: int, numbers: set[int]) -> None:
        stack = self.pick(place)
        add_items(person=self.owner_of(stack), stack=stack, tools=[self.tools[number] for number in numbers])

    @rule(place=places, at=places, other=st.none() | st.integers(0, TOOLS - 1), way=st.sampled_from("dre"))
    def drop_restore_or_erase(self, place: int, at: int, other: int | None, way: str) -> None:
        stack = self.pick(place)
        items = list(stack.items.order_by("pk"))
        if not items:
            return
        item, person = items[at % len(items)], self.owner_of(stack)
        # But what is replaced by itself, or comes back twice.
        with suppress(ValidationError):
            if way == "d":
                drop_item(person=person, item=item, replaced_by=None if other is None else self.tools[other])
            elif way == "r":
                restore_item(person=person, item=item)
            else:
                erase_item(person=person, item=item)

    @rule(
        place=places,
        values=st.dictionaries(st.sampled_from(["source", "confidence"]), st.booleans()),
        at=places,
    )
    def give_evidence(self, place: int, values: dict[str, bool], at: int) -> None:
        stack = self.pick(place)
        with counting_usage(stack) as locked:
            for item in list(locked.items.current())[at % 3 :]:
                EvidenceFactory(
                    item=item,
                    source=Evidence.Source.REPOSITORY if values.get("source") else Evidence.Source.TECHSTACK,
                    repository="alice/site",
                    confidence=1.0 if values.get("confidence") else 0.3,
                )
            set_tiers(locked)

    @rule(place=places, is_proved=st.booleans())
    def prove(self, place: int, is_proved: bool) -> None:
        stack = self.pick(place)
        if not stack.repository or not is_proved:
            unprove_stack(stack=stack)
            return
        with counting_usage(stack) as locked:
            locked.proved_at, locked.proved_by = timezone.now(), ProvedBy.FILE
            locked.save(update_fields=["proved_at", "proved_by"])
            set_tiers(locked)

    @rule(place=places, visibility=st.sampled_from(Stack.Visibility.values))
    def change_visibility(self, place: int, visibility: str) -> None:
        stack = self.pick(place)
        if not (self.is_closed and stack.person_id):
            change_stack(person=self.owner_of(stack), stack=stack, visibility=visibility)

    @rule(place=places, is_hidden=st.booleans())
    def hide(self, place: int, is_hidden: bool) -> None:
        set_hidden(stack=self.pick(place), is_hidden=is_hidden)

    @rule(is_proved=st.booleans())
    def prove_company(self, is_proved: bool) -> None:
        if is_proved:
            prove_company(company=self.company, way=ProvedBy.DNS)
        else:
            unprove_company(company=self.company)

    @precondition(lambda self: Stack.objects.count() > 2)
    @rule(place=places)
    def delete(self, place: int) -> None:
        stack = self.pick(place)
        delete_stack(person=self.owner_of(stack), stack=stack)

    @precondition(lambda self: not self.is_closed)
    @rule(is_active=st.booleans())
    def lock_out(self, is_active: bool) -> None:
        User.objects.filter(pk=self.person.pk).update(is_active=is_active)
        tell_of_standing(self.person)
        check_counts()
        # So that the other rules go on.
        User.objects.filter(pk=self.person.pk).update(is_active=True)
        tell_of_standing(self.person)

    @rule(count=st.integers(0, 9))
    def drift_and_recount(self, count: int) -> None:
        Tool.objects.update(stack_count=count, proved_count=count)
        Stack.objects.update(item_count=count)
        Stack.objects.filter(pk=self.pick(count).pk).update(is_counted=count > 4)
        recount()

    @invariant()
    def counts_equal_rows(self) -> None:
        check_counts()


@pytest.fixture
def world(db: None) -> tuple[User, User, Company, list[Tool]]:
    company = CompanyFactory()
    member = MembershipFactory(company=company, role=Membership.Role.ADMIN).person
    return UserFactory(), member, company, ToolFactory.create_batch(TOOLS)


def test_counts_stay_right_whatever_happens(world: Any) -> None:
    machine = type("Machine", (StackMachine,), {"world": world})
    # In the nightly profile as many and as long runs as it says; else few, as each step is some queries.
    is_nightly = settings.get_current_profile_name() == "nightly"
    few = settings() if is_nightly else settings(max_examples=5, stateful_step_count=10)

    run_state_machine_as_test(
        machine, settings=settings(few, deadline=None, suppress_health_check=list(HealthCheck))
    )

    assert not Stack.objects.exists()


@pytest.fixture
def stack(alice: User) -> Stack:
    """A public stack with three tools: claimed, verified, proved."""
    stack = create_stack(person=alice, name="Site", repository="alice/site")
    items = add_items(
        person=alice, stack=stack, tools=[ToolFactory(slug=slug) for slug in ("one", "two", "three")]
    )
    EvidenceFactory(item=items[1])
    EvidenceFactory(item=items[2], source=Evidence.Source.REPOSITORY, repository="Alice/Site")
    with transaction.atomic(), counting_usage(stack) as locked:
        locked.proved_at, locked.proved_by = timezone.now(), ProvedBy.FILE
        locked.save(update_fields=["proved_at", "proved_by"])
        set_tiers(locked)
    return Stack.objects.get(pk=stack.pk)


ALL = {"one": (1, 0, 0), "two": (1, 1, 0), "three": (1, 0, 1)}


def test_counts_are_by_tier(stack: Stack) -> None:
    assert said_counts() == ALL
    assert stack.item_count == 3


def _private(stack: Stack) -> None:
    assert stack.person
    change_stack(person=stack.person, stack=stack, visibility="private")


def _unlisted(stack: Stack) -> None:
    assert stack.person
    change_stack(person=stack.person, stack=stack, visibility="unlisted")


def _hidden(stack: Stack) -> None:
    assert set_hidden(stack=stack, is_hidden=True)
    assert not set_hidden(stack=stack, is_hidden=True)


def _deleted(stack: Stack) -> None:
    assert stack.person
    delete_stack(person=stack.person, stack=stack)
    delete_stack(person=stack.person, stack=stack)


def _closed(stack: Stack) -> None:
    assert stack.person
    close_account(person=stack.person)


def _taken_apart(stack: Stack) -> None:
    assert stack.person
    take_away_all(stack.person)
    take_away_all(stack.person)
    assert not Stack.objects.exists()


@pytest.mark.parametrize("leave", [_private, _unlisted, _hidden, _deleted, _closed, _taken_apart])
def test_what_leaves_public_view_counts_no_more(stack: Stack, leave: Callable[[Stack], None]) -> None:
    leave(stack)

    assert said_counts() == {}
    assert recount() == []


def test_proof_taken_back_leaves_the_evidence(stack: Stack) -> None:
    unprove_stack(stack=stack)

    assert said_counts() == {"one": (1, 0, 0), "two": (1, 1, 0), "three": (1, 1, 0)}


def test_proof_taken_back_is_taken_from_what_ran_once_too(alice: User, stack: Stack) -> None:
    item = drop_item(person=alice, item=stack.items.get(tool__slug="three"))
    unprove_stack(stack=stack)

    restore_item(person=alice, item=item)

    assert said_counts() == {"one": (1, 0, 0), "two": (1, 1, 0), "three": (1, 1, 0)}


def test_tools_of_all_stacks_of_a_person_are_locked_at_once(alice: User, stack: Stack) -> None:
    """Stack by stack, two of whom each holds what the other waits for would never end."""
    add_items(person=alice, stack=create_stack(person=alice, name="Other"), tools=[ToolFactory(slug="four")])

    with CaptureQueriesContext(connection) as queries:
        close_account(person=alice)

    locks = [
        one["sql"] for one in queries if 'FROM "tools_tool"' in one["sql"] and "FOR NO KEY" in one["sql"]
    ]
    assert len(locks) == 1
    assert said_counts() == {}


def test_another_repository_ends_the_proof(alice: User, stack: Stack) -> None:
    assert change_stack(person=alice, stack=stack, repository="ALICE/SITE").proved_at

    changed = change_stack(person=alice, stack=stack, repository="https://github.com/alice/other")

    assert (changed.repository, changed.proved_at, changed.proved_by) == ("alice/other", None, "")
    assert said_counts()["three"] == (1, 1, 0)


def test_stack_of_a_company_counts_once_its_domain_is_proved() -> None:
    company = CompanyFactory(is_proved=False)
    stack = StackFactory(company=company)
    ItemFactory(stack=stack, tool=ToolFactory(slug="one"))

    prove_company(company=company, way=ProvedBy.DNS)
    assert said_counts() == {"one": (1, 0, 0)}

    unprove_company(company=company)
    assert said_counts() == {}


def test_rows_that_no_service_made_count_from_the_next_change_on() -> None:
    item, other = ItemFactory(tool=ToolFactory(slug="one")), ItemFactory(tool=ToolFactory(slug="two"))

    with transaction.atomic(), counting_usage(item.stack):
        pass

    assert said_counts() == {"one": (1, 0, 0)}
    (drift,) = recount()
    assert (drift.counter, drift.pk) == ("stacks.Stack.is_counted", other.stack_id)
    check_counts()


def test_counting_touches_what_readers_see_only_for_a_change(alice: User) -> None:
    stack = create_stack(person=alice, name="Site")
    assert (stack.version, stack.is_counted) == (1, True)

    with transaction.atomic(), counting_usage(stack, is_change=False):
        pass
    same = Stack.objects.get(pk=stack.pk)
    with transaction.atomic(), counting_usage(stack):
        pass
    changed = Stack.objects.get(pk=stack.pk)

    assert (same.version, same.changed_at) == (1, stack.changed_at)
    assert changed.version == 2
    assert changed.changed_at > stack.changed_at


def test_similar_stacks_are_due_once_tools_change(alice: User) -> None:
    stack = create_stack(person=alice, name="Site")
    assert stack.likeness_due_at is None

    add_items(person=alice, stack=stack, tools=[ToolFactory()])
    due_at = Stack.objects.get(pk=stack.pk).likeness_due_at
    add_items(person=alice, stack=stack, tools=[ToolFactory()])

    assert due_at
    assert Stack.objects.get(pk=stack.pk).likeness_due_at == due_at


def test_count_that_was_too_low_stops_nobody(alice: User) -> None:
    stack = create_stack(person=alice, name="Site")
    add_items(person=alice, stack=stack, tools=[ToolFactory()])
    Tool.objects.update(stack_count=0)

    delete_stack(person=alice, stack=stack)

    assert said_counts() == right_counts() == {}


def test_stack_that_changed_or_went_meanwhile_is_refused_with_words(alice: User) -> None:
    stack = create_stack(person=alice, name="Site")
    change_stack(person=alice, stack=stack, description="New")

    with transaction.atomic(), pytest.raises(ValidationError, match="changed this stack meanwhile"):
        lock_stack(stack, seen_version=stack.version)
    stack.delete()
    stack.pk = 0
    with transaction.atomic(), pytest.raises(ValidationError, match="deleted meanwhile"):
        lock_stack(stack)
