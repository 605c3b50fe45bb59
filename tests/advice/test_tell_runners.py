from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import PROBATION
from apps.advice import tasks
from apps.advice.models import Post
from apps.advice.services import telling
from apps.advice.services.telling import NEWS, QUIET, tell_runners
from apps.notifications.models import Channel, Kind, Notification, Preference
from apps.stacks.models import Stack
from apps.tools.models import Tool
from tests.factories.accounts import UserFactory
from tests.factories.advice import PostFactory
from tests.factories.stacks import CompanyFactory, ItemFactory, MembershipFactory, StackFactory
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def asker(db: None) -> User:
    return UserFactory(username="asker", date_joined=timezone.now() - PROBATION)


@pytest.fixture
def django(db: None) -> Tool:
    return ToolFactory(name="Django")


def ask(asker: User, *tools: Tool, age: timedelta = QUIET, **fields: Any) -> Post:
    return PostFactory(
        author=asker, tools=tools, title="How do you test it?", created_at=timezone.now() - age, **fields
    )


def runs(name: str, tool: Tool, **fields: Any) -> User:
    """Somebody who runs the tool in a stack of their own."""
    person: User = User.objects.filter(username=name).first() or UserFactory(username=name)
    ItemFactory(stack=StackFactory(person=person, **fields), tool=tool)
    return person


def told() -> dict[str, str]:
    return dict(Notification.objects.values_list("person__username", "text"))


def is_due(post: Post) -> bool:
    post.refresh_from_db()
    return post.is_telling_due


def test_those_who_run_a_tool_are_told(asker: User, django: Tool) -> None:
    flask = ToolFactory(name="Flask")
    runs("carol", django)
    runs("dave", flask)
    runs("erin", ToolFactory(name="Rails"))
    post = ask(asker, django, flask)

    assert tell_runners() == 1

    assert told() == {
        "carol": "@asker needs advice on Django: “How do you test it?”",
        "dave": "@asker needs advice on Flask: “How do you test it?”",
    }
    row = Notification.objects.first()
    assert row
    assert (row.kind, row.actor, row.url) == (Kind.ADVICE, asker, post.get_absolute_url())
    assert not is_due(post)


def test_who_runs_several_of_its_tools_is_told_once(asker: User, django: Tool) -> None:
    flask = ToolFactory(name="Flask")
    for tool in (django, flask, django):
        runs("carol", tool)
    ask(asker, django, flask)

    tasks.tell_runners()

    assert list(told()) == ["carol"]


@pytest.mark.parametrize("visibility", Stack.Visibility.values)
def test_stack_of_ones_own_counts_whoever_sees_it(asker: User, django: Tool, visibility: str) -> None:
    runs("carol", django, visibility=visibility)
    ask(asker, django)

    tell_runners()

    assert list(told()) == ["carol"]


def test_stack_of_a_company_is_nobodys_own(asker: User, django: Tool) -> None:
    company = CompanyFactory()
    MembershipFactory(company=company)
    ItemFactory(stack=StackFactory(company=company), tool=django)
    post = ask(asker, django)

    assert tell_runners() == 1

    assert told() == {}
    assert not is_due(post)


def test_who_ran_it_once_is_not_told(asker: User, django: Tool) -> None:
    ItemFactory(stack=StackFactory(), tool=django, until="2025")
    ask(asker, django)

    tell_runners()

    assert told() == {}


def test_who_asks_is_not_told(asker: User, django: Tool) -> None:
    runs("asker", django)
    ask(asker, django)

    tell_runners()

    assert told() == {}


@pytest.mark.parametrize("gone", [{"is_active": False}, {"closed_at": "2026-11-22T00:00Z"}])
def test_who_is_gone_is_not_told(asker: User, django: Tool, gone: dict[str, Any]) -> None:
    runs("carol", django)
    User.objects.filter(username="carol").update(**gone)
    ask(asker, django)

    tell_runners()

    assert told() == {}


def test_who_is_mentioned_is_told_that_only(asker: User, django: Tool) -> None:
    carol = runs("carol", django)
    telling.tell_mentioned(ask(asker, django), [carol])

    tell_runners()

    assert told() == {"carol": "@asker mentions you in “How do you test it?”"}


def test_who_switched_it_off_is_not_told(asker: User, django: Tool) -> None:
    carol = runs("carol", django)
    Preference.objects.create(person=carol, kind=Kind.ADVICE, channel=Channel.OFF)
    ask(asker, django)

    tell_runners()

    assert told() == {}


@pytest.mark.parametrize(("channel", "is_mail_due"), [(Channel.MAIL, True), (Channel.SITE, False)])
def test_who_wants_a_mail_of_it_gets_one(
    asker: User, django: Tool, channel: Channel, is_mail_due: bool
) -> None:
    Preference.objects.create(person=runs("carol", django), kind=Kind.ADVICE, channel=channel)
    ask(asker, django)

    tell_runners()

    assert Notification.objects.get().is_mail_due is is_mail_due


def test_those_with_the_newest_stacks_are_told(asker: User, django: Tool, monkeypatch: Any) -> None:
    monkeypatch.setattr(telling, "MAX_RUNNERS", 2)
    for age, name in enumerate(("carol", "dave", "erin", "dave", "carol")):
        runs(name, django)
        newest = Stack.objects.latest("pk")
        Stack.objects.filter(pk=newest.pk).update(changed_at=timezone.now() - timedelta(days=10 - age))
    ask(asker, django)

    tell_runners()

    assert set(told()) == {"carol", "dave"}


def test_question_waits_for_its_first_minutes(asker: User, django: Tool) -> None:
    runs("carol", django)
    post = ask(asker, django, age=QUIET - timedelta(minutes=1))

    assert tell_runners() == 0

    assert told() == {}
    assert is_due(post)


def test_question_of_a_newcomer_waits(django: Tool) -> None:
    runs("carol", django)
    newcomer = UserFactory()
    post = ask(newcomer, django, age=timedelta(hours=1))

    assert tell_runners() == 0
    assert is_due(post)

    newcomer.date_joined -= PROBATION
    newcomer.save(update_fields=["date_joined"])
    assert tell_runners() == 1
    assert list(told()) == ["carol"]


def test_question_that_is_removed_waits(asker: User, django: Tool) -> None:
    runs("carol", django)
    post = ask(asker, django, removed_at="2026-11-22T00:00Z")

    assert tell_runners() == 0
    # Nor where it is removed while the worker comes to it.
    assert not telling._tell_runners_of(post.pk)

    assert is_due(post)
    assert told() == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"age": NEWS},
        {"age": NEWS, "removed_at": "2026-11-22T00:00Z"},
        {"kind": "decision"},
        {"age": timedelta(), "kind": "decision"},
    ],
    ids=["old", "removed", "decision", "new decision"],
)
def test_what_is_no_new_question_tells_nobody(asker: User, django: Tool, fields: dict[str, Any]) -> None:
    runs("carol", django)
    post = ask(asker, django, **fields)

    assert tell_runners() == 0

    assert told() == {}
    assert not is_due(post)


def test_question_of_the_demo_tells_nobody(asker: User, django: Tool) -> None:
    asker.is_demo = True
    asker.save(update_fields=["is_demo"])
    runs("carol", django)
    post = ask(asker, django)

    assert tell_runners() == 0

    assert told() == {}
    assert not is_due(post)


def test_question_is_told_once(asker: User, django: Tool) -> None:
    runs("carol", django)
    post = ask(asker, django)

    assert [tell_runners(), tell_runners()] == [1, 0]
    # As if the run had been killed after it told some: all of it is in one transaction, but were it not.
    Post.objects.filter(pk=post.pk).update(is_telling_due=True)
    runs("dave", django)
    assert tell_runners() == 1

    assert Notification.objects.count() == 2


def test_runners_are_told_in_few_statements(asker: User, django: Tool, count_queries: Any) -> None:
    for number in range(8):
        runs(f"person-{number}", django)
    ask(asker, django)

    # The queue, the post, its mark, tools, runners, people, their choices, who is told; savepoints.
    with count_queries(at_most=12):
        tell_runners()

    assert len(told()) == 8


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_tell_once(in_two_threads: Any) -> None:
    asker, django = UserFactory(date_joined=timezone.now() - PROBATION), ToolFactory()
    for number in range(3):
        runs(f"person-{number}", django)
    for _ in range(4):
        ask(asker, django)

    assert sum(in_two_threads(tell_runners)) == 4

    assert Notification.objects.count() == 12
