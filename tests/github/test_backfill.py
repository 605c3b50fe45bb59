import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.github.client import GitHub, Week
from apps.github.models import Failure, RateLimit, Repository, StarWeek
from apps.github.selectors import weeks_of
from apps.github.services import backfill, retries
from apps.github.services.backfill import AGAIN, KEPT_SHARE, RETRY, backfill_star_history
from apps.github.services.refresh import refresh_due_repositories
from apps.github.turns import permitted_at
from apps.github.weeks import week_of
from tests.factories.tools import RepositoryFactory

pytestmark = pytest.mark.django_db

OK = Repository.State.OK
THIS_WEEK = week_of(timezone.now().date())
MINUTE = timedelta(minutes=1)


def history(*stars: int) -> list[tuple[date, int]]:
    """Weeks as GitHub tells them, the newest first."""
    return [(THIS_WEEK - timedelta(weeks=place), count) for place, count in enumerate(stars)]


def add(github: Any, full_name: str, weeks: int, **values: Any) -> Repository:
    """A repository that began so many weeks ago, on GitHub and here; in each week it got as many stars as that was
    weeks ago."""
    began = datetime.combine(THIS_WEEK - timedelta(weeks=weeks - 1), datetime.min.time(), UTC)
    github.add(full_name, created_at=began, weeks=history(*range(weeks)))
    seen = {"state": OK, "began_at": began, "read_at": timezone.now()}
    return RepositoryFactory(**{"full_name": full_name, **seen, **values})


def store(row: Repository, weeks: list[tuple[date, int]]) -> None:
    StarWeek.objects.bulk_create(StarWeek(repository=row, week=week, stars=stars) for week, stars in weeks)


def stars_of(row: Repository) -> list[int]:
    """The newest first."""
    return [week.stars for week in weeks_of(row)]


def due_in(row: Repository) -> timedelta:
    row.refresh_from_db()
    assert row.history_due_at is not None
    return row.history_due_at - timezone.now()


def test_backfill_reads_the_whole_history(github: Any, count_queries: Callable[..., Any]) -> None:
    row = add(github, "a/b", 65)

    backfill_star_history()

    assert len(github.requests) == 3
    assert stars_of(row) == list(range(65))
    assert AGAIN - MINUTE < due_in(row) <= AGAIN
    with count_queries(at_most=1):
        assert weeks_of(row, at_most=1) == [Week(THIS_WEEK, 0)]


def test_backfill_goes_to_the_last_page_when_it_is_not_known_when_the_repository_began(github: Any) -> None:
    row = add(github, "a/b", 60, began_at=None)

    backfill_star_history()

    assert len(github.requests) == 2
    assert stars_of(row) == list(range(60))


def test_backfill_reads_no_page_twice_when_a_worker_died(github: Any) -> None:
    row = add(github, "a/b", 65)
    store(row, history(*[7] * 60))

    backfill_star_history()

    assert len(github.requests) == 1
    assert stars_of(row) == [7] * 60 + [60, 61, 62, 63, 64]


def test_backfill_brings_up_to_date_what_was_read_a_month_ago(github: Any) -> None:
    row = add(github, "a/b", 65)
    store(row, history(*[7] * 65)[5:])

    backfill_star_history()

    assert len(github.requests) == 1
    assert stars_of(row) == [*range(30), *[7] * 35]


def test_backfill_fills_gaps(github: Any) -> None:
    row = add(github, "a/b", 130)
    store(row, history(*[7] * 130)[:60] + history(*[7] * 130)[90:100])

    backfill_star_history()

    assert len(github.requests) == 3
    assert stars_of(row) == [7] * 60 + list(range(60, 130))


def test_backfill_takes_weeks_that_begin_on_a_saturday_in_utc(github: Any) -> None:
    row = add(github, "a/b", 3)
    github.find("a/b").weeks = [(day - timedelta(days=1), stars) for day, stars in history(1, 2, 3)]

    backfill_star_history()

    assert [(week.starts_on, week.stars) for week in weeks_of(row)] == history(1, 2, 3)


def test_backfill_reads_those_first_that_people_care_for(github: Any) -> None:
    for name, interest in [("a/low", 1), ("a/high", 9), ("a/none", 0)]:
        add(github, name, 1, interest=interest)

    backfill_star_history()

    assert [request.path.split("/")[3] for request in github.requests] == ["high", "low", "none"]


@pytest.mark.parametrize(
    "values",
    [
        {"state": Repository.State.NEW},
        {"state": Repository.State.REPLACED},
        {"state": Repository.State.MISSING},
        {"history_due_at": None},
        {"history_due_at": timezone.now() + timedelta(days=1)},
        {"is_token_refused": True},
        # By its name there may be another repository by now.
        {"read_at": None},
        {"read_at": timezone.now() - timedelta(days=2)},
        {"failures": 1},
    ],
)
def test_backfill_leaves_alone_what_is_not_to_be_read(github: Any, values: dict[str, Any]) -> None:
    add(github, "a/b", 1, **values)

    backfill_star_history()

    assert github.requests == []


def test_backfill_reads_archived_ones_too(github: Any) -> None:
    row = add(github, "a/b", 1, state=Repository.State.ARCHIVED)

    backfill_star_history()

    assert stars_of(row) == [0]


@pytest.mark.parametrize("setting", ["GITHUB_TOKEN", "GITHUB_API_URL"])
def test_backfill_does_nothing_without_a_token_or_an_address(
    github: Any, settings: Any, setting: str
) -> None:
    row = add(github, "a/b", 1)
    setattr(settings, setting, "")

    backfill_star_history()

    assert github.requests == []
    assert due_in(row) <= timedelta(0)


@pytest.mark.parametrize(("trouble", "wait"), [("remove", RETRY), ("block", AGAIN)])
def test_backfill_comes_later_to_what_is_gone_and_goes_on(github: Any, trouble: str, wait: timedelta) -> None:
    gone, other = add(github, "a/gone", 1, interest=5), add(github, "a/other", 1)
    getattr(github, trouble)("a/gone")

    backfill_star_history()

    assert stars_of(other) == [0]
    assert wait - MINUTE < due_in(gone) <= wait
    assert Failure.objects.get().repository == gone


@pytest.mark.parametrize("kind", ["500", "hung_up", "not_json"])
def test_backfill_ends_when_github_fails_and_puts_off_the_repository(github: Any, kind: str) -> None:
    row, other = add(github, "a/b", 1, interest=5), add(github, "a/other", 1)
    github.fail_next(kind)

    backfill_star_history()

    assert len(github.requests) == 1
    assert RETRY - MINUTE < due_in(row) <= RETRY
    assert due_in(other) <= timedelta(0)
    assert Failure.objects.get().repository == row


def test_backfill_leaves_a_part_of_the_hour_to_others(github: Any) -> None:
    row = add(github, "a/b", 65)
    github.hours["rest"].used = int(github.hours["rest"].quota * (1 - KEPT_SHARE)) - 2

    backfill_star_history()

    assert len(github.requests) == 2
    assert len(stars_of(row)) == 60
    assert due_in(row) <= timedelta(0)


def test_backfill_leaves_it_to_others_when_it_finds_nothing_too(github: Any) -> None:
    for n in range(4):
        add(github, f"a/{n}", 1)
        github.remove(f"a/{n}")
    github.hours["rest"].used = int(github.hours["rest"].quota * (1 - KEPT_SHARE)) - 2

    backfill_star_history()

    assert len(github.requests) == 2


def test_hour_that_others_used_up_stops_no_refresh(github: Any) -> None:
    row = add(github, "a/b", 1, stars=None)
    hour = github.hours["rest"]
    hour.used = hour.quota

    backfill_star_history()
    refresh_due_repositories()

    row.refresh_from_db()
    assert row.stars == 100
    assert [request.resource for request in github.requests] == ["rest", "graphql"]
    assert permitted_at(RateLimit.Resource.REST) > hour.reset_at - MINUTE


def test_backfill_asks_again_once_the_hour_is_over(github: Any) -> None:
    row = add(github, "a/b", 1)
    before = timezone.now() - MINUTE
    RateLimit.objects.create(resource=RateLimit.Resource.REST, quota=5000, remaining=0, reset_at=before)

    backfill_star_history()

    assert stars_of(row) == [0]


def test_backfill_waits_when_github_wants_no_request(github: Any) -> None:
    row = add(github, "a/b", 1)
    RateLimit.objects.create(resource=RateLimit.Resource.REST, not_before=timezone.now() + MINUTE)

    backfill_star_history()

    assert github.requests == []
    assert due_in(row) <= timedelta(0)


def test_backfill_ends_when_its_time_is_over(github: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    row = add(github, "a/b", 1)
    monkeypatch.setattr(backfill, "BACKFILL_SECONDS", 0)

    backfill_star_history()

    assert github.requests == []
    assert due_in(row) <= timedelta(0)


def test_backfill_holds_what_it_reads_for_a_lease(github: Any) -> None:
    row = add(github, "a/b", 1)

    claimed = backfill._claim()

    assert claimed == row
    assert backfill.LEASE - MINUTE < due_in(row) <= backfill.LEASE
    assert backfill._claim() is None


def test_backfill_leaves_a_row_to_another_worker_when_the_lease_is_over(github: Any) -> None:
    row = add(github, "a/b", 1)
    claimed = backfill._claim()
    assert claimed is not None
    others = timezone.now() + timedelta(days=3)
    Repository.objects.update(history_due_at=others)

    backfill._finish(claimed, due_at=timezone.now())

    row.refresh_from_db()
    assert row.history_due_at == others


def test_backfill_stores_nothing_for_a_row_that_stands_for_another_repository_by_now(github: Any) -> None:
    row = add(github, "a/b", 40)
    claimed = backfill._claim()
    assert claimed is not None
    retries.begin_anew(pks=[row.pk])

    with GitHub() as asking:
        is_going_on = backfill._read(asking, claimed, time.monotonic() + 60)

    assert is_going_on
    assert len(github.requests) == 1
    assert stars_of(row) == []
