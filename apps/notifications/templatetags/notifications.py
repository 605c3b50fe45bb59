from django import template

from apps.accounts.models import User
from apps.notifications import selectors

register = template.Library()


@register.simple_tag
def unread_count(person: User) -> int:
    """How many notifications `person` has not read yet. One query."""
    return selectors.unread_count(person)
