"""Markdown to HTML that is safe to show, for texts of the catalogue and of people alike."""

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

# More than any text we accept; what is longer was never checked by a form.
MAX_CHARACTERS = 100_000

_TAGS = {"a", "blockquote", "br", "code", "em", "h3", "h4", "hr", "li", "ol", "p", "pre", "strong", "ul"}
_ATTRIBUTES = {"a": {"href", "title"}, "code": {"class"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto"}

# No raw HTML goes in; nh3 makes sure of what comes out.
_parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": 20})


def render_markdown(text: str) -> SafeString:
    """The HTML of `text`; links carry rel="nofollow ugc". Raises ValueError above `MAX_CHARACTERS`."""
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"The text has more than {MAX_CHARACTERS} characters.")
    html = nh3.clean(
        _parser.render(text),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="nofollow ugc noopener",
    )
    return mark_safe(html)  # noqa: S308 - cleaned by nh3
