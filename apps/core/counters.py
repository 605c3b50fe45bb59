"""Counters that are derived from rows, and their repair.

An app registers each of its counters in `AppConfig.ready`; `manage.py recount` and a nightly task compare all of
them with the rows that they count, mend what differs and log it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Expression, F, Model, QuerySet, Subquery

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Counter:
    """A column of `rows` that must equal what `actual` computes for each row."""

    name: str
    rows: Callable[[], QuerySet[Any]]
    field: str
    actual: Callable[[], Expression | Subquery]


_counters: dict[str, Counter] = {}


def register(counter: Counter) -> None:
    """Have `counter` repaired with the others. Its name says it in the log, such as "tools.Tool.vote_count"."""
    _counters[counter.name] = counter


def registered() -> list[Counter]:
    return [_counters[name] for name in sorted(_counters)]


@dataclass(frozen=True, slots=True)
class Drift:
    """A counter that was wrong: of which row, what it said and what is right."""

    counter: str
    pk: Any
    said: int
    right: int


def recount(*, dry_run: bool = False, tick: Callable[[], object] = lambda: None) -> list[Drift]:
    """Mend every counter that differs from the rows it counts; answers what was wrong. `tick` is called per counter.

    Each row is locked while it is counted anew, as those who change it lock it, so that it may run at any time.
    """
    found: list[Drift] = []
    for counter in registered():
        wrong = counter.rows().annotate(_actual=counter.actual()).exclude(_actual=F(counter.field))
        for pk in wrong.values_list("pk", flat=True):
            drift = _mend(counter, pk, dry_run=dry_run)
            if drift:
                logger.warning("%s of %s said %s, right is %s.", drift.counter, pk, drift.said, drift.right)
                found.append(drift)
        tick()
    return found


@transaction.atomic
def _mend(counter: Counter, pk: Any, *, dry_run: bool) -> Drift | None:
    rows = counter.rows().filter(pk=pk)
    row: Model | None = rows.select_for_update(no_key=True, of=("self",)).first()
    if row is None:
        return None
    said = getattr(row, counter.field)
    # A statement of its own, after the lock: it sees what was committed while this one waited.
    right = rows.annotate(_actual=counter.actual()).values_list("_actual", flat=True).get()
    if said == right:
        return None
    if not dry_run:
        rows.update(**{counter.field: right})
    return Drift(counter.name, pk, said, right)
