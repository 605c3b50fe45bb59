"""What is a person's, across all apps: what an export gives them, and what closing the account takes away.

An app that holds something of people registers both in `AppConfig.ready`. A test walks through every foreign key to
`User`, so that no model is forgotten.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from apps.accounts.models import User

Rows = Iterable[Mapping[str, Any]]
TakeAway = Callable[[User], None]

Listener = Callable[[User], None]

_standing: dict[str, Listener] = {}
_exports: dict[str, Callable[[User], Rows]] = {}
_closings: dict[str, TakeAway] = {}


def register_export(name: str, rows: Callable[[User], Rows]) -> None:
    """Have exports hold, under `name`, what `rows` answers for a person: dicts of what JSON knows, dates and times.

    Never secrets: no digests, keys, passwords.
    """
    _exports[name] = rows


def register_closing(name: str, take_away: TakeAway) -> None:
    """Have `take_away` called for an account that is being closed, before its row is deleted.

    It runs in a worker, outside a transaction, and again if the worker was killed: what is gone already is no error.
    It is for what the deletion does not do by itself, such as counters on other rows.
    """
    _closings[name] = take_away


def register_standing(name: str, callback: Listener) -> None:
    """Have `callback` called, within the transaction, whenever a person was locked out, was let in again or closes the
    account: for what counts only while all may see the person."""
    _standing[name] = callback


def tell_of_standing(person: User) -> None:
    """Call it in the transaction that changed `is_active` or `closed_at`, after the row was written."""
    for callback in _standing.values():
        callback(person)


def export_names() -> list[str]:
    """The names under which apps have registered what they hold."""
    return sorted(_exports)


def gather(person: User) -> dict[str, list[Mapping[str, Any]]]:
    """All that is `person`'s, by the names that apps registered."""
    return {name: list(_exports[name](person)) for name in export_names()}


def take_away_all(person: User) -> None:
    """Take away all that the deletion of the row would leave behind, or leave wrong."""
    for name in sorted(_closings):
        _closings[name](person)
