"""What pages of lower apps show of comparisons."""

from collections.abc import Iterable

from django import template
from django.urls import reverse

from apps.comparisons.selectors import RelatedStackup, stackups_about
from apps.comparisons.services import canonical_slug
from apps.tools.models import Tool

register = template.Library()

POPULAR = 6


@register.simple_tag
def comparisons_of(tool: Tool) -> list[RelatedStackup]:
    """Comparisons that name `tool`. Two queries."""
    return stackups_about([tool], limit=POPULAR)


@register.simple_tag
def versus_url(*tools: Tool) -> str:
    """The address of the comparison of `tools`."""
    return reverse("comparisons:detail", kwargs={"slugs": canonical_slug([tool.slug for tool in tools])})


@register.simple_tag
def stackup_url(tools: Iterable[Tool]) -> str:
    """As `versus_url`, of the tools of a list."""
    return versus_url(*tools)
