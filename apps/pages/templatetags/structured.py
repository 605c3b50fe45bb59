"""What pages tell search engines and link previews: schema.org data as JSON-LD, and OpenGraph pictures."""

import json
import re
from collections.abc import Iterable, Sequence
from html import unescape
from typing import Any

from django import template
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator

from apps.accounts.models import User
from apps.advice.models import Post, Reply
from apps.advice.threads import Thread
from apps.comparisons.selectors import Stackup
from apps.core.context import absolute_url
from apps.pages.services.cards import SIZE
from apps.stacks.models import Company, Stack
from apps.stacks.overview import Row
from apps.tools.models import Alternative, Tool

register = template.Library()

# Of a thread: the best, which are shown first, and of each its beginning. More would double a long page.
STRUCTURED_REPLIES = 20
STRUCTURED_CHARACTERS = 1000
# Of its HTML: enough for them in any text that is not mostly markup, which would cost some hundredths of a second each.
STRUCTURED_HTML_CHARACTERS = 5 * STRUCTURED_CHARACTERS

# What is cut off within a tag.
_CUT_TAG = re.compile(r"<[^>]*\Z")

# As in Django's json_script: nothing in the data can end the element.
_ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


def _script(data: Iterable[dict[str, Any]]) -> SafeString:
    text = json.dumps({"@context": "https://schema.org", "@graph": list(data)}, ensure_ascii=False)
    # Data, not a script: the content security policy has nothing against it.
    return mark_safe(f'<script type="application/ld+json">{text.translate(_ESCAPES)}</script>')  # noqa: S308


@register.simple_tag(takes_context=True)
def card_meta(context: dict[str, Any], kind: str, slug: str) -> SafeString:
    """The picture of a link to this page. `kind` and `slug` are the path of its `SocialCard`."""
    url = absolute_url(
        context["request"], reverse("pages:card", kwargs={"path": f"{kind}/{slug}" if kind else slug})
    )
    return format_html(
        '<meta property="og:image" content="{}"><meta property="og:image:width" content="{}">'
        '<meta property="og:image:height" content="{}"><meta name="twitter:card" content="summary_large_image">',
        url,
        *SIZE,
    )


@register.simple_tag(takes_context=True)
def tool_data(context: dict[str, Any], tool: Tool) -> SafeString:
    """SoftwareApplication and BreadcrumbList of a tool's page."""
    request = context["request"]
    return _script([_software(request, tool), _crumbs(request, "Tools", "tools:index", tool, tool.name)])


@register.simple_tag(takes_context=True)
def profile_data(context: dict[str, Any], person: User) -> SafeString:
    """ProfilePage of a person."""
    about: dict[str, Any] = {
        "@type": "Person",
        "name": person.get_full_name(),
        "alternateName": person.username,
        "url": absolute_url(context["request"], person.get_absolute_url()),
        "agentInteractionStatistic": {
            "@type": "InteractionCounter",
            "interactionType": "https://schema.org/WriteAction",
            "userInteractionCount": person.point_count,  # type: ignore[attr-defined]
        },
    }
    if person.title:
        about["jobTitle"] = person.title
    if person.company:
        about["worksFor"] = {"@type": "Organization", "name": person.company}
    return _script(
        [{"@type": "ProfilePage", "dateCreated": person.date_joined.isoformat(), "mainEntity": about}]
    )


@register.simple_tag(takes_context=True)
def alternatives_data(context: dict[str, Any], tool: Tool, alternatives: Sequence[Alternative]) -> SafeString:
    """ItemList and BreadcrumbList of the page of alternatives."""
    request = context["request"]
    others = [row.other for row in alternatives]
    return _script(
        [
            _item_list(
                request, f"Alternatives to {tool.name}", [(o.name, o.get_absolute_url()) for o in others]
            ),
            _crumbs(request, "Tools", "tools:index", tool, "Alternatives"),
        ]
    )


@register.simple_tag(takes_context=True)
def trending_data(context: dict[str, Any], tools: Sequence[Tool]) -> SafeString:
    """ItemList of the page of trending tools."""
    items = [(tool.name, tool.get_absolute_url()) for tool in tools]
    return _script([_item_list(context["request"], "Trending tools", items)])


@register.simple_tag(takes_context=True)
def stackup_data(context: dict[str, Any], stackup: Stackup) -> SafeString:
    """The tools as SoftwareApplication, the alternatives as ItemList, and the BreadcrumbList of a stackup page."""
    request = context["request"]
    alternatives = [(row.tool.name, row.tool.get_absolute_url()) for row in stackup.alternatives]
    return _script(
        [
            *(_software(request, side.tool) for side in stackup.sides),
            _item_list(request, f"Alternatives to {stackup.title}", alternatives),
            _crumbs(request, "Stackups", "comparisons:index", stackup.sides[0].tool, stackup.title),
        ]
    )


@register.simple_tag(takes_context=True)
def stacks_data(context: dict[str, Any], rows: Sequence[Row]) -> SafeString:
    """ItemList of a page of stacks."""
    items = [(f"{row.stack.owner_name}: {row.stack.name}", row.stack.get_absolute_url()) for row in rows]
    return _script([_item_list(context["request"], "Stacks", items)])


@register.simple_tag(takes_context=True)
def stack_data(context: dict[str, Any], stack: Stack, tools: Sequence[Tool]) -> SafeString:
    """The tools of a stack as ItemList, and its BreadcrumbList."""
    request = context["request"]
    items = [(tool.name, tool.get_absolute_url()) for tool in tools if tool.is_listed]
    owner: Any = stack.owner
    trail = [("Stacks", reverse("stacks:index")), (stack.owner_name, owner.get_absolute_url())]
    return _script(
        [
            _item_list(request, f"{stack.owner_name}: {stack.name}", items),
            _trail(request, trail, stack.name),
        ]
    )


@register.simple_tag(takes_context=True)
def companies_data(context: dict[str, Any], companies: Sequence[Company]) -> SafeString:
    """ItemList of a page of companies."""
    items = [(company.name, company.get_absolute_url()) for company in companies]
    return _script([_item_list(context["request"], "Companies", items)])


@register.simple_tag(takes_context=True)
def company_data(context: dict[str, Any], company: Company) -> SafeString:
    """Organization and BreadcrumbList of a company's page."""
    request = context["request"]
    data = {
        "@type": "Organization",
        "name": company.name,
        "url": absolute_url(request, company.get_absolute_url()),
        "sameAs": company.website,
    }
    return _script(
        [
            {key: value for key, value in data.items() if value},
            _trail(request, [("Companies", reverse("stacks:companies"))], company.name),
        ]
    )


@register.simple_tag(takes_context=True)
def thread_data(context: dict[str, Any], thread: Thread) -> SafeString:
    """The BreadcrumbList of a thread's page, and the thread: QAPage for a question that somebody answered, else
    DiscussionForumPosting. Nothing of what was removed."""
    request, post = context["request"], thread.post
    if post.removed_at:
        return SafeString("")
    url = absolute_url(request, post.get_absolute_url())
    replies = {
        answer.reply: _said(request, answer.reply, f"{url}#reply-{answer.reply.pk}") | _votes(answer.reply)
        for answer in thread.answers[:STRUCTURED_REPLIES]
        if not answer.reply.removed_at
    }
    data: dict[str, Any]
    if replies and not post.is_decision:
        question: dict[str, Any] = {"@type": "Question", "name": post.title, "answerCount": post.reply_count}
        question |= _said(request, post, url) | _votes(post)
        for reply, said in replies.items():
            if reply.pk == post.accepted_id:
                question["acceptedAnswer"] = {"@type": "Answer", **said}
            else:
                question.setdefault("suggestedAnswer", []).append({"@type": "Answer", **said})
        data = {"@type": "QAPage", "mainEntity": question}
    else:
        data = {"@type": "DiscussionForumPosting", "headline": post.title, **_said(request, post, url)}
        data["interactionStatistic"] = {
            "@type": "InteractionCounter",
            "interactionType": "https://schema.org/LikeAction",
            "userInteractionCount": post.up_count,
        }
        data["commentCount"] = post.reply_count
        data["comment"] = [{"@type": "Comment", **said} for said in replies.values()]
    return _script([data, _trail(request, [("Advice", reverse("advice:index"))], post.title)])


def _said(request: HttpRequest, written: Post | Reply, url: str) -> dict[str, Any]:
    """What somebody wrote, by whom and when. A name is asked for in any case."""
    author = {"@type": "Person", "name": "Somebody who left"}
    if written.author and written.author.is_active and not written.author.closed_at:
        author["name"] = written.author.get_full_name()
        author["url"] = absolute_url(request, written.author.get_absolute_url())
    html = _CUT_TAG.sub("", written.html[:STRUCTURED_HTML_CHARACTERS])
    data = {
        "text": Truncator(unescape(strip_tags(html)).strip()).chars(STRUCTURED_CHARACTERS),
        "url": url,
        "author": author,
        "datePublished": written.created_at.isoformat(),
    }
    return data | ({"dateModified": written.edited_at.isoformat()} if written.edited_at else {})


def _votes(written: Post | Reply) -> dict[str, int]:
    return {"upvoteCount": written.up_count, "downvoteCount": written.down_count}


def _software(request: HttpRequest, tool: Tool) -> dict[str, Any]:
    data = {
        "@type": "SoftwareApplication",
        "name": tool.name,
        "url": absolute_url(request, tool.get_absolute_url()),
        "description": tool.tagline,
        "applicationCategory": "DeveloperApplication",
        "applicationSubCategory": tool.function.name,
        "sameAs": tool.website,
        "license": f"https://spdx.org/licenses/{tool.license}.html" if _is_one_license(tool.license) else "",
    }
    return {key: value for key, value in data.items() if value}


def _is_one_license(expression: str) -> bool:
    return bool(expression) and " " not in expression and not expression.startswith("LicenseRef-")


def _item_list(request: HttpRequest, name: str, items: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {
        "@type": "ItemList",
        "name": name,
        "itemListElement": [
            {"@type": "ListItem", "position": at, "name": item, "url": absolute_url(request, path)}
            for at, (item, path) in enumerate(items, start=1)
        ],
    }


def _crumbs(request: HttpRequest, root: str, root_view: str, tool: Tool, last: str) -> dict[str, Any]:
    nodes = [(node.name, node.get_absolute_url()) for node in tool.function.trail]
    return _trail(request, [(root, reverse(root_view)), *nodes], last)


def _trail(request: HttpRequest, trail: Sequence[tuple[str, str]], last: str) -> dict[str, Any]:
    items: list[dict[str, Any]] = [
        {"@type": "ListItem", "position": at, "name": name, "item": absolute_url(request, path)}
        for at, (name, path) in enumerate(trail, start=1)
    ]
    # The page itself has no address in its own trail.
    items.append({"@type": "ListItem", "position": len(items) + 1, "name": last})
    return {"@type": "BreadcrumbList", "itemListElement": items}
