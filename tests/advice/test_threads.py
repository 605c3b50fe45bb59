"""What the page of a thread is made of."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from apps.accounts.models import User
from apps.advice import threads
from apps.advice.models import Draft, Outcome, Post, PostTool, Recommendation, Reply
from apps.advice.threads import NEWEST, Thread, cursor_of, is_indexed, posts_for, thread_of
from apps.core.pagination import BadCursorError
from apps.stacks.models import Tier
from apps.tools.models import Tool
from tests.factories.accounts import UserFactory
from tests.factories.advice import CommentFactory, PostFactory, PostToolFactory, ReplyFactory
from tests.factories.stacks import CompanyFactory, ItemFactory, MembershipFactory, StackFactory
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db

NOBODY = AnonymousUser()


@pytest.fixture
def flask() -> Tool:
    return ToolFactory(name="Flask")


@pytest.fixture
def post(flask: Tool) -> Post:
    return PostFactory(tools=[flask])


def read(post: Post, reader: Any = NOBODY, **kwargs: Any) -> Thread:
    return thread_of(posts_for(reader).get(pk=post.pk), reader, **kwargs)


def ids(thread: Thread) -> list[int]:
    return [reply.pk for reply in thread.replies]


def recommend(reply: Reply, *tools: Tool) -> Reply:
    Recommendation.objects.bulk_create(
        Recommendation(reply=reply, tool=tool, position=at) for at, tool in enumerate(tools)
    )
    return reply


# --- Order and pages ------------------------------------------------------------------------------


def test_accepted_reply_comes_first_then_the_best_then_the_oldest(post: Post) -> None:
    few, accepted, best, old, new = (
        ReplyFactory(post=post, up_count=up, down_count=down)
        for up, down in ((1, 0), (0, 9), (40, 1), (0, 0), (0, 0))
    )
    Post.objects.filter(pk=post.pk).update(accepted=accepted, accepted_at=timezone.now())

    assert ids(read(post)) == [row.pk for row in (accepted, best, few, old, new)]
    assert [answer.is_accepted for answer in read(post).answers] == [True, False, False, False, False]
    assert ids(read(post, order=NEWEST)) == [row.pk for row in (new, old, best, accepted, few)]
    assert read(post, order=NEWEST).answers[3].is_accepted


@pytest.mark.parametrize("order", list(threads.ORDERS))
def test_pages_go_on_where_the_one_before_ended(
    post: Post, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    monkeypatch.setattr(threads, "REPLIES_PAGE", 2)
    rows = [ReplyFactory(post=post, up_count=up) for up in (3, 0, 3, 9, 1)]
    Post.objects.filter(pk=post.pk).update(accepted=rows[1], accepted_at=timezone.now())

    seen, cursor = [], ""
    for _ in range(4):
        page = read(post, order=order, cursor=cursor)
        seen += ids(page)
        cursor = page.next_cursor
        if not cursor:
            break

    assert sorted(seen) == sorted(row.pk for row in rows)
    assert seen == ids_in_one(post, order, monkeypatch)


def ids_in_one(post: Post, order: str, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    monkeypatch.setattr(threads, "REPLIES_PAGE", 200)
    return ids(read(post, order=order))


def test_cursor_leads_to_the_page_on_which_a_reply_stands(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "REPLIES_PAGE", 2)
    rows = [ReplyFactory(post=post, up_count=up) for up in (3, 0, 3, 9, 1)]
    Post.objects.filter(pk=post.pk).update(accepted=rows[1], accepted_at=timezone.now())

    for row in Reply.objects.select_related("post"):
        assert row.pk in ids(read(post, cursor=cursor_of(row, NOBODY)))
    assert cursor_of(Reply.objects.get(pk=rows[1].pk), NOBODY) == ""


def test_cursor_of_ones_own_is_refused(post: Post) -> None:
    with pytest.raises(BadCursorError):
        read(post, cursor="bm90IG9uZQ")


# --- What was removed -----------------------------------------------------------------------------


def test_removed_reply_is_left_out_but_for_who_may_restore_it(post: Post, mallory: User, maud: User) -> None:
    author = UserFactory()
    gone = ReplyFactory(post=post, author=author, removed_at=timezone.now(), removed_by=author)
    shown = ReplyFactory(post=post)

    assert ids(read(post)) == ids(read(post, mallory)) == [shown.pk]
    assert ids(read(post, author)) == ids(read(post, maud)) == [gone.pk, shown.pk]


def test_removed_reply_stays_where_a_comment_hangs_on_it(post: Post) -> None:
    gone = recommend(ReplyFactory(post=post, removed_at=timezone.now()), post.tool)
    comment = CommentFactory(reply=gone)
    ItemFactory(stack__person=gone.author, tool=post.tool)

    (answer,) = read(post).answers

    assert (answer.reply, answer.comments) == (gone, [comment])
    assert (answer.recommended, answer.runs) == ([], None)


def test_removed_comment_is_left_out_but_for_who_may_restore_it(
    post: Post, mallory: User, maud: User
) -> None:
    author = UserFactory()
    gone = CommentFactory(post=post, author=author, removed_at=timezone.now(), removed_by=author)

    assert read(post).comments == read(post, mallory).comments == []
    assert read(post, author).comments == read(post, maud).comments == [gone]


def test_comments_stand_with_what_they_are_on_oldest_first(post: Post) -> None:
    reply = ReplyFactory(post=post)
    first, on_post, second = (
        CommentFactory(reply=reply),
        CommentFactory(post=post),
        CommentFactory(reply=reply),
    )
    CommentFactory()

    thread = read(post)

    assert thread.comments == [on_post]
    assert thread.answers[0].comments == [first, second]


# --- "Runs it" ------------------------------------------------------------------------------------


def runs(post: Post) -> Any:
    (answer,) = read(post).answers
    return answer.runs


def test_author_runs_what_they_recommend(post: Post, flask: Tool) -> None:
    django = ToolFactory(name="Django")
    reply = recommend(ReplyFactory(post=post), django)
    stack = StackFactory(person=reply.author, name="Blog", slug="blog")
    ItemFactory(stack=stack, tool=flask, tier=Tier.PROVED)
    ItemFactory(stack=stack, tool=django, tier=Tier.VERIFIED)

    found = runs(post)

    assert (found.names, found.tier, found.stack_name) == ("Django", "verified", "Blog")
    assert found.address == stack.get_absolute_url()


def test_author_runs_what_the_thread_is_about(post: Post, flask: Tool) -> None:
    reply = recommend(ReplyFactory(post=post), ToolFactory())
    ItemFactory(stack__person=reply.author, tool=flask)

    assert (runs(post).names, runs(post).tier) == ("Flask", "claimed")


def test_best_evidence_is_shown_with_all_tools_that_it_is_for(post: Post, flask: Tool) -> None:
    redis = ToolFactory(name="Redis")
    PostToolFactory(post=post, tool=redis)
    reply = ReplyFactory(post=post)
    claimed, proved = (StackFactory(person=reply.author) for _ in range(2))
    for tool in (flask, redis):
        ItemFactory(stack=claimed, tool=tool)
        ItemFactory(stack=proved, tool=tool, tier=Tier.PROVED)

    assert (runs(post).names, runs(post).stack_name) == ("Flask, Redis", proved.name)


def test_member_runs_what_their_proved_company_runs(post: Post, flask: Tool) -> None:
    reply = ReplyFactory(post=post)
    company = CompanyFactory(slug="tidewater")
    MembershipFactory(company=company, person=reply.author)
    ItemFactory(stack=StackFactory(company=company, slug="sailings"), tool=flask)

    assert runs(post).address == "/stacks/tidewater/sailings/"


def test_stack_that_nobody_finds_proves_nothing(post: Post, flask: Tool) -> None:
    reply = ReplyFactory(post=post)
    for hidden in (
        {"stack__visibility": "private"},
        {"stack__visibility": "unlisted"},
        {"stack__is_hidden": True},
        {"until": "2025"},
    ):
        ItemFactory(stack__person=reply.author, tool=flask, **hidden)

        assert runs(post) is None, hidden


def test_stack_of_a_company_that_is_not_proved_proves_nothing(post: Post, flask: Tool) -> None:
    reply = ReplyFactory(post=post)
    company = CompanyFactory(is_proved=False)
    MembershipFactory(company=company, person=reply.author)
    ItemFactory(stack=StackFactory(company=company), tool=flask)

    assert runs(post) is None


@pytest.mark.parametrize("gone", ["is_active", "closed_at"])
def test_who_is_gone_runs_nothing(post: Post, flask: Tool, gone: str) -> None:
    reply = ReplyFactory(post=post)
    company = CompanyFactory()
    MembershipFactory(company=company, person=reply.author)
    ItemFactory(stack=StackFactory(company=company), tool=flask)
    User.objects.filter(pk=reply.author.pk).update(**{gone: False if gone == "is_active" else timezone.now()})

    assert runs(post) is None


def test_others_stack_proves_nothing(post: Post, flask: Tool) -> None:
    ReplyFactory(post=post)
    ItemFactory(tool=flask)

    assert runs(post) is None


# --- Beside the thread ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [200, 2])
def test_recommended_tools_are_tallied(
    post: Post, flask: Tool, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(threads, "REPLIES_PAGE", size)
    django, quart, gone = ToolFactory(name="Django"), ToolFactory(name="Quart"), ToolFactory(is_listed=False)
    for up, tools, removed_at in (
        (4, [django, gone], None),
        (3, [django, flask], None),
        (3, [quart], None),
        (50, [quart], timezone.now()),
    ):
        recommend(ReplyFactory(post=post, up_count=up, removed_at=removed_at), *tools)

    found = read(post).recommended

    assert [(row.tool.name, row.reply_count, row.vote_count) for row in found] == [
        ("Django", 2, 7),
        ("Flask", 1, 3),
        ("Quart", 1, 3),
    ]
    assert read(post).most_votes == 7


def test_question_pairs_what_is_recommended_and_weighed(post: Post, flask: Tool) -> None:
    django, gone = ToolFactory(name="Django"), ToolFactory(is_listed=False)
    PostToolFactory(post=post, tool=gone)
    recommend(ReplyFactory(post=post), django)

    assert read(post).pairs == [(django, flask)]


def test_question_pairs_nothing_with_what_it_has_to_fit(post: Post, flask: Tool) -> None:
    django = ToolFactory(name="Django")
    PostToolFactory(post=post, tool=django, role="option")
    recommend(ReplyFactory(post=post), flask, quart := ToolFactory(name="Quart"))

    assert read(post).pairs == [(quart, django)]


def test_decision_pairs_what_was_chosen_with_what_was_not(flask: Tool) -> None:
    post = PostFactory(kind="decision", tools=[flask])
    others = [ToolFactory(), ToolFactory()]
    for tool in others:
        PostToolFactory(post=post, tool=tool, role="rejected")
    thread = read(post)

    assert thread.pairs == [(flask, others[0]), (flask, others[1])]
    assert thread.groups == [("Chose", [flask]), ("over", others)]
    assert [row.tool for row in thread.rejected] == others


def test_question_that_weighs_tools_needs_advice_on_them(post: Post) -> None:
    PostTool.objects.filter(post=post).update(role="option")

    assert [label for label, _ in read(post).groups] == ["Needs advice on"]


def test_outcomes_and_similar_threads_are_read(post: Post) -> None:
    Outcome.objects.create(post=post, after_days=30)
    other = PostFactory(title=post.title)
    PostFactory(title=post.title, removed_at=timezone.now())

    assert [outcome.after_days for outcome in read(post).outcomes] == [30]
    assert read(post).similar == [other]


@pytest.mark.parametrize(
    "hidden", [{"visibility": "private"}, {"visibility": "unlisted"}, {"is_hidden": True}], ids=str
)
def test_stack_of_a_decision_that_is_not_public_is_shown_to_its_owner(
    flask: Tool, mallory: User, hidden: dict[str, Any]
) -> None:
    stack = StackFactory(**hidden)
    post = PostFactory(kind="decision", tools=[flask], stack=stack, author=stack.person)

    assert read(post).stack is None
    assert read(post, mallory).stack is None
    assert read(post, post.author).stack == stack


def test_draft_is_the_readers_own(post: Post, alice: User, mallory: User) -> None:
    draft = Draft.objects.create(person=alice, kind="reply", post=post, data={"body": ["x"]})

    assert read(post, alice).draft == draft
    assert read(post, mallory).draft is None
    assert read(post).draft is None


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"body": "x" * 200}, True),
        ({"body": "x" * 199}, False),
        ({"reply_count": 1}, True),
        ({"reply_count": 1, "author__is_demo": True}, False),
        ({"reply_count": 1, "removed_at": timezone.now()}, False),
        ({"reply_count": 1, "author": None}, True),
    ],
    ids=["long", "short", "answered", "demo", "removed", "nobody's"],
)
def test_threads_that_say_something_are_indexed(fields: dict[str, Any], expected: bool) -> None:
    post = PostFactory(**fields)

    assert is_indexed(post) is expected
    assert Post.objects.indexable().exists() is expected


def make_replies(post: Post, count: int, tools: Sequence[Tool]) -> None:
    """Replies by twenty people who run one of the tools."""
    people = User.objects.bulk_create(User(username=f"w{count}-{n}") for n in range(min(count, 20)))
    replies = Reply.objects.bulk_create(
        Reply(
            post=post,
            author=people[n % len(people)],
            tool=tools[0],
            body="Yes",
            html="<p>Yes</p>",
            created_at=timezone.now() + timedelta(seconds=n),
        )
        for n in range(count)
    )
    Recommendation.objects.bulk_create(Recommendation(reply=reply, tool=tools[1]) for reply in replies)
    for reply in replies[:5]:
        CommentFactory(reply=reply, author=people[0])
        ItemFactory(stack__person=reply.author, tool=tools[1])
    Post.objects.filter(pk=post.pk).update(
        accepted=replies[-1], accepted_at=timezone.now(), reply_count=count
    )


@pytest.mark.parametrize("count", [5, 200])
def test_page_of_a_thread_costs_few_queries_however_many_replies(
    client: Any, alice_client: Any, count_queries: Callable[..., Any], count: int
) -> None:
    tools = [ToolFactory(), ToolFactory()]
    post = PostFactory(tools=tools)
    make_replies(post, count, tools)
    Outcome.objects.create(post=post, after_days=30)

    for reader, most in ((client, 10), (alice_client, 14)):
        with count_queries(at_most=most):
            page = reader.get(post.get_absolute_url())
        assert page.content.count(b'<article class="thread answer') == count
