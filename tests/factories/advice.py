from typing import Any

import factory
from django.utils import timezone

from apps.advice.models import Comment, Post, PostTool, Reply
from tests.factories.accounts import UserFactory
from tests.factories.tools import ToolFactory


class PostFactory(factory.django.DjangoModelFactory[Post]):
    """A question by a person, about a tool; a decision with `kind="decision"`. By itself: nobody is told of it.

    `tools=[django, flask]` are those it is about, or that were chosen, the first of them its main one; without it,
    or with `tool=django`, there is that one alone. They have their rows of `PostTool`.
    """

    class Meta:
        model = Post

    author = factory.SubFactory(UserFactory)
    kind = Post.Kind.ADVICE
    title = factory.Sequence(lambda n: f"Which of the two for application {n}?")
    slug = factory.LazyAttribute(lambda post: post.title.lower().replace(" ", "-").rstrip("?"))
    body = "There are two of us, and it has to run in a month."
    html = factory.LazyAttribute(lambda post: f"<p>{post.body}</p>\n")
    created_at = factory.LazyFunction(timezone.now)
    changed_at = factory.SelfAttribute("created_at")

    @classmethod
    def _create(cls, model_class: Any, *args: Any, tools: Any = (), **fields: Any) -> Post:
        tools = list(tools) or [fields.get("tool") or ToolFactory()]
        post: Post = super()._create(model_class, *args, **{**fields, "tool": tools[0]})
        role = PostTool.Role.CHOSEN if post.is_decision else PostTool.Role.ABOUT
        PostTool.objects.bulk_create(
            PostTool(post=post, tool=tool, role=role, position=position)
            for position, tool in enumerate(tools)
        )
        return post


class PostToolFactory(factory.django.DjangoModelFactory[PostTool]):
    """One more tool of a post, behind the others: its main one has a row already."""

    class Meta:
        model = PostTool

    post = factory.SubFactory(PostFactory)
    tool = factory.SubFactory(ToolFactory)
    role = PostTool.Role.OPTION
    position = factory.Sequence(lambda n: n + 1)


class ReplyFactory(factory.django.DjangoModelFactory[Reply]):
    """A reply by itself: the post's count of them stays as it is, and it recommends nothing."""

    class Meta:
        model = Reply

    author = factory.SubFactory(UserFactory)
    post = factory.SubFactory(PostFactory)
    tool = factory.SelfAttribute("post.tool")
    body = factory.Sequence(lambda n: f"We have run it for {n} months without a hitch.")
    html = factory.LazyAttribute(lambda reply: f"<p>{reply.body}</p>\n")
    created_at = factory.LazyFunction(timezone.now)


class CommentFactory(factory.django.DjangoModelFactory[Comment]):
    """A comment on a post, or on a reply with `reply=`."""

    class Meta:
        model = Comment

    author = factory.SubFactory(UserFactory)
    reply = None
    post = factory.Maybe(
        "reply",
        yes_declaration=factory.SelfAttribute("reply.post"),
        no_declaration=factory.SubFactory(PostFactory),
    )
    body = factory.Sequence(lambda n: f"Which version, {n}?")
    html = factory.LazyAttribute(lambda comment: f"<p>{comment.body}</p>\n")
    created_at = factory.LazyFunction(timezone.now)
