"""What a moderator has done with repositories that are held, or that failed."""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import Case, Value, When
from django.utils import timezone

from apps.core.jobs import ring_on_commit
from apps.github.models import Repository

State = Repository.State


@transaction.atomic
def read_again(*, pks: Collection[int]) -> int:
    """Have these read next as if nothing had failed, those that are held too; answers how many.

    The next look says what has become of them.
    """
    held = Repository.objects.filter(pk__in=pks, state__in=Repository.HELD)
    was = Case(When(read_at=None, then=Value(State.NEW)), default=Value(State.OK))
    held.update(state=was, state_since=timezone.now(), problem="")
    return _make_due(pks, failures=0, is_token_refused=False)


@transaction.atomic
def take_namesake(*, pks: Collection[int]) -> int:
    """Take those that bear the names of replaced ones for ours from now on; answers how many.

    They are found by name as on first contact. The figures of the former ones stay in the history with their dates.
    """
    replaced = Repository.objects.filter(pk__in=pks, state=State.REPLACED)
    found = list(replaced.select_for_update().values_list("pk", flat=True))
    return _make_due(
        found,
        state=State.NEW,
        state_since=timezone.now(),
        problem="",
        node_id="",
        database_id=None,
        failures=0,
        missing_count=0,
        missing_since=None,
    )


def _make_due(pks: Collection[int], **columns: Any) -> int:
    # A worker that reads one of them now asks for what it was until now: without its lease it writes nothing.
    rows = Repository.objects.filter(pk__in=pks)
    count = rows.update(due_at=timezone.now(), leased_until=None, claims=0, **columns)
    ring_on_commit("apps.github.tasks.refresh_due_repositories")
    return count
