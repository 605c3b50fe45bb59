"""Counters that are derived from rows, and their repair.

An app registers each of its counters in `AppConfig.ready`; `manage.py recount` and a nightly task compare all of
them with the rows that they count, mend what differs and log it.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Expression, F, Model, QuerySet, Subquery

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Counter:
    """A column of `rows` that must equal what `actual` computes for each row: a number, never null."""

    name: str
    rows: Callable[[], QuerySet[Any]]
    field: str
    actual: Callable[[], Expression | Subquery]


@dataclass(frozen=True, slots=True)
class Drift:
    """A counter that was wrong: of which row, what it said and what is right."""

    counter: str
    pk: Any
    said: int
    right: int


@dataclass(frozen=True, slots=True)
class Repair:
    """Numbers that no expression computes: `mend(dry_run=...)` does for them what `recount` does for a counter."""

    name: str
    mend: Callable[..., Iterable[Drift]]


_counters: dict[str, Counter | Repair] = {}


def register(counter: Counter | Repair) -> None:
    """Have `counter` repaired with the others. Its name says it in the log, such as "tools.Tool.vote_count"."""
    _counters[counter.name] = counter


def registered() -> list[Counter | Repair]:
    """In the order of their names, in which they are repaired: what derives from another's numbers comes after it."""
    return [_counters[name] for name in sorted(_counters)]


def recount(*, dry_run: bool = False, tick: Callable[[], object] = lambda: None) -> list[Drift]:
    """Mend every counter that differs from the rows it counts; answers what was wrong. `tick` is called per counter.

    Each row is locked while it is counted anew, as those who change it lock it, so that it may run at any time.
    """
    found: list[Drift] = []
    for counter in registered():
        mend = counter.mend if isinstance(counter, Repair) else partial(_mend_rows, counter)
        for drift in mend(dry_run=dry_run):
            logger.warning("%s of %s said %s, right is %s.", drift.counter, drift.pk, drift.said, drift.right)
            found.append(drift)
        tick()
    return found


def _mend_rows(counter: Counter, *, dry_run: bool) -> Iterator[Drift]:
    wrong = counter.rows().annotate(_actual=counter.actual()).exclude(_actual=F(counter.field))
    for pk in wrong.values_list("pk", flat=True):
        drift = _mend(counter, pk, dry_run=dry_run)
        if drift:
            yield drift


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
