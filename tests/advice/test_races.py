"""Several people, or one twice, at the same time: with real threads."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from apps.advice.limits import FIRST_DAY_REPLIES
from apps.advice.models import Post, Reply
from apps.advice.services.drafts import save_draft
from apps.advice.services.posts import (
    Named,
    accept_reply,
    edit_post,
    publish_post,
    remove_post,
    restore_post,
)
from apps.advice.services.replies import add_reply, remove_reply, restore_reply
from apps.core.counters import recount
from apps.notifications.models import Kind, Notification
from apps.votes.services.casting import cast_vote
from tests.factories.advice import PostFactory, ReplyFactory
from tests.factories.tools import ToolFactory
from tests.factories.votes import make_newcomer, make_post, make_reply, make_voter
from tests.votes.threads import run_together

pytestmark = pytest.mark.django_db(transaction=True)


def test_post_that_is_sent_twice_at_once_is_one(in_two_threads: Callable[..., Any]) -> None:
    author, tool = make_voter(), ToolFactory()

    def publish() -> int:
        post = publish_post(
            author=author,
            kind="advice",
            title="Flask or Django?",
            body="Help.",
            tools=[Named(tool, "about")],
        )
        return post.pk

    assert in_two_threads(publish) == [Post.objects.get().pk] * 2


def test_replies_of_many_at_once_are_counted() -> None:
    post, people = PostFactory(), [make_voter() for _ in range(4)]
    gone = ReplyFactory(post=post)
    Post.objects.update(reply_count=1)

    def answer(person: Any) -> Callable[[], None]:
        def act() -> None:
            for number in range(3):
                reply = add_reply(author=person, post=post, body=f"Reply {number}")
                # Sent a second time.
                add_reply(author=person, post=post, body=f"Reply {number}")
            remove_reply(remover=person, reply=reply)

        return act

    run_together([*map(answer, people), lambda: remove_reply(remover=gone.author, reply=gone)])

    assert Post.objects.get().reply_count == Reply.objects.shown().count() == 8
    assert recount(dry_run=True) == []


def test_two_replies_accepted_at_once_leave_one_accepted() -> None:
    post = PostFactory()
    replies = [ReplyFactory(post=post) for _ in range(2)]

    run_together([lambda reply=reply: accept_reply(person=post.author, reply=reply) for reply in replies])

    assert Post.objects.get().accepted in replies
    assert Notification.objects.filter(kind=Kind.ACCEPTED).count() == 2


def test_reply_accepted_while_it_is_removed_is_not_accepted() -> None:
    reply = ReplyFactory()

    def accept() -> None:
        try:
            accept_reply(person=reply.post.author, reply=reply)
        except ValidationError:
            assert Reply.objects.get().removed_at

    run_together([accept, lambda: remove_reply(remover=reply.author, reply=reply)])

    assert Post.objects.get().accepted is None


def test_thread_is_removed_or_answered() -> None:
    post, other = PostFactory(), make_voter()
    done = []

    def attempt(name: str, act: Callable[[], Any]) -> Callable[[], None]:
        def run() -> None:
            try:
                act()
            except PermissionDenied:
                return
            done.append(name)

        return run

    run_together(
        [
            attempt("removed", lambda: remove_post(remover=post.author, post=post)),
            attempt("answered", lambda: add_reply(author=other, post=post, body="It depends.")),
        ]
    )

    post.refresh_from_db()
    assert done == (["answered"] if post.removed_at is None else ["removed"])
    assert post.reply_count == (post.removed_at is None)


def test_votes_while_things_are_removed_restored_and_moved_leave_all_right() -> None:
    people = [make_voter() for _ in range(3)]
    moderator, tools = make_voter(is_staff=True), [ToolFactory(), ToolFactory()]
    post = make_post(people[0], tool=tools[0])
    replies = [make_reply(person, post=post) for person in people]
    Post.objects.update(reply_count=3)

    def vote(person: Any) -> Callable[[], None]:
        def act() -> None:
            for value in (1, -1, 1):
                for target in (post, *replies):
                    if target.author != person:
                        cast_vote(voter=person, target=type(target)(pk=target.pk), value=value)

        return act

    def remove() -> None:
        for _ in range(2):
            remove_post(remover=moderator, post=post)
            restore_post(restorer=moderator, post=post)
            remove_reply(remover=moderator, reply=replies[0])
            restore_reply(restorer=moderator, reply=replies[0])
        remove_reply(remover=moderator, reply=replies[1])

    def move() -> None:
        for number in range(4):
            named = [Named(tools[number % 2], "about")]
            try:
                edit_post(editor=moderator, post=post, title=post.title, body=post.body, tools=named)
            except PermissionDenied:
                # It is removed at the moment.
                continue

    run_together([*map(vote, people), remove, move])

    assert recount(dry_run=True) == []
    assert [reply.up_count for reply in Reply.objects.order_by("pk")] == [2, 2, 2]


@pytest.mark.parametrize("make", [make_voter, make_newcomer])
def test_draft_that_is_saved_while_its_reply_is_published_breaks_neither(make: Callable[[], Any]) -> None:
    author = make()

    def save(post: Post) -> None:
        for number in range(4):
            save_draft(person=author, kind="reply", data={"body": [f"It dep {number}"]}, post=post)

    for _ in range(4):
        post = PostFactory()
        save(post)
        run_together(
            [lambda post=post: save(post), lambda post=post: add_reply(author=author, post=post, body="No.")]
        )

    assert Post.objects.filter(reply_count=1).count() == 4


def test_newcomer_has_only_so_many_replies_at_once() -> None:
    newcomer = make_newcomer()
    ReplyFactory.create_batch(FIRST_DAY_REPLIES - 2, author=newcomer, post=PostFactory())
    posts = [PostFactory() for _ in range(5)]

    def answer(post: Post) -> Callable[[], bool]:
        def act() -> bool:
            try:
                add_reply(author=newcomer, post=post, body="It depends.")
            except ValidationError:
                return False
            return True

        return act

    assert sum(run_together([answer(post) for post in posts])) == 2
    assert Reply.objects.filter(author=newcomer).count() == FIRST_DAY_REPLIES
