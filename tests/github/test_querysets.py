from datetime import timedelta

import pytest
from django.utils import timezone

from apps.github.models import FormerName, Repository
from apps.github.querysets import ASKED_FOR
from tests.factories.tools import RepositoryFactory

pytestmark = pytest.mark.django_db

State = Repository.State
NOW = timezone.now()
HOUR = timedelta(hours=1)


def renamed(old: str, new: str) -> Repository:
    row = RepositoryFactory(full_name=new)
    FormerName.objects.create(repository=row, full_name=old)
    return row


def test_ids_by_name_lead_from_each_name_to_its_repository() -> None:
    flask, click = renamed("mitsuhiko/Flask", "pallets/Flask"), RepositoryFactory(full_name="pallets/click")

    assert Repository.objects.ids_by_name() == {
        "mitsuhiko/flask": flask.pk,
        "pallets/flask": flask.pk,
        "pallets/click": click.pk,
    }


def test_ids_by_name_prefer_who_bears_a_name_to_who_bore_it() -> None:
    renamed("pallets/flask", "x/flask")
    heir = RepositoryFactory(full_name="Pallets/Flask")

    assert Repository.objects.ids_by_name()["pallets/flask"] == heir.pk


def test_due_are_those_that_a_worker_may_claim() -> None:
    RepositoryFactory(full_name="due/now", due_at=NOW - HOUR)
    RepositoryFactory(full_name="due/exactly-now", due_at=NOW)
    RepositoryFactory(full_name="due/lease-over", due_at=NOW - HOUR, leased_until=NOW - HOUR)
    RepositoryFactory(full_name="not/yet", due_at=NOW + HOUR)
    RepositoryFactory(full_name="not/free", due_at=NOW - HOUR, leased_until=NOW + HOUR)
    for state in Repository.HELD:
        RepositoryFactory(full_name=f"held/{state}", due_at=NOW - HOUR, state=state)

    names = {row.full_name for row in Repository.objects.due(NOW)}

    assert names == {"due/now", "due/exactly-now", "due/lease-over"}


def test_overdue_are_those_that_wait_for_longer_whoever_has_them() -> None:
    RepositoryFactory(full_name="over/due", due_at=NOW - 2 * HOUR, leased_until=NOW + HOUR)
    RepositoryFactory(full_name="in/time", due_at=NOW - HOUR / 2)
    RepositoryFactory(full_name="is/held", due_at=NOW - 2 * HOUR, state=State.FAILED)
    RepositoryFactory(full_name="asked/for", due_at=ASKED_FOR)

    assert [row.full_name for row in Repository.objects.overdue(NOW - HOUR)] == ["over/due"]
