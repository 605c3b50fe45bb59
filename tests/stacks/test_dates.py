from datetime import date

import pytest
from django.core.exceptions import ValidationError

from apps.stacks.dates import check_date, first_of, is_before, month_number

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize("value", ["", "1950", "2024", "2024-04", "2024-02-29", "2026-11-22", "2026-11-23"])
def test_date_as_exactly_as_known_is_taken(value: str) -> None:
    check_date(value, today=TODAY)


@pytest.mark.parametrize(
    "value",
    [
        "24",
        "2024-4",
        "2024-13",
        "2023-02-29",
        "2024-04-31",
        "2024/04",
        "soon",
        "2024-04-01T00:00",
        "٢٠٢٤",
        "2024\n",
        "0000",
    ],
)
def test_what_is_no_date_is_refused_with_examples(value: str) -> None:
    with pytest.raises(ValidationError, match="as exactly as you know it"):
        check_date(value, today=TODAY)


@pytest.mark.parametrize("value", ["1949", "0001", "2026-12", "2027", "2026-11-24"])
def test_date_of_another_time_is_refused(value: str) -> None:
    with pytest.raises(ValidationError, match="between 1950 and today"):
        check_date(value, today=TODAY)


@pytest.mark.parametrize(
    ("earlier", "later", "answer"),
    [
        ("2023", "2024", True),
        ("2023-12-31", "2024", True),
        ("2024", "2024-04", False),
        ("2024-04", "2024", False),
        ("2024-03-31", "2024-04", True),
        ("2024-05", "2024-04", False),
        ("", "2024", False),
        ("2024", "", False),
    ],
)
def test_date_is_before_another_only_where_it_is_sure(earlier: str, later: str, answer: bool) -> None:
    assert is_before(earlier, later) is answer


@pytest.mark.parametrize(
    ("value", "month"),
    [
        ("2024", date(2024, 7, 1)),
        ("2024-04", date(2024, 4, 1)),
        ("2024-04-15", date(2024, 4, 1)),
        ("2024-04-16", date(2024, 5, 1)),
        ("2024-12-31", date(2025, 1, 1)),
    ],
)
def test_month_number_is_of_the_first_month_whose_middle_follows(value: str, month: date) -> None:
    assert first_of(month_number(value)) == month


def test_month_number_refuses_what_is_no_date() -> None:
    with pytest.raises(ValueError, match="no date"):
        month_number("soon")
