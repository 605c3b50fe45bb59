"""Claiming repositories that are due: for one worker, for a time, and not for ever where workers die of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.expressions import OrderBy
from django.utils import timezone

from apps.github.models import Failure, Repository
from apps.github.querysets import RepositoryQuerySet

# Longer than a task may run: who still works on a claim then is dead.
LEASE = timedelta(seconds=300)

# How many are claimed at once, by how often the first of them was claimed before without an end. Each time the worker
# died, of one of them or of something else: with fewer at a time the others get away, and at last it is alone.
BATCHES = (50, 7, 1)
# So often a repository may have had a worker die with it.
MAX_CLAIMS = 4


@dataclass(frozen=True, slots=True)
class Claim:
    """Repositories by id that nobody else reads until `lease`, which also tells this claim from any other."""

    rows: Mapping[int, Repository]
    lease: datetime


def claim_due(
    rows: RepositoryQuerySet[Repository],
    *,
    order: Collection[str | OrderBy],
    at_most: int = BATCHES[0],
) -> Claim | None:
    """Claim the first of `rows` that are due in this order; None where none is.

    Committed at once, so that the count of claims is kept when the worker dies. One that was claimed `MAX_CLAIMS` times
    without an end is given up, with a failure to look at.
    """
    while True:
        with transaction.atomic():
            now = timezone.now()
            found = list(
                rows.due(now)
                .order_by(*order, "pk")
                .select_for_update(skip_locked=True, no_key=True)[:at_most]
            )
            if not found:
                return None
            hopeless = [row for row in found if row.claims >= MAX_CLAIMS]
            if hopeless:
                _give_up(hopeless, now)
                continue
            size = _batch(found[0])
            taken = [row for row in found if _batch(row) == size][:size]
            claim = Claim({row.pk: row for row in taken}, now + LEASE)
            Repository.objects.filter(pk__in=claim.rows).update(
                leased_until=claim.lease, claims=F("claims") + 1
            )
            return claim


def give_back(claim: Claim, pks: Collection[int]) -> None:
    """Let others claim these of it, as if they had never been claimed."""
    with transaction.atomic():
        ours = Repository.objects.filter(pk__in=pks, leased_until=claim.lease).lock()
        Repository.objects.filter(pk__in=ours).update(leased_until=None, claims=F("claims") - 1)


def _batch(row: Repository) -> int:
    return BATCHES[min(row.claims, len(BATCHES) - 1)]


def _give_up(rows: list[Repository], now: datetime) -> None:
    problem = f"Given up: {MAX_CLAIMS} times a worker did not come back from reading it."
    values: dict[str, Any] = {"state": Repository.State.FAILED, "state_since": now, "problem": problem}
    Repository.objects.filter(pk__in=[row.pk for row in rows]).update(leased_until=None, **values)
    Failure.objects.bulk_create(
        Failure(repository=row, kind=Repository.State.FAILED, reason=problem) for row in rows
    )
