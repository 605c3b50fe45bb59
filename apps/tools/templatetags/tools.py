"""What pages ask around tools: which of them the reader follows, and what they may do with a pro or con."""

from collections.abc import Sequence

from django import template
from django.template.context import Context

from apps.tools.models import Tool
from apps.tools.permissions import may_answer, may_edit, may_remove
from apps.tools.selectors import followed_ids

register = template.Library()

# `{% if user|may_edit:point %}`
register.filter("may_answer", may_answer)
register.filter("may_edit", may_edit)
register.filter("may_remove", may_remove)


@register.filter
def alone(tool: Tool) -> list[Tool]:
    """A list of one, for tags that ask of many at once."""
    return [tool]


@register.simple_tag(takes_context=True)
def followed_tools(context: Context, tools: Sequence[Tool]) -> set[int]:
    """The ids of those of `tools` that the reader follows, for tools/_follow.html. One query for signed-in readers."""
    return followed_ids(context["request"].user, tools)
