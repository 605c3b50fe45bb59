"""Threads and replies as Atom (RFC 4287), for feed readers."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.feedgenerator import Atom1Feed
from django.utils.xmlutils import SimplerXMLGenerator

from apps.accounts.models import User
from apps.advice.models import Post, Reply

# Enough for a reader that looks once a day.
MAX_ENTRIES = 30

# All that XML 1.0 can't hold, not even escaped.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Our HTML has "<" in no text and '"' in no attribute, so this is always a link.
_OWN_LINK = re.compile(r'(<a\b[^>]*?\shref=")/(?!/)')
# When a feed without entries was updated: always the same, so that it is the same feed.
_NEVER = datetime(2020, 1, 1, tzinfo=UTC)


class AtomFeed(Atom1Feed):
    """Django's, whose entries hold their whole text, as HTML."""

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item | {"description": None})
        handler.addQuickElement("content", item["description"], {"type": "html"})

    def latest_post_date(self) -> datetime:
        return super().latest_post_date() if self.items else _NEVER


def posts_atom(posts: Iterable[Post], *, root: str, title: str, link: str, address: str) -> AtomFeed:
    """Of threads with authors and tools selected. `root`: the site's address without a path; `link`, `address`: paths
    of the page that says the same, and of the feed."""
    feed = _feed(root=root, title=title, link=link, address=address)
    for post in posts:
        _add(
            feed,
            post,
            root=root,
            title=f"{post.get_kind_display()}: {post.title}",
            link=post.get_absolute_url(),
            tools=[row.tool.name for row in post.post_tools.all()],
        )
    return feed


def replies_atom(replies: Iterable[Reply], *, post: Post, root: str, address: str) -> AtomFeed:
    """Of the replies to `post`, with authors and recommendations selected."""
    title = f"Replies: {post.title}"
    feed = _feed(root=root, title=title, link=post.get_absolute_url(), address=address)
    for reply in replies:
        tools = [row.tool.name for row in reply.recommendations.all()]
        recommends = f", recommends {' and '.join(tools)}" if tools else ""
        _add(
            feed,
            reply,
            root=root,
            title=f"Reply by {_name(reply.author)}{recommends}",
            link=reply.get_absolute_url(),
            tools=tools,
        )
    return feed


def _feed(*, root: str, title: str, link: str, address: str) -> AtomFeed:
    return AtomFeed(
        title=_text(f"{title} · {settings.PRODUCT_NAME}"),
        link=f"{root}{link}",
        description=None,
        language="en",
        feed_url=f"{root}{address}",
        feed_guid=_tag(root, address),
    )


def _add(feed: AtomFeed, row: Post | Reply, *, root: str, title: str, link: str, tools: list[str]) -> None:
    is_here = row.author is not None and row.author.is_active and row.author.closed_at is None
    feed.add_item(
        title=_text(title),
        link=f"{root}{link}",
        description=_text(_OWN_LINK.sub(lambda match: f"{match[1]}{root}/", row.html)),
        # Not of the address, which changes with the title.
        unique_id=_tag(root, f"{row._meta.model_name}/{row.pk}"),
        author_name=_text(_name(row.author)),
        author_link=f"{root}{row.author.get_absolute_url()}" if row.author and is_here else None,
        pubdate=row.created_at,
        updateddate=row.edited_at or row.created_at,
        categories=[_text(name) for name in tools],
    )


def _name(author: User | None) -> str:
    if author is None or not author.is_active or author.closed_at:
        return "Somebody who left"
    return f"{author.get_full_name()} (demo)" if author.is_demo else author.get_full_name()


def _tag(root: str, name: str) -> str:
    """A name that stays (RFC 4151)."""
    return f"tag:{urlsplit(root).hostname},2026:{name.strip('/')}"


def _text(text: str) -> str:
    return _UNWRITABLE.sub("", text)
