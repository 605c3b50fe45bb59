from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command

from apps.accounts.models import User
from apps.core.counters import Drift, recount
from apps.tools.models import Point, Tool
from apps.votes.models import Reputation, Vote
from apps.votes.services.casting import cast_vote
from apps.votes.services.reputation import _mend_person
from tests.factories.tools import ToolFactory
from tests.factories.votes import (
    counters_equal_rows,
    make_newcomer,
    make_point,
    make_post,
    make_reply,
    make_voter,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def point() -> Point:
    """One that two people are for and one against, and a newcomer's vote waits."""
    point = make_point(make_voter())
    for value in (1, 1, -1):
        cast_vote(voter=make_voter(), target=point, value=value)
    cast_vote(voter=make_newcomer(), target=point, value=1)
    return point


def test_recount_finds_nothing_where_votes_were_cast(point: Point) -> None:
    cast_vote(voter=make_voter(), target=ToolFactory(), value=1)

    assert recount() == []
    assert counters_equal_rows()


def test_recount_mends_every_counter_of_votes(point: Point) -> None:
    tool = ToolFactory(vote_count=5)
    post, reply = make_post(up_count=1), make_reply(down_count=2)
    Point.objects.update(up_count=0, down_count=7)
    Reputation.objects.update(score=99)
    User.objects.filter(pk=point.author_id).update(reputation=98)
    bystander = make_voter(reputation=3)

    drifts = recount()

    key = (point.author_id, point.tool_id)
    assert drifts == [
        Drift("advice.Post.reply_count", reply.post_id, 0, 1),
        Drift("advice.Post.up_count", post.pk, 1, 0),
        Drift("advice.Reply.down_count", reply.pk, 2, 0),
        Drift("tools.Point.down_count", point.pk, 7, 1),
        Drift("tools.Point.up_count", point.pk, 0, 2),
        Drift("tools.Tool.vote_count", tool.pk, 5, 0),
        Drift("votes.Reputation.score", key, 99, 10),
        Drift("accounts.User.reputation", point.author_id, 98, 10),
        Drift("accounts.User.reputation", bystander.pk, 3, 0),
    ]
    assert recount() == []
    assert User.objects.get(pk=point.author_id).reputation == Reputation.objects.get().score == 10
    assert counters_equal_rows()


def test_recount_mends_a_sum_alone(point: Point) -> None:
    User.objects.filter(pk=point.author_id).update(reputation=0)

    assert recount() == [Drift("accounts.User.reputation", point.author_id, 0, 10)]
    assert recount() == []


def test_recount_mends_reputation_without_a_row_and_rows_without_a_reason(point: Point) -> None:
    nobody, tool = make_voter(), ToolFactory()
    Reputation.objects.all().delete()
    Reputation.objects.create(person=nobody, tool=tool, score=4)

    drifts = recount()

    assert Drift("votes.Reputation.score", (nobody.pk, tool.pk), 4, 0) in drifts
    assert Drift("votes.Reputation.score", (point.author_id, point.tool_id), 0, 10) in drifts
    assert list(Reputation.objects.values_list("person", "score")) == [(point.author_id, 10)]


def test_recount_mends_the_authors_sum_when_a_point_is_deleted(point: Point) -> None:
    Point.objects.all().delete()

    drifts = recount()

    assert len(drifts) == 2
    assert not Reputation.objects.exists()
    assert User.objects.get(pk=point.author_id).reputation == 0


def test_recount_only_says_what_differs_when_asked_for_that(point: Point, capsys: Any) -> None:
    User.objects.filter(pk=point.author_id).update(reputation=98)
    Tool.objects.update(vote_count=1)

    call_command("recount", dry_run=True)

    said = capsys.readouterr().out
    assert f"tools.Tool.vote_count of {point.tool_id}: 1, right is 0" in said
    assert f"accounts.User.reputation of {point.author_id}: 98, right is 10" in said
    assert User.objects.get(pk=point.author_id).reputation == 98


def test_recount_passes_over_a_person_who_is_gone() -> None:
    assert _mend_person(123456, dry_run=False) == []


def test_recount_takes_as_many_queries_for_many_votes(
    point: Point, count_queries: Callable[..., Any]
) -> None:
    for _ in range(5):
        cast_vote(voter=make_voter(), target=make_point(make_voter()), value=1)

    with count_queries(at_most=30):
        assert recount() == []
    assert Vote.objects.count() == 9
