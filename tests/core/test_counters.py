import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Count, F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from apps.accounts.models import PersonFollow, User
from apps.core import counters, tasks
from apps.core.counters import Counter, Drift, recount, register, registered
from tests.factories.accounts import UserFactory

NAME = "accounts.User.follower_count"


def followers() -> Coalesce:
    rows = PersonFollow.objects.filter(person=OuterRef("pk")).order_by().values("person")
    return Coalesce(Subquery(rows.annotate(count=Count("pk")).values("count")), 0)


@pytest.fixture(autouse=True)
def counter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    """One counter that counts followers, alone in the registry."""
    monkeypatch.setattr(counters, "_counters", {})
    counter = Counter(NAME, User.objects.all, "follower_count", followers)
    register(counter)
    return counter


def make_followers(person: User, number: int, *, said: int) -> None:
    PersonFollow.objects.bulk_create(
        PersonFollow(follower=UserFactory(verified=False), person=person) for _ in range(number)
    )
    User.objects.filter(pk=person.pk).update(follower_count=said)


@pytest.mark.django_db
@pytest.mark.parametrize(("number", "said"), [(3, 0), (0, 2), (2, 5)])
def test_recount_mends_a_counter_and_logs_it(
    alice: Any, caplog: pytest.LogCaptureFixture, number: int, said: int
) -> None:
    make_followers(alice, number, said=said)

    with caplog.at_level(logging.WARNING, "apps.core.counters"):
        found = recount()

    assert found == [Drift(NAME, alice.pk, said, number)]
    assert f"{NAME} of {alice.pk} said {said}, right is {number}." in caplog.text
    alice.refresh_from_db()
    assert alice.follower_count == number
    assert recount() == []


@pytest.mark.django_db
def test_recount_leaves_counters_alone_that_are_right(alice: Any, caplog: pytest.LogCaptureFixture) -> None:
    make_followers(alice, 2, said=2)

    assert recount() == []
    assert caplog.text == ""


@pytest.mark.django_db
def test_recount_only_says_what_differs_when_it_is_a_dry_run(alice: Any) -> None:
    make_followers(alice, 2, said=7)

    assert recount(dry_run=True) == [Drift(NAME, alice.pk, 7, 2)]
    alice.refresh_from_db()
    assert alice.follower_count == 7


@pytest.mark.django_db
def test_recount_leaves_out_rows_that_are_none_of_the_counters(alice: Any, mallory: Any) -> None:
    make_followers(alice, 1, said=0)
    make_followers(mallory, 1, said=0)
    register(Counter(NAME, lambda: User.objects.filter(username="mallory"), "follower_count", followers))

    assert [drift.pk for drift in recount()] == [mallory.pk]


@pytest.mark.django_db
def test_recount_costs_one_query_for_a_counter_that_is_right(alice: Any, count_queries: Any) -> None:
    make_followers(alice, 3, said=3)

    with count_queries(at_most=1):
        found = recount()

    assert found == []


@pytest.mark.django_db
def test_recount_ticks_once_for_each_counter(counter: Counter) -> None:
    register(Counter("another", counter.rows, counter.field, counter.actual))
    ticks: list[int] = []

    recount(tick=lambda: ticks.append(1))

    assert len(ticks) == 2
    assert [each.name for each in registered()] == [NAME, "another"]


@pytest.mark.django_db
def test_mending_leaves_a_row_alone_that_was_mended_or_deleted_meanwhile(
    alice: Any, counter: Counter
) -> None:
    assert counters._mend(counter, alice.pk, dry_run=False) is None
    assert counters._mend(counter, 0, dry_run=False) is None


@pytest.mark.django_db(transaction=True)
def test_recount_spoils_nothing_that_changes_while_it_runs(in_two_threads: Any) -> None:
    person = UserFactory(username="alice")
    fans = [UserFactory(verified=False) for _ in range(40)]
    User.objects.filter(pk=person.pk).update(follower_count=9)
    todo = iter([False, True])

    def follow_and_leave() -> None:
        for number, fan in enumerate(fans):
            with transaction.atomic():
                User.objects.select_for_update(no_key=True).get(pk=person.pk)
                PersonFollow.objects.create(follower=fan, person=person)
                User.objects.filter(pk=person.pk).update(follower_count=F("follower_count") + 1)
            if number % 2:
                with transaction.atomic():
                    User.objects.select_for_update(no_key=True).get(pk=person.pk)
                    PersonFollow.objects.filter(follower=fan, person=person).delete()
                    User.objects.filter(pk=person.pk).update(follower_count=F("follower_count") - 1)

    def work() -> list[Drift]:
        if next(todo):
            follow_and_leave()
            return []
        return [drift for _ in range(60) for drift in recount()]

    drifts = [drift for found in in_two_threads(work) for drift in found]

    # The nine were mended once; whatever else looked wrong was right under the lock.
    assert [drift.said - drift.right for drift in drifts] == [9]
    person.refresh_from_db()
    assert person.follower_count == person.follower_rows.count() == 20


@pytest.mark.django_db(transaction=True)
def test_recount_counts_what_was_committed_while_it_waited_for_the_lock(
    in_two_threads: Any, until_somebody_waits: Callable[[], None]
) -> None:
    person, fan = UserFactory(username="alice"), UserFactory(verified=False)
    User.objects.filter(pk=person.pk).update(follower_count=9)
    todo = iter([False, True])
    locked = threading.Event()

    def work() -> list[Drift]:
        if next(todo):
            assert locked.wait(timeout=60)
            return recount()
        with transaction.atomic():
            User.objects.select_for_update(no_key=True).get(pk=person.pk)
            locked.set()
            PersonFollow.objects.create(follower=fan, person=person)
            User.objects.filter(pk=person.pk).update(follower_count=F("follower_count") + 1)
            until_somebody_waits()
        return []

    drifts = [drift for found in in_two_threads(work) for drift in found]

    assert drifts == [Drift(NAME, person.pk, 10, 1)]
    person.refresh_from_db()
    assert person.follower_count == 1


@pytest.mark.django_db
def test_task_mends_counters(alice: Any) -> None:
    make_followers(alice, 1, said=0)

    tasks.recount()

    alice.refresh_from_db()
    assert alice.follower_count == 1
