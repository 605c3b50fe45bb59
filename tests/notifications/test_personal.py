import json
from typing import Any

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from apps.accounts.services.personal import gather, take_away_all
from apps.notifications.models import Channel, Digest, Kind, Notification, Preference
from apps.notifications.services import personal
from tests.factories.notifications import NotificationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def everything(alice: Any, mallory: Any) -> Notification:
    """All rows of Alice, and the same of Mallory."""
    for person in (alice, mallory):
        Preference.objects.create(person=person, kind=Kind.FOLLOWER, channel=Channel.OFF)
        Digest.objects.create(person=person, since=timezone.now())
    NotificationFactory(person=mallory, text="of Mallory")
    NotificationFactory(person=alice, actor=None, text="of the site")
    return NotificationFactory(person=alice, actor=mallory, text="of Alice", url="/@mallory/")


def test_export_holds_what_a_person_was_told_and_chose(alice: Any, everything: Notification) -> None:
    found = gather(alice)

    assert [row["text"] for row in found["notifications"]] == ["of Alice", "of the site"]
    assert found["notifications"][0] == {
        "kind": "follower",
        "text": "of Alice",
        "url": "/@mallory/",
        "created_at": everything.created_at,
        "read_at": None,
        "actor_name": "mallory",
    }
    assert found["notification_preferences"] == [{"kind": "follower", "channel": "off"}]
    assert found["weekly_mail"] == [{"since": Digest.objects.get(person=alice).since}]
    assert "of Mallory" not in json.dumps(found, cls=DjangoJSONEncoder)


def test_closing_takes_away_what_a_person_was_told_and_chose(alice: Any, everything: Notification) -> None:
    for _ in range(2):
        take_away_all(alice)

    left = [model.objects.values_list("person__username", flat=True) for model in (Preference, Digest)]
    assert [list(names) for names in left] == [["mallory"], ["mallory"]]
    assert [row.text for row in Notification.objects.all()] == ["of Mallory"]


def test_closing_takes_away_what_others_were_told_of_a_person(mallory: Any, everything: Notification) -> None:
    personal.take_away(mallory)

    assert [row.text for row in Notification.objects.all()] == ["of the site"]
