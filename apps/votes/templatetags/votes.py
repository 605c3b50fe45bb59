"""Votes on a page: `{% load votes %}{% my_votes tools=tools points=points as mine %}{% vote_button point mine %}`.

So it goes for `posts=` and `replies=`.
"""

from collections.abc import Iterable
from itertools import chain
from typing import Any

from django import template
from django.db.models import Model
from django.template.context import Context

from apps.advice.models import Post, Reply
from apps.tools.models import Point, Tool
from apps.votes.buttons import MyVotes, button_context, votes_of
from apps.votes.kinds import kind_of

register = template.Library()


@register.simple_tag(takes_context=True)
def my_votes(
    context: Context,
    tools: Iterable[Tool] = (),
    points: Iterable[Point] = (),
    posts: Iterable[Post] = (),
    replies: Iterable[Reply] = (),
) -> MyVotes:
    """The reader's votes on these, for `vote_button`. One query for signed-in readers, none for others."""
    return votes_of(context["request"].user, chain(tools, points, posts, replies))


@register.inclusion_tag("votes/_vote.html", takes_context=True)
def vote_button(context: Context, target: Model, mine: MyVotes) -> dict[str, Any]:
    """The control to vote on `target`; `mine` is what `my_votes` answered. No query."""
    return button_context(context["request"], target, mine.get((kind_of(target).name, target.pk)))
