"""What the feed shows: events around the tools and people that somebody follows, and what stands beside them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Left
from django.urls import reverse

from apps.accounts.models import PersonFollow, User
from apps.advice.lists import START_HTML_CHARACTERS, PostRow, in_list, rows_of, start_of
from apps.advice.models import Post
from apps.core.markdown import render_markdown
from apps.core.pagination import BadCursorError, Key, paginate
from apps.pages.models import Event
from apps.stacks.models import Change
from apps.tools.models import Tool, ToolFollow

PAGE_SIZE = 20
# More than a page, as some of what is found is not to be shown any more.
READ_EVENTS = 30
# Where all that was read is not to be shown, so often more is read; then the reader asks for the next page.
MAX_READS = 3
# Of a stack that was changed; the others are counted.
SHOWN_CHANGES = 6
SHOWN_REASONS = 3
# Beside the feed.
SHOWN_FOLLOWED = 12
SHOWN_WAITING = 4
SHOWN_RISING = 5
# Days of growth: the span of which most is known.
RISING_DAYS = 90

# The largest id that the column holds, for a page that begins with the newest.
NEWEST = 2**63 - 1

# `newest`: the last event of each tool and person that the reader follows, one look-up each along the two unique
# indexes of EventSubject. `horizon`: the last of as many events among these as are wanted. All that are wanted are not
# older, so only what has one since then is looked at again. Names are looked up for what is left in the end.
EVENTS_SQL = """
WITH newest AS MATERIALIZED (
    SELECT follow.tool_id, NULL::bigint AS person_id, last.event_id
    FROM tools_toolfollow AS follow CROSS JOIN LATERAL (
        SELECT event_id FROM pages_eventsubject
        WHERE tool_id = follow.tool_id AND event_id < %(before)s ORDER BY event_id DESC LIMIT 1
    ) AS last
    WHERE follow.person_id = %(reader)s
    UNION ALL
    SELECT NULL, follow.person_id, last.event_id
    FROM accounts_personfollow AS follow CROSS JOIN LATERAL (
        SELECT event_id FROM pages_eventsubject
        WHERE person_id = follow.person_id AND event_id < %(before)s ORDER BY event_id DESC LIMIT 1
    ) AS last
    WHERE follow.follower_id = %(reader)s
), horizon AS MATERIALIZED (
    SELECT coalesce((
        SELECT event_id FROM newest GROUP BY event_id ORDER BY event_id DESC OFFSET %(limit)s - 1 LIMIT 1
    ), 0) AS event_id
), found AS (
    SELECT since.event_id, newest.tool_id, newest.person_id
    FROM newest CROSS JOIN LATERAL (
        SELECT event_id FROM pages_eventsubject
        WHERE tool_id = newest.tool_id AND event_id < %(before)s AND event_id >= (SELECT event_id FROM horizon)
        ORDER BY event_id DESC LIMIT %(limit)s
    ) AS since
    WHERE newest.event_id >= (SELECT event_id FROM horizon)
    UNION ALL
    SELECT since.event_id, newest.tool_id, newest.person_id
    FROM newest CROSS JOIN LATERAL (
        SELECT event_id FROM pages_eventsubject
        WHERE person_id = newest.person_id AND event_id < %(before)s AND event_id >= (SELECT event_id FROM horizon)
        ORDER BY event_id DESC LIMIT %(limit)s
    ) AS since
    WHERE newest.event_id >= (SELECT event_id FROM horizon)
), page AS (
    SELECT event_id, array_agg(tool_id) AS tools, array_agg(person_id) AS people
    FROM found GROUP BY event_id ORDER BY event_id DESC LIMIT %(limit)s
)
SELECT event_id,
    ARRAY(SELECT ARRAY[name, slug] FROM tools_tool WHERE id = ANY(tools) AND is_listed ORDER BY id),
    ARRAY(SELECT ARRAY[coalesce(nullif(name, ''), username), username] FROM accounts_user WHERE id = ANY(people))
FROM page ORDER BY event_id DESC
"""


@dataclass(frozen=True, slots=True)
class Reason:
    """What the reader follows that an event is about."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A change of a stack, and why in a line of plain text; "" where nobody says."""

    change: Change
    why: str


@dataclass(slots=True)
class EventRow:
    """An event as the feed shows it, with the first of the reasons why."""

    event: Any
    reasons: Sequence[Reason]
    more_reasons: int = 0
    # Of a thread.
    post: PostRow | None = None
    # Of a reply: its first lines.
    start: str = ""
    # Of a stack: the first changes, and how many there are beyond them.
    changes: Sequence[ShownChange] = ()
    more: int = 0

    @property
    def verb(self) -> str:
        """What was done to a stack, before "on <date>"."""
        if self.event.kind == Event.Kind.MOVE:
            return "replaced a tool"
        return "shared a stack" if self.event.is_first else "changed a stack"


@dataclass(slots=True)
class Feed:
    """A page: `rows` of one's own feed, or `hot` threads; `next_cursor` is empty on the last one."""

    rows: Sequence[EventRow] = ()
    hot: Sequence[PostRow] = ()
    next_cursor: str = ""
    waiting: Sequence[PostRow] = ()

    @property
    def posts(self) -> list[Post]:
        """The threads whose votes the page shows."""
        return [row.post for row in (*self.hot, *(row.post for row in self.rows if row.post))]


def own_feed(reader: User, cursor: str) -> Feed:
    """What happened around what `reader` follows, by others, newest first. Five queries, one where there is nothing.

    `cursor`: of the page before; empty from the newest on. Raises `BadCursorError`.
    """
    if not re.fullmatch(r"[0-9]{0,18}", cursor):
        raise BadCursorError
    before = int(cursor or NEWEST)
    for _ in range(MAX_READS):
        reasons = events_for(reader, before=before, limit=READ_EVENTS)
        before = min(reasons, default=0)
        is_last = len(reasons) < READ_EVENTS
        events = _shown(reader, reasons) if reasons else []
        if events or is_last:
            break
    if not (events or cursor) and is_last:
        return Feed()
    if len(events) > PAGE_SIZE:
        events = events[:PAGE_SIZE]
        before, is_last = events[-1].pk, False
    wanted = [event.post_id for event in events if event.kind == Event.Kind.POST]
    # One look-up of the ids of both: an OR of them would read all threads.
    both = Post.objects.filter(pk__in=wanted).order_by().values("pk").union(_waiting(), all=True)
    posts = {row.post.pk: row for row in rows_of(in_list(Post.objects.filter(pk__in=both)))}
    changes = _changes_of(events)
    rows = [_row(event, reasons[event.pk], posts, changes) for event in events]
    return Feed(
        rows=[row for row in rows if row is not None],
        next_cursor="" if is_last else str(before),
        waiting=_newest_waiting(posts.values()),
    )


def hot_feed(cursor: str) -> Feed:
    """The threads that people read and vote for now. Three queries. Raises `BadCursorError`."""
    keys = [Key("hot", descending=True), Key("id", descending=True)]
    page = paginate(in_list(Post.objects.shown()), keys=keys, cursor=cursor, size=PAGE_SIZE)
    rows = rows_of([*page.rows, *in_list(Post.objects.filter(pk__in=_waiting()))])
    count = len(page.rows)
    return Feed(hot=rows[:count], next_cursor=page.next_cursor, waiting=_newest_waiting(rows[count:]))


def events_for(reader: User, *, before: int, limit: int) -> dict[int, list[Reason]]:
    """The ids below `before` of the newest `limit` events around what `reader` follows, newest first, each with what
    of it they follow: listed tools, then people. Whether anybody may see them is not asked. One query."""
    with connection.cursor() as cursor:
        cursor.execute(EVENTS_SQL, {"reader": reader.pk, "before": before, "limit": limit})
        return {
            pk: [
                *(Reason(name, reverse("tools:detail", args=[slug])) for name, slug in tools),
                *(Reason(name, reverse("pages:profile", args=[username])) for name, username in people),
            ]
            for pk, tools, people in cursor.fetchall()
        }


def _shown(reader: User, reasons: dict[int, list[Reason]]) -> list[Any]:
    """Those of the events that the feed of `reader` shows, newest first, with what they are of. One query."""
    earlier = Event.objects.filter(stack=OuterRef("stack"), kind=Event.Kind.STACK, pk__lt=OuterRef("pk"))
    events = (
        Event.objects.shown()
        .filter(pk__in=[pk for pk, why in reasons.items() if why])
        .exclude(actor=reader)
        .select_related("actor", "post", "reply", "stack__person", "stack__company")
        .defer("post__body", "post__html", "reply__body", "reply__html")
        .annotate(start_html=Left("reply__html", START_HTML_CHARACTERS), is_first=~Exists(earlier))
    )
    return list(events.order_by("-pk"))


def _changes_of(events: Sequence[Event]) -> dict[int, Change]:
    """The changes that the page shows, by id; what was undone since is not among them. One query, none for no ids."""
    wanted = list(chain.from_iterable(event.changes for event in events))
    rows = Change.objects.filter(pk__in=wanted).select_related("tool", "other", "item") if wanted else ()
    return {row.pk: row for row in rows}


def _row(
    event: Any, reasons: list[Reason], posts: dict[int, PostRow], changes: dict[int, Change]
) -> EventRow | None:
    """None where what it is of was undone meanwhile."""
    row = EventRow(event, reasons[:SHOWN_REASONS], max(0, len(reasons) - SHOWN_REASONS))
    if event.kind == Event.Kind.POST:
        row.post = posts.get(event.post_id)
        return row if row.post else None
    if event.kind == Event.Kind.REPLY:
        row.start = start_of(event.start_html)
        return row
    rows = [changes[pk] for pk in event.changes if pk in changes]
    if event.kind == Event.Kind.MOVE:
        rows = [one for one in rows if one.kind == Change.Kind.REPLACED]
    row.changes = [ShownChange(one, _reason_of(one)) for one in rows[:SHOWN_CHANGES]]
    row.more = len(rows) - len(row.changes)
    return row if rows else None


def _reason_of(change: Change) -> str:
    """In a line of plain text, as its owner says now."""
    if change.kind == Change.Kind.ADDED:
        said = change.item.why
    elif change.kind in (Change.Kind.DROPPED, Change.Kind.REPLACED):
        said = change.item.why_not
    else:
        said = ""
    return start_of(render_markdown(said))


def _waiting() -> QuerySet[Post, Any]:
    """The ids of the newest questions that nobody answered."""
    return Post.objects.shown().unanswered().order_by("-pk").values("pk")[:SHOWN_WAITING]


def _newest_waiting(rows: Iterable[PostRow]) -> list[PostRow]:
    """Of `rows`, among which they all are: of the newest unanswered ones none can be missing."""
    waiting = [row for row in rows if not row.post.is_decision and not row.post.reply_count]
    return sorted(waiting, key=lambda row: row.post.pk, reverse=True)[:SHOWN_WAITING]


@dataclass(frozen=True, slots=True)
class ToolsBeside:
    """What stands beside the feed: the tools that the reader followed last, and those that grow most for their size."""

    followed: Sequence[Tool]
    rising: Sequence[Tool]


def tools_beside(reader: User | AnonymousUser) -> ToolsBeside:
    """One query for both: they are told apart by what orders them."""
    follows = ToolFollow.objects.filter(person=reader.pk).order_by("-pk")
    last = follows.filter(tool__is_listed=True).values("tool")[:SHOWN_FOLLOWED]
    rising = Tool.objects.trending(RISING_DAYS).values("pk")[:SHOWN_RISING]
    followed_as = follows.filter(tool=OuterRef("pk")).values("pk")[:1]
    tools: list[Any] = list(
        Tool.objects.with_growth(RISING_DAYS)
        .filter(pk__in=last.union(rising, all=True))
        .annotate(followed_as=Subquery(followed_as))
    )
    followed = [tool for tool in tools if tool.followed_as]
    grown = [tool for tool in tools if tool.trend and tool.trend > 0]
    return ToolsBeside(
        sorted(followed, key=lambda tool: tool.followed_as, reverse=True)[:SHOWN_FOLLOWED],
        sorted(grown, key=lambda tool: (-tool.trend, tool.pk))[:SHOWN_RISING],
    )


def follows_somebody(reader: User) -> bool:
    """One query."""
    return PersonFollow.objects.filter(follower=reader).exists()
