"""Threads in lists: /advice/, pages of tools, comparisons and people, search, the feed."""

import html
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import Left

from apps.accounts.models import User
from apps.advice.models import Post, PostTool, Reply
from apps.advice.querysets import PostQuerySet
from apps.tools.models import Tool

# Of the HTML of a text: enough for the lines that a list shows of it, and never a text of twenty thousand.
START_HTML_CHARACTERS = 1500
START_CHARACTERS = 280
# So few threads that a list of what they are about costs little, and tells of the last weeks.
FREQUENT_AMONG = 200
FREQUENT_TOOLS = 10

# Code says little in two lines; what is cut off within a tag or within code goes too.
_CODE = re.compile(r"<pre\b.*?(?:</pre>|\Z)", re.DOTALL)
_TAG = re.compile(r'<(?:[^>"]|"[^"]*(?:"|\Z))*(?:>|\Z)')


@dataclass(slots=True)
class PostRow:
    """A thread in a list, for the template advice/_post.html."""

    post: Post
    tools: Sequence[PostTool]
    # The first lines of its text, without markup.
    start: str
    # Of a decision on the page of a tool: what became of that tool there, "Chosen over React", and why.
    verdict: str = ""
    why: str = ""

    @property
    def main(self) -> list[Tool]:
        """What a question is about, or what was chosen."""
        return [one.tool for one in self.tools if one.role != PostTool.Role.REJECTED]

    @property
    def rejected(self) -> list[Tool]:
        return [one.tool for one in self.tools if one.role == PostTool.Role.REJECTED]

    @property
    def is_answered(self) -> bool:
        """Who asked has accepted a reply."""
        return self.post.accepted_id is not None


def in_list(posts: PostQuerySet[Post]) -> PostQuerySet[Post]:
    """The posts with their authors, and of their texts the start only: what `rows_of` takes."""
    return (
        posts.select_related("author")
        .annotate(start_html=Left("html", START_HTML_CHARACTERS))
        .defer("body", "html", "constraints", "scale")
    )


def rows_of(posts: Iterable[Post]) -> list[PostRow]:
    """The rows of posts that `in_list` read, in their order. One query; none for no posts."""
    posts = list(posts)
    tools: dict[int, list[PostTool]] = defaultdict(list)
    for one in PostTool.objects.filter(post__in=posts).select_related("tool") if posts else ():
        tools[one.post_id].append(one)
    return [PostRow(post, tools[post.pk], start_of(getattr(post, "start_html", ""))) for post in posts]


def start_of(text: str) -> str:
    """The first lines of a piece of HTML as plain text, cut at a word."""
    words = " ".join(html.unescape(_TAG.sub("", _CODE.sub(" ", text))).split())
    if len(words) <= START_CHARACTERS:
        return words
    return words[: START_CHARACTERS + 1].rpartition(" ")[0][:START_CHARACTERS] + " …"


def frequent_tools() -> list[Tool]:
    """The tools that most of the newest threads are about. One query."""
    newest = Post.objects.shown().order_by("-id").values("pk")[:FREQUENT_AMONG]
    tools = Tool.objects.listed().filter(post_tools__post__in=newest).annotate(threads=Count("pk"))
    return list(tools.order_by("-threads", "name")[:FREQUENT_TOOLS])


@dataclass(slots=True)
class PostsOn:
    """What a page of one or several tools shows of threads."""

    rows: Sequence[PostRow]

    @property
    def questions(self) -> list[PostRow]:
        return [row for row in self.rows if not row.post.is_decision]

    @property
    def decisions(self) -> list[PostRow]:
        return [row for row in self.rows if row.post.is_decision]

    @property
    def posts(self) -> list[Post]:
        """All of them, for `my_votes`."""
        return [row.post for row in self.rows]


def posts_on(tools: Sequence[Tool], *, limit: int) -> PostsOn:
    """Threads on these tools: of one tool the newest `limit` of each kind; of several those on most of them first, then
    the newest, `limit` together. Two queries, which follow indexes however many threads there are."""
    ids = [tool.pk for tool in tools]
    if len(ids) == 1:
        parts = [_newest(ids[0], limit, post__kind=kind) for kind in Post.Kind.values]
    else:
        parts = [_newest(pk, limit) for pk in ids]
        parts += [_newest(one, limit, post__post_tools__tool=other) for one, other in combinations(ids, 2)]
    rows = rows_of(in_list(Post.objects.filter(pk__in=parts[0].union(*parts[1:]))))
    rows.sort(key=lambda row: (sum(one.tool_id in ids for one in row.tools), row.post.pk), reverse=True)
    if len(ids) > 1:
        return PostsOn(rows[:limit])
    for row in rows:
        _judge(row, tools[0])
    return PostsOn(rows)


def _newest(tool: int, limit: int, **conditions: Any) -> QuerySet[PostTool, tuple[int]]:
    """The ids of the newest shown threads on a tool; by the index posttool_of_tool."""
    rows = PostTool.objects.filter(tool=tool, post__removed_at=None, **conditions)
    return rows.order_by("-post").values_list("post")[:limit]


def _judge(row: PostRow, tool: Tool) -> None:
    """Say of a decision what became of `tool` in it."""
    part = next((one for one in row.tools if one.tool_id == tool.pk), None)
    if part is None or not row.post.is_decision:
        return
    if part.role == PostTool.Role.REJECTED:
        row.verdict, row.why = f"Rejected for {_names(row.main)}", part.why
    else:
        row.verdict = f"Chosen over {_names(row.rejected)}" if row.rejected else "Chosen"


def _names(tools: Sequence[Tool]) -> str:
    names = [tool.name for tool in tools]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def posts_by(person: User) -> PostQuerySet[Post]:
    """The shown threads of a person, for `rows_of`."""
    return in_list(Post.objects.shown().filter(author=person))


@dataclass(slots=True)
class ReplyRow:
    """A reply in a list, for the template advice/_reply_row.html."""

    reply: Reply
    start: str

    @property
    def is_accepted(self) -> bool:
        return self.reply.post.accepted_id == self.reply.pk


def replies_by(person: User) -> QuerySet[Reply]:
    """The shown replies of a person with their threads, for `reply_rows`."""
    rows = Reply.objects.shown().filter(author=person).select_related("post")
    return rows.annotate(start_html=Left("html", START_HTML_CHARACTERS)).defer(
        "body", "html", "post__body", "post__html"
    )


def reply_rows(replies: Iterable[Reply]) -> list[ReplyRow]:
    """No query of its own."""
    return [ReplyRow(reply, start_of(getattr(reply, "start_html", ""))) for reply in replies]
