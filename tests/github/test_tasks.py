"""Each task does what its service does; a real worker runs one in tests/pages/test_worker.py."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.github import tasks
from apps.github.models import Failure, Snapshot, StarWeek
from tests.factories.tools import RepositoryFactory
from tests.github.fake import FakeGitHub

pytestmark = pytest.mark.django_db


def test_tasks_read_what_is_due_and_its_history(github: FakeGitHub) -> None:
    github.add("pallets/flask", stars=71_000, forks=17_000)
    row = RepositoryFactory(full_name="pallets/flask")

    tasks.refresh_due_repositories()
    tasks.backfill_star_history()

    row.refresh_from_db()
    assert row.stars == 71_000
    assert StarWeek.objects.filter(repository=row).exists()


def test_task_measures_growth() -> None:
    row, today = RepositoryFactory(), timezone.now().date()
    for age, stars in ((7, 100), (0, 130)):
        Snapshot.objects.create(repository=row, date=today - timedelta(days=age), stars=stars, forks=0)

    tasks.measure_growth()

    row.refresh_from_db()
    assert row.grew_7 == 30


def test_task_forgets_old_failures() -> None:
    old, new = (Failure.objects.create(kind="broken", reason=reason) for reason in ("old", "new"))
    Failure.objects.filter(pk=old.pk).update(at=timezone.now() - timedelta(days=40))

    tasks.forget_old_failures()

    assert Failure.objects.get() == new
