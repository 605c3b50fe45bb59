import gzip
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.test import RequestFactory

from apps.votes.services.casting import cast_vote
from tests.factories.tools import ToolFactory
from tests.factories.votes import make_newcomer, make_point, make_post, make_reply, make_voter

pytestmark = pytest.mark.django_db

PAGE = Template(
    "{% load votes %}{% my_votes tools=tools points=points posts=posts replies=replies as mine %}"
    "{% for one in tools %}{% vote_button one mine %}\n{% endfor %}"
    "{% for one in points %}{% vote_button one mine %}\n{% endfor %}"
    "{% for one in posts %}{% vote_button one mine %}\n{% endfor %}"
    "{% for one in replies %}{% vote_button one mine %}\n{% endfor %}"
)


def render(reader: Any, tools: Any = (), points: Any = (), posts: Any = (), replies: Any = ()) -> str:
    request = RequestFactory().get("/tools/c++/")
    request.user = reader
    shown = {"tools": tools, "points": points, "posts": posts, "replies": replies}
    return PAGE.render(Context({"request": request, **shown}))


def test_button_of_a_tool_says_what_it_does() -> None:
    html = render(make_voter(), [ToolFactory(name="Flask", vote_count=12)])

    assert 'aria-pressed="false"' in html
    assert "Upvote Flask, " in html
    assert '">12</span><span class="sr"> votes</span>' in html
    assert 'name="value" value="1"' in html
    assert "Disagree" not in html


def test_button_of_a_thread_says_its_title_and_that_of_a_reply_that_it_is_one() -> None:
    html = render(make_voter(), posts=[make_post(title="Which of these?")], replies=[make_reply()])

    assert "Upvote Which of these?, " in html
    assert "Upvote this reply, " in html
    assert "Disagree: this reply" in html


def test_button_is_pressed_where_the_reader_voted() -> None:
    reader = make_voter()
    tool, up, down, none = ToolFactory(), make_point(), make_point(), make_point()
    post, reply = make_post(), make_reply()
    for target, value in ((tool, 1), (up, 1), (down, -1), (post, 1), (reply, -1)):
        cast_vote(voter=reader, target=target, value=value)
        cast_vote(voter=make_voter(), target=target, value=1)

    lines = [line for line in render(reader, [tool], [up, down, none], [post], [reply]).splitlines() if line]

    assert [line.count('aria-pressed="true"') for line in lines] == [1, 1, 1, 0, 1, 1]
    assert [line.count('value="0"') for line in lines] == [1, 1, 1, 0, 1, 1]
    assert [line.count('value="1"') for line in lines] == [0, 0, 1, 1, 0, 1]
    assert [line.count('value="-1"') for line in lines] == [0, 1, 0, 1, 1, 0]


def test_button_is_a_link_to_the_sign_in_for_others() -> None:
    html = render(AnonymousUser(), [ToolFactory(vote_count=1)], [make_point()])

    assert html.count('href="/accounts/login/?next=/tools/c%2B%2B/"') == 2
    assert "<button" not in html
    assert '<span class="num">1</span><span class="sr"> vote</span>' in html


def test_button_is_left_out_for_own_content() -> None:
    author = make_voter()

    html = render(author, points=[make_point(author)])

    assert "<button" not in html
    assert "for what you wrote" in html


def test_button_tells_a_newcomer_that_the_vote_waits() -> None:
    reader, tool = make_newcomer(), ToolFactory()
    cast_vote(voter=reader, target=tool, value=1)

    assert "Your vote counts once your account is a day old." in render(reader, [tool])


def test_buttons_cost_one_query_for_a_page_and_none_for_others(count_queries: Callable[..., Any]) -> None:
    reader, tools, points = make_voter(), [ToolFactory() for _ in range(3)], [make_point() for _ in range(5)]

    with count_queries(at_most=1) as queries:
        render(reader, tools, points)
    assert len(queries) == 1
    with count_queries(at_most=0):
        render(AnonymousUser(), tools, points)
    with count_queries(at_most=0):
        assert render(reader) == ""


def test_buttons_of_a_long_list_stay_small() -> None:
    tool = ToolFactory()

    html = render(make_voter(), points=[make_point(tool=tool) for _ in range(100)])

    assert len(gzip.compress(html.encode())) < 5_000
