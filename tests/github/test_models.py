from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError

from apps.github.models import Failure, FormerName, RateLimit, Release, Repository, Snapshot, StarWeek
from tests.factories.tools import RepositoryFactory

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 22)


def snapshot(row: Repository, **columns: Any) -> Snapshot:
    return Snapshot.objects.create(**{"repository": row, "date": DAY, "stars": 5, "forks": 1, **columns})


def test_rows_around_a_repository_say_what_they_are() -> None:
    row = RepositoryFactory()

    assert str(snapshot(row)) == f"{row.pk} on 2026-11-22: 5"
    assert str(FormerName(full_name="old/name")) == "old/name"
    assert str(StarWeek(repository=row, week=DAY, stars=3)) == f"{row.pk} in the week of 2026-11-22: 3"
    assert str(Release(repository=row, tag="1.0", published_on=DAY)) == f"{row.pk} 1.0"
    assert str(RateLimit(resource="rest")) == "REST with a token"
    assert str(Failure(kind="broken", reason="Why.")) == "broken: Why."


@pytest.mark.parametrize(
    ("make", "constraint"),
    [
        (snapshot, "github_snapshot_pkey"),
        (lambda row: StarWeek.objects.create(repository=row, week=DAY, stars=1), "github_starweek_pkey"),
        (
            lambda row: Release.objects.create(repository=row, tag="1.0", published_on=DAY),
            "release_once",
        ),
    ],
)
def test_each_is_kept_once(make: Callable[[Repository], Any], constraint: str) -> None:
    row, other = RepositoryFactory(), RepositoryFactory()
    make(row)
    make(other)

    with pytest.raises(IntegrityError, match=constraint):
        make(row)


def test_former_name_leads_to_one_repository_in_whatever_case() -> None:
    FormerName.objects.create(repository=RepositoryFactory(), full_name="pallets/flask")

    with pytest.raises(IntegrityError, match="formername_unique"):
        FormerName.objects.create(repository=RepositoryFactory(), full_name="Pallets/Flask")


@pytest.mark.parametrize("column", ["stars", "forks", "watchers", "open_issues"])
def test_snapshot_has_no_negative_figures(column: str) -> None:
    with pytest.raises(IntegrityError, match=f"github_snapshot_{column}_check"):
        snapshot(RepositoryFactory(), **{column: -1})


@pytest.mark.parametrize(
    "column", ["claims", "failures", "missing_count", "interest", "watchers", "open_issues"]
)
def test_repository_has_no_negative_counts(column: str) -> None:
    with pytest.raises(IntegrityError, match=f"github_repository_{column}_check"):
        RepositoryFactory(**{column: -1})


def test_database_fills_in_what_the_code_before_did_not_know() -> None:
    row = RepositoryFactory()

    row.refresh_from_db()
    assert (row.state, row.claims, row.failures, row.node_id) == ("new", 0, 0, "")
    assert row.due_at
    assert row.state_since
    assert row.history_due_at
