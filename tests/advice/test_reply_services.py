"""Replies and comments; accepting a reply."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from apps.advice.models import Comment, Draft, Post, Reply, Revision
from apps.advice.services.posts import accept_reply, remove_post, take_back_acceptance
from apps.advice.services.replies import (
    add_comment,
    add_reply,
    edit_comment,
    edit_reply,
    remove_comment,
    remove_reply,
    restore_comment,
    restore_reply,
)
from apps.core.counters import recount
from apps.notifications.models import Kind, Notification
from tests.factories.advice import CommentFactory, PostFactory, ReplyFactory
from tests.factories.tools import ToolFactory
from tests.factories.votes import make_voter

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(alice: Any) -> Post:
    """A question of the owner's."""
    post: Post = PostFactory(author=alice)
    return post


def told() -> set[tuple[str, str]]:
    return set(Notification.objects.values_list("person__username", "kind"))


def count_of(post: Post) -> int:
    post.refresh_from_db()
    return post.reply_count


# --- Replies -------------------------------------------------------------------------------------


def test_reply_is_added(post: Post) -> None:
    bob, flask, django = make_voter(username="bob"), ToolFactory(name="Flask"), ToolFactory(name="Django")
    make_voter(username="carol")
    Draft.objects.create(person=bob, kind="reply", post=post, data={"body": ["Take"]})
    kept = Draft.objects.create(person=bob, kind="advice", data={})

    reply = add_reply(author=bob, post=post, body="Take **Django**, as @carol does.", tools=[django, flask])

    reply.refresh_from_db()
    assert (reply.author, reply.post, reply.tool) == (bob, post, django)
    assert "<strong>Django</strong>" in reply.html
    assert [row.tool for row in reply.recommendations.all()] == [django, flask]
    assert count_of(post) == 1
    assert post.changed_at >= reply.created_at
    assert Draft.objects.get() == kept
    assert told() == {("alice", Kind.REPLY), ("carol", Kind.MENTION)}


def test_reply_without_recommendation_is_on_the_main_tool(post: Post) -> None:
    assert add_reply(author=make_voter(), post=post, body="It depends.").tool == post.tool


def test_same_reply_is_added_once(post: Post) -> None:
    bob = make_voter()

    first, again = (
        add_reply(author=bob, post=post, body=body) for body in ("It depends.", "It depends.\r\n")
    )

    assert first == again
    assert count_of(post) == 1
    assert add_reply(author=make_voter(), post=post, body="It depends.") != first
    remove_reply(remover=bob, reply=first)
    assert add_reply(author=bob, post=post, body="It depends.") != first


def test_demo_reply_is_written_when_it_says_and_nobody_is_told(post: Post) -> None:
    at = datetime(2026, 3, 14, 9, 12, tzinfo=UTC)
    Post.objects.update(changed_at=at)

    reply = add_reply(author=make_voter(), post=post, body="It depends.", at=at)
    later = datetime(2026, 3, 15, 9, 12, tzinfo=UTC)
    comment = add_comment(author=make_voter(), post=post, reply=reply, body="On what?", at=later)

    assert (reply.created_at, comment.created_at, count_of(post)) == (at, later, 1)
    assert post.changed_at == later
    assert not Notification.objects.exists()


def test_reply_is_refused_where_the_thread_is_removed(post: Post, alice: Any, maud: Any) -> None:
    reply, comment = ReplyFactory(post=post, author=alice), CommentFactory(post=post, author=alice)
    remove_post(remover=maud, post=post)

    for act in (
        lambda: add_reply(author=alice, post=post, body="It depends."),
        lambda: add_comment(author=alice, post=post, body="On what?"),
        lambda: edit_reply(editor=alice, reply=reply, body="Other words."),
        lambda: edit_comment(editor=alice, comment=comment, body="Other words."),
    ):
        with pytest.raises(PermissionDenied, match="This thread was removed"):
            act()


def test_words_that_are_empty_are_refused(post: Post, alice: Any) -> None:
    reply, comment = ReplyFactory(post=post, author=alice), CommentFactory(post=post, author=alice)

    for act in (
        lambda: add_reply(author=alice, post=post, body=" "),
        lambda: add_comment(author=alice, post=post, body="\u200b"),
        lambda: edit_reply(editor=alice, reply=reply, body="x" * 10_001),
        lambda: edit_comment(editor=alice, comment=comment, body="x" * 1001),
    ):
        with pytest.raises(ValidationError) as caught:
            act()
        assert list(caught.value.message_dict) == ["body"]


def test_who_takes_no_part_does_nothing_in_threads(post: Post) -> None:
    person = make_voter(verified=False)
    reply = ReplyFactory(post=post, author=person)
    comment = CommentFactory(reply=reply, author=person)

    for act in (
        lambda: add_reply(author=person, post=post, body="It depends."),
        lambda: edit_reply(editor=person, reply=reply, body="No."),
        lambda: remove_reply(remover=person, reply=reply),
        lambda: restore_reply(restorer=person, reply=reply),
        lambda: add_comment(author=person, post=post, body="On what?"),
        lambda: edit_comment(editor=person, comment=comment, body="No."),
        lambda: remove_comment(remover=person, comment=comment),
        lambda: restore_comment(restorer=person, comment=comment),
        lambda: accept_reply(person=person, reply=reply),
        lambda: take_back_acceptance(person=person, post=post),
    ):
        with pytest.raises(PermissionDenied, match="Verify"):
            act()


def test_edited_reply_keeps_what_was_said(post: Post) -> None:
    bob, flask, django = make_voter(), ToolFactory(name="Flask"), ToolFactory(name="Django")
    reply = add_reply(author=bob, post=post, body="Take Flask.", tools=[flask])

    edit_reply(editor=bob, reply=reply, body="Take Django.", tools=[django])
    edit_reply(editor=bob, reply=reply, body="It depends.")
    edit_reply(editor=bob, reply=reply, body="It depends. ")

    reply.refresh_from_db()
    assert (reply.body, reply.tool) == ("It depends.", post.tool)
    assert "<p>It depends.</p>" in reply.html
    assert reply.edited_at is not None
    assert not reply.recommendations.exists()
    newest, oldest = Revision.objects.filter(reply=reply)
    assert (oldest.body, oldest.details, oldest.written_at) == (
        "Take Flask.",
        {"Recommends": "Flask"},
        reply.created_at,
    )
    assert (newest.body, newest.details, newest.edited_by) == ("Take Django.", {"Recommends": "Django"}, bob)


def test_edited_reply_that_recommended_nothing_keeps_no_details(post: Post) -> None:
    bob = make_voter()
    reply = add_reply(author=bob, post=post, body="It depends.")

    edit_reply(editor=bob, reply=reply, body="It depends on the team.")

    assert Revision.objects.get().details == {}


def test_edited_reply_tells_whom_it_mentions_now(post: Post, alice: Any) -> None:
    make_voter(username="carol")

    edit_reply(editor=alice, reply=ReplyFactory(post=post, author=alice), body="And @carol?")

    assert told() == {("carol", Kind.MENTION)}


def test_reply_is_changed_only_by_who_may(post: Post, mallory: Any, maud: Any) -> None:
    reply = ReplyFactory(post=post)

    with pytest.raises(PermissionDenied):
        edit_reply(editor=mallory, reply=reply, body="Buy this.")
    with pytest.raises(PermissionDenied):
        remove_reply(remover=mallory, reply=reply)
    remove_reply(remover=maud, reply=reply)
    with pytest.raises(PermissionDenied):
        restore_reply(restorer=reply.author, reply=reply)
    with pytest.raises(PermissionDenied, match="Restore it first"):
        edit_reply(editor=maud, reply=reply, body="Other words.")


def test_removed_reply_counts_no_more_and_is_not_accepted(post: Post, alice: Any) -> None:
    bob = make_voter()
    reply, other = (add_reply(author=bob, post=post, body=body) for body in ("It depends.", "Take both."))
    accept_reply(person=alice, reply=reply)

    for _ in range(2):
        remove_reply(remover=bob, reply=reply)

    assert count_of(post) == 1
    assert (post.accepted, post.accepted_at) == (None, None)
    assert not Notification.objects.filter(kind=Kind.ACCEPTED).exists()
    for _ in range(2):
        restore_reply(restorer=bob, reply=reply)
    assert count_of(post) == 2
    assert post.accepted is None

    accept_reply(person=alice, reply=reply)
    remove_reply(remover=bob, reply=other)
    assert (count_of(post), post.accepted) == (1, reply)


def test_count_of_replies_is_mended(post: Post) -> None:
    ReplyFactory(post=post)
    ReplyFactory(post=post, removed_at=post.created_at)
    PostFactory(reply_count=3)

    drifts = {(drift.counter, drift.said, drift.right) for drift in recount()}

    assert drifts == {("advice.Post.reply_count", 0, 1), ("advice.Post.reply_count", 3, 0)}
    assert count_of(post) == 1


# --- Accepting -----------------------------------------------------------------------------------


def test_reply_is_accepted_in_place_of_another(post: Post, alice: Any) -> None:
    bob, carol = make_voter(username="bob"), make_voter(username="carol")
    first, second = ReplyFactory(post=post, author=bob), ReplyFactory(post=post, author=carol)

    accept_reply(person=alice, reply=first)
    accept_reply(person=alice, reply=second)
    post.refresh_from_db()
    at = post.accepted_at
    accept_reply(person=alice, reply=second)

    post.refresh_from_db()
    assert (post.accepted, post.accepted_at) == (second, at)
    assert told() == {("bob", Kind.ACCEPTED), ("carol", Kind.ACCEPTED)}


def test_own_reply_is_accepted_and_nobody_told(post: Post, alice: Any) -> None:
    reply = ReplyFactory(post=post, author=alice)

    accept_reply(person=alice, reply=reply)

    post.refresh_from_db()
    assert post.accepted == reply
    assert not Notification.objects.exists()


def test_acceptance_is_taken_back(post: Post, alice: Any) -> None:
    accept_reply(person=alice, reply=ReplyFactory(post=post))

    for _ in range(2):
        take_back_acceptance(person=alice, post=post)

    post.refresh_from_db()
    assert (post.accepted, post.accepted_at) == (None, None)


def test_acceptance_is_the_askers_alone(post: Post, mallory: Any, maud: Any) -> None:
    reply = ReplyFactory(post=post)

    for person in (mallory, maud, reply.author):
        with pytest.raises(PermissionDenied, match="who asked"):
            accept_reply(person=person, reply=reply)
        with pytest.raises(PermissionDenied, match="who asked"):
            take_back_acceptance(person=person, post=post)


def test_removed_reply_is_not_accepted(post: Post, alice: Any) -> None:
    reply = ReplyFactory(post=post, removed_at=post.created_at)

    with pytest.raises(ValidationError, match="was removed"):
        accept_reply(person=alice, reply=reply)


def test_decision_has_no_accepted_reply(alice: Any) -> None:
    decision = PostFactory(author=alice, kind="decision")

    with pytest.raises(PermissionDenied, match="Only questions"):
        accept_reply(person=alice, reply=ReplyFactory(post=decision))


# --- Comments ------------------------------------------------------------------------------------


def test_comment_is_added_to_a_thread_or_a_reply(post: Post) -> None:
    bob, carol = make_voter(username="bob"), make_voter(username="carol")
    reply = ReplyFactory(post=post, author=bob)

    on_post = add_comment(author=carol, post=post, body="On *what*?")
    on_reply = add_comment(author=carol, post=post, reply=reply, body="On *what*?")
    again = add_comment(author=carol, post=post, reply=reply, body="On *what*? ")

    assert (on_post.reply, on_reply.reply, again) == (None, reply, on_reply)
    assert "<em>what</em>" in on_post.html
    assert told() == {("alice", Kind.REPLY), ("bob", Kind.REPLY)}
    post.refresh_from_db()
    assert post.changed_at >= on_reply.created_at


def test_comment_on_what_is_no_reply_here_is_refused(post: Post) -> None:
    for reply in (ReplyFactory(), ReplyFactory(post=post, removed_at=post.created_at)):
        with pytest.raises(PermissionDenied, match="This reply was removed"):
            add_comment(author=make_voter(), post=post, reply=reply, body="On what?")


def test_edited_comment_keeps_what_was_said(post: Post) -> None:
    carol = make_voter()
    comment = add_comment(author=carol, post=post, body="On what?")

    for _ in range(2):
        edit_comment(editor=carol, comment=comment, body="On which **version**?")

    comment.refresh_from_db()
    assert "<strong>version</strong>" in comment.html
    assert comment.edited_at is not None
    revision = Revision.objects.get()
    assert (revision.comment, revision.body, revision.edited_by) == (comment, "On what?", carol)


def test_comment_is_removed_and_restored(post: Post) -> None:
    carol = make_voter()
    comment = add_comment(author=carol, post=post, body="On what?")

    for _ in range(2):
        remove_comment(remover=carol, comment=comment)
    assert Comment.objects.get().removed_by == carol
    assert not Notification.objects.exists()
    for _ in range(2):
        restore_comment(restorer=carol, comment=comment)

    assert Comment.objects.get().removed_at is None


def test_comment_is_changed_only_by_who_may(post: Post, mallory: Any, maud: Any) -> None:
    comment = CommentFactory(post=post)

    with pytest.raises(PermissionDenied):
        edit_comment(editor=mallory, comment=comment, body="Buy this.")
    with pytest.raises(PermissionDenied):
        remove_comment(remover=mallory, comment=comment)
    remove_comment(remover=maud, comment=comment)
    with pytest.raises(PermissionDenied):
        restore_comment(restorer=comment.author, comment=comment)


def test_replying_costs_few_queries_however_many_replies_there_are(post: Post, count_queries: Any) -> None:
    bob = make_voter()
    Reply.objects.bulk_create(
        Reply(post=post, tool=post.tool, body=f"{number}", html="", created_at=post.created_at)
        for number in range(50)
    )

    with count_queries(at_most=20):
        add_reply(author=bob, post=post, body="It depends.")
