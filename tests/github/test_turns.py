import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Self

import pytest
from django.db import Error, OperationalError, connection, transaction
from django.utils import timezone

from apps.github import turns
from apps.github.client import (
    GitHubError,
    LimitedError,
    Rate,
    RefusedError,
    TooLargeError,
    UnavailableError,
)
from apps.github.models import RateLimit
from apps.github.turns import NotYetError, permitted_at, turn
from tests.votes.threads import run_together

pytestmark = pytest.mark.django_db

GRAPHQL, REST, ANONYMOUS = RateLimit.Resource.GRAPHQL, RateLimit.Resource.REST, RateLimit.Resource.ANONYMOUS
MINUTE = timedelta(minutes=1)


def fail(error: GitHubError, resource: RateLimit.Resource = GRAPHQL) -> None:
    """A turn in which GitHub answers with this error, whenever the last one was."""
    RateLimit.objects.update(not_before=None)
    with pytest.raises(type(error)), turn(resource):
        raise error


def wait_of(resource: RateLimit.Resource = GRAPHQL) -> timedelta | None:
    """How long nobody may ask after the last turn, to the second."""
    limit = RateLimit.objects.get(resource=resource)
    return limit.not_before and timedelta(
        seconds=round((limit.not_before - limit.changed_at).total_seconds())
    )


def rate(remaining: int, *, reset_at: datetime | None = None) -> Rate:
    return Rate(quota=5000, remaining=remaining, reset_at=reset_at or timezone.now() + MINUTE, cost=1)


def test_turn_notes_what_the_answer_said_of_the_rate() -> None:
    said = rate(4999)

    with turn(GRAPHQL) as this:
        this.used(said)

    limit = RateLimit.objects.get()
    assert (limit.resource, limit.quota, limit.remaining, limit.reset_at) == (
        "graphql",
        5000,
        4999,
        said.reset_at,
    )
    assert (limit.requests, limit.not_before, limit.refusals, limit.reason) == (1, None, 0, "")


def test_turn_keeps_the_rate_when_the_answer_says_none() -> None:
    with turn(REST) as this:
        this.used(rate(4000))
    with turn(REST) as this:
        this.used(None)

    limit = RateLimit.objects.get()
    assert (limit.remaining, limit.requests) == (4000, 2)


def test_no_request_is_permitted_before_the_time_that_github_said() -> None:
    until = timezone.now() + MINUTE
    fail(LimitedError("Too many.", until=until))

    with pytest.raises(NotYetError) as refused, turn(GRAPHQL):
        pytest.fail("A request was made too early.")

    assert refused.value.until == until + turns.MARGIN
    assert permitted_at(GRAPHQL) == refused.value.until
    assert RateLimit.objects.get(resource=GRAPHQL).requests == 1


def test_request_is_permitted_once_the_time_has_come() -> None:
    RateLimit.objects.create(resource=GRAPHQL, not_before=timezone.now(), refusals=3, reason="Away.")

    assert permitted_at(GRAPHQL) is None
    with turn(GRAPHQL):
        pass

    limit = RateLimit.objects.get()
    assert (limit.not_before, limit.refusals, limit.reason) == (None, 0, "")


def test_time_that_lies_in_the_past_is_waited_for_a_moment() -> None:
    fail(LimitedError("Too many.", until=timezone.now() - MINUTE))

    assert wait_of() == turns.MARGIN


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (LimitedError("Slow down.", until=None), [60, 120, 240, 480, 960, 1920, 3600, 3600]),
        (UnavailableError("502"), [5, 10, 20, 40, 80, 160, 320, 600, 600]),
        (RefusedError("Bad credentials"), [900, 1800, 3600, 3600]),
    ],
)
def test_waits_without_a_time_double_with_each_in_a_row(error: GitHubError, waits: list[int]) -> None:
    told = []
    for _ in waits:
        fail(error)
        told.append(wait_of())

    assert told == [timedelta(seconds=seconds) for seconds in waits]
    assert RateLimit.objects.get(resource=GRAPHQL).reason == str(error)


def test_waits_begin_anew_after_a_success() -> None:
    for _ in range(3):
        fail(UnavailableError("502"))
    RateLimit.objects.update(not_before=None)
    with turn(GRAPHQL):
        pass

    fail(UnavailableError("502"))

    assert wait_of() == timedelta(seconds=5)


def test_waits_never_overflow() -> None:
    RateLimit.objects.create(resource=GRAPHQL, refusals=32_767)

    fail(UnavailableError("502"))

    assert wait_of() == timedelta(minutes=10)


def test_waits_begin_anew_after_github_named_a_time() -> None:
    for _ in range(3):
        fail(LimitedError("Slow down.", until=None))
    fail(LimitedError("Slow down.", until=timezone.now() + MINUTE))

    fail(LimitedError("Slow down.", until=None))

    assert wait_of() == MINUTE


def test_batch_that_was_too_large_makes_nobody_wait() -> None:
    fail(TooLargeError("502"))

    assert wait_of() is None
    assert RateLimit.objects.get().requests == 1


@pytest.mark.parametrize(
    ("error", "asked", "waiting"),
    [
        (LimitedError("", until=None), GRAPHQL, {GRAPHQL, REST, ANONYMOUS}),
        (LimitedError("", until=None), REST, {GRAPHQL, REST, ANONYMOUS}),
        (LimitedError("", until=None), ANONYMOUS, {ANONYMOUS}),
        (LimitedError("", until=None, is_hour=True), GRAPHQL, {GRAPHQL}),
        (LimitedError("", until=None, is_hour=True), REST, {REST}),
        (RefusedError(""), GRAPHQL, {GRAPHQL, REST}),
        (RefusedError(""), REST, {GRAPHQL, REST}),
        (RefusedError(""), ANONYMOUS, {ANONYMOUS}),
        (UnavailableError(""), GRAPHQL, {GRAPHQL}),
        (UnavailableError(""), ANONYMOUS, {ANONYMOUS}),
    ],
)
def test_those_wait_whom_the_refusal_may_mean(
    error: GitHubError, asked: RateLimit.Resource, waiting: set[RateLimit.Resource]
) -> None:
    fail(error, asked)

    assert {resource for resource in RateLimit.Resource if permitted_at(resource)} == waiting


def test_longer_wait_of_another_resource_stays() -> None:
    later = timezone.now() + timedelta(hours=1)
    RateLimit.objects.create(resource=REST, not_before=later, reason="Its own.")

    with pytest.raises(LimitedError), turn(GRAPHQL):
        raise LimitedError("Slow down.", until=None)

    rest = RateLimit.objects.get(resource=REST)
    assert (rest.not_before, rest.reason) == (later, "Its own.")


@pytest.mark.parametrize(
    ("resource", "remaining", "waits"),
    [(GRAPHQL, 100, True), (GRAPHQL, 101, False), (ANONYMOUS, 0, True), (ANONYMOUS, 1, False)],
)
@pytest.mark.parametrize("quota", [2000, 5000])
def test_reserve_of_an_hour_is_left_untouched(
    resource: RateLimit.Resource, remaining: int, quota: int, *, waits: bool
) -> None:
    said = replace(rate(remaining), quota=quota)

    with turn(resource) as this:
        this.used(said)

    assert permitted_at(resource) == (said.reset_at + turns.MARGIN if waits else None)


def test_reserve_is_small_where_the_quota_is() -> None:
    with turn(REST) as this:
        this.used(replace(rate(4), quota=60))

    assert permitted_at(REST) is None


def test_error_of_another_kind_goes_on_and_is_no_answer() -> None:
    with pytest.raises(RuntimeError), turn(GRAPHQL):
        raise RuntimeError

    assert not RateLimit.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_turn_is_refused_inside_another_transaction() -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic(), turn(GRAPHQL):
        pytest.fail("What is noted here may be rolled back.")


@pytest.mark.django_db(transaction=True)
def test_workers_ask_one_at_a_time_whatever_they_ask() -> None:
    inside: list[int] = []
    most: list[int] = []

    def ask(resource: RateLimit.Resource) -> Callable[[], None]:
        def job() -> None:
            for _ in range(5):
                with turn(resource):
                    inside.append(1)
                    most.append(len(inside))
                    threading.Event().wait(0.002)
                    inside.pop()

        return job

    run_together([ask(resource) for resource in RateLimit.Resource for _ in range(2)])

    assert set(most) == {1}
    assert sum(RateLimit.objects.values_list("requests", flat=True)) == len(most) == 30


class Holder:
    """Another worker that has its turn until it is let go."""

    def __init__(self) -> None:
        self.has_turn, self.let_go = threading.Event(), threading.Event()
        self.errors: list[Error] = []
        self._thread = threading.Thread(target=self._hold, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self.has_turn.wait(30)
        return self

    def __exit__(self, *exception: object) -> None:
        self.let_go.set()
        self._thread.join(30)

    def _hold(self) -> None:
        try:
            with turn(GRAPHQL):
                self.has_turn.set()
                self.let_go.wait(30)
        except Error as error:
            self.errors.append(error)
        finally:
            with suppress(Error):
                connection.close()


@pytest.mark.django_db(transaction=True)
def test_who_waits_in_line_too_long_comes_back_later(monkeypatch: Any) -> None:
    monkeypatch.setattr(turns, "LINE_SECONDS", 0.05)

    with Holder(), pytest.raises(NotYetError) as refused, turn(GRAPHQL):
        pytest.fail("Two were asking at once.")

    assert refused.value.until > timezone.now() - MINUTE
    with turn(GRAPHQL):
        assert RateLimit.objects.get().requests == 1


@pytest.mark.django_db(transaction=True)
def test_turn_of_a_worker_whose_machine_vanished_ends(monkeypatch: Any) -> None:
    monkeypatch.setattr(turns, "LOST_SECONDS", 0.8)

    with Holder() as vanished:
        monkeypatch.undo()
        with turn(GRAPHQL):
            pass

    assert len(vanished.errors) == 1
    assert RateLimit.objects.get().requests == 1


@pytest.mark.django_db(transaction=True)
def test_other_faults_of_the_database_are_not_taken_for_a_long_line() -> None:
    with Holder(), connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '100ms'")
        with pytest.raises(OperationalError, match="statement timeout"), turn(GRAPHQL):
            pytest.fail("Two were asking at once.")
        cursor.execute("RESET statement_timeout")
