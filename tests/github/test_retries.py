from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.github.models import FormerName, Release, Repository, Snapshot, StarReading, StarWeek
from apps.github.services import retries
from apps.github.services.backfill import backfill_star_history
from apps.github.services.claims import claim_due
from apps.github.services.refresh import refresh_due_repositories
from apps.github.weeks import week_of
from apps.tools.selectors import readings_of
from tests.factories.tools import RepositoryFactory, StarReadingFactory
from tests.github.fake import FakeGitHub

pytestmark = pytest.mark.django_db

State = Repository.State
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def ago(days: int) -> date:
    return timezone.now().date() - timedelta(days=days)


@pytest.fixture
def flask(github: FakeGitHub) -> Repository:
    """A repository of 50,000 stars with all that is kept of its past, which GitHub has too."""
    there = github.add("pallets/flask", stars=50_000, release="3.1.2", released_at=LONG_AGO)
    flask = RepositoryFactory(
        full_name="pallets/flask",
        node_id=there.node_id,
        database_id=there.id,
        state=State.OK,
        began_at=LONG_AGO,
        watchers=7,
        license="MIT",
        latest_release="3.1.1",
        latest_release_on=ago(60),
        interest=5,
    )
    for days in (365, 90, 7, 1):
        Snapshot.objects.create(repository=flask, date=ago(days), stars=50_000, forks=1)
    StarReadingFactory(repository=flask, date=ago(100), stars=50_000)
    StarWeek.objects.create(repository=flask, week=week_of(ago(30)), stars=900)
    for tag, days in (("3.1.0", 120), ("3.1.1", 60)):
        Release.objects.create(repository=flask, tag=tag, published_on=ago(days))
    FormerName.objects.create(repository=flask, full_name="mitsuhiko/flask")
    refresh_due_repositories()
    flask.refresh_from_db()
    assert (flask.stars, flask.grew_90, flask.latest_release) == (50_000, 0, "3.1.2")
    return flask


def small() -> dict[str, Any]:
    """What GitHub tells of a repository that is a week old."""
    began = timezone.now() - timedelta(days=7)
    weeks = [(week_of(began.date()), 12)]
    return {
        "stars": 12,
        "forks": 1,
        "created_at": began,
        "release": "0.1",
        "released_at": began,
        "weeks": weeks,
    }


def assert_only_the_small_one_is_shown(row: Repository) -> None:
    refresh_due_repositories()
    backfill_star_history()
    row.refresh_from_db()
    assert (row.state, row.stars, row.same_since) == ("ok", 12, ago(0))
    assert (row.grew_7, row.grew_90, row.grew_365, row.growth_on) == (None, None, None, ago(0))
    assert (row.trend_7, row.trend_90, row.trend_365) == (None, None, None)
    assert [(reading.date, reading.count) for reading in readings_of([row])[row.pk]] == [(ago(0), 12)]
    assert [week.stars for week in row.star_weeks.all()] == [12]
    assert (row.latest_release, row.release_days) == ("0.1", None)
    assert row.releases.get().tag == "0.1"
    # What was read of the former one is stored still.
    assert row.snapshots.filter(stars=50_000).count() == 4
    assert row.star_readings.get().stars == 50_000


def test_namesake_that_is_taken_shares_nothing_with_the_former_one(
    github: FakeGitHub, flask: Repository
) -> None:
    github.replace("pallets/flask", **small())
    Repository.objects.update(due_at=LONG_AGO)
    refresh_due_repositories()
    flask.refresh_from_db()
    assert (flask.state, flask.stars) == ("replaced", 50_000)

    assert retries.take_namesake(pks=[flask.pk]) == 1

    assert_only_the_small_one_is_shown(flask)
    assert flask.database_id == github.find("pallets/flask").id


def test_row_of_another_name_shares_nothing_with_the_former_one(
    github: FakeGitHub, flask: Repository
) -> None:
    github.add("acme/tiny", **small())
    Repository.objects.update(full_name="acme/tiny")

    assert retries.begin_anew(pks=[flask.pk]) == 1

    assert_only_the_small_one_is_shown(flask)
    assert flask.full_name == "acme/tiny"


def test_growth_of_another_repository_begins_with_its_own_first_day(
    github: FakeGitHub, flask: Repository
) -> None:
    github.replace("pallets/flask", **small())
    retries.begin_anew(pks=[flask.pk])
    # As if that had been a week ago.
    Snapshot.objects.filter(date__gte=ago(7)).delete()
    Snapshot.objects.create(repository=flask, date=ago(7), stars=2, forks=0)
    Repository.objects.update(same_since=ago(7))

    refresh_due_repositories()

    flask.refresh_from_db()
    assert (flask.grew_7, flask.grew_90, flask.grew_365) == (10, None, None)


def test_begin_anew_leaves_a_row_as_if_it_were_new(
    flask: Repository, queued_tasks: Callable[[], list[str]], django_capture_on_commit_callbacks: Any
) -> None:
    kept = {"id", "full_name", "interest", "created_at"}
    other = RepositoryFactory(database_id=1, stars=5, figures_on=ago(0), figures_source="github")
    fresh = RepositoryFactory()
    before = timezone.now()

    with django_capture_on_commit_callbacks(execute=True):
        count = retries.begin_anew(pks=[flask.pk, 10**12])

    anew, new, same = (Repository.objects.filter(pk=row.pk).values().get() for row in (flask, fresh, other))
    assert count == 1
    assert (anew["full_name"], anew["interest"]) == ("pallets/flask", 5)
    assert all(before <= anew.pop(name) <= timezone.now() for name in ("state_since", "history_due_at"))
    assert anew.pop("due_at") <= before
    assert anew.pop("same_since") == ago(0)
    assert anew == {name: anew[name] if name in kept else new[name] for name in anew}
    assert (same["database_id"], same["stars"], same["same_since"]) == (1, 5, None)
    assert queued_tasks() == ["apps.github.tasks.refresh_due_repositories"]


def test_begin_anew_forgets_what_was_read_of_the_former_one_on_the_same_day(flask: Repository) -> None:
    other = RepositoryFactory()
    for row in (flask, other):
        Snapshot.objects.update_or_create(repository=row, date=ago(0), defaults={"stars": 50_000, "forks": 1})
        StarReadingFactory(repository=row, date=ago(0), stars=50_000)

    retries.begin_anew(pks=[flask.pk])

    for kind in (Snapshot, StarReading):
        assert kind.objects.get(date=ago(0)).repository == other
    assert flask.snapshots.count() == 4


def test_begin_anew_ends_the_claim_of_a_worker_that_reads_the_former_one(flask: Repository) -> None:
    Repository.objects.update(due_at=LONG_AGO)
    claim = claim_due(Repository.objects.all(), order=("due_at",))
    assert claim

    retries.begin_anew(pks=[flask.pk])

    assert not Repository.objects.filter(leased_until=claim.lease).exists()
