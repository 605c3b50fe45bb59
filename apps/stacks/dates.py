"""Dates as exactly as somebody knows them: "2024", "2024-04" or "2024-04-01". Pure: knows no database."""

import re
from datetime import date

from django.core.exceptions import ValidationError

FIRST_YEAR = 1950
# From this day on a month's middle is behind.
MIDDLE = 15
# A year alone stands for its middle: the begin of July.
_MIDDLE_MONTH = 7

_FORM = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


def check_date(value: str, *, today: date) -> None:
    """Raise `ValidationError` with words unless `value` is "" or a date between 1950 and today (UTC, and a day more).

    A day more, as today is tomorrow in the east.
    """
    if not value:
        return
    match = _FORM.fullmatch(value) if value.isascii() else None
    try:
        if match is None:
            raise ValueError
        year, month, day = (int(part or 1) for part in match.groups())
        first = date(year, month, day)
    except ValueError:
        raise ValidationError(
            'Write "2024", "2024-04" or "2024-04-01", as exactly as you know it.', code="date"
        ) from None
    if first.year < FIRST_YEAR or first.toordinal() > today.toordinal() + 1:
        raise ValidationError(f"Write a date between {FIRST_YEAR} and today.", code="date")


def is_before(earlier: str, later: str) -> bool:
    """Whether the first of two such dates is surely before the second: "2023" before "2024-04", "2024" not."""
    length = min(len(earlier), len(later))
    return earlier[:length] < later[:length]


def month_number(value: str) -> int:
    """Of what began at `value` the first month in whose middle it was so; of what ended then the first without it.

    Months are counted from the year 0: `year * 12 + month - 1`. A year alone stands for its middle, a month for its
    begin. Raises `ValueError` for what `check_date` refuses.
    """
    match = _FORM.fullmatch(value)
    if match is None:
        raise ValueError(f"{value!r} is no date.")
    year, month, day = (int(part) if part else None for part in match.groups())
    assert year is not None  # noqa: S101 - the pattern has it
    first = year * 12 + (month or _MIDDLE_MONTH) - 1
    return first + (day is not None and day > MIDDLE)


def first_of(number: int) -> date:
    """The first day of the month of that number."""
    return date(number // 12, number % 12 + 1, 1)
