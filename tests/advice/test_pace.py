"""How much somebody may write: the limits of newcomers, and of everybody."""

from typing import Any

import pytest
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from limits import parse

from apps.advice.limits import (
    EDIT_LIMIT,
    FIRST_DAY_COMMENTS,
    FIRST_DAY_POSTS,
    FIRST_DAY_REPLIES,
    NEWCOMER_LINKS,
    POST_LIMIT,
    REPLY_LIMIT,
)
from apps.advice.models import Comment, Post, Reply
from apps.advice.services.posts import Named, edit_post, publish_post
from apps.advice.services.replies import add_comment, add_reply, edit_comment, edit_reply
from apps.core.limits import is_allowed
from tests.factories.advice import CommentFactory, PostFactory, ReplyFactory
from tests.factories.tools import ToolFactory
from tests.factories.votes import make_newcomer, make_voter

pytestmark = pytest.mark.django_db

LINKS = " ".join(f"[{number}](https://example.org/{number})" for number in range(NEWCOMER_LINKS + 1))


def ask(author: Any, **fields: Any) -> Post:
    usual = {"kind": "advice", "title": "Flask or Django for it?", "body": "Help."}
    return publish_post(author=author, tools=[Named(ToolFactory(), "about")], **usual | fields)


def refusal(act: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        act()
    messages: dict[str, list[str]] = caught.value.message_dict
    return messages


def test_newcomer_asks_only_so_often() -> None:
    newcomer = make_newcomer()
    # A removed one counts: else it would be a way around.
    posts = [
        PostFactory(author=newcomer, removed_at=None if number else newcomer.date_joined)
        for number in range(FIRST_DAY_POSTS)
    ]

    said = refusal(lambda: ask(newcomer))

    assert said == {
        NON_FIELD_ERRORS: ["On its first day an account can write 3 posts. Go on with it tomorrow."]
    }
    again = ask(newcomer, title=posts[-1].title, body=posts[-1].body)
    assert again == posts[-1]


def test_newcomer_answers_and_comments_only_so_often() -> None:
    newcomer, post = make_newcomer(), PostFactory()
    ReplyFactory.create_batch(FIRST_DAY_REPLIES, author=newcomer, post=post)
    CommentFactory.create_batch(FIRST_DAY_COMMENTS, author=newcomer, post=post)

    replying = refusal(lambda: add_reply(author=newcomer, post=post, body="It depends."))
    commenting = refusal(lambda: add_comment(author=newcomer, post=post, body="On what?"))

    assert "10 replies" in replying[NON_FIELD_ERRORS][0]
    assert "10 comments" in commenting[NON_FIELD_ERRORS][0]


def test_established_person_writes_more() -> None:
    person, post = make_voter(), PostFactory()
    PostFactory.create_batch(FIRST_DAY_POSTS, author=person)
    ReplyFactory.create_batch(FIRST_DAY_REPLIES, author=person, post=post)
    CommentFactory.create_batch(FIRST_DAY_COMMENTS, author=person, post=post)

    ask(person, body=LINKS, title="Flask or Django for example.com?")
    add_reply(author=person, post=post, body=LINKS)
    add_comment(author=person, post=post, body=LINKS)

    assert Post.objects.filter(author=person).count() == FIRST_DAY_POSTS + 1
    assert Reply.objects.filter(author=person).count() == FIRST_DAY_REPLIES + 1
    assert Comment.objects.filter(author=person).count() == FIRST_DAY_COMMENTS + 1


def test_newcomer_writes_few_links_in_a_text() -> None:
    newcomer, post = make_newcomer(), PostFactory()
    own = PostFactory(author=newcomer)
    reply, comment = ReplyFactory(author=newcomer, post=post), CommentFactory(author=newcomer, post=post)
    tools = [Named(own.tool, "about")]

    for act in (
        lambda: ask(newcomer, body=LINKS),
        lambda: edit_post(editor=newcomer, post=own, title=own.title, body=LINKS, tools=tools),
        lambda: add_reply(author=newcomer, post=post, body=LINKS),
        lambda: edit_reply(editor=newcomer, reply=reply, body=LINKS),
        lambda: add_comment(author=newcomer, post=post, body=LINKS),
        lambda: edit_comment(editor=newcomer, comment=comment, body=LINKS),
    ):
        assert "2 links" in refusal(act)["body"][0]

    few = LINKS.rsplit(" ", 1)[0]
    assert add_reply(author=newcomer, post=post, body=few).body == few


@pytest.mark.parametrize("field", ["title", "scale", "constraints", "why"])
def test_newcomer_writes_links_nowhere_else(field: str) -> None:
    newcomer, words = make_newcomer(), "Buy it at www.example.org now"
    tool, other = ToolFactory(), ToolFactory()
    fields: dict[str, Any] = {
        "title": {"title": words},
        "scale": {"values": {"scale": words}},
        "constraints": {"values": {"constraints": words}},
        "why": {"kind": "decision", "tools": [Named(tool, "chosen"), Named(other, "rejected", words)]},
    }[field]
    usual = {"kind": "advice", "title": "Which of these?", "body": "Help.", "tools": [Named(tool, "about")]}

    said = refusal(lambda: publish_post(author=newcomer, **usual | fields))

    assert "only in the text itself" in said[NON_FIELD_ERRORS][0]


@pytest.mark.parametrize(
    ("action", "limit"),
    [("post", POST_LIMIT), ("reply", REPLY_LIMIT), ("comment", REPLY_LIMIT), ("edit", EDIT_LIMIT)],
)
def test_nobody_writes_without_end(action: str, limit: str) -> None:
    person, post = make_voter(), PostFactory()
    for _ in range(parse(limit).amount):
        assert is_allowed(action, str(person.pk), limit)
    acts = {
        "post": lambda: ask(person),
        "reply": lambda: add_reply(author=person, post=post, body="It depends."),
        "comment": lambda: add_comment(author=person, post=post, body="On what?"),
        "edit": lambda: edit_reply(editor=person, reply=ReplyFactory(author=person, post=post), body="No."),
    }

    said = refusal(acts[action])[NON_FIELD_ERRORS][0]

    assert "many within an hour" in said
    assert said.endswith((" minutes.", " minute."))


@pytest.mark.usefixtures("redis_away")
def test_everybody_writes_without_redis() -> None:
    assert ask(make_voter()).pk
