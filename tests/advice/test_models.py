"""What the database itself keeps from happening, and how rows name themselves."""

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.advice.models import Draft, Outcome, Post, PostTool, Recommendation, Revision, ViewBatch
from tests.factories.advice import CommentFactory, PostFactory, PostToolFactory, ReplyFactory

pytestmark = pytest.mark.django_db


def refused(constraint: str, model: Any, **fields: Any) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        model.objects.create(**fields)


def test_post_is_of_a_kind_and_only_questions_have_an_accepted_reply() -> None:
    reply = ReplyFactory(post__kind="decision")

    for constraint, fields in (
        ("post_kind", {"kind": "dream"}),
        ("post_accepted_is_advice", {"accepted": reply}),
    ):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Post.objects.update(**fields)
    assert Post.objects.get().kind == "decision"


def test_tool_plays_one_part_in_a_post_and_is_recommended_once() -> None:
    reply = ReplyFactory()
    Recommendation.objects.create(reply=reply, tool=reply.tool)

    refused("posttool_unique", PostTool, post=reply.post, tool=reply.tool, role="option")
    refused("recommendation_unique", Recommendation, reply=reply, tool=reply.tool)
    assert PostTool.objects.count() == Recommendation.objects.count() == 1


def test_revision_is_of_one_thing() -> None:
    reply, said = ReplyFactory(), {"body": "It was so.", "written_at": timezone.now()}

    refused("revision_of_one", Revision, **said)
    refused("revision_of_one", Revision, **said, post=reply.post, reply=reply)
    refused("revision_of_one", Revision, **said, reply=reply, comment=CommentFactory())
    assert not Revision.objects.exists()


def test_outcome_is_told_once_a_period_and_whole() -> None:
    post, now = PostFactory(), timezone.now()
    Outcome.objects.create(post=post, after_days=30)

    refused("outcome_unique", Outcome, post=post, after_days=30)
    refused("outcome_answer_whole", Outcome, post=post, after_days=90, answered_at=now)
    refused("outcome_answer_whole", Outcome, post=post, after_days=90, verdict="good")
    assert Outcome.objects.count() == 1


def test_draft_of_a_reply_has_a_post_of_which_there_is_one() -> None:
    post, mine = PostFactory(), {"person": PostFactory().author}
    Draft.objects.create(kind="reply", post=post, **mine)

    refused("draft_of_reply_unique", Draft, kind="reply", post=post, **mine)
    refused("draft_reply_has_post", Draft, kind="reply", **mine)
    refused("draft_reply_has_post", Draft, kind="advice", post=post, **mine)
    Draft.objects.create(kind="advice", **mine)
    Draft.objects.create(kind="advice", **mine)
    assert Draft.objects.count() == 3


def test_rows_say_what_they_are() -> None:
    post = PostFactory(title="Which of the two?")
    reply, more = ReplyFactory(post=post), PostToolFactory(post=post)
    comment, batch = CommentFactory(reply=reply), ViewBatch(pk=uuid.UUID(int=7))
    now = timezone.now()

    assert str(post) == "Which of the two?"
    assert str(reply) == f"Reply {reply.pk} to {post.pk}"
    assert str(comment) == f"Comment {comment.pk} on {post.pk}"
    assert str(more) == f"{post.pk}: option {more.tool_id}"
    assert str(Recommendation(reply=reply, tool=post.tool)) == f"{reply.pk}: {post.tool_id}"
    assert str(Revision(post=post, created_at=now)) == f"Before {now:%Y-%m-%d %H:%M}"
    assert str(Outcome(post=post, after_days=30)) == f"{post.pk} after 30 days"
    assert str(Draft(person=post.author, kind="advice")) == f"advice of {post.author_id}"
    assert str(batch) == str(batch.pk)
