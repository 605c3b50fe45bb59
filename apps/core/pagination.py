"""Keyset pagination: a page goes on from the last row of the one before, so that page 500 costs what page 1 does."""

import base64
import binascii
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import F, Model, OrderBy, Q, QuerySet

Row = TypeVar("Row", bound=Model)

# PostgreSQL takes them in no text.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class BadCursorError(ValueError):
    """The cursor of the address is none of ours."""


@dataclass(frozen=True, slots=True)
class Key:
    """A column to order by. `null_last`: it may be null, and null comes last."""

    name: str
    descending: bool = False
    null_last: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows of a page, and the cursor of the next one; empty on the last."""

    rows: Sequence[Row]
    next_cursor: str


def paginate(rows: QuerySet[Row], *, keys: Sequence[Key], cursor: str, size: int) -> Page[Row]:
    """`size` rows after `cursor` (empty: from the start), ordered by `keys`, of which the last is unique.

    Costs one query. Raises `BadCursorError`.
    """
    page = rows.order_by(*(_ordering(key) for key in keys))
    if cursor:
        try:
            page = page.filter(_after(keys, _decode(cursor, len(keys))))
        except (TypeError, ValueError, ValidationError) as error:
            raise BadCursorError from error
    found = list(page[: size + 1])
    more = len(found) > size
    found = found[:size]
    return Page(found, _encode([getattr(found[-1], key.name) for key in keys]) if more else "")


def _ordering(key: Key) -> OrderBy:
    column = F(key.name)
    if not key.descending:
        # As every index has it.
        return column.asc()
    # An index serves one of the two alone.
    return column.desc(nulls_last=True) if key.null_last else column.desc()


def _after(keys: Sequence[Key], values: Sequence[Any]) -> Q:
    """The rows behind `values`: greater in the first column, or equal there and greater in the second, ..."""
    condition = Q(pk__in=[])
    equal = Q()
    for key, value in zip(keys, values, strict=True):
        if value is None:
            if not key.null_last:
                raise BadCursorError
            equal &= Q(**{f"{key.name}__isnull": True})
            continue
        beyond = Q(**{f"{key.name}__{'lt' if key.descending else 'gt'}": value})
        if key.null_last:
            beyond |= Q(**{f"{key.name}__isnull": True})
        condition |= equal & beyond
        equal &= Q(**{key.name: value})
    first, value = keys[0], values[0]
    if not first.null_last:
        # Says nothing new, but an index starts there: it can't follow the alternatives.
        condition &= Q(**{f"{first.name}__{'lte' if first.descending else 'gte'}": value})
    return condition


def _encode(values: Sequence[Any]) -> str:
    return (
        base64.urlsafe_b64encode(json.dumps([_plain(value) for value in values]).encode())
        .decode()
        .rstrip("=")
    )


def _plain(value: Any) -> Any:
    """A fraction or a time as text, which its column reads again: a number in a cursor is a whole one."""
    if isinstance(value, datetime):
        return value.isoformat()
    return repr(value) if isinstance(value, float) else value


def _decode(cursor: str, length: int) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise BadCursorError from None
    if (
        not isinstance(values, list)
        or len(values) != length
        or not all(value is None or isinstance(value, str | int) for value in values)
        or any(_UNSTORABLE.search(value) for value in values if isinstance(value, str))
        or any(abs(value) >= 2**31 for value in values if isinstance(value, int))
    ):
        raise BadCursorError
    return values
