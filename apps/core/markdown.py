"""Markdown to HTML that is safe to show, for texts of the catalogue and of people alike."""

import re
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from html import escape
from typing import Any

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from apps.core.highlighting import CLASSES, LANGUAGES, MAX_TEXT_CHARACTERS, highlight

# More than any text we accept; what is longer was never checked by a form.
MAX_CHARACTERS = 100_000

_TAGS = {
    *("a", "blockquote", "br", "code", "em", "h3", "h4", "hr", "li", "ol", "p", "pre", "span", "strong", "ul")
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_CLASSES = {"code": {f"language-{name}" for name in LANGUAGES}, "span": set(CLASSES)}
# Code is wider than a phone: who has no mouse reaches it, and scrolls.
_ALWAYS = {"pre": {"tabindex": "0"}}
_SCHEMES = {"http", "https", "mailto"}

# An address that stands in a text without being a link.
_BARE_ADDRESS = re.compile(r"\bhttps?://\w|\bwww\.\w", re.IGNORECASE)

# Changes the tokens of a text, before adjacent pieces of plain text ("text", "text_special") become one.
Change = Callable[[list[Token]], None]


def _change(state: StateCore) -> None:
    change: Change | None = state.env.get("change")
    if change:
        change(state.tokens)


def _fence(
    renderer: object, tokens: Sequence[Token], index: int, options: object, env: MutableMapping[str, Any]
) -> str:
    token = tokens[index]
    # What follows the language is meant for other programs.
    language = next(iter(token.info.lower().split()), "")
    if language not in LANGUAGES:
        return f"<pre><code>{escape(token.content)}</code></pre>\n"
    env["code"] = env.get("code", 0) + len(token.content)
    code = highlight(token.content, language) if env["code"] <= MAX_TEXT_CHARACTERS else escape(token.content)
    return f'<pre><code class="language-{language}">{code}</code></pre>\n'


def _new_parser() -> MarkdownIt:
    # No raw HTML goes in; nh3 makes sure of what comes out.
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": 20})
    parser.core.ruler.before("text_join", "change", _change)
    parser.add_render_rule("fence", _fence)
    return parser


_parser = _new_parser()


def render_markdown(text: str, *, change: Change | None = None) -> SafeString:
    """The HTML of `text`; links carry rel="nofollow ugc". Raises ValueError above `MAX_CHARACTERS`.

    `change` may put other tokens into what was parsed, such as links: what comes out is cleaned after it.
    """
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"The text has more than {MAX_CHARACTERS} characters.")
    html = nh3.clean(
        _parser.render(text, {"change": change}),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        url_schemes=_SCHEMES,
        link_rel="nofollow ugc noopener",
        set_tag_attribute_values=_ALWAYS,
    )
    return mark_safe(html)  # noqa: S308 - cleaned by nh3


def addresses(text: str) -> Iterator[str]:
    """Where the links of a Markdown text lead; of addresses that are no links, as "https://a.example", the beginning.

    Code is left out.
    """
    for block in _parser.parse(text):
        depth = 0
        for token in block.children or ():
            depth += token.nesting if token.type.startswith("link_") else 0
            if token.type == "link_open":
                yield str(token.attrs["href"])
            elif token.type == "text" and not depth:
                yield from _BARE_ADDRESS.findall(token.content)
