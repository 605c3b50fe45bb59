"""What removed threads and replies earned goes with them, and comes back when they are restored or moved."""

from typing import Any

import pytest

from apps.accounts.models import User
from apps.advice.models import Post, Reply
from apps.advice.services.earning import tell_earning
from apps.advice.services.posts import Named, edit_post, remove_post, restore_post
from apps.advice.services.replies import edit_reply, remove_reply, restore_reply
from apps.core.counters import recount
from apps.notifications.models import Notification
from apps.tools.models import Tool
from apps.votes.models import Reputation
from apps.votes.services.casting import cast_vote
from tests.factories.tools import ToolFactory
from tests.factories.votes import counters_equal_rows, make_post, make_reply, make_voter

pytestmark = pytest.mark.django_db


def voted(target: Any, votes: int = 1) -> Any:
    for _ in range(votes):
        cast_vote(voter=make_voter(), target=target, value=1)
    return target


def earned(person: User) -> dict[str, int]:
    """The person's scores by tool, and their sum."""
    person.refresh_from_db()
    rows = Reputation.objects.filter(person=person).values_list("tool__name", "score")
    return dict(rows) | {"all": person.reputation}


@pytest.fixture
def flask() -> Tool:
    tool: Tool = ToolFactory(name="Flask")
    return tool


def test_removed_thread_earns_nothing_until_it_is_restored(flask: Tool, maud: User) -> None:
    author = make_voter()
    post = voted(make_post(author, tool=flask), 3)
    voted(make_reply(author, tool=flask))

    remove_post(remover=maud, post=post)
    removed = earned(author)
    # Counted all the same, so that it is right once restored.
    voted(post, 4)
    still = earned(author)
    restore_post(restorer=maud, post=post)

    assert removed == still == {"Flask": 10, "all": 10}
    assert earned(author) == {"Flask": 40, "all": 40}
    assert counters_equal_rows()


def test_removed_reply_earns_nothing_until_it_is_restored(flask: Tool) -> None:
    author = make_voter()
    reply = voted(make_reply(author, tool=flask))

    remove_reply(remover=author, reply=reply)
    removed = earned(author)
    restore_reply(restorer=author, reply=reply)

    assert removed == {"all": 0}
    assert earned(author) == {"Flask": 10, "all": 10}


def test_replies_go_on_earning_where_the_thread_is_removed(flask: Tool, maud: User) -> None:
    # They did nothing wrong: it was the question.
    author = make_voter()
    reply = voted(make_reply(author, tool=flask))

    remove_post(remover=maud, post=reply.post)

    assert earned(author) == {"Flask": 10, "all": 10}


def test_author_of_what_is_removed_is_not_told_of_votes(maud: User) -> None:
    post, reply = make_post(make_voter()), make_reply(make_voter())
    remove_post(remover=maud, post=post)
    remove_reply(remover=maud, reply=reply)

    voted(post)
    voted(reply)

    assert not Notification.objects.exists()


def test_nobody_loses_by_what_somebody_who_left_wrote(flask: Tool, maud: User) -> None:
    post, reply = voted(make_post(None, tool=flask)), voted(make_reply(None, tool=flask))

    remove_post(remover=maud, post=post)
    remove_reply(remover=maud, reply=reply)

    assert not Reputation.objects.exists()
    assert recount(dry_run=True) == []


def test_thread_and_its_replies_earn_on_the_main_tool_of_now(flask: Tool) -> None:
    asker, author, other = make_voter(), make_voter(), make_voter()
    django = ToolFactory(name="Django")
    post = voted(make_post(asker, tool=flask))
    voted(make_reply(author, post=post))
    recommending = voted(make_reply(other, post=post))
    recommending.recommendations.create(tool=flask)
    make_reply(post=post)
    Post.objects.update(reply_count=3)

    edit_post(editor=asker, post=post, title=post.title, body=post.body, tools=[Named(django, "about")])

    assert earned(asker) == earned(author) == {"Django": 10, "all": 10}
    assert earned(other) == {"Flask": 10, "all": 10}
    assert recount(dry_run=True) == []


def test_thread_nobody_voted_for_changes_its_main_tool(flask: Tool) -> None:
    asker, django = make_voter(), ToolFactory(name="Django")
    post = make_post(asker, tool=flask)

    edit_post(editor=asker, post=post, title=post.title, body=post.body, tools=[Named(django, "about")])

    assert Post.objects.get().tool == django
    assert not Reputation.objects.exists()


def test_reply_earns_on_what_it_recommends_now(flask: Tool) -> None:
    author, django = make_voter(), ToolFactory(name="Django")
    reply = voted(make_reply(author, tool=flask, post__tool=flask))

    edit_reply(editor=author, reply=reply, body=reply.body, tools=[django])
    moved = earned(author)
    edit_reply(editor=author, reply=reply, body=reply.body)

    assert moved == {"Django": 10, "all": 10}
    assert earned(author) == {"Flask": 10, "all": 10}
    assert Reply.objects.get().tool == flask


def test_recomputing_for_nobody_asks_nothing(flask: Tool, count_queries: Any) -> None:
    with count_queries(at_most=0) as queries:
        tell_earning([None], [flask.pk])

    assert len(queries) == 0
