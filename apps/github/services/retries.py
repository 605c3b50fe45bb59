"""What a moderator has done with repositories that are held, that failed, or that a row shall stand for."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import Case, Value, When
from django.utils import timezone

from apps.core.jobs import ring_on_commit
from apps.github.models import Release, Repository, Snapshot, StarReading, StarWeek
from apps.github.querysets import ASKED_FOR

State = Repository.State

# All else is as of a new row where one stands for another repository from now on.
_KEPT = {"id", "full_name", "interest", "created_at"}


@transaction.atomic
def read_again(*, pks: Collection[int]) -> int:
    """Have these read next as if nothing had failed, those that are held too; answers how many.

    The next look says what has become of them.
    """
    pks = Repository.objects.filter(pk__in=pks).lock()
    held = Repository.objects.filter(pk__in=pks, state__in=Repository.HELD)
    was = Case(When(read_at=None, then=Value(State.NEW)), default=Value(State.OK))
    held.update(state=was, state_since=timezone.now(), problem="")
    # A worker that reads one of them now asks for what it was until now: without its lease it writes nothing.
    count = Repository.objects.filter(pk__in=pks).update(
        due_at=ASKED_FOR, leased_until=None, claims=0, failures=0, is_token_refused=False
    )
    ring_on_commit("apps.github.tasks.refresh_due_repositories")
    return count


@transaction.atomic
def take_namesake(*, pks: Collection[int]) -> int:
    """Take those that bear the names of replaced ones for ours from now on; answers how many."""
    replaced = Repository.objects.filter(pk__in=pks, state=State.REPLACED)
    return begin_anew(pks=replaced.lock())


@transaction.atomic
def begin_anew(*, pks: Collection[int]) -> int:
    """Have these rows stand for other repositories from today on, found by their names; answers how many.

    What is known of the former ones is forgotten but for their readings, which stay stored with their dates.
    """
    pks = Repository.objects.filter(pk__in=pks).lock()
    today = timezone.now().date()
    unread = {field.name: field.get_default() for field in Repository._meta.concrete_fields}
    columns = {name: value for name, value in unread.items() if name not in _KEPT}
    rows = Repository.objects.filter(pk__in=pks)
    count = rows.update(**columns | {"same_since": today, "due_at": ASKED_FOR})
    # After this, as a worker that was writing of them has written by now, and without its lease writes no more.
    StarWeek.objects.filter(repository__in=pks).delete()
    Release.objects.filter(repository__in=pks).delete()
    Snapshot.objects.filter(repository__in=pks, date__gte=today).delete()
    StarReading.objects.filter(repository__in=pks, date__gte=today).delete()
    ring_on_commit("apps.github.tasks.refresh_due_repositories")
    return count
