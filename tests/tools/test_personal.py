"""What this app holds of a person: in their export, and when they leave."""

import json
from typing import Any

import pytest
from django.core.serializers.json import DjangoJSONEncoder

from apps.accounts.models import User
from apps.accounts.services.personal import export_names, gather, take_away_all
from apps.core.counters import recount
from apps.tools.models import Point, PointAnswer, ToolFollow
from apps.tools.services.follows import follow_tool
from apps.tools.services.points import add_point, answer_point
from tests.factories.accounts import UserFactory
from tests.factories.tools import PointFactory, ToolFactory

pytestmark = pytest.mark.django_db


def live(person: User) -> tuple[Point, Point]:
    """A person's own statement, and one that they answered."""
    tool = ToolFactory()
    other = PointFactory(tool=tool, author=UserFactory())
    follow_tool(person=person, tool=tool)
    answer_point(person=person, point=other, is_true=False)
    own = add_point(author=person, tool=tool, kind="con", text="No ORM comes with it", about="3.1")
    return own, other


def test_export_has_what_is_the_persons_alone(alice: User, mallory: User) -> None:
    live(mallory)
    own, other = live(alice)

    found: dict[str, Any] = json.loads(json.dumps(gather(alice), cls=DjangoJSONEncoder))

    assert {"points", "point_answers", "followed_tools"} <= set(export_names())
    (point,) = found["points"]
    assert (point["id"], point["text"], point["tool__slug"]) == (own.pk, own.text, own.tool.slug)
    (answer,) = found["point_answers"]
    assert (answer["point_id"], answer["is_true"]) == (other.pk, False)
    assert [follow["tool__slug"] for follow in found["followed_tools"]] == [own.tool.slug]


def test_what_was_said_stays_without_a_name_and_the_rest_goes(alice: User, mallory: User) -> None:
    stays = live(mallory)[0]
    own, other = live(alice)
    # By then nothing of the account takes part any more.
    User.objects.filter(pk=alice.pk).update(is_active=False)
    alice.emailaddress_set.all().delete()

    take_away_all(User.objects.get(pk=alice.pk))
    take_away_all(User.objects.get(pk=alice.pk))

    own.refresh_from_db()
    other.refresh_from_db()
    own.tool.refresh_from_db()
    assert (own.author, own.text, own.origin) == (None, "No ORM comes with it", "person")
    assert (other.outdated_count, own.tool.follower_count) == (0, 0)
    assert not ToolFollow.objects.filter(person=alice).exists()
    assert not PointAnswer.objects.filter(person=alice).exists()
    stays.refresh_from_db()
    assert stays.author == mallory
    assert ToolFollow.objects.count() == PointAnswer.objects.count() == 1
    assert recount() == []
