"""The bell in the header: `{% load notifications %}{% bell %}`."""

from typing import Any

from django import template
from django.template.context import Context

from apps.notifications.selectors import MOST_COUNTED, unread_count

register = template.Library()


@register.inclusion_tag("notifications/_bell.html", takes_context=True)
def bell(context: Context, is_swapped: bool = False) -> dict[str, Any]:
    """The link to the notifications of who is signed in, with how many are unread. One query.

    `is_swapped`: in an answer to htmx, to take the place of the one in the header.
    """
    unread = unread_count(context["user"])
    return {
        "unread": unread,
        "is_many": unread > MOST_COUNTED,
        "most": MOST_COUNTED,
        "is_swapped": is_swapped,
    }
