from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import redis
from django.test import Client
from django.utils import timezone

from apps.core.models import Heartbeat, OutgoingMail, TaskFailure
from apps.github.models import Failure, RateLimit, Repository
from apps.github.querysets import ASKED_FOR
from apps.pages.status import Queue, read_status

pytestmark = pytest.mark.django_db

State = Repository.State


def make_repository(name: str, state: State = State.OK, **fields: Any) -> Repository:
    return Repository.objects.create(full_name=name, state=state, **fields)


def ago(**time: float) -> datetime:
    return timezone.now() - timedelta(**time)


def backdate(row: TaskFailure | Failure, **time: float) -> None:
    type(row).objects.filter(pk=row.pk).update(at=ago(**time))


def page(client: Client) -> str:
    """The text of the page, each run of white space as one."""
    response = client.get("/status/")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_page_is_for_everybody_and_no_search_engine(client: Client) -> None:
    response = client.get("/status/")

    assert response.status_code == 200
    assert '<meta name="robots" content="noindex">' in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]


def test_page_is_linked_from_the_footer(client: Client) -> None:
    assert '<a href="/status/">Status</a>' in client.get("/about/").content.decode()


def test_page_says_that_nothing_was_read_when_no_worker_ran(client: Client) -> None:
    said = page(client)

    assert "No worker has read from GitHub yet. This site is set up not to." in said
    assert "GitHub has not been asked yet." in said
    assert said.count(">unknown</span>") == 3
    assert said.count('<p class="empty">None.</p>') == 2


def test_what_is_left_of_an_hour_that_is_over_is_unknown() -> None:
    for resource, reset_at in (("graphql", ago(minutes=1)), ("rest", ago(minutes=-1))):
        RateLimit.objects.create(resource=resource, remaining=7, reset_at=reset_at)

    assert {rate.resource: rate.remaining for rate in read_status().rates} == {"graphql": None, "rest": 7}


def test_page_does_not_say_that_it_is_set_up_not_to_read_when_it_is(client: Client, settings: Any) -> None:
    settings.GITHUB_API_URL = "https://api.github.example"

    said = page(client)

    assert "No worker has read from GitHub yet. Stars" in said


def test_page_shows_what_is_there(client: Client) -> None:
    make_repository("pallets/flask", read_at=ago(hours=2), due_at=ago(minutes=-30))
    RateLimit.objects.create(
        resource="graphql", quota=5000, remaining=4321, not_before=timezone.now() + timedelta(minutes=3)
    )
    Heartbeat.objects.create(queue="people", ran_at=ago(seconds=30))
    Heartbeat.objects.create(queue="github", ran_at=ago(minutes=12, seconds=10))
    Failure.objects.create(
        kind="not_found", reason="GitHub knows no such repository.", repository=Repository.objects.get()
    )
    TaskFailure.objects.create(task="apps.core.tasks.recount", task_id="1", reason="KeyError('secret')")

    said = page(client)

    assert "No worker has read" not in said
    assert "4,321 of 5,000" in said
    assert "not before <time" in said
    assert '<span class="badge badge-good">served</span>' in said
    assert '<span class="badge badge-bad">no worker for 12 minutes</span>' in said
    assert "<b>Not found</b><span>GitHub knows no such repository.</span>" in said
    assert "pallets/flask, <time" in said
    assert "<b>apps.core.tasks.recount</b>" in said
    # What a task said stays in the admin.
    assert "secret" not in said


def test_page_asks_few_questions(client: Client, count_queries: Callable[..., Any]) -> None:
    for number in range(5):
        repository = make_repository(f"owner/name-{number}", state=State.values[number])
        Failure.objects.create(kind=f"kind {number}", reason="x", repository=repository)
        TaskFailure.objects.create(task="task", task_id=str(number), reason="x")

    with count_queries(at_most=8):
        assert client.get("/status/").status_code == 200


@pytest.mark.usefixtures("redis_away")
def test_page_says_unknown_when_redis_is_away(client: Client) -> None:
    said = page(client)

    assert "The server of the queues does not answer." in said
    assert said.count('<td class="fig">unknown</td>') == 3


def test_ages_are_of_repositories_that_github_shows() -> None:
    oldest, newest = ago(days=2), ago(hours=1)
    make_repository("a/a", read_at=oldest)
    make_repository("a/b", State.ARCHIVED, read_at=newest)
    make_repository("a/c", State.MISSING, read_at=ago(days=300))
    make_repository("a/d", State.NEW)

    repositories = read_status().repositories

    assert (repositories.oldest, repositories.newest) == (oldest, newest)
    assert repositories.total == 4


def test_repository_that_failed_at_the_last_look_is_counted_and_makes_no_age() -> None:
    oldest = ago(hours=20)
    make_repository("a/a", read_at=oldest)
    make_repository("a/deleted", read_at=ago(days=3), failures=3, missing_count=3)
    make_repository("a/never-found", State.NEW, failures=3, missing_count=3)
    make_repository("a/missing", State.MISSING, read_at=ago(days=300), failures=9)

    repositories = read_status().repositories

    assert (repositories.oldest, repositories.failing) == (oldest, 1)


def test_repository_is_overdue_after_an_hour_and_never_while_it_is_held() -> None:
    make_repository("a/later", due_at=ago(hours=-1))
    make_repository("a/due", due_at=ago(minutes=59))
    make_repository("a/late", State.NEW, due_at=ago(minutes=61))
    make_repository("a/asked-for", due_at=ASKED_FOR)
    make_repository("a/held", State.REPLACED, due_at=ago(days=9))
    make_repository("a/given-up", State.FAILED, due_at=ago(days=9))

    repositories = read_status().repositories

    assert (repositories.due, repositories.overdue) == (3, 1)


def test_states_are_counted_the_most_first() -> None:
    for name, state in (("a/a", State.MISSING), ("a/b", State.OK), ("a/c", State.OK)):
        make_repository(name, state)

    assert read_status().repositories.states == [("ok", 2), ("missing", 1)]


def test_queue_is_as_long_as_messages_wait_in_it(redis_client: redis.Redis) -> None:
    redis_client.rpush("github", "a message", "another")

    lengths = {queue.name: queue.length for queue in read_status().queues}

    assert lengths == {"people": 0, "celery": 0, "github": 2}


@pytest.mark.parametrize(
    ("age", "word"),
    [
        (None, "unknown"),
        (timedelta(seconds=-5), "served"),
        (timedelta(minutes=9, seconds=59), "served"),
        (timedelta(minutes=10), "no worker for 10\xa0minutes"),
        (timedelta(days=2), "no worker for 2\xa0days"),
    ],
)
def test_queue_is_served_while_its_canary_is_young(age: timedelta | None, word: str) -> None:
    now = timezone.now()

    assert Queue("people", 0, None if age is None else now - age, now).word == word


def test_mail_waits_until_it_failed_too_often() -> None:
    for attempts, expires_at in ((0, ago(days=-1)), (19, ago(days=-1)), (20, ago(days=-1)), (0, ago(days=1))):
        OutgoingMail.objects.create(
            to=["alice@example.org"], subject="x", body="x", attempts=attempts, expires_at=expires_at
        )

    status = read_status()

    assert (status.mail_waiting, status.mail_held) == (2, 1)


def test_failures_of_github_are_counted_by_kind_with_the_newest() -> None:
    repository = make_repository("pallets/flask")
    for kind, reason, hours in (
        ("timeout", "old", 25),
        ("timeout", "first", 5),
        ("timeout", "last", 0.5),
        ("not_found", "gone", 3),
    ):
        backdate(Failure.objects.create(kind=kind, reason=reason, repository=repository), hours=hours)
    Failure.objects.create(kind="limited", reason="wait")

    found = {
        row.kind: (row.reason, row.in_day, row.in_hour, row.repository)
        for row in read_status().github_failures
    }

    assert found == {
        "timeout": ("last", 2, 1, "pallets/flask"),
        "not_found": ("gone", 1, 0, "pallets/flask"),
        "limited": ("wait", 1, 1, ""),
    }


def test_tasks_that_failed_are_counted_beyond_those_shown(client: Client) -> None:
    for number in range(12):
        failure = TaskFailure.objects.create(task=f"task {number}", task_id=str(number), reason="x")
        backdate(failure, hours=number * 2.5)

    status = read_status()

    assert [failure.task for failure in status.task_failures] == [f"task {number}" for number in range(10)]
    assert (status.tasks_failed_in_day, status.tasks_failed_in_hour) == (10, 1)
    for number in range(2):
        TaskFailure.objects.create(task="one more", task_id=str(number), reason="x")
    assert "12 in all." in page(client)
