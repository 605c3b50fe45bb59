"""What the templates of allauth's forms need."""

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString

register = template.Library()

# The first that is found counts: Edge also says that it is Chrome, and Chrome that it is Safari.
BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
BROWSER_NAMES = {"Edg": "Edge", "OPR": "Opera"}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "macOS",
    "Linux": "Linux",
}


@register.filter
def as_input(field: BoundField) -> SafeString:
    """The widget in the site's look; allauth's placeholders only repeat the label."""
    return field.as_widget(attrs={"class": "input", "placeholder": False})


@register.filter
def browser(user_agent: str) -> str:
    """A browser and its system, as far as a User-Agent header says: "Firefox on Linux"."""
    name = next((name for name in BROWSERS if f"{name}/" in user_agent), "")
    system = next((SYSTEMS[mark] for mark in SYSTEMS if mark in user_agent), "")
    known = " on ".join(filter(None, [BROWSER_NAMES.get(name, name), system]))
    return known or user_agent[:60] or "Unknown browser"
