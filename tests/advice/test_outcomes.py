"""What became of questions: asking, and the answers."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.advice import tasks
from apps.advice.models import MAX_OUTCOME_CHARACTERS, Outcome, Post
from apps.advice.services.outcomes import answer_outcome, ask_for_outcomes
from apps.notifications.models import Kind, Notification
from tests.factories.accounts import UserFactory
from tests.factories.advice import PostFactory
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db


def make_due(days: int, **fields: Any) -> Post:
    """A question of so many days ago, whose author is to be asked."""
    asked = timezone.now() - timedelta(days=days, minutes=1)
    due = timezone.now() - timedelta(minutes=1)
    post: Post = PostFactory(**{"slug": "which", "created_at": asked, "outcome_due_at": due} | fields)
    return post


def days_until_due(post: Post) -> int | None:
    post.refresh_from_db()
    return (post.outcome_due_at - post.created_at).days if post.outcome_due_at else None


@pytest.mark.parametrize(
    ("days", "period", "then"),
    [(30, 30, 90), (45, 30, 90), (90, 90, 365), (365, 365, None), (500, 365, None)],
)
def test_ask_for_outcomes_asks_and_names_the_next_time(
    alice: User, days: int, period: int, then: int | None
) -> None:
    post = make_due(days, author=alice, title="Flask or Django?")

    assert ask_for_outcomes() == 1
    assert ask_for_outcomes() == 0

    outcome = Outcome.objects.get()
    assert (outcome.post, outcome.after_days, outcome.answered_at) == (post, period, None)
    assert days_until_due(post) == then
    told = Notification.objects.get()
    assert (told.person, told.kind, told.actor, told.is_mail_due) == (alice, Kind.OUTCOME, None, True)
    assert told.url == f"/advice/{post.pk}-which/outcome/?after={period}"
    assert "“Flask or Django?”" in told.text


def test_ask_for_outcomes_asks_anew_each_time(alice: User) -> None:
    post = make_due(30, author=alice)
    ask_for_outcomes()
    Post.objects.update(outcome_due_at=timezone.now(), created_at=timezone.now() - timedelta(days=91))

    assert ask_for_outcomes() == 1

    assert [row.after_days for row in post.outcomes.all()] == [30, 90]
    assert Notification.objects.count() == 2


def test_ask_for_outcomes_leaves_out_what_is_not_due(alice: User) -> None:
    PostFactory(author=alice, outcome_due_at=timezone.now() + timedelta(hours=1))
    PostFactory(author=alice, kind=Post.Kind.DECISION)

    assert ask_for_outcomes() == 0
    assert not Notification.objects.exists()


@pytest.mark.parametrize(
    "make",
    [
        lambda: make_due(30, removed_at=timezone.now()),
        lambda: make_due(30, author=None),
        lambda: make_due(30, author=UserFactory(is_active=False)),
        lambda: make_due(30, author=UserFactory(closed_at=timezone.now())),
        lambda: make_due(30, author=UserFactory(is_demo=True)),
    ],
    ids=["removed", "left", "locked out", "closing", "demo"],
)
def test_ask_for_outcomes_asks_nobody_who_would_not_answer(make: Callable[[], Post]) -> None:
    post = make()

    assert ask_for_outcomes() == 0

    assert (days_until_due(post), Outcome.objects.exists(), Notification.objects.exists()) == (
        90,
        False,
        False,
    )


def test_ask_for_outcomes_asks_nobody_who_told_already(alice: User) -> None:
    post = make_due(30, author=alice)
    answer_outcome(person=alice, post=post, verdict="good")

    assert ask_for_outcomes() == 0

    assert (days_until_due(post), Notification.objects.exists()) == (90, False)


@pytest.mark.django_db(transaction=True)
def test_ask_for_outcomes_leaves_what_somebody_else_holds(
    alice: User, in_two_threads: Callable[..., list[Any]]
) -> None:
    make_due(30, author=alice)

    assert sorted(in_two_threads(ask_for_outcomes)) == [0, 1]
    assert Notification.objects.count() == 1

    post = make_due(30, author=alice)
    with transaction.atomic():
        Post.objects.select_for_update(no_key=True).get(pk=post.pk)
        assert in_two_threads(ask_for_outcomes) == [0, 0]


def test_ask_for_outcomes_task_does_it(alice: User) -> None:
    make_due(30, author=alice)

    tasks.ask_for_outcomes()

    assert Outcome.objects.count() == 1


def test_answer_outcome_says_what_became_of_it(alice: User) -> None:
    post, tool = make_due(30, author=alice), ToolFactory()
    ask_for_outcomes()

    outcome = answer_outcome(person=alice, post=post, verdict="good", chosen=tool, text=" It **runs**.\r\n")

    row = Outcome.objects.get()
    assert row == outcome
    assert (row.verdict, row.chosen, row.text) == ("good", tool, "It **runs**.")
    assert row.html == "<p>It <strong>runs</strong>.</p>\n"
    assert row.answered_at is not None


def test_answer_outcome_takes_the_place_of_what_was_told(alice: User) -> None:
    post, tool = PostFactory(author=alice), ToolFactory()
    answer_outcome(person=alice, post=post, verdict="good", chosen=tool, text="x")

    answer_outcome(person=alice, post=post, verdict="open", chosen=tool)

    row = Outcome.objects.get()
    assert (row.after_days, row.verdict, row.chosen, row.text, row.html) == (30, "open", None, "", "")


def test_answer_outcome_belongs_to_the_time_gone_by_when_nobody_asked(alice: User) -> None:
    post = PostFactory(author=alice, created_at=timezone.now() - timedelta(days=120))

    assert answer_outcome(person=alice, post=post, verdict="mixed").after_days == 90


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"verdict": ""}, "verdict"),
        ({"verdict": "splendid"}, "verdict"),
        ({"text": "x" * (MAX_OUTCOME_CHARACTERS + 1)}, "text"),
    ],
    ids=["none", "other", "long"],
)
def test_answer_outcome_refuses_by_field(alice: User, values: Any, field: str) -> None:
    post = PostFactory(author=alice)

    with pytest.raises(ValidationError) as error:
        answer_outcome(person=alice, post=post, **({"verdict": "good"} | values))

    assert list(error.value.message_dict) == [field]
    assert not Outcome.objects.exists()


def test_answer_outcome_refuses_a_tool_that_is_not_listed(alice: User) -> None:
    tool = ToolFactory(is_listed=False)

    with pytest.raises(ValidationError) as error:
        answer_outcome(person=alice, post=PostFactory(author=alice), verdict="good", chosen=tool)

    assert list(error.value.message_dict) == ["chosen"]


def test_answer_outcome_refuses_many_links_of_a_newcomer() -> None:
    newcomer = UserFactory()

    with pytest.raises(ValidationError) as error:
        answer_outcome(
            person=newcomer, post=PostFactory(author=newcomer), verdict="good", text="http://a.example " * 3
        )

    assert list(error.value.message_dict) == ["text"]


@pytest.mark.parametrize(
    "fields", [{"kind": "decision"}, {"removed_at": timezone.now()}], ids=["decision", "removed"]
)
def test_answer_outcome_refuses_what_is_no_question(alice: User, fields: Any) -> None:
    with pytest.raises(PermissionDenied):
        answer_outcome(person=alice, post=PostFactory(author=alice, **fields), verdict="good")


def test_answer_outcome_refuses_others(alice: User, maud: User) -> None:
    post = PostFactory(author=alice)

    for person in (maud, UserFactory(verified=False)):
        with pytest.raises(PermissionDenied):
            answer_outcome(person=person, post=post, verdict="good")
