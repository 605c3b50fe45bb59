"""Whose turn it is to ask GitHub: one request at a time among all workers, none before the permitted time."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from apps.core.locks import hold_lock
from apps.github.client import GitHubError, LimitedError, Rate, RefusedError, TooLargeError
from apps.github.models import RateLimit

Resource = RateLimit.Resource

# What is left untouched of each hour, but no more than a twentieth: a token is often used elsewhere too. Without a
# token every single request counts.
RESERVE = {Resource.GRAPHQL: 100, Resource.REST: 100, Resource.ANONYMOUS: 0}

# The first wait of each kind, doubled with each in a row up to the longest. Where GitHub names no time, its own advice
# is a minute, growing; a fault of its own is often over in seconds; a token that is refused waits for a person.
LIMITED_WAITS = timedelta(minutes=1), timedelta(hours=1)
UNAVAILABLE_WAITS = timedelta(seconds=5), timedelta(minutes=10)
REFUSED_WAITS = timedelta(minutes=15), timedelta(hours=1)

# Added to each time that GitHub names: it counts in whole seconds, and no two clocks are quite the same.
MARGIN = timedelta(seconds=1)

# Who waits in line gives up after this, longer than a request takes, and comes back with the next run.
LINE_SECONDS = 60.0
# PostgreSQL ends the session of a worker whose machine vanished in the middle of a request after this, longer than the
# slowest request with all its redirects; else its lock would stay until TCP gives up, which takes hours.
LOST_SECONDS = 180.0


class NotYetError(Exception):
    """GitHub may not be asked before `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"No request before {until}.")
        self.until = until


@dataclass(slots=True)
class Turn:
    """The right to make one request; `used` keeps what the answer said of the rate."""

    rate: Rate | None = None

    def used(self, rate: Rate | None) -> None:
        self.rate = rate


@contextmanager
def turn(resource: RateLimit.Resource) -> Iterator[Turn]:
    """Wait until no other worker asks, then hold the turn for one request.

    Raises NotYetError where none is permitted now. A `LimitedError`, `UnavailableError` or `RefusedError` raised inside
    is noted, so that nobody asks before the time that it says (else a minute, doubled with each in a row), and goes on.

    The transaction is idle while GitHub answers, on purpose: its advisory lock makes requests follow one another on all
    machines, is let go in the moment in which a worker is killed, and works through PgBouncer, as no lock of a session
    would. It holds no other lock; do nothing in it but the one request.
    """
    failed: GitHubError | None = None
    with transaction.atomic(durable=True):
        _stand_in_line()
        limit, _ = RateLimit.objects.get_or_create(resource=resource)
        if limit.not_before and limit.not_before > timezone.now():
            raise NotYetError(limit.not_before)
        this = Turn()
        try:
            yield this
        except GitHubError as error:
            failed = error
        limit.requests += 1
        if failed is None:
            _note_answer(limit, this.rate)
        else:
            _note_error(limit, failed)
    if failed is not None:
        raise failed


def permitted_at(resource: RateLimit.Resource) -> datetime | None:
    """The time before which there will be no turn; None where there is one now. Takes no turn."""
    rows = RateLimit.objects.filter(resource=resource, not_before__gt=timezone.now())
    return rows.values_list("not_before", flat=True).first()


def refusals_in_a_row(resource: RateLimit.Resource) -> int:
    """How often GitHub failed or refused since it last answered, without saying until when."""
    return RateLimit.objects.filter(resource=resource).values_list("refusals", flat=True).first() or 0


def end_waits(resources: Collection[str]) -> int:
    """End the waits of these resources that GitHub gave no time for, and what others wait with them; answers how many.

    For a person who put right what GitHub refused, such as the token. What GitHub wants to be waited for stays.
    """
    ours = RateLimit.objects.filter(resource__in=resources, refusals__gt=0).values_list(
        "not_before", flat=True
    )
    waits = RateLimit.objects.filter(not_before__in=list(ours))
    return waits.update(not_before=None, refusals=0, reason="")


def _stand_in_line() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('lock_timeout', %s, true),"
            " set_config('idle_in_transaction_session_timeout', %s, true)",
            [f"{LINE_SECONDS}s", f"{LOST_SECONDS}s"],
        )
    try:
        with hold_lock("github.request"):
            return
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise NotYetError(timezone.now() + UNAVAILABLE_WAITS[0]) from error
        raise


def _note_answer(limit: RateLimit, rate: Rate | None) -> None:
    limit.refusals, limit.not_before, limit.reason = 0, None, ""
    if rate is not None:
        limit.quota, limit.remaining, limit.reset_at = rate.quota, rate.remaining, rate.reset_at
        if rate.remaining <= min(RESERVE[Resource(limit.resource)], rate.quota // 20):
            limit.not_before = rate.reset_at + MARGIN
            limit.reason = "What is permitted in an hour is used up."
    limit.save()


def _note_error(limit: RateLimit, error: GitHubError) -> None:
    """Have nobody ask before the wait is over that `error` asks for, by this resource and those that share its limit.

    The quota of an hour is counted for each resource, so only that one waits for its end. But when GitHub stops a token
    for asking too fast, it stops the token: then all three wait, as the refusal does not say whether token or address
    is meant. What it says to those without a token is no matter of the token's. A token that is refused is so for
    GraphQL and REST alike.
    """
    now = timezone.now()
    until = None
    concerned: tuple[Resource, ...] = ()
    if isinstance(error, TooLargeError):
        pass
    elif isinstance(error, LimitedError):
        if limit.resource != Resource.ANONYMOUS and not error.is_hour:
            concerned = tuple(Resource)
        if error.until is None:
            until = now + _wait(LIMITED_WAITS, limit)
        else:
            until = max(error.until, now) + MARGIN
            limit.refusals = 0
    elif isinstance(error, RefusedError):
        if limit.resource != Resource.ANONYMOUS:
            concerned = (Resource.GRAPHQL, Resource.REST)
        until = now + _wait(REFUSED_WAITS, limit)
    else:
        until = now + _wait(UNAVAILABLE_WAITS, limit)
    if until is not None:
        limit.not_before, limit.reason = until, str(error)[:300]
    limit.save()
    for other in concerned:
        row, _ = RateLimit.objects.get_or_create(resource=other)
        if row.not_before is None or until is None or row.not_before < until:
            row.not_before, row.reason = until, limit.reason
            row.save(update_fields=["not_before", "reason", "changed_at"])


def _wait(waits: tuple[timedelta, timedelta], limit: RateLimit) -> timedelta:
    """The next wait of this kind; counts it."""
    first, longest = waits
    # 2^12 times any first wait is beyond the longest.
    wait = min(first * (1 << min(limit.refusals, 12)), longest)
    limit.refusals = min(limit.refusals + 1, 1000)
    return wait
