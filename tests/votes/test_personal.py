import json
from typing import Any

import pytest
from django.core.serializers.json import DjangoJSONEncoder

from apps.accounts.services.personal import gather, take_away_all
from apps.tools.models import Point, Tool
from apps.votes.models import Reputation, Ring, Vote
from apps.votes.services import personal
from apps.votes.services.casting import cast_vote
from tests.factories.tools import ToolFactory
from tests.factories.votes import counters_equal_rows, make_point, make_post, make_reply, make_voter

pytestmark = pytest.mark.django_db


def test_export_has_my_votes_and_what_i_earned_and_nothing_of_others() -> None:
    me, tool = make_voter(), ToolFactory(name="Flask")
    point, mine = make_point(make_voter(), tool=tool), make_point(me, tool=tool)
    cast_vote(voter=me, target=tool, value=1)
    cast_vote(voter=me, target=point, value=-1)
    cast_vote(voter=make_voter(), target=mine, value=1)
    post, reply = make_post(), make_reply()
    for target in (post, reply):
        cast_vote(voter=me, target=target, value=1)

    mine_all = json.loads(json.dumps(gather(me), cls=DjangoJSONEncoder))

    votes = [{k: v for k, v in row.items() if not k.endswith("_at")} for row in mine_all["votes"]]
    nothing = dict.fromkeys(("on_tool", "on_point", "on_point_of", "on_post", "on_reply"))
    assert votes == [
        nothing | {"value": 1, "on_reply": reply.pk},
        nothing | {"value": 1, "on_post": post.pk},
        nothing | {"value": -1, "on_point": str(point), "on_point_of": "flask"},
        nothing | {"value": 1, "on_tool": "flask"},
    ]
    assert mine_all["reputation"] == [{"score": 10, "on_tool": "flask"}]


def test_closing_takes_back_votes_and_leaves_counters_right() -> None:
    me, other = make_voter(), make_voter()
    tool, point, mine = ToolFactory(), make_point(other), make_point(me)
    post, reply = make_post(other, tool=point.tool), make_reply()
    for voter in (me, make_voter()):
        for target in (tool, point, reply):
            cast_vote(voter=voter, target=target, value=1)
    cast_vote(voter=me, target=post, value=1)
    cast_vote(voter=other, target=mine, value=1)
    Ring.objects.create(vote_count=0, inside_share=1).members.set([me, other])

    for _ in range(2):
        take_away_all(me)
    pk = me.pk
    me.delete()

    other.refresh_from_db()
    assert (Tool.objects.get(pk=tool.pk).vote_count, Point.objects.get(pk=point.pk).up_count) == (1, 1)
    assert other.reputation == 10
    assert not Vote.objects.filter(voter=pk).exists()
    assert not Reputation.objects.filter(person=pk).exists()
    assert list(Ring.objects.get().members.all()) == [other]
    assert counters_equal_rows()


def test_closing_goes_on_where_a_thing_is_deleted_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    me, tools = make_voter(), [ToolFactory(), ToolFactory()]
    for tool in tools:
        cast_vote(voter=me, target=tool, value=1)
    take_back = personal.take_back

    def delete_then_take_back(**which: Any) -> None:
        # What another process does between the look-up and the lock.
        Tool.objects.filter(pk=tools[0].pk).delete()
        take_back(**which)

    monkeypatch.setattr(personal, "take_back", delete_then_take_back)

    personal.take_away(me)

    assert not Vote.objects.exists()
    assert counters_equal_rows()
