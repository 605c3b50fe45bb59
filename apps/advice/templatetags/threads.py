"""What the page of a thread asks: what the reader may do there."""

from django import template

from apps.advice.permissions import may_accept, may_edit, may_remove, may_restore, may_tell_outcome

register = template.Library()

# `{% if user|may_edit:reply %}`
register.filter("may_accept", may_accept)
register.filter("may_edit", may_edit)
register.filter("may_remove", may_remove)
register.filter("may_restore", may_restore)
register.filter("may_tell_outcome", may_tell_outcome)
