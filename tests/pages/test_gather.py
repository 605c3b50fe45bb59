"""What becomes an event of the feed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from apps.advice.models import Post, Recommendation, Reply
from apps.pages.models import Event, EventSubject
from apps.pages.services import feed
from apps.pages.services.feed import MAX_CHANGES, SITTING, gather
from apps.stacks.models import Change, Stack
from apps.stacks.services.items import add_items
from apps.stacks.services.stacks import change_stack, create_stack, set_hidden
from tests.factories.accounts import UserFactory
from tests.factories.advice import PostFactory, ReplyFactory
from tests.factories.pages import EventFactory
from tests.factories.stacks import ChangeFactory, CompanyFactory, ItemFactory, StackFactory
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db

# Any day that is over.
DAY = datetime(2024, 5, 4, 9, tzinfo=UTC)


def subjects(event: Event) -> set[Any]:
    """The tools and people that an event is about."""
    return {row.tool or row.person for row in event.subjects.select_related("tool", "person")}


def change(stack: Stack, at: datetime = DAY, **fields: Any) -> Change:
    row: Change = ChangeFactory(
        item=ItemFactory(stack=stack, tool=fields.pop("tool", None) or ToolFactory()), **fields
    )
    Change.objects.filter(pk=row.pk).update(created_at=at)
    return row


def test_post_is_about_its_tools_and_its_author() -> None:
    flask, django = ToolFactory(), ToolFactory()
    post = PostFactory(tools=[flask, django])

    assert gather() == 1
    event = Event.objects.get()
    assert (event.kind, event.post, event.actor, event.created_at) == (
        "post",
        post,
        post.author,
        post.created_at,
    )
    assert subjects(event) == {flask, django, post.author}
    assert gather() == 0


def test_reply_is_about_what_it_recommends_the_tools_of_its_post_and_its_author() -> None:
    flask, django = ToolFactory(), ToolFactory()
    reply = ReplyFactory(post=PostFactory(tools=[flask], is_feed_due=False))
    Recommendation.objects.create(reply=reply, tool=django)

    assert gather() == 1
    event = Event.objects.get()
    assert (event.kind, event.post, event.reply, event.actor) == ("reply", reply.post, reply, reply.author)
    assert subjects(event) == {flask, django, reply.author}


def test_edited_words_are_about_the_tools_that_they_have_now() -> None:
    flask, django = ToolFactory(), ToolFactory()
    reply = ReplyFactory(post=PostFactory(tool=flask))
    gather()
    before = list(Event.objects.order_by("pk").values_list("pk"))

    reply.post.post_tools.update(tool=django)
    Post.objects.update(is_feed_due=True)
    Reply.objects.update(is_feed_due=True)

    assert gather() == 2
    assert list(Event.objects.order_by("pk").values_list("pk")) == before
    assert subjects(Event.objects.get(kind="post")) == {django, reply.post.author}
    assert subjects(Event.objects.get(kind="reply")) == {django, reply.author}


def test_words_of_somebody_who_left_are_about_tools_only() -> None:
    post = PostFactory(author=None)

    gather()

    assert subjects(Event.objects.get()) == {post.tool}


def test_changes_of_one_person_and_day_are_one_event() -> None:
    stack, other = StackFactory(), UserFactory()
    first = change(stack, DAY, by=stack.person)
    second = change(stack, DAY + timedelta(hours=14, minutes=59), by=stack.person)
    next_day = change(stack, DAY + timedelta(hours=15), by=stack.person)
    of_another = change(stack, DAY + timedelta(hours=1), by=other)

    assert gather() == 4
    assert [(event.changes, event.actor) for event in Event.objects.order_by("pk")] == [
        ([first.pk, second.pk], stack.person),
        ([of_another.pk], other),
        ([next_day.pk], stack.person),
    ]
    assert subjects(Event.objects.earliest("pk")) == {first.tool, second.tool, stack.person}


def test_change_later_that_day_joins_the_event() -> None:
    stack = StackFactory()
    first = change(stack, by=stack.person)
    gather()
    second = change(stack, DAY + timedelta(hours=2), by=stack.person)
    again = change(stack, DAY + timedelta(hours=3), by=stack.person, tool=ToolFactory())

    assert gather() == 2
    event = Event.objects.get()
    assert event.changes == [first.pk, second.pk, again.pk]
    assert event.created_at == DAY
    assert subjects(event) == {first.tool, second.tool, again.tool, stack.person}


def test_event_has_so_many_changes_at_most() -> None:
    item = ItemFactory()
    by = item.stack.person
    rows = [ChangeFactory(item=item, by=by).pk for _ in range(MAX_CHANGES + 2)]
    Change.objects.update(created_at=DAY)

    gather()

    event = Event.objects.get()
    assert event.changes == rows[:MAX_CHANGES]
    assert subjects(event) == {item.tool, by}
    assert not Change.objects.filter(is_feed_due=True).exists()


def test_change_by_a_program_is_about_the_person_of_the_stack() -> None:
    stack, of_company = StackFactory(), StackFactory(company=CompanyFactory())
    row, other = change(stack), change(of_company)

    gather()

    assert subjects(Event.objects.get(stack=stack)) == {row.tool, stack.person}
    assert subjects(Event.objects.get(stack=of_company)) == {other.tool}


def test_replacement_is_an_event_of_its_own_which_tells_of_the_successor() -> None:
    stack, celery, rq = StackFactory(), ToolFactory(), ToolFactory()
    replaced = change(stack, by=stack.person, tool=celery, kind=Change.Kind.REPLACED, other=rq)
    change(stack, by=stack.person, tool=rq)
    added = change(stack, by=stack.person)

    gather()

    move = Event.objects.get(kind=Event.Kind.MOVE)
    assert (move.changes, subjects(move)) == ([replaced.pk], {celery, rq, stack.person})
    assert Event.objects.get(kind=Event.Kind.STACK).changes == [added.pk]


@pytest.mark.parametrize(
    "fields", [{"visibility": "private"}, {"visibility": "unlisted"}, {"is_hidden": True}]
)
def test_change_of_a_stack_that_is_not_public_makes_no_event(fields: dict[str, Any]) -> None:
    change(StackFactory(**fields))

    assert gather() == 1
    assert not Event.objects.exists()
    assert not Change.objects.filter(is_feed_due=True).exists()


def test_change_waits_until_the_sitting_is_over() -> None:
    stack = StackFactory()
    change(stack, timezone.now() - SITTING / 2)

    assert gather() == 0
    assert Change.objects.filter(is_feed_due=True).exists()


def test_ids_rise_with_time_whatever_happened() -> None:
    for hours, made in enumerate((ReplyFactory, PostFactory, ReplyFactory), start=1):
        made(created_at=DAY + timedelta(hours=5 - hours))
    change(StackFactory(), DAY + timedelta(hours=3, minutes=30))

    gather()

    times = (
        Event.objects.filter(created_at__lt=DAY + timedelta(days=1)).order_by("pk").values_list("created_at")
    )
    assert len(times) == 4
    assert list(times) == sorted(times)


def test_more_than_one_batch_is_gathered(monkeypatch: pytest.MonkeyPatch, queued_tasks: Any) -> None:
    monkeypatch.setattr(feed, "BATCH", 2)
    monkeypatch.setattr(feed, "MAX_BATCHES", 2)
    tool = ToolFactory()
    posts = [PostFactory(tool=tool, created_at=DAY + timedelta(hours=n)) for n in range(5)]

    assert gather() == 4
    assert queued_tasks() == ["apps.pages.tasks.gather_feed"]
    assert gather() == 1
    assert list(Event.objects.order_by("pk").values_list("post", flat=True)) == [post.pk for post in posts]


@pytest.mark.django_db(transaction=True)
def test_row_that_somebody_holds_waits_for_the_next_run() -> None:
    held, free = PostFactory(), PostFactory()
    reply = ReplyFactory(post=held)
    other = connections.create_connection("default")
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM advice_post WHERE id = %s FOR UPDATE", [held.pk])
        assert gather() == 1
        assert [event.post_id for event in Event.objects.all()] == [free.pk]
        other.rollback()
    finally:
        other.close()

    assert gather() == 2
    assert {event.reply_id for event in Event.objects.filter(post=held)} == {None, reply.pk}


def test_killed_in_the_middle_nothing_is_lost_or_doubled() -> None:
    PostFactory()
    ReplyFactory()

    # As a worker that is killed: its transaction ends without a commit.
    with transaction.atomic():
        gather()
        transaction.set_rollback(True)
    assert not Event.objects.exists()

    assert gather() == 3
    assert gather() == 0
    assert Event.objects.count() == 3
    assert not Post.objects.filter(is_feed_due=True).exists()
    assert not Reply.objects.filter(is_feed_due=True).exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_make_each_event_once(in_two_threads: Any) -> None:
    for _ in range(5):
        PostFactory()

    assert sum(in_two_threads(gather)) == 5
    assert Event.objects.count() == 5


def test_database_keeps_events_and_subjects_single() -> None:
    tool, event = ToolFactory(), EventFactory()
    EventSubject.objects.create(event=event, tool=tool)

    with pytest.raises(IntegrityError, match="event_post_unique"), transaction.atomic():
        EventFactory(post=event.post)
    with pytest.raises(IntegrityError, match="eventsubject_of_tool"), transaction.atomic():
        EventSubject.objects.create(event=event, tool=tool)


def test_people_who_are_gone_may_have_changed_a_stack_on_the_same_day() -> None:
    stack, people = StackFactory(company=CompanyFactory()), [UserFactory() for _ in range(2)]
    event = {"kind": Event.Kind.STACK, "post": None, "stack": stack, "day": DAY.date()}
    for person in (*people, None):
        EventFactory(actor=person, **event)
    with pytest.raises(IntegrityError, match="event_stack_unique"), transaction.atomic():
        EventFactory(actor=people[0], **event)

    for person in people:
        person.delete()

    assert list(Event.objects.values_list("actor", flat=True)) == [None] * 3


# --- Stacks that come into public view --------------------------------------------------------------


def test_stack_that_becomes_public_is_one_event(alice: Any) -> None:
    stack = create_stack(person=alice, name="Site", visibility="private")
    flask, redis = ToolFactory(), ToolFactory()
    add_items(person=alice, stack=stack, tools=[flask, redis])
    Change.objects.update(created_at=DAY)
    gather()
    assert not Event.objects.exists()

    change_stack(person=alice, stack=stack, visibility="public")

    event = Event.objects.get()
    assert (event.kind, event.actor, event.day) == ("stack", alice, event.created_at.date())
    assert event.created_at > DAY
    assert event.changes == list(Change.objects.order_by("pk").values_list("pk", flat=True))
    assert subjects(event) == {flask, redis, alice}


def test_stack_that_becomes_public_before_the_worker_came_is_one_event(alice: Any) -> None:
    stack = create_stack(person=alice, name="Site", visibility="private")
    add_items(person=alice, stack=stack, tools=[ToolFactory()])
    change_stack(person=alice, stack=stack, visibility="public")
    Change.objects.update(created_at=DAY)

    assert gather() == 0
    assert Event.objects.count() == 1


def test_stack_that_comes_and_goes_is_news_once(alice: Any) -> None:
    stack = create_stack(person=alice, name="Site", visibility="private")
    add_items(person=alice, stack=stack, tools=[ToolFactory()])
    for visibility in ("public", "private", "public"):
        change_stack(person=alice, stack=stack, visibility=visibility)
    set_hidden(stack=stack, is_hidden=True)
    set_hidden(stack=stack, is_hidden=False)

    assert Event.objects.count() == 1


def test_public_stack_is_told_of_by_its_changes(alice: Any) -> None:
    stack = create_stack(person=alice, name="Site")
    add_items(person=alice, stack=stack, tools=[ToolFactory()])
    assert not Event.objects.exists()
    Change.objects.update(created_at=DAY)

    assert gather() == 1
    assert Event.objects.get().created_at == DAY
