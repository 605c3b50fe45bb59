"""What an export has of what a person wrote, and what stays of it when they leave."""

import json
from typing import Any

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from apps.accounts.services.personal import gather, take_away_all
from apps.advice.models import Comment, Draft, Outcome, Post, Reply
from apps.advice.services.posts import Named, publish_post
from apps.advice.services.replies import add_comment, add_reply, edit_reply, remove_reply
from apps.core.counters import recount
from tests.factories.advice import CommentFactory, PostFactory, ReplyFactory
from tests.factories.stacks import StackFactory
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db


def test_export_has_all_that_i_wrote_and_nothing_of_others(alice: Any) -> None:
    flask, django = ToolFactory(name="Flask"), ToolFactory(name="Django")
    question = publish_post(
        author=alice,
        kind="advice",
        title="Flask or Django for it?",
        body="Help.",
        tools=[Named(flask, "about"), Named(django, "option")],
        values={"team_size": "1"},
    )
    Outcome.objects.create(
        post=question, after_days=30, verdict="good", chosen=django, answered_at=timezone.now()
    )
    Outcome.objects.create(post=question, after_days=90)
    stack = StackFactory(person=alice, name="Mine")
    decision = publish_post(
        author=alice,
        kind="decision",
        title="We moved off Flask",
        body="So.",
        tools=[Named(django, "chosen"), Named(flask, "rejected", "Too small")],
        values={"stack": stack},
    )
    other = PostFactory()
    reply = add_reply(author=alice, post=other, body="It depends.", tools=[flask])
    edit_reply(editor=alice, reply=reply, body="Take it.")
    remove_reply(remover=alice, reply=reply)
    add_comment(author=alice, post=other, body="On what?")
    Draft.objects.create(person=alice, kind="advice", data={"title": ["Begun"]})
    CommentFactory(reply=ReplyFactory(post=question))

    mine = json.loads(json.dumps(gather(alice), cls=DjangoJSONEncoder))

    first, second = mine["posts"]
    assert (first["title"], first["body"], first["team_size"], first["stack"]) == (
        "Flask or Django for it?",
        "Help.",
        "1",
        None,
    )
    assert first["tools"] == [
        {"tool": "flask", "role": "about", "why": ""},
        {"tool": "django", "role": "option", "why": ""},
    ]
    assert [(row["after_days"], row["verdict"], row["chosen"]) for row in first["outcomes"]] == [
        (30, "good", "django"),
        (90, "", None),
    ]
    assert (second["id"], second["stack"], second["tools"][1]["why"]) == (
        decision.pk,
        str(stack),
        "Too small",
    )
    (exported,) = mine["replies"]
    assert (exported["post_id"], exported["body"], exported["recommends"]) == (other.pk, "Take it.", [])
    assert exported["removed_at"]
    assert [(row["body"], row["details"]) for row in mine["earlier_words"]] == [
        ("It depends.", {"Recommends": "Flask"})
    ]
    assert [row["body"] for row in mine["comments"]] == ["On what?"]
    assert [row["data"] for row in mine["drafts"]] == [{"title": ["Begun"]}]


def test_words_stay_without_a_name_and_drafts_go(alice: Any) -> None:
    question = publish_post(
        author=alice,
        kind="advice",
        title="Flask or Django for it?",
        body="Help.",
        tools=[Named(ToolFactory(), "about")],
    )
    other = PostFactory()
    add_reply(author=alice, post=other, body="It depends.")
    add_comment(author=alice, post=other, body="On what?")
    Draft.objects.create(person=alice, kind="reply", post=other, data={})

    for _ in range(2):
        take_away_all(alice)
    alice.delete()

    question.refresh_from_db()
    assert (question.author, question.body, question.outcome_due_at) == (None, "Help.", None)
    assert (Reply.objects.get().author, Comment.objects.get().author) == (None, None)
    assert Post.objects.get(pk=other.pk).author == other.author
    assert not Draft.objects.exists()
    assert recount() == []


def test_export_takes_as_many_queries_for_many_threads(alice: Any, count_queries: Any) -> None:
    for _ in range(3):
        ReplyFactory(author=alice, post=PostFactory(author=alice))

    with count_queries(at_most=60) as queries:
        gather(alice)
    before = len(queries)
    for _ in range(4):
        ReplyFactory(author=alice, post=PostFactory(author=alice))
    with count_queries(at_most=before):
        gather(alice)
