"""Threads: publishing, editing, removing, restoring."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from apps.advice.models import Draft, Post, PostTool, Revision
from apps.advice.services.outcomes import AFTER_DAYS
from apps.advice.services.posts import Named, edit_post, publish_post, remove_post, restore_post
from apps.notifications.models import Kind, Notification
from tests.factories.advice import PostFactory, PostToolFactory, ReplyFactory
from tests.factories.stacks import CompanyFactory, MembershipFactory, StackFactory
from tests.factories.tools import ToolFactory
from tests.factories.votes import make_voter

pytestmark = pytest.mark.django_db

TITLE = "Flask or Django for my first API?"


def ask(author: Any, *tools: Any, **fields: Any) -> Post:
    named = [Named(tool, "about") for tool in tools or [ToolFactory()]]
    return publish_post(
        **{"author": author, "kind": "advice", "title": TITLE, "body": "Help.", "tools": named} | fields
    )


def decide(author: Any, **fields: Any) -> Post:
    tools = fields.pop("tools", None) or [Named(ToolFactory(), "chosen")]
    return ask(author, kind="decision", tools=tools, **fields)


def edit(editor: Any, post: Post, **fields: Any) -> Post:
    """The post as it stands, but for `fields`."""
    tools = [Named(row.tool, row.role, row.why) for row in post.post_tools.all()]
    same = {"title": post.title, "body": post.body, "tools": tools}
    return edit_post(editor=editor, post=post, **same | fields)


def test_question_is_published(alice: Any) -> None:
    python, flask = ToolFactory(name="Python"), ToolFactory(name="Flask")
    tools = [Named(python, "about"), Named(flask, "option")]
    draft = Draft.objects.create(person=alice, kind="advice", data={"title": [TITLE]})
    values = {"team_size": "2-5", "scale": "10 a second", "decide_by": timezone.now().date()}

    post = ask(alice, title=f" {TITLE} ", body="**Help**\r\n", tools=tools, values=values, draft=draft)

    post.refresh_from_db()
    assert (post.title, post.slug, post.body) == (TITLE, "flask-or-django-for-my-first-api", "**Help**")
    assert "<strong>Help</strong>" in post.html
    assert (post.team_size, post.scale, post.decide_by) == ("2-5", "10 a second", values["decide_by"])
    assert (post.tool, post.version, post.edited_at) == (python, 1, None)
    assert post.created_at == post.changed_at
    assert post.outcome_due_at == post.created_at + timedelta(days=AFTER_DAYS[0])
    assert [(row.tool, row.role) for row in post.post_tools.all()] == [(python, "about"), (flask, "option")]
    assert (post.is_feed_due, post.is_telling_due) == (True, True)
    assert not Draft.objects.exists()


def test_decision_is_published(alice: Any) -> None:
    react, htmx = ToolFactory(name="React"), ToolFactory(name="htmx")
    stack = StackFactory(person=alice, visibility="unlisted")
    tools = [Named(react, "rejected", "Too large"), Named(htmx, "chosen")]

    post = decide(alice, tools=tools, values={"since": "2025-11", "again": "yes", "stack": stack})

    post.refresh_from_db()
    assert (post.since, post.again, post.stack, post.tool) == ("2025-11", "yes", stack, htmx)
    assert post.outcome_due_at is None
    assert [(row.tool, row.why) for row in post.post_tools.all()] == [(htmx, ""), (react, "Too large")]


def test_question_tells_whom_it_mentions(alice: Any) -> None:
    bob = make_voter(username="bob")

    ask(alice, body="What does @bob say?")

    assert list(Notification.objects.values_list("person", "kind")) == [(bob.pk, Kind.MENTION)]


def test_demo_question_is_written_when_it_says_and_nobody_is_told(alice: Any) -> None:
    make_voter(username="bob")
    at = datetime(2026, 3, 14, 9, 12, tzinfo=UTC)

    post = ask(alice, body="Says @bob?", at=at, values={"decide_by": date(2026, 4, 1)})
    for number in range(12):
        ask(alice, title=f"{TITLE} {number}", at=at)

    assert (post.created_at, post.changed_at, post.outcome_due_at) == (at, at, None)
    assert not post.is_telling_due
    assert not Notification.objects.exists()
    assert Post.objects.count() == 13


def test_same_words_are_published_once(alice: Any) -> None:
    first, again = ask(alice), ask(alice, title=f"{TITLE} ")

    assert first == again
    assert ask(make_voter()) != first
    remove_post(remover=alice, post=first)
    assert ask(alice) != first


@pytest.mark.parametrize("owner", ["another", "private", "hidden", "none"])
def test_stack_of_a_decision_is_ones_own_and_shown_to_others(alice: Any, owner: str) -> None:
    stack = {
        "another": lambda: StackFactory(),
        "private": lambda: StackFactory(person=alice, visibility="private"),
        "hidden": lambda: StackFactory(person=alice, is_hidden=True),
        "none": lambda: StackFactory(company=CompanyFactory()),
    }[owner]()

    with pytest.raises(ValidationError) as caught:
        decide(alice, values={"stack": stack})

    assert list(caught.value.message_dict) == ["stack"]


def test_stack_of_a_decision_may_be_of_ones_company(alice: Any) -> None:
    stack = StackFactory(company=MembershipFactory(person=alice).company)

    assert decide(alice, values={"stack": stack}).stack == stack


def test_all_that_is_wrong_is_said_at_once(alice: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        ask(alice, title="Short", body=" ", tools=[], values={"team_size": "9"})

    assert set(caught.value.message_dict) == {"title", "body", "tools", "team_size"}
    assert not Post.objects.exists()


def test_thread_of_another_kind_is_refused(alice: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        ask(alice, kind="dream")

    assert list(caught.value.message_dict) == ["kind"]


def test_who_takes_no_part_does_nothing_to_threads(alice: Any) -> None:
    post, unverified = PostFactory(author=alice), make_voter(verified=False)

    for act in (
        lambda: ask(unverified),
        lambda: edit(unverified, post),
        lambda: remove_post(remover=unverified, post=post),
        lambda: restore_post(restorer=unverified, post=post),
    ):
        with pytest.raises(PermissionDenied, match="Verify"):
            act()


def test_draft_of_another_stays(alice: Any) -> None:
    draft = Draft.objects.create(person=make_voter(), kind="advice", data={})

    ask(alice, draft=draft)

    assert Draft.objects.get() == draft


def test_edit_keeps_what_was_said(alice: Any) -> None:
    flask, django = ToolFactory(name="Flask"), ToolFactory(name="Django")
    post = PostFactory(
        author=alice, tools=[flask], team_size="2-5", scale="Small", decide_by=date(2020, 1, 1), title=TITLE
    )
    PostToolFactory(post=post, tool=django)
    before = post.changed_at

    edited = edit(
        alice,
        post,
        title="Which of the two frameworks?",
        tools=[Named(django, "about")],
        values={"scale": "Large"},
        seen_version=1,
    )

    edited.refresh_from_db()
    assert (edited.slug, edited.version, edited.tool) == ("which-of-the-two-frameworks", 2, django)
    assert (edited.scale, edited.team_size, edited.decide_by) == ("Large", "2-5", date(2020, 1, 1))
    assert edited.edited_at
    assert edited.edited_at == edited.changed_at or edited.changed_at > before
    assert list(PostTool.objects.values_list("tool", "role")) == [(django.pk, "about")]
    revision = Revision.objects.get()
    assert (revision.post, revision.title, revision.body, revision.edited_by) == (
        post,
        TITLE,
        post.body,
        alice,
    )
    assert revision.written_at == post.created_at
    assert revision.details == {
        "About": "Flask",
        "Considered": "Django",
        "Team size": "2 to 5 people",
        "Scale": "Small",
        "Decide by": "2020-01-01",
    }


def test_revision_of_a_decision_names_no_stack(alice: Any) -> None:
    stack = StackFactory(person=alice)
    tools = [
        Named(ToolFactory(name="htmx"), "chosen"),
        Named(ToolFactory(name="React"), "rejected", "Too large"),
    ]
    post = decide(alice, tools=tools, values={"stack": stack, "again": "early", "since": "2025"})
    stack.visibility = "private"
    stack.save(update_fields=["visibility"])

    edited = edit(alice, post, body="We moved.")

    assert edited.stack == stack
    assert Revision.objects.get().details == {
        "Chosen": "htmx",
        "Rejected": "React (Too large)",
        "Since": "2025",
        "Would choose it again": "Too early to tell",
    }


def test_edit_that_changes_nothing_leaves_no_trace(alice: Any) -> None:
    post = PostFactory(author=alice)

    # Sent a second time, of the version that the first one replaced.
    again = edit(alice, post, body=f"{post.body}\r\n", seen_version=7)

    assert (again.version, again.edited_at) == (1, None)
    assert not Revision.objects.exists()


def test_edit_of_what_was_edited_meanwhile_is_refused(alice: Any) -> None:
    post = PostFactory(author=alice)
    edit(alice, post, body="First.", seen_version=1)

    with pytest.raises(ValidationError) as caught:
        edit(alice, post, body="Second.", seen_version=1)

    assert caught.value.code == "changed"
    assert Post.objects.get().body == "First."


def test_edit_tells_whom_it_mentions_now(alice: Any) -> None:
    bob = make_voter(username="bob")

    edit(alice, PostFactory(author=alice), body="And @bob?")

    assert Notification.objects.get().person == bob


def test_edit_by_a_moderator_is_theirs(alice: Any, maud: Any) -> None:
    post = PostFactory(author=alice)

    edit(maud, post, body="Without the password.")

    assert Revision.objects.get().edited_by == maud
    assert Post.objects.get().author == alice


def test_edit_is_refused_to_others_and_of_what_is_removed(alice: Any, mallory: Any) -> None:
    post = PostFactory(author=alice)

    with pytest.raises(PermissionDenied, match="Only its author"):
        edit(mallory, post, body="Buy this.")
    remove_post(remover=alice, post=post)
    with pytest.raises(PermissionDenied, match="Restore it first"):
        edit(alice, post, body="Other words.")


def test_replies_without_recommendation_go_with_the_main_tool(alice: Any) -> None:
    flask, django = ToolFactory(name="Flask"), ToolFactory(name="Django")
    post = PostFactory(author=alice, tools=[flask])
    plain, recommending = ReplyFactory(post=post), ReplyFactory(post=post)
    recommending.recommendations.create(tool=flask)

    edit(alice, post, tools=[Named(django, "about")])

    plain.refresh_from_db()
    recommending.refresh_from_db()
    assert (plain.tool, recommending.tool) == (django, flask)


def test_removed_thread_is_gone_until_it_is_restored(alice: Any) -> None:
    post = PostFactory(author=alice)

    for _ in range(2):
        remove_post(remover=alice, post=post)
    removed = Post.objects.get()
    for _ in range(2):
        restore_post(restorer=alice, post=post)

    assert (removed.removed_by, bool(removed.removed_at)) == (alice, True)
    restored = Post.objects.get()
    assert (restored.removed_by, restored.removed_at) == (None, None)


def test_removed_thread_takes_back_what_was_told_of_it(alice: Any) -> None:
    make_voter(username="bob")
    post = ask(alice, body="What does @bob say?")

    remove_post(remover=alice, post=post)

    assert not Notification.objects.exists()


def test_thread_is_removed_and_restored_by_who_may(alice: Any, mallory: Any, maud: Any) -> None:
    post = PostFactory(author=alice, reply_count=1)

    for person in (mallory, alice):
        with pytest.raises(PermissionDenied):
            remove_post(remover=person, post=post)
    remove_post(remover=maud, post=post)
    for person in (mallory, alice):
        with pytest.raises(PermissionDenied, match="moderator"):
            restore_post(restorer=person, post=post)
    restore_post(restorer=maud, post=post)

    assert Post.objects.get().removed_at is None


def test_publishing_costs_few_queries(alice: Any, count_queries: Any) -> None:
    tools = [ToolFactory() for _ in range(5)]
    author = make_voter()

    with count_queries(at_most=12):
        ask(author, *tools)
