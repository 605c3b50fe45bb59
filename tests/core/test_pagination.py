import base64
import json
from collections.abc import Callable, Sequence
from datetime import date
from functools import cmp_to_key
from typing import Any

import pytest
from django.db.models import QuerySet
from django.db.models.functions import Lower
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.pagination import BadCursorError, Key, Page, paginate
from apps.github.models import FigureSource, Repository
from tests.factories.tools import RepositoryFactory

pytestmark = pytest.mark.django_db

UNIQUE = Key("id")
KEYS = [
    Key("stars", null_last=True),
    Key("stars", descending=True, null_last=True),
    Key("forks", null_last=True),
    Key("forks", descending=True, null_last=True),
    Key("trend_7", descending=True, null_last=True),
    Key("latest_release"),
    Key("latest_release", descending=True),
    Key("name_key", descending=True),
]
few = st.integers(0, 2) | st.none()
rows_of_repositories = st.lists(
    st.tuples(few, few, st.sampled_from(["", "1.0", "1.10", "é“\U0001f600"])), max_size=14
)
orders = st.lists(st.sampled_from(KEYS), max_size=3, unique_by=lambda key: key.name)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters())
anything = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=6
)


def encode(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def fill(values: Sequence[tuple[int | None, int | None, str]]) -> QuerySet[Repository]:
    Repository.objects.all().delete()
    Repository.objects.bulk_create(
        Repository(
            full_name=f"owner/{'rR'[at % 2]}{at}",
            stars=stars,
            forks=forks,
            # No fraction that ends, in base two or ten.
            trend_7=None if stars is None else stars / 3 - 0.1,
            latest_release=release,
            figures_on=date(2026, 8, 1),
            figures_source=FigureSource.DATASET,
        )
        for at, (stars, forks, release) in enumerate(values)
    )
    return Repository.objects.annotate(name_key=Lower("full_name"))


def all_pages(rows: QuerySet[Repository], *, keys: Sequence[Key], size: int) -> list[Page[Repository]]:
    pages = [paginate(rows, keys=keys, cursor="", size=size)]
    while pages[-1].next_cursor and len(pages) < 100:
        pages.append(paginate(rows, keys=keys, cursor=pages[-1].next_cursor, size=size))
    return pages


def compare_by(keys: Sequence[Key]) -> Callable[[Any, Any], int]:
    """The order that `keys` promise, in Python: nulls last whatever the direction."""

    def compare(a: Any, b: Any) -> int:
        for key in keys:
            x, y = getattr(a, key.name), getattr(b, key.name)
            if x != y:
                if x is None or y is None:
                    return 1 if x is None else -1
                return (1 if x > y else -1) * (-1 if key.descending else 1)
        return 0

    return compare


@given(rows_of_repositories, orders, st.booleans(), st.integers(1, 6))
@settings(deadline=None, max_examples=120)
def test_pages_have_every_row_once_in_order(
    values: list[tuple[int | None, int | None, str]], order: list[Key], descending: bool, size: int
) -> None:
    rows = fill(values)
    keys = [*order, Key("id", descending=descending)]

    pages = all_pages(rows, keys=keys, size=size)

    found = [row for page in pages for row in page.rows]
    assert [row.pk for row in found] == [row.pk for row in sorted(rows, key=cmp_to_key(compare_by(keys)))]
    assert all(len(page.rows) == size for page in pages[:-1])
    assert len(pages) == max(1, -(-len(values) // size))


@given(st.integers(0, 9))
@settings(deadline=None, max_examples=10)
def test_page_goes_on_after_its_last_row_when_rows_before_it_are_gone(gone: int) -> None:
    rows = fill([(1, 1, "")] * 10)
    first = paginate(rows, keys=[Key("stars"), UNIQUE], cursor="", size=5)
    expected = [row.pk for row in rows.order_by("id")[5:] if row.pk != rows.order_by("id")[gone].pk]

    rows.order_by("id")[gone].delete()

    second = paginate(rows, keys=[Key("stars"), UNIQUE], cursor=first.next_cursor, size=5)
    assert [row.pk for row in second.rows] == expected


def test_page_of_no_rows_is_the_last() -> None:
    page = paginate(Repository.objects.all(), keys=[UNIQUE], cursor="", size=5)

    assert (list(page.rows), page.next_cursor) == ([], "")


def test_page_has_no_next_one_when_it_holds_the_last_row() -> None:
    RepositoryFactory.create_batch(5)

    assert paginate(Repository.objects.all(), keys=[UNIQUE], cursor="", size=5).next_cursor == ""


def test_page_costs_one_query(count_queries: Callable[..., Any]) -> None:
    RepositoryFactory.create_batch(5)
    cursor = paginate(Repository.objects.all(), keys=[UNIQUE], cursor="", size=2).next_cursor

    with count_queries(at_most=1):
        page = paginate(Repository.objects.all(), keys=[UNIQUE], cursor=cursor, size=2)

    assert len(page.rows) == 2


def test_page_after_the_last_row_is_empty() -> None:
    last = RepositoryFactory()

    page = paginate(Repository.objects.all(), keys=[UNIQUE], cursor=encode([last.pk]), size=5)

    assert (list(page.rows), page.next_cursor) == ([], "")


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%%%",
        "é",
        "====",
        "bm8",
        encode({}),
        encode("ab"),
        encode(5),
        encode([]),
        encode([1]),
        encode([1, 2, 3]),
        encode([1.5, 2]),
        encode([[1], 2]),
        encode([{}, 2]),
        encode([1, None]),
        encode([1, "no number"]),
        encode([1, "²"]),
        encode([1, 2**31]),
        encode([1, -(2**63)]),
        encode(["a\0b", 1]),
        encode(["\ud800", 1]),
        encode([1, "9" * 5000]),
        base64.urlsafe_b64encode(b"[" * 50_000).decode(),
        base64.urlsafe_b64encode(b"[NaN, 1]").decode(),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    ],
)
def test_bad_cursor_is_refused(cursor: str) -> None:
    RepositoryFactory.create_batch(2)

    with pytest.raises(BadCursorError):
        paginate(Repository.objects.all(), keys=[Key("latest_release"), UNIQUE], cursor=cursor, size=1)


@given(st.one_of(st.text(), anything.map(encode), st.lists(scalars, min_size=3, max_size=3).map(encode)))
@settings(deadline=None, max_examples=200)
def test_any_cursor_gives_a_page_or_is_refused(cursor: str) -> None:
    keys = [Key("stars", descending=True, null_last=True), Key("latest_release"), UNIQUE]

    try:
        page = paginate(Repository.objects.all(), keys=keys, cursor=cursor, size=1)
    except BadCursorError:
        return

    assert len(page.rows) <= 1


@pytest.mark.parametrize("key", [Key("latest_release"), Key("stars", descending=True)])
def test_null_in_a_cursor_is_refused_where_the_column_has_none(key: Key) -> None:
    with pytest.raises(BadCursorError):
        paginate(Repository.objects.all(), keys=[key, UNIQUE], cursor=encode([None, 1]), size=1)


def test_query_is_one_that_an_index_serves(count_queries: Callable[..., Any]) -> None:
    """Descending indexes have no `NULLS LAST`, and start at a bound of their first column."""
    keys = [Key("latest_release", descending=True), Key("id", descending=True)]

    with count_queries(at_most=1) as queries:
        paginate(Repository.objects.all(), keys=keys, cursor=encode(["1.0", 7]), size=5)

    sql = queries[0]["sql"]
    assert "NULLS" not in sql
    assert """"latest_release" <= '1.0'""" in sql
