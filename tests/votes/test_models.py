from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.votes.models import Reputation, Ring, Vote
from tests.factories.tools import ToolFactory
from tests.factories.votes import make_point, make_post, make_reply, make_voter

pytestmark = pytest.mark.django_db


def refused(constraint: str, **fields: Any) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Vote.objects.create(**fields)


def test_vote_is_on_one_thing() -> None:
    voter, tool, point, post, reply = make_voter(), ToolFactory(), make_point(), make_post(), make_reply()

    refused("vote_one_target", voter=voter)
    refused("vote_one_target", voter=voter, tool=tool, point=point)
    refused("vote_one_target", voter=voter, point=point, post=post)
    refused("vote_one_target", voter=voter, post=post, reply=reply)
    assert not Vote.objects.exists()


def test_vote_is_up_or_down_and_on_a_tool_up() -> None:
    voter, tool, point = make_voter(), ToolFactory(), make_point()

    refused("vote_value", voter=voter, point=point, value=0)
    refused("vote_value", voter=voter, point=point, value=2)
    refused("vote_tool_up", voter=voter, tool=tool, value=-1)
    assert not Vote.objects.exists()


def test_person_has_one_vote_on_each_thing() -> None:
    voter, other = make_voter(), make_voter()
    targets = {"tool": ToolFactory(), "point": make_point(), "post": make_post(), "reply": make_reply()}
    for name, target in targets.items():
        Vote.objects.create(voter=voter, **{name: target})

        refused(f"vote_{name}_unique", voter=voter, **{name: target})
        Vote.objects.create(voter=other, **{name: target})
    assert Vote.objects.count() == 8


def test_person_has_one_reputation_on_each_tool() -> None:
    person, tool = make_voter(), ToolFactory()
    Reputation.objects.create(person=person, tool=tool, score=1)

    with pytest.raises(IntegrityError, match="reputation_unique"), transaction.atomic():
        Reputation.objects.create(person=person, tool=tool, score=2)
    assert str(Reputation.objects.get()) == f"{person.pk} on {tool.pk}: 1"


def test_rows_say_what_they_are() -> None:
    voter = make_voter()

    assert str(Vote(voter=voter, tool=ToolFactory())) == f"{voter.pk}: +1"
    assert str(Ring.objects.create(vote_count=0, inside_share=1)).startswith("Ring ")
