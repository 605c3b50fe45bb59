from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.accounts.permissions import PROBATION
from apps.accounts.services.follows import follow_person, unfollow_person
from apps.notifications.models import Channel, Kind, Notification, Preference
from apps.notifications.selectors import DEFAULTS, channels_of, unread_count
from apps.notifications.services import forget_told, notify, notify_many, telling
from apps.notifications.services.telling import mark_all_read, mark_read
from tests.factories.accounts import UserFactory
from tests.factories.notifications import NotificationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def mallory(mallory: User) -> User:
    """No newcomer, of whom nothing is mailed."""
    mallory.date_joined -= PROBATION
    mallory.save(update_fields=["date_joined"])
    return mallory


def tell(person: Any, actor: Any, **fields: Any) -> None:
    defaults = {"kind": Kind.FOLLOWER, "text": "Somebody follows you", "url": "/@bob/"}
    notify(person=person, actor=actor, **(defaults | fields))


def test_every_kind_has_a_default() -> None:
    assert set(DEFAULTS) == set(Kind)


def test_notify_keeps_a_row(alice: Any, mallory: Any) -> None:
    tell(alice, mallory, text="mallory\nfollows   you")

    row = Notification.objects.get()
    assert (row.person, row.actor, row.kind, row.url) == (alice, mallory, Kind.FOLLOWER, "/@bob/")
    assert row.text == "mallory follows you"
    assert row.read_at is None
    assert unread_count(alice) == 1


@pytest.mark.parametrize(("kind", "is_mail_due"), [(Kind.FOLLOWER, True), (Kind.POINT_VOTE, False)])
def test_notify_mails_by_default_what_is_worth_it(
    alice: Any, mallory: Any, kind: Kind, is_mail_due: bool
) -> None:
    tell(alice, mallory, kind=kind)

    assert Notification.objects.get().is_mail_due is is_mail_due


@pytest.mark.parametrize(
    ("channel", "due"), [(Channel.SITE, [False]), (Channel.MAIL, [True]), (Channel.OFF, [])]
)
@pytest.mark.parametrize("kind", Kind)
def test_notify_goes_the_way_that_the_person_chose(
    alice: Any, mallory: Any, kind: Kind, channel: Channel, due: list[bool]
) -> None:
    Preference.objects.create(person=alice, kind=kind, channel=channel)
    Preference.objects.create(person=mallory, kind=kind, channel=Channel.SITE)

    tell(alice, mallory, kind=kind)

    assert list(Notification.objects.values_list("is_mail_due", flat=True)) == due


def test_nothing_is_mailed_of_newcomers(alice: Any) -> None:
    tell(alice, UserFactory(username="new-here"))

    assert list(Notification.objects.values_list("is_mail_due", flat=True)) == [False]


def test_notify_tells_the_same_once(alice: Any, mallory: Any) -> None:
    tell(alice, mallory)
    mark_all_read(person=alice, up_to=Notification.objects.get().pk)

    tell(alice, mallory)

    assert Notification.objects.get().read_at is not None


def test_notify_tells_the_same_once_when_nobody_did_it(alice: Any) -> None:
    tell(alice, None)
    tell(alice, None)

    assert Notification.objects.get().actor is None


@pytest.mark.parametrize("change", [{"url": "/another/"}, {"kind": Kind.POINT_VOTE}, {"actor": None}])
def test_notify_tells_what_differs(alice: Any, mallory: Any, change: dict[str, Any]) -> None:
    tell(alice, mallory)

    tell(alice, **({"actor": mallory} | change))

    assert Notification.objects.count() == 2


def test_notify_tells_nobody_of_their_own_deeds(alice: Any) -> None:
    tell(alice, alice)

    assert not Notification.objects.exists()


@pytest.mark.parametrize("gone", [{"is_active": False}, {"closed_at": "2026-11-22T00:00Z"}])
def test_notify_tells_nobody_who_is_gone(mallory: Any, gone: dict[str, Any]) -> None:
    tell(UserFactory(**gone), mallory)

    assert not Notification.objects.exists()


def test_notify_cuts_a_long_text(alice: Any, mallory: Any) -> None:
    tell(alice, mallory, text="x" * 400)

    assert len(Notification.objects.get().text) == 300


def test_notify_costs_three_queries(alice: Any, mallory: Any, count_queries: Any) -> None:
    with count_queries(at_most=3):
        tell(alice, mallory)

    assert Notification.objects.exists()


def test_notify_many_tells_each_the_way_that_they_chose(alice: Any, mallory: Any) -> None:
    people = {channel: UserFactory() for channel in Channel}
    for channel, person in people.items():
        Preference.objects.create(person=person, kind=Kind.ADVICE, channel=channel)
        Preference.objects.create(person=person, kind=Kind.FOLLOWER, channel=Channel.MAIL)
    gone = [UserFactory(is_active=False), UserFactory(closed_at="2026-11-22T00:00Z")]

    for _ in range(2):
        notify_many(
            people=[*people.values(), *gone, alice, alice, mallory],
            kind=Kind.ADVICE,
            actor=mallory,
            text="mallory needs\nadvice",
            url="/advice/1-x/",
        )

    rows = {row.person_id: row for row in Notification.objects.all()}
    assert set(rows) == {people[Channel.MAIL].pk, people[Channel.SITE].pk, alice.pk}
    assert {row.text for row in rows.values()} == {"mallory needs advice"}
    # The default of the kind.
    assert not rows[alice.pk].is_mail_due
    assert rows[people[Channel.MAIL].pk].is_mail_due


def test_notify_many_tells_nobody_when_there_is_nobody(count_queries: Any) -> None:
    with count_queries(at_most=0):
        notify_many(people=[], kind=Kind.ADVICE, actor=None, text="x", url="/x/")

    assert not Notification.objects.exists()


def test_notify_many_costs_a_query_for_each_batch(
    alice: Any, count_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "BATCH", 4)
    people = UserFactory.create_batch(8, verified=False)

    # What they chose, two statements, a savepoint around them.
    with count_queries(at_most=5):
        notify_many(people=people, kind=Kind.ADVICE, actor=alice, text="x", url="/x/")

    assert Notification.objects.count() == 8


def test_what_was_told_can_be_taken_away(alice: Any, mallory: Any) -> None:
    for url in ("/gone/", "/stays/"):
        tell(alice, mallory, url=url)

    forget_told(Notification.objects.filter(url="/gone/"))

    assert Notification.objects.get().url == "/stays/"


def test_notification_is_unique(alice: Any, mallory: Any) -> None:
    fields = {"person": alice, "kind": Kind.FOLLOWER, "url": "/x/"}
    for actor in (mallory, None):
        NotificationFactory(actor=actor, **fields)
        with pytest.raises(IntegrityError), transaction.atomic():
            NotificationFactory(actor=actor, **fields)


def test_preference_is_unique(alice: Any) -> None:
    Preference.objects.create(person=alice, kind=Kind.FOLLOWER, channel=Channel.OFF)

    with pytest.raises(IntegrityError):
        Preference.objects.create(person=alice, kind=Kind.FOLLOWER, channel=Channel.SITE)


@pytest.mark.django_db(transaction=True)
def test_notify_tells_once_when_two_do_so_at_once(in_two_threads: Any) -> None:
    alice, mallory = UserFactory(), UserFactory()

    in_two_threads(lambda: tell(alice, mallory))

    assert Notification.objects.count() == 1


def test_follow_tells_the_person_once(alice: Any, mallory: Any) -> None:
    mallory.name = "Mallory M."
    mallory.save(update_fields=["name"])
    for _ in range(2):
        follow_person(follower=mallory, person=alice)
        unfollow_person(follower=mallory, person=alice)

    row = Notification.objects.get()
    assert (row.person, row.actor, row.kind) == (alice, mallory, Kind.FOLLOWER)
    assert (row.text, row.url) == ("@mallory follows you", mallory.get_absolute_url())


def test_mark_read_stops_the_mail(alice: Any) -> None:
    row = NotificationFactory(person=alice, is_mail_due=True)

    read = mark_read(person=alice, pk=row.pk)

    row.refresh_from_db()
    assert row.read_at is not None
    assert row.is_mail_due is False
    assert mark_read(person=alice, pk=row.pk).read_at == read.read_at
    assert unread_count(alice) == 0


def test_mark_read_is_for_ones_own(alice: Any, mallory: Any) -> None:
    row = NotificationFactory(person=alice)

    with pytest.raises(Notification.DoesNotExist):
        mark_read(person=mallory, pk=row.pk)


def test_mark_all_read_leaves_what_came_since_and_what_is_others(alice: Any, mallory: Any) -> None:
    first, second = NotificationFactory(person=alice), NotificationFactory(person=alice)
    other = NotificationFactory(person=mallory)
    newer = NotificationFactory(person=alice)

    mark_all_read(person=alice, up_to=second.pk)

    unread = set(Notification.objects.filter(read_at=None))
    assert unread == {other, newer}
    assert first not in unread


def test_channels_of_a_person_cost_one_query(alice: Any, count_queries: Any) -> None:
    with count_queries(at_most=1):
        assert channels_of(alice) == DEFAULTS
