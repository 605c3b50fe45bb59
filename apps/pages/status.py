"""How the site's data and workers do, for the status page and for Prometheus: read anew each time, by seven queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.db.models import Count, F, Max, Min, Q, Window
from django.utils import timezone
from django.utils.timesince import timesince

from apps.core.mail import MAX_ATTEMPTS
from apps.core.models import Heartbeat, OutgoingMail, TaskFailure
from apps.github.models import Failure, RateLimit, Repository
from apps.github.querysets import ASKED_FOR

State = Repository.State

# A look that is this late means that the workers do not keep up, or that GitHub does not let them.
OVERDUE = timedelta(hours=1)
# Beat sends a canary a minute. The one process of the queue `github` may be busy for four with a task, and then with
# another, before it takes one.
UNSERVED = timedelta(minutes=10)
# Failures of so long ago are shown; and of each kind the newest one.
LAST = timedelta(hours=24)
HOUR = timedelta(hours=1)
SHOWN_TASKS = 10
# Redis answers within milliseconds or not at all, and somebody waits for the page.
REDIS_SECONDS = 1

# What a failure's kind means to a reader; the others, states of a repository, have plain names.
KINDS = {
    "not_found": "Not found",
    "broken": "An answer that makes no sense",
    "LimitedError": "Asked by GitHub to wait",
    "RefusedError": "Our token was refused",
    "TooLargeError": "Too much for one request",
    "UnavailableError": "No answer from GitHub",
}


@dataclass(frozen=True, slots=True)
class Repositories:
    """Counts of repositories, and the last reads of those that GitHub shows us; None: no read.

    `failing`: those among them whose last look failed. They have no part in `oldest`: one that was deleted would be
    the oldest of all for the week until it counts as missing, and hide whether the others grow old.
    """

    by_state: Mapping[State, int]
    due: int
    overdue: int
    failing: int
    newest: datetime | None
    oldest: datetime | None

    @property
    def total(self) -> int:
        return sum(self.by_state.values())

    @property
    def states(self) -> list[tuple[str, int]]:
        """What each state is called and how many are in it, the most first."""
        return sorted(((state.label, n) for state, n in self.by_state.items()), key=lambda row: -row[1])


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue of messages; `length` is None where Redis does not answer, `canary_at` where no worker ever took one."""

    name: str
    length: int | None
    canary_at: datetime | None
    now: datetime

    @property
    def word(self) -> str:
        if self.canary_at is None:
            return "unknown"
        if self.now - self.canary_at < UNSERVED:
            return "served"
        return f"no worker for {timesince(self.canary_at, self.now, depth=1)}"


@dataclass(frozen=True, slots=True)
class Failures:
    """Failures of one kind in reading from GitHub: how many in 24 hours and in one, and the newest of them."""

    kind: str
    in_day: int
    in_hour: int
    at: datetime
    reason: str
    repository: str

    @property
    def title(self) -> str:
        """The kind in words of people."""
        return KINDS.get(self.kind, self.kind.capitalize())


@dataclass(frozen=True, slots=True)
class Status:
    """All of it, as of `now`. `mail_waiting` counts what will be sent, `mail_held` what waits for a moderator."""

    now: datetime
    repositories: Repositories
    rates: Sequence[RateLimit]
    queues: Sequence[Queue]
    mail_waiting: int
    mail_held: int
    github_failures: Sequence[Failures]
    task_failures: Sequence[TaskFailure]
    tasks_failed_in_day: int
    tasks_failed_in_hour: int

    @property
    def redis_answers(self) -> bool:
        return all(queue.length is not None for queue in self.queues)


def read_status() -> Status:
    """Read it all. Redis may be away; PostgreSQL may not."""
    now = timezone.now()
    mail = OutgoingMail.objects.filter(expires_at__gt=now).aggregate(
        waiting=Count("pk", filter=Q(attempts__lt=MAX_ATTEMPTS)),
        held=Count("pk", filter=Q(attempts__gte=MAX_ATTEMPTS)),
    )
    failed = TaskFailure.objects.filter(at__gt=now - LAST)
    counts = failed.aggregate(day=Count("pk"), hour=Count("pk", filter=Q(at__gt=now - HOUR)))
    return Status(
        now=now,
        repositories=_repositories(now),
        rates=_rates(now),
        queues=_queues(now),
        mail_waiting=mail["waiting"],
        mail_held=mail["held"],
        github_failures=_github_failures(now),
        task_failures=list(failed[:SHOWN_TASKS]),
        tasks_failed_in_day=counts["day"],
        tasks_failed_in_hour=counts["hour"],
    )


def _repositories(now: datetime) -> Repositories:
    # Those that wait for a moderator are never due; only those that can be read have an age.
    due = Q(due_at__lte=now) & ~Q(state__in=Repository.HELD)
    rows = (
        Repository.objects.order_by()
        .values("state")
        .annotate(
            count=Count("pk"),
            due=Count("pk", filter=due),
            overdue=Count("pk", filter=due & Q(due_at__gt=ASKED_FOR, due_at__lte=now - OVERDUE)),
            failing=Count("pk", filter=Q(failures__gt=0)),
            newest=Max("read_at"),
            oldest=Min("read_at", filter=Q(failures=0)),
        )
    )
    by_state = {State(row["state"]): row for row in rows}
    read = [by_state[state] for state in (State.OK, State.ARCHIVED) if state in by_state]
    return Repositories(
        by_state={state: row["count"] for state, row in by_state.items()},
        due=sum(row["due"] for row in by_state.values()),
        overdue=sum(row["overdue"] for row in by_state.values()),
        failing=sum(row["failing"] for row in read),
        newest=max((row["newest"] for row in read if row["newest"]), default=None),
        oldest=min((row["oldest"] for row in read if row["oldest"]), default=None),
    )


def _rates(now: datetime) -> list[RateLimit]:
    rates = list(RateLimit.objects.all())
    for rate in rates:
        # An hour that is over says nothing of what is left of this one.
        if rate.reset_at and rate.reset_at <= now:
            rate.remaining = None
    return rates


def _queues(now: datetime) -> list[Queue]:
    names: Sequence[str] = settings.QUEUES
    seen = dict(Heartbeat.objects.filter(queue__in=names).values_list("queue", "ran_at"))
    lengths = _queue_lengths(names)
    return [Queue(name, lengths.get(name), seen.get(name), now) for name in names]


def _queue_lengths(names: Sequence[str]) -> Mapping[str, int]:
    """How many messages wait in each queue; empty where Redis does not answer."""
    patience = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}
    try:
        with (
            redis.Redis.from_url(settings.BROKER_URL, retry=None, **patience) as client,
            client.pipeline(transaction=False) as pipeline,
        ):
            for name in names:
                pipeline.llen(name)
            return dict(zip(names, pipeline.execute(), strict=True))
    except redis.RedisError:
        return {}


def _github_failures(now: datetime) -> list[Failures]:
    # Counted before DISTINCT ON leaves the newest of each kind.
    rows = (
        Failure.objects.filter(at__gt=now - LAST)
        .annotate(
            in_day=Window(Count("pk"), partition_by=F("kind")),
            in_hour=Window(Count("pk", filter=Q(at__gt=now - HOUR)), partition_by=F("kind")),
        )
        .select_related("repository")
        .order_by("kind", "-at")
        .distinct("kind")
    )
    return [
        Failures(
            kind=row.kind,
            in_day=row.in_day,
            in_hour=row.in_hour,
            at=row.at,
            reason=row.reason,
            repository=row.repository.full_name if row.repository else "",
        )
        for row in rows
    ]
