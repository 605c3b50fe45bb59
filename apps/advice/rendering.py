"""What people wrote as HTML: Markdown, with mentions of people and tools as links."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models.functions import Lower
from django.utils.html import format_html
from django.utils.safestring import SafeString
from markdown_it.token import Token

from apps.accounts.models import FormerUsername, User
from apps.accounts.usernames import USERNAME_PATTERN
from apps.core.markdown import addresses, render_markdown
from apps.tools.entries import SLUG_PATTERN
from apps.tools.models import Tool, ToolAlias

# In one text; those after them stay plain. More would be a list of names, and each is looked up.
MAX_MENTIONED = 100

# A name whole or not at all (`?>`). None of them: "@babel/core", "@app.route", "@cached(60)", "a@b.example", "/x#top".
_MENTION = re.compile(
    rf"(?<![\w@#/.=&+-])(?:@(?P<person>(?>{USERNAME_PATTERN}))|#(?P<tool>(?>{SLUG_PATTERN})))(?![\w@#(]|[/.:]\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """The HTML of a text, and whom and what it mentions: only people and tools that there are."""

    html: SafeString
    people: Sequence[User]
    tools: Sequence[Tool]


def render(text: str) -> Rendered:
    """The text as HTML: `@name` of a shown person and `#slug` of a listed tool are links, but not in code or links.

    A query for all people and one for all tools, and one more each where a name is none of today's; none where nothing
    is mentioned. Raises ValueError above `core.markdown.MAX_CHARACTERS`.
    """
    people: list[User] = []
    tools: list[Tool] = []

    def link_mentions(tokens: list[Token]) -> None:
        mentions: list[Token] = []
        for block in tokens:
            if block.children:
                block.children = list(_with_mentions(block.children, mentions))
        people_by_name = _people({token.meta["person"] for token in mentions} - {""})
        tools_by_name = _tools({token.meta["tool"] for token in mentions} - {""})
        for token in mentions:
            found = people_by_name.get(token.meta["person"]) or tools_by_name.get(token.meta["tool"])
            if found is None:
                token.type = "text"
                continue
            token.content = format_html('<a href="{}">{}</a>', found.get_absolute_url(), token.content)
            if isinstance(found, User):
                people.append(found)
            else:
                tools.append(found)

    html = render_markdown(text, change=link_mentions)
    return Rendered(html, list(dict.fromkeys(people)), list(dict.fromkeys(tools)))


def link_count(text: str) -> int:
    """How many links to other sites the text has; for the limit of newcomers."""
    return sum(not _is_own(address) for address in addresses(text))


def _with_mentions(children: Sequence[Token], mentions: list[Token]) -> Iterator[Token]:
    """The pieces of a line, with tokens of their own for mentions, which are added to `mentions` too."""
    # Of the plain text before this piece, such as the "\\&" of "\\&@name": what may not stand before a mention.
    before = ""
    depth = 0
    for child in children:
        depth += child.nesting if child.type.startswith("link_") else 0
        if child.type != "text" or depth:
            before = child.content[-1:] if child.type == "text_special" else ""
            yield child
            continue
        text, start = before + child.content, len(before)
        for match in _MENTION.finditer(text, start):
            if len(mentions) == MAX_MENTIONED:
                break
            mention = Token("html_inline", "", 0, content=match[0])
            mention.meta = {kind: name.lower() for kind, name in match.groupdict("").items()}
            mentions.append(mention)
            yield Token("text", "", 0, content=text[start : match.start()])
            yield mention
            start = match.end()
        yield Token("text", "", 0, content=text[start:])
        before = text[-1:]


def _people(names: set[str]) -> dict[str, User]:
    """The people of these names, and of those that were theirs."""
    found = {row.username: row for row in User.objects.shown().filter(username__in=names)} if names else {}
    if left := names - found.keys():
        former = dict(
            FormerUsername.objects.alias(_lower=Lower("username"))
            .filter(_lower__in=left)
            .values_list("person", "username")
        )
        for person in User.objects.shown().filter(pk__in=former) if former else ():
            found[former[person.pk].lower()] = person
    return found


def _tools(names: set[str]) -> dict[str, Tool]:
    """The tools of these slugs and aliases."""
    found = {row.slug: row for row in Tool.objects.listed().filter(slug__in=names)} if names else {}
    if left := names - found.keys():
        rows = ToolAlias.objects.filter(slug__in=left, tool__is_listed=True).select_related("tool")
        found.update((row.slug, row.tool) for row in rows)
    return found


def _is_own(address: str) -> bool:
    """Whether it leads to a page of this site."""
    if re.match(r"[a-z][a-z0-9+.-]*:|//|www\.", address, re.IGNORECASE):
        return bool(settings.SITE_URL) and f"{address}/".startswith(f"{settings.SITE_URL}/")
    return True
