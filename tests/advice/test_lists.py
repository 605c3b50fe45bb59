"""Threads in lists: what a row says, and which are on a page of tools."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.advice.lists import (
    START_CHARACTERS,
    frequent_tools,
    in_list,
    posts_by,
    posts_on,
    replies_by,
    reply_rows,
    rows_of,
    start_of,
)
from apps.advice.models import Post, PostTool
from apps.core.markdown import render_markdown
from tests.factories.accounts import UserFactory
from tests.factories.advice import PostFactory, PostToolFactory, ReplyFactory
from tests.factories.tools import ToolFactory

Role = PostTool.Role


@pytest.mark.parametrize(
    ("html", "start"),
    [
        ("<p>One <em>two</em>\nthree.</p>\n<ul>\n<li>four</li>\n</ul>", "One two three. four"),
        ("<p>a &lt;b&gt; &amp; c</p>", "a <b> & c"),
        ("<p>Before</p>\n<pre><code>print(1)</code></pre>\n<p>after</p>", "Before after"),
        ('<p>A <a href="/x" title="a > b">link</a> and <a href="/cut', "A link and"),
        ("<p>cut in <pre><code>code", "cut in"),
        ("", ""),
    ],
)
def test_start_is_the_words_without_markup_and_code(html: str, start: str) -> None:
    assert start_of(html) == start


def test_start_of_a_long_text_ends_with_a_word() -> None:
    start = start_of(f"<p>{'lorem ' * 100}</p>")

    assert start.endswith("lorem …")
    assert len(start) <= START_CHARACTERS + 2


@given(st.text(max_size=400), st.integers(0, 600))
def test_start_never_fails_wherever_the_text_is_cut(text: str, end: int) -> None:
    assert len(start_of(render_markdown(text)[:end])) <= START_CHARACTERS + 2


@pytest.mark.django_db
def test_row_has_tools_by_part_and_the_start_of_the_text(count_queries: Callable[..., Any]) -> None:
    htmx, react = ToolFactory(name="htmx"), ToolFactory(name="React")
    decision = PostFactory(kind="decision", tools=[htmx])
    PostToolFactory(post=decision, tool=react, role=Role.REJECTED)
    PostFactory()

    with count_queries(at_most=2):
        rows = rows_of(in_list(Post.objects.order_by("pk")))
        authors = [row.post.author for row in rows]

    assert (rows[0].main, rows[0].rejected) == ([htmx], [react])
    assert rows[0].start == decision.body
    assert not rows[0].is_answered
    assert all(authors)


@pytest.mark.django_db
def test_no_posts_are_no_query(count_queries: Callable[..., Any]) -> None:
    with count_queries(at_most=0):
        assert rows_of([]) == []


@pytest.mark.django_db
def test_page_of_a_tool_has_the_newest_of_each_kind(count_queries: Callable[..., Any]) -> None:
    flask = ToolFactory(name="Flask")
    questions = [PostFactory(tool=flask) for _ in range(3)]
    decision = PostFactory(kind="decision", tool=flask)
    PostFactory(tool=flask, removed_at=decision.created_at)
    PostFactory()

    with count_queries(at_most=2):
        found = posts_on([flask], limit=2)

    assert [row.post for row in found.questions] == questions[:0:-1]
    assert [row.post for row in found.decisions] == [decision]
    assert {post.pk for post in found.posts} == {decision.pk, questions[1].pk, questions[2].pk}


@pytest.mark.django_db
def test_decision_says_what_became_of_the_tool() -> None:
    htmx, vue, react = ToolFactory(name="htmx"), ToolFactory(name="Vue"), ToolFactory(name="React")
    decision = PostFactory(kind="decision", tools=[htmx])
    PostToolFactory(post=decision, tool=vue, role=Role.REJECTED, position=1)
    PostToolFactory(post=decision, tool=react, role=Role.REJECTED, why="Three pages.", position=2)
    alone = PostFactory(kind="decision", tools=[vue])

    chosen = posts_on([htmx], limit=4).rows[0]
    rejected = posts_on([react], limit=4).rows[0]
    own = next(row for row in posts_on([vue], limit=4).rows if row.post == alone)

    assert (chosen.verdict, chosen.why) == ("Chosen over Vue and React", "")
    assert (rejected.verdict, rejected.why) == ("Rejected for htmx", "Three pages.")
    assert own.verdict == "Chosen"


@pytest.mark.django_db
def test_page_of_several_tools_has_those_on_most_of_them_first(count_queries: Callable[..., Any]) -> None:
    flask, django, other = ToolFactory.create_batch(3)
    both = PostFactory(tools=[flask, django])
    everything = PostFactory(tools=[flask, django, other])
    newer = [PostFactory(tool=tool) for tool in (flask, django, other, flask)]

    with count_queries(at_most=2):
        found = posts_on([flask, django, other], limit=4)

    assert [row.post for row in found.rows] == [everything, both, newer[3], newer[2]]
    assert not any(row.verdict for row in found.rows)


@pytest.mark.django_db
def test_frequent_tools_are_listed_ones_of_shown_threads() -> None:
    flask, django, hidden = ToolFactory(), ToolFactory(), ToolFactory(is_listed=False)
    PostFactory(tools=[flask, hidden])
    PostFactory(tools=[flask, django])
    PostFactory(tool=ToolFactory(), removed_at=PostFactory(tool=flask).created_at)

    assert frequent_tools() == [flask, django]


@pytest.mark.django_db
def test_lists_of_a_person_leave_out_what_was_removed() -> None:
    ada = UserFactory()
    post = PostFactory(author=ada)
    removed = PostFactory(author=ada, removed_at=post.created_at)
    reply = ReplyFactory(author=ada, post=post)
    ReplyFactory(author=ada, post=removed)
    ReplyFactory(author=ada, post=post, removed_at=post.created_at)
    Post.objects.filter(pk=post.pk).update(accepted=reply)

    rows = reply_rows(replies_by(ada))

    assert list(posts_by(ada)) == [post]
    assert [(row.reply, row.start, row.is_accepted) for row in rows] == [(reply, reply.body, True)]
