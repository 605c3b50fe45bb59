"""Two at once, in real threads."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connections, transaction
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.services.usernames import change_username
from apps.detection.sights import Finding, Kind, Report, Scope
from apps.stacks.models import Change, Company, Reading, Stack
from apps.stacks.services.companies import create_company
from apps.stacks.services.items import add_items, drop_item
from apps.stacks.services.readings import ask_for_reading, publish_reading, store_reading
from apps.stacks.services.stacks import create_stack, delete_stack
from tests.factories.accounts import UserFactory
from tests.factories.tools import ToolFactory
from tests.stacks.counts import check_counts, said_counts

pytestmark = pytest.mark.django_db(transaction=True)

Run = Callable[[Callable[[], Any]], list[Any]]


def outcome(call: Callable[[], Any]) -> str:
    try:
        call()
    except ValidationError as error:
        return " ".join(error.messages)
    return "done"


def report_of(*slugs: str) -> Report:
    findings = tuple(
        Finding(
            slug,
            Kind.PACKAGE,
            slug,
            "package.json",
            1,
            f"pkg:npm/{slug}",
            "1.0",
            Scope.RUNTIME,
            1.0,
            is_direct=True,
        )
        for slug in slugs
    )
    return Report(tools=slugs, findings=findings)


def test_two_publishings_of_different_stacks_keep_counts_exact(in_two_threads: Run) -> None:
    tools = ToolFactory.create_batch(8)
    people = [UserFactory(), UserFactory()]
    waiting = []
    for person, order in zip(people, (tools, tools[::-1]), strict=True):
        stack = create_stack(person=person, name="Site")
        slugs = [tool.slug for tool in order]
        reading = store_reading(person=person, report=report_of(*slugs), source="upload")
        waiting.append((person, stack, reading, slugs))

    def publish() -> None:
        person, stack, reading, slugs = waiting.pop()
        publish_reading(person=person, reading=reading, stack=stack, tools=slugs)

    in_two_threads(publish)

    assert said_counts() == {tool.slug: (2, 2, 0) for tool in tools}
    check_counts()


def test_a_reading_is_published_once(alice: User, in_two_threads: Run) -> None:
    stack = create_stack(person=alice, name="Site")
    tool = ToolFactory()
    reading = store_reading(person=alice, report=report_of(tool.slug), source="upload")

    in_two_threads(lambda: publish_reading(person=alice, reading=reading, stack=stack, tools=[tool.slug]))

    assert Change.objects.count() == 1
    assert Stack.objects.get(pk=stack.pk).version == 2
    check_counts()


def test_a_second_click_makes_no_second_stack(alice: User, in_two_threads: Run) -> None:
    tool = ToolFactory()
    reading = store_reading(person=alice, report=report_of(tool.slug), source="upload")
    clients = [Client(), Client()]
    for client in clients:
        client.force_login(alice)
    values = {
        "stack": "",
        "tool": tool.slug,
        "new-name": "Site",
        "new-kind": "product",
        "new-visibility": "public",
    }

    answers = in_two_threads(lambda: clients.pop().post(reading.get_absolute_url(), values))

    assert {answer.status_code for answer in answers} <= {200, 302}
    assert Stack.objects.get().item_count == 1


def test_the_same_tool_added_twice_at_once_is_there_once(alice: User, in_two_threads: Run) -> None:
    stack = create_stack(person=alice, name="Site")
    tool = ToolFactory()

    added = in_two_threads(lambda: add_items(person=alice, stack=stack, tools=[tool]))

    assert sorted(map(len, added)) == [0, 1]
    check_counts()


def test_dropping_and_deleting_at_once_keeps_counts_exact(alice: User, in_two_threads: Run) -> None:
    stack = create_stack(person=alice, name="Site")
    (item,) = add_items(person=alice, stack=stack, tools=[ToolFactory()])
    store_reading(person=alice, report=Report(), source="upload", stack=stack)
    ways = [
        lambda: drop_item(person=alice, item=item),
        lambda: delete_stack(person=alice, stack=stack),
    ]

    outcomes = in_two_threads(lambda: outcome(ways.pop()))

    assert set(outcomes) <= {"done", "This stack was deleted meanwhile."}
    assert not Stack.objects.exists()
    assert said_counts() == {}


def test_two_stacks_of_one_name_have_addresses_of_their_own(alice: User, in_two_threads: Run) -> None:
    in_two_threads(lambda: create_stack(person=alice, name="My site"))

    assert sorted(Stack.objects.values_list("slug", flat=True)) == ["my-site", "my-site-2"]


def test_two_companies_of_one_name_have_addresses_of_their_own(in_two_threads: Run) -> None:
    people = [UserFactory(), UserFactory()]

    in_two_threads(lambda: create_company(person=people.pop(), name="Acme", domain="acme.example"))

    assert sorted(Company.objects.values_list("slug", flat=True)) == ["acme", "acme-2"]


def test_one_domain_is_proved_by_one_company(in_two_threads: Run) -> None:
    people = [UserFactory(email=f"{name}@acme.example") for name in ("a", "b")]

    def create() -> str:
        person = people.pop()
        return outcome(lambda: create_company(person=person, name=person.username, domain="acme.example"))

    outcomes = in_two_threads(create)

    assert sorted(outcomes) == ["Another company has shown that this domain is its own.", "done"]
    assert Company.objects.count() == 1


def test_a_name_is_a_persons_or_a_companys(alice: User, in_two_threads: Run) -> None:
    ways = [
        lambda: change_username(person=alice, username="acme"),
        lambda: create_company(person=UserFactory(), name="Acme", slug="acme", domain="acme.example"),
    ]

    outcomes = in_two_threads(lambda: outcome(ways.pop()))

    assert sorted(outcomes) == ["This username is taken. Choose another one.", "done"]
    taken = User.objects.filter(username="acme").count() + Company.objects.filter(slug="acme").count()
    assert taken == 1


def test_asking_twice_for_a_repository_reads_it_once(alice: User, in_two_threads: Run) -> None:
    in_two_threads(lambda: ask_for_reading(person=alice, repository="pallets/flask"))

    assert Reading.objects.count() == 1


def test_sign_up_waits_for_a_company_that_takes_the_name(
    alice: User, until_somebody_waits: Callable[[], None]
) -> None:
    statuses: list[int] = []

    def sign_up() -> None:
        data = {"username": "acme", "email": "new@example.org", "password1": "correct horse battery"}
        try:
            statuses.append(Client().post(reverse("account_signup"), data).status_code)
        finally:
            connections.close_all()

    thread = threading.Thread(target=sign_up, daemon=True)
    with transaction.atomic():
        create_company(person=alice, name="Acme", domain="acme.example")
        thread.start()
        until_somebody_waits()
    thread.join(timeout=60)

    assert statuses == [429]
    assert not User.objects.filter(username="acme").exists()
