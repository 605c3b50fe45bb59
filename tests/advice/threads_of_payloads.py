"""A question and a decision in which everything that people can write is a payload."""

from itertools import cycle

from django.utils import timezone

from apps.advice.models import (
    MAX_CONTEXT_CHARACTERS,
    MAX_TITLE_CHARACTERS,
    Comment,
    Outcome,
    Post,
    PostTool,
    Recommendation,
    Reply,
)
from apps.advice.rendering import render
from tests.factories.accounts import UserFactory
from tests.factories.advice import PostFactory, PostToolFactory
from tests.factories.tools import ToolFactory
from tests.payloads import PAYLOADS

TITLE = (
    "</title></script><script>alert(1)</script><img src=x onerror=alert(1)>'\"onfocus=alert(1) autofocus x='"
)
LINES = [
    one for one in PAYLOADS if len(one) <= MAX_TITLE_CHARACTERS and "\n" not in one and one.isprintable()
]


def make_question() -> Post:
    """A question with a reply for each payload, and comments; its author told what became of it."""
    now = timezone.now()
    author = UserFactory(username="mallory", name=TITLE[:60], title=TITLE[:60], company=TITLE[:60])
    body = "\n\n".join(PAYLOADS[:40]).replace("\0", "")
    post: Post = PostFactory(
        author=author, title=TITLE, slug="which", body=body, html=render(body).html, reply_count=len(PAYLOADS),
        scale=" ".join(LINES)[:MAX_CONTEXT_CHARACTERS], constraints=" ".join(LINES[20:])[:MAX_CONTEXT_CHARACTERS],
    )  # fmt: skip
    texts = [(payload.replace("\0", ""), render(payload).html) for payload in PAYLOADS]
    replies = Reply.objects.bulk_create(
        Reply(post=post, tool=post.tool, author=author, body=body, html=html, created_at=now)
        for body, html in texts
    )
    Comment.objects.bulk_create(
        Comment(post=post, reply=reply, author=author, body=body, html=html, created_at=now)
        for reply, (body, html) in zip(replies[:20], texts[20:], strict=False)
    )
    Recommendation.objects.create(reply=replies[0], tool=ToolFactory())
    Outcome.objects.create(
        post=post,
        after_days=30,
        answered_at=now,
        verdict=Outcome.Verdict.GOOD,
        text=texts[0][0],
        html=render(TITLE).html,
    )
    post.accepted = replies[1]
    post.save(update_fields=["accepted"])
    return post


def make_decision() -> Post:
    post: Post = PostFactory(
        kind=Post.Kind.DECISION, title=TITLE, slug="chose", again=Post.Again.YES, since="2025-11"
    )
    for reason, _ in zip(cycle(LINES), range(5), strict=False):
        PostToolFactory(post=post, role=PostTool.Role.REJECTED, why=f"{reason} {TITLE}")
    return post
