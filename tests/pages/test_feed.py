"""The feed: what is in it, for whom, and why."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.advice.models import Post, Reply
from apps.core.pagination import BadCursorError
from apps.pages import selectors
from apps.pages.models import Event
from apps.pages.selectors import MAX_READS, NEWEST, PAGE_SIZE, READ_EVENTS, events_for, own_feed
from apps.pages.services.feed import gather
from apps.stacks.models import Change, Stack
from apps.tools.models import Tool
from tests.factories.accounts import UserFactory
from tests.factories.advice import PostFactory, ReplyFactory
from tests.factories.pages import EventFactory
from tests.factories.stacks import ChangeFactory, CompanyFactory, ItemFactory, StackFactory
from tests.factories.tools import ToolFactory, ToolFollowFactory

pytestmark = pytest.mark.django_db


def follow(reader: User, *followed: Tool | User) -> None:
    for one in followed:
        if isinstance(one, Tool):
            ToolFollowFactory(person=reader, tool=one)
        else:
            reader.follows.create(person=one)


def change(stack: Stack, **fields: Any) -> Change:
    item = ItemFactory(
        stack=stack, tool=fields.pop("tool", None) or ToolFactory(), **fields.pop("of_item", {})
    )
    row: Change = ChangeFactory(item=item, by=fields.pop("by", stack.person), **fields)
    # All on one day that is over.
    Change.objects.filter(pk=row.pk).update(created_at=datetime(2024, 5, 4, tzinfo=UTC))
    return row


def shown(reader: User, cursor: str = "") -> list[Any]:
    """What the events of a page are of."""
    return [row.event.reply or row.event.post or row.event.stack for row in own_feed(reader, cursor).rows]


# --- What is found, and why --------------------------------------------------------------------------


def test_events_are_those_of_what_one_follows_each_once_with_the_reasons(alice: Any) -> None:
    flask, django, rails = (ToolFactory(name=name) for name in ("Flask", "Django", "Rails"))
    priya = UserFactory(username="priya", name="Priya Raman")
    follow(alice, flask, django, priya)
    both = EventFactory(tools=[flask, django], people=[priya])
    EventFactory(tools=[rails], people=[UserFactory()])
    one = EventFactory(tools=[django, rails])

    found = events_for(alice, before=NEWEST, limit=10)

    assert {pk: [(why.name, why.address) for why in reasons] for pk, reasons in found.items()} == {
        one.pk: [("Django", "/tools/django/")],
        both.pk: [("Flask", "/tools/flask/"), ("Django", "/tools/django/"), ("Priya Raman", "/@priya/")],
    }
    assert list(found) == [one.pk, both.pk]


def test_events_are_the_newest_of_all_whatever_is_followed(alice: Any) -> None:
    """Against the plain way: tools with many events and with few, people among them, events of several."""
    tools, people = [ToolFactory() for _ in range(5)], [UserFactory() for _ in range(3)]
    follow(alice, *tools[:4], *people[:2])
    stack, rows = StackFactory(), []
    for number in range(24):
        about = {tools[number * number % 5], tools[0 if number % 4 == 0 else 4]}
        by = {people[number % 3]} if number % 2 else set()
        event = EventFactory(kind="move", post=None, actor=None, stack=stack, tools=about, people=by)
        rows.append((event, (about | by) & {*tools[:4], *people[:2]}))

    for limit in (1, 2, 3, 5, 8, 50):
        before = NEWEST
        while page := events_for(alice, before=before, limit=limit):
            wanted = [(event.pk, about) for event, about in reversed(rows) if event.pk < before and about]
            names = [
                (pk, {one.name if isinstance(one, Tool) else one.username for one in about})
                for pk, about in wanted[:limit]
            ]
            assert [(pk, {why.name for why in reasons}) for pk, reasons in page.items()] == names
            before = min(page)
        assert before == min(event.pk for event, about in rows if about)


def test_unlisted_tool_is_no_reason(alice: Any) -> None:
    hidden = ToolFactory(is_listed=False)
    follow(alice, hidden)
    EventFactory(tools=[hidden])

    assert not own_feed(alice, "").rows


# --- What is not shown -------------------------------------------------------------------------------


def remove(row: Post | Reply) -> None:
    type(row)._default_manager.filter(pk=row.pk).update(removed_at=timezone.now())


def lock_out(person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)


def close(person: User) -> None:
    User.objects.filter(pk=person.pk).update(closed_at=timezone.now())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda reply, stack: (remove(reply), remove(reply.post), stack.delete()),
        lambda reply, stack: (
            remove(reply.post),
            Stack.objects.update(visibility="private"),
        ),
        lambda reply, stack: (lock_out(reply.author), lock_out(reply.post.author), lock_out(stack.person)),
        lambda reply, stack: (close(reply.author), close(reply.post.author), close(stack.person)),
        lambda reply, stack: (reply.author.delete(), reply.post.author.delete(), stack.person.delete()),
        lambda reply, stack: (
            remove(reply.post),
            Stack.objects.update(is_hidden=True),
        ),
        lambda reply, stack: (remove(reply.post), Change.objects.all().delete()),
    ],
    ids=["removed", "private", "locked-out", "closed", "deleted", "hidden", "undone"],
)
def test_feed_leaves_out_what_nobody_may_see(alice: Any, spoil: Callable[[Reply, Stack], object]) -> None:
    tool = ToolFactory()
    follow(alice, tool)
    reply, stack = ReplyFactory(post=PostFactory(tool=tool)), StackFactory()
    change(stack, tool=tool)
    change(stack, tool=tool, kind=Change.Kind.REPLACED, other=ToolFactory(), of_item={"until": "2025"})
    gather()
    assert shown(alice) == [reply, reply.post, stack, stack]

    spoil(reply, stack)

    assert shown(alice) == []


def test_move_that_was_taken_back_is_left_out(alice: Any) -> None:
    tool = ToolFactory()
    follow(alice, tool)
    change(StackFactory(), tool=tool, kind=Change.Kind.REPLACED, other=ToolFactory())
    gather()
    assert shown(alice)

    Change.objects.update(kind=Change.Kind.DROPPED, other=None)

    assert not shown(alice)


def test_own_deeds_are_left_out(alice: Any, mallory: Any) -> None:
    tool = ToolFactory()
    follow(alice, tool)
    PostFactory(tool=tool, author=alice)
    theirs = PostFactory(tool=tool, author=mallory)
    gather()

    assert shown(alice) == [theirs]


def test_stack_of_a_company_stays_when_the_one_who_changed_it_left(alice: Any) -> None:
    tool, stack, somebody = ToolFactory(), StackFactory(company=CompanyFactory()), UserFactory()
    follow(alice, tool)
    change(stack, tool=tool, by=somebody)
    gather()

    somebody.delete()

    assert shown(alice) == [stack]


# --- Pages -------------------------------------------------------------------------------------------


def test_pages_go_on_where_the_one_before_ended(alice: Any) -> None:
    tool, stack = ToolFactory(), StackFactory()
    follow(alice, tool)
    row = change(stack, tool=tool, kind=Change.Kind.REPLACED, other=ToolFactory())
    events = [
        EventFactory(kind="move", post=None, actor=None, stack=stack, changes=[row.pk], tools=[tool])
        for _ in range(PAGE_SIZE + READ_EVENTS)
    ]

    first = own_feed(alice, "")
    second = own_feed(alice, first.next_cursor)
    third = own_feed(alice, second.next_cursor)

    assert [row.event for page in (first, second, third) for row in page.rows] == events[::-1]
    assert len(first.rows) == len(second.rows) == PAGE_SIZE
    assert third.next_cursor == ""


def test_page_of_which_nothing_is_left_goes_on(alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "READ_EVENTS", 2)
    tool = ToolFactory()
    follow(alice, tool)
    old = EventFactory(tools=[tool])
    for _ in range(2 * MAX_READS):
        EventFactory(tools=[tool], post__removed_at=timezone.now())

    first = own_feed(alice, "")
    second = own_feed(alice, first.next_cursor)

    assert (first.rows, bool(first.next_cursor)) == ([], True)
    assert [row.event for row in second.rows] == [old]
    assert second.next_cursor == ""


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "9" * 19, "\u0661", "WzFd", " 1"])
def test_cursor_that_is_none_is_refused(alice: Any, cursor: str) -> None:
    with pytest.raises(BadCursorError):
        own_feed(alice, cursor)


@pytest.mark.parametrize("order", ["", "hot"])
def test_address_with_a_bad_cursor_leads_to_the_first_page(alice_client: Client, order: str) -> None:
    response = alice_client.get("/feed/", {"after": "x'--", "order": order})

    assert response.status_code == 302
    assert response["Location"] == ("/feed/?order=hot" if order else "/feed/")


# --- The page ----------------------------------------------------------------------------------------


def text_of(response: Any) -> str:
    """What the main part says, without markup and monograms."""
    page = response.content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    main = re.sub(r'<span class="tile[^>]*>[^<]*</span>', "", main)
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def test_page_says_what_happened_and_why_one_sees_it(alice: Any, alice_client: Client) -> None:
    flask, celery, rq = (ToolFactory(name=name) for name in ("Flask", "Celery", "RQ"))
    priya = UserFactory(name="Priya Raman", username="priya")
    follow(alice, flask, rq, priya)
    post = PostFactory(title="Flask or something else?", author=priya, tool=flask)
    ReplyFactory(post=post, author=UserFactory(name="Jonas Weil"), html="<p>We <b>run</b> it.</p>")
    stack = StackFactory(person=priya, name="Ferries", slug="ferries")
    change(stack, tool=flask, of_item={"why": "It is **small**."})
    change(stack, tool=ToolFactory(name="Debian"), kind=Change.Kind.UPGRADED, before="12", after="13")
    move = {"why_not": "One job needs no broker.", "until": "2026"}
    change(stack, tool=celery, kind=Change.Kind.REPLACED, other=rq, of_item=move)
    gather()

    response = alice_client.get("/feed/")

    text = text_of(response)
    assert "Your feed" in text
    for words in (
        "Priya Raman asked on",
        "Flask or something else?",
        "Because you follow Flask and Priya Raman",
        "Jonas Weil answered on",
        "We run it.",
        "Priya Raman shared a stack on",
        "Ferries Added Flask It is small.",
        "Added Flask It is small. Upgraded Debian 12 → 13",
        "Priya Raman replaced a tool on",
        "Replaced Celery by RQ One job needs no broker.",
        "Because you follow RQ and Priya Raman",
    ):
        assert words in text
    assert Event.objects.count() == 4


def test_page_counts_the_changes_that_it_does_not_show(alice: Any, alice_client: Client) -> None:
    item = ItemFactory()
    person = item.stack.person
    follow(alice, person)
    changes = [ChangeFactory(item=item).pk for _ in range(8)]
    EventFactory(kind="stack", post=None, actor=person, stack=item.stack, changes=changes, people=[person])

    assert "2 more" in text_of(alice_client.get("/feed/"))


def test_page_names_the_first_reasons_and_counts_the_others(alice: Any, alice_client: Client) -> None:
    tools = [ToolFactory(name=name) for name in ("Flask", "Django", "Rails", "Quart", "Bottle")]
    follow(alice, *tools)
    EventFactory(tools=tools)

    assert "Because you follow Flask , Django , Rails and 2 more" in text_of(alice_client.get("/feed/"))


def test_company_is_named_where_nobody_is_known_to_have_done_it(alice: Any, alice_client: Client) -> None:
    tool = ToolFactory()
    follow(alice, tool)
    stack = StackFactory(company=CompanyFactory(name="Open Herbarium"))
    change(stack, tool=tool, by=None)
    gather()

    assert "Open Herbarium shared a stack on" in text_of(alice_client.get("/feed/"))


@pytest.mark.parametrize("follows", [True, False])
def test_person_without_anything_in_their_feed_sees_what_is_hot_and_how_to_follow(
    alice: Any, alice_client: Client, follows: bool
) -> None:
    if follows:
        follow(alice, UserFactory())
    PostFactory(title="Which of the two is it?")

    text = text_of(alice_client.get("/feed/"))

    assert "Which of the two is it?" in text
    assert ("You follow no tools and no people yet" in text) is not follows
    assert ("Nothing has happened around what you follow yet" in text) is follows


def test_anonymous_readers_get_the_hot_threads_best_first(client: Client) -> None:
    day = datetime(2026, 5, 4, tzinfo=UTC)
    for title, votes in (("What is the first?", 0), ("What is the second?", 90), ("Whatever is gone?", 99)):
        removed = day if title.endswith("gone?") else None
        PostFactory(title=title, created_at=day, up_count=votes, removed_at=removed)

    response = client.get("/feed/")

    assert re.findall(r"What[a-z]* is [a-z ]+\?(?=</a></h3>)", response.content.decode()) == [
        "What is the second?",
        "What is the first?",
    ]
    assert "Sign in and follow tools and people" in text_of(response)
    assert "noindex" in response.content.decode()
    assert not response.cookies


def test_hot_pages_go_on(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "PAGE_SIZE", 2)
    titles = {PostFactory().title for _ in range(3)}

    first = client.get("/feed/").content.decode()
    (query,) = re.findall(r'href="\?([^"]+)" rel="next"', first)
    second = client.get(f"/feed/?{query.replace('&amp;', '&')}").content.decode()

    in_main = [{title for title in titles if f"{title}</a></h3>" in page} for page in (first, second)]
    assert [len(found) for found in in_main] == [2, 1]
    assert in_main[0] | in_main[1] == titles


def test_empty_site_has_a_feed(client: Client) -> None:
    response = client.get("/feed/")

    assert response.status_code == 200
    assert "Nobody has written anything yet" in text_of(response)


def test_beside_it_stand_open_questions_followed_and_rising_tools(alice: Any, alice_client: Client) -> None:
    followed, rising, fallen = (
        ToolFactory(
            name=name,
            stars=100,
            stars__grew_90=grown,
            stars__trend_90=grown / 100,
            stars__growth_on="2026-08-01",
        )
        for name, grown in (("Flask", 5), ("Htmx", 50), ("Bower", -5))
    )
    follow(alice, followed)
    PostFactory(title="Does anybody know about it?", tool=fallen)
    PostFactory(title="This one has been answered?", reply_count=1)

    beside = selectors.tools_beside(alice)
    text = text_of(alice_client.get("/feed/?order=hot"))

    assert (beside.followed, beside.rising) == ([followed], [rising, followed])
    aside = text[text.index("Waiting for an answer") :]
    assert "Does anybody know about it? Bower" in aside
    assert "This one has been answered?" not in aside
    assert "Htmx +50 stars in 90 days" in aside


def test_page_needs_at_most_10_queries_whatever_is_on_it(
    alice: Any, alice_client: Client, count_queries: Callable[..., Any]
) -> None:
    tools = [ToolFactory(stars=9, stars__grew_90=3, stars__trend_90=0.3) for _ in range(3)]
    follow(alice, *tools, UserFactory())
    for number in range(6):
        tool = tools[number % 3]
        ReplyFactory(post=PostFactory(tool=tool))
        change(StackFactory(), tool=tool)
        change(StackFactory(), tool=tool, kind=Change.Kind.REPLACED, other=ToolFactory())
    gather()

    with count_queries(at_most=10):
        response = alice_client.get("/feed/")
    with count_queries(at_most=10):
        alice_client.get("/feed/?order=hot")
    with count_queries(at_most=10):
        Client().get("/feed/")

    assert response.content.decode().count("Because you follow") == PAGE_SIZE


def test_page_needs_at_most_10_queries_for_who_follows_nothing(
    alice_client: Client, count_queries: Callable[..., Any]
) -> None:
    PostFactory()

    with count_queries(at_most=10):
        assert alice_client.get("/feed/").status_code == 200
