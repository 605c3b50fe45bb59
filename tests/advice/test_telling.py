from collections.abc import Callable
from typing import Any

import pytest

from apps.accounts.models import User
from apps.accounts.permissions import PROBATION
from apps.advice.limits import MAX_MENTIONS
from apps.advice.models import Post, Reply
from apps.advice.services import telling
from apps.advice.services.replies import add_reply, remove_reply
from apps.notifications.models import Channel, Kind, Notification, Preference
from tests.factories.accounts import UserFactory
from tests.factories.advice import CommentFactory, PostFactory, ReplyFactory

pytestmark = pytest.mark.django_db

Told = dict[str, str]


@pytest.fixture
def asked(alice: User) -> Post:
    """Alice's question."""
    return PostFactory(author=alice, title="Flask or Django for a first API?")


@pytest.fixture
def bob(db: None) -> User:
    person = UserFactory(username="bob", name="Bob, the Builder")
    person.date_joined -= PROBATION
    person.save(update_fields=["date_joined"])
    return person


def told() -> Told:
    """Who was told which words."""
    return dict(Notification.objects.values_list("person__username", "text"))


def test_reply_is_told_to_who_asked(asked: Post, bob: User) -> None:
    reply = ReplyFactory(post=asked, author=bob)

    telling.tell_of_reply(reply)

    row = Notification.objects.get()
    assert (row.person, row.actor, row.kind) == (asked.author, bob, Kind.REPLY)
    assert row.text == "@bob answers “Flask or Django for a first API?”"
    assert row.url == reply.get_absolute_url()
    assert row.is_mail_due


def test_reply_to_a_decision_is_no_answer(alice: User, bob: User) -> None:
    decided = PostFactory(author=alice, kind="decision", title="We moved to htmx")

    telling.tell_of_reply(ReplyFactory(post=decided, author=bob))

    assert told() == {"alice": "@bob replies to “We moved to htmx”"}


def test_comment_on_a_thread_is_told_to_its_author_and_who_commented_there(asked: Post, bob: User) -> None:
    carol, dave, erin = (UserFactory(username=name) for name in ("carol", "dave", "erin"))
    CommentFactory.create_batch(2, post=asked, author=carol)
    CommentFactory(post=asked, author=bob)
    # Elsewhere: in a reply, in another thread, and removed.
    CommentFactory(reply=ReplyFactory(post=asked, author=dave), author=erin)
    CommentFactory(post=PostFactory(tool=asked.tool), author=erin)
    CommentFactory(post=asked, author=erin, removed_at="2026-11-22T00:00Z")
    CommentFactory(post=asked, author=None)

    telling.tell_of_comment(CommentFactory(post=asked, author=bob))

    words = "@bob comments in “Flask or Django for a first API?”"
    assert told() == {"alice": words, "carol": words}


def test_comment_on_a_reply_is_told_to_its_author_and_who_commented_there(asked: Post, bob: User) -> None:
    carol, dave = UserFactory(username="carol"), UserFactory(username="dave")
    reply = ReplyFactory(post=asked, author=carol)
    CommentFactory(reply=reply, author=dave)
    CommentFactory(post=asked, author=UserFactory(username="erin"))
    comment = CommentFactory(reply=reply, author=bob)

    telling.tell_of_comment(comment)

    assert set(told()) == {"carol", "dave"}
    assert set(Notification.objects.values_list("url", flat=True)) == {comment.get_absolute_url()}


def test_comment_is_told_to_who_commented_last(asked: Post, bob: User, monkeypatch: Any) -> None:
    monkeypatch.setattr(telling, "MAX_COMMENTERS", 2)
    for name in ("carol", "dave", "erin"):
        CommentFactory(post=asked, author=UserFactory(username=name))
    # Who comes back is no longer the one who spoke first.
    CommentFactory(post=asked, author=User.objects.get(username="carol"))

    telling.tell_of_comment(CommentFactory(post=asked, author=bob))

    assert set(told()) == {"alice", "carol", "erin"}


def test_comment_costs_few_queries(asked: Post, bob: User, count_queries: Any) -> None:
    for _ in range(5):
        CommentFactory(post=asked)
    comment = CommentFactory(post=asked, author=bob)

    with count_queries(at_most=5):
        telling.tell_of_comment(comment)

    assert len(told()) == 6


def test_acceptance_is_told_to_who_answered(asked: Post, bob: User) -> None:
    reply = ReplyFactory(post=asked, author=bob)

    for _ in range(2):
        telling.tell_of_acceptance(reply)

    row = Notification.objects.get()
    assert (row.person, row.actor, row.kind) == (bob, asked.author, Kind.ACCEPTED)
    assert row.text == "@alice accepts your answer to “Flask or Django for a first API?”"
    assert row.url == reply.get_absolute_url()


def test_nobody_is_told_of_their_own_words(asked: Post) -> None:
    reply = ReplyFactory(post=asked, author=asked.author)

    telling.tell_of_reply(reply)
    telling.tell_of_acceptance(reply)
    telling.tell_of_comment(CommentFactory(reply=reply, author=asked.author))
    telling.tell_mentioned(reply, [asked.author])

    assert told() == {}


Teller = Callable[[Any], None]
TELLERS: dict[str, tuple[type[Any], Teller]] = {
    "reply": (ReplyFactory, telling.tell_of_reply),
    "comment": (CommentFactory, telling.tell_of_comment),
    "acceptance": (ReplyFactory, telling.tell_of_acceptance),
    "mention": (ReplyFactory, lambda reply: telling.tell_mentioned(reply, [UserFactory()])),
}


@pytest.mark.parametrize("name", TELLERS)
@pytest.mark.parametrize("gone", [{"is_active": False}, {"closed_at": "2026-11-22T00:00Z"}])
def test_nobody_is_told_by_who_is_gone(asked: Post, name: str, gone: dict[str, Any]) -> None:
    factory, tell = TELLERS[name]
    written = factory(post=asked, author=UserFactory(**gone))
    if name == "acceptance":
        User.objects.filter(pk=asked.author_id).update(**gone)
        written = Reply.objects.get(pk=written.pk)

    tell(written)

    assert told() == {}


@pytest.mark.parametrize("name", TELLERS)
def test_nobody_is_told_by_who_left_no_name(name: str) -> None:
    factory, tell = TELLERS[name]
    written = factory(post=PostFactory(author=None), author=None)

    tell(written)

    assert told() == {}


@pytest.mark.parametrize("name", TELLERS)
@pytest.mark.parametrize("where", ["itself", "its thread"])
def test_nobody_is_told_of_what_is_removed(asked: Post, bob: User, name: str, where: str) -> None:
    factory, tell = TELLERS[name]
    written = factory(post=asked, author=bob)
    removed = written if where == "itself" else asked
    removed.removed_at = asked.created_at
    removed.save(update_fields=["removed_at"])

    tell(written)

    assert told() == {}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda post, by: ReplyFactory(post=post, author=by), "@bob mentions you in “Which of the two?”"),
        (lambda post, by: CommentFactory(post=post, author=by), "@bob mentions you in “Which of the two?”"),
        (
            lambda post, by: PostFactory(author=by, title="We moved to htmx"),
            "@bob mentions you in “We moved to htmx”",
        ),
    ],
    ids=["reply", "comment", "post"],
)
def test_mention_is_told(bob: User, make: Callable[[Post, User], Any], words: str) -> None:
    carol = UserFactory(username="carol")
    written = make(PostFactory(title="Which of the two?"), bob)

    telling.tell_mentioned(written, [carol])

    row = Notification.objects.get()
    assert (row.person, row.actor, row.kind, row.text) == (carol, bob, Kind.MENTION, words)
    assert row.url == written.get_absolute_url()


def test_mention_of_who_is_told_otherwise_is_not_told(asked: Post, bob: User) -> None:
    carol, dave = UserFactory(username="carol"), UserFactory(username="dave")
    CommentFactory(post=asked, author=carol)
    comment = CommentFactory(post=asked, author=bob)

    telling.tell_of_comment(comment)
    telling.tell_mentioned(comment, [asked.author, carol, dave])

    kinds = dict(Notification.objects.values_list("person__username", "kind"))
    assert kinds == {"alice": Kind.REPLY, "carol": Kind.REPLY, "dave": Kind.MENTION}


def test_mention_in_what_is_edited_is_told_to_who_is_new(bob: User) -> None:
    carol, dave = UserFactory(username="carol"), UserFactory(username="dave")
    post = PostFactory(author=bob, title="Which of the two?")
    telling.tell_mentioned(post, [carol])
    # Its address changes with its title.
    post.title, post.slug = "Which of the three?", "which-of-the-three"
    post.save(update_fields=["title", "slug"])

    telling.tell_mentioned(post, [carol, dave])

    assert sorted(Notification.objects.values_list("person__username", "text")) == [
        ("carol", "@bob mentions you in “Which of the two?”"),
        ("dave", "@bob mentions you in “Which of the three?”"),
    ]


def test_mentions_are_told_to_a_few_only_however_often_it_is_edited(asked: Post, bob: User) -> None:
    people = UserFactory.create_batch(MAX_MENTIONS + 3, verified=False)
    reply = ReplyFactory(post=asked, author=bob)

    telling.tell_mentioned(reply, people)
    assert set(Notification.objects.values_list("person", flat=True)) == {
        person.pk for person in people[:MAX_MENTIONS]
    }

    telling.tell_mentioned(reply, people[::-1])
    assert Notification.objects.count() == MAX_MENTIONS


def test_mention_costs_few_queries(asked: Post, bob: User, count_queries: Any) -> None:
    people = UserFactory.create_batch(3, verified=False)
    reply = Reply.objects.select_related("post", "author").get(pk=ReplyFactory(post=asked, author=bob).pk)

    with count_queries(at_most=4):
        telling.tell_mentioned(reply, people)
    with count_queries(at_most=0):
        telling.tell_mentioned(reply, [])

    assert Notification.objects.count() == 3


def test_telling_goes_the_way_that_the_person_chose(asked: Post, bob: User) -> None:
    Preference.objects.create(person=asked.author, kind=Kind.REPLY, channel=Channel.OFF)

    telling.tell_of_reply(ReplyFactory(post=asked, author=bob))

    assert told() == {}


def test_what_is_removed_is_taken_back(asked: Post, bob: User) -> None:
    reply, kept = (ReplyFactory(post=asked, author=bob) for _ in range(2))
    for row in (reply, kept):
        telling.tell_of_reply(row)
        telling.tell_mentioned(row, [UserFactory()])

    telling.take_back(reply)

    assert set(Notification.objects.values_list("url", flat=True)) == {kept.get_absolute_url()}


def test_thread_that_is_removed_is_taken_back_whole(asked: Post, bob: User) -> None:
    carol = UserFactory(username="carol")
    reply = ReplyFactory(post=asked, author=bob)
    comment = CommentFactory(reply=reply, author=carol)
    telling.tell_mentioned(asked, [carol])
    telling.tell_of_reply(reply)
    telling.tell_of_comment(comment)
    # Of a thread whose number begins alike.
    other = PostFactory(tool=asked.tool, pk=int(f"{asked.pk}0"), author=bob)
    telling.tell_mentioned(other, [carol])
    assert len(Notification.objects.all()) == 4
    asked.slug = "another"

    telling.take_back(asked)

    assert Notification.objects.get().url == other.get_absolute_url()


def test_spam_is_mailed_to_nobody_once_it_is_removed(asked: Post, bob: User, maud: User) -> None:
    reply = add_reply(author=bob, post=asked, body="Buy this, @alice and @maud.")
    assert Notification.objects.filter(is_mail_due=True).count() == 2

    remove_reply(remover=maud, reply=reply)

    assert told() == {}


def test_take_back_costs_few_queries(asked: Post, count_queries: Any) -> None:
    ReplyFactory.create_batch(3, post=asked, tool=asked.tool)

    with count_queries(at_most=3):
        telling.take_back(asked)

    assert not Notification.objects.exists()
