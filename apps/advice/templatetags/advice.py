"""What pages of tools and comparisons show of threads."""

from collections.abc import Sequence

from django import template
from django.urls import reverse

from apps.advice.lists import PostsOn, posts_on
from apps.tools.models import Tool

register = template.Library()

# On the page of a tool, of each kind; and on that of a comparison.
SHOWN_ON_TOOL = 4
SHOWN_ON_STACKUP = 6


@register.simple_tag(name="posts_on")
def posts_on_tools(tools: Sequence[Tool]) -> PostsOn:
    """`{% posts_on tools as found %}`: found.rows for advice/_post.html, or found.questions and found.decisions of
    them, and found.posts for `my_votes`. Two queries."""
    return posts_on(tools, limit=SHOWN_ON_TOOL if len(tools) == 1 else SHOWN_ON_STACKUP)


@register.simple_tag
def atom_of(tools: Sequence[Tool]) -> str:
    """The address of the feed of threads on any of `tools`."""
    return reverse("advice:atom-tools", kwargs={"slugs": "+".join(tool.slug for tool in tools)})
