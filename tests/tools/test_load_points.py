"""Pros and cons of the catalogue keep their rows, on which votes hang, through every edit of its files."""

from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.db import connection, connections, transaction

from apps.accounts.models import User
from apps.tools.catalogue import read_catalogue
from apps.tools.models import Point, Tool
from apps.tools.services.catalogue import LoadReport, load_tools
from apps.tools.services.points import EqualPointError, add_point
from tests.factories.accounts import UserFactory
from tests.factories.tools import PointAnswerFactory, PointFactory

FILE = "tools/languages-and-frameworks.toml"
FILE_IS_ENOUGH = "One file with a dozen lines is a working application"
COLD_START = "Cold starts take a few milliseconds"
MASCOT = "Its mascot is a pepper that everybody knows"

Load = Callable[..., LoadReport]


@pytest.fixture
def load(catalogue_dir: Path) -> Load:
    """`load(pros=[...], cons=[...])`: loads the small catalogue with these texts for Flask."""
    path = catalogue_dir / FILE
    head, _, rest = path.read_text().partition("pros = [")
    tail = rest[rest.index("\n[[tool]]") :]

    def listed(name: str, texts: list[str]) -> str:
        entries = [f'{{ text = "{text}", about = "3.1" }}' for text in texts]
        return f"{name} = [{', '.join(entries)}]\n"

    def load(*, pros: list[str], cons: list[str] | None = None) -> LoadReport:
        path.write_text(head + listed("pros", pros) + listed("cons", cons or []) + tail)
        with transaction.atomic():
            return load_tools(read_catalogue(catalogue_dir))

    return load


def rows(kind: str = "pro") -> dict[str, int]:
    """The ids of the catalogue's statements, by text in their order."""
    points = Point.objects.filter(kind=kind, origin=Tool.Origin.CATALOGUE).order_by("position")
    return dict(points.values_list("text", "pk"))


@pytest.mark.django_db
def test_rows_stay_when_the_file_is_loaded_again(load: Load) -> None:
    load(pros=[FILE_IS_ENOUGH, COLD_START])
    before = rows()

    assert load(pros=[FILE_IS_ENOUGH, COLD_START]) == LoadReport(unchanged=2)
    assert rows() == before


@pytest.mark.django_db
def test_rows_stay_when_statements_change_places(load: Load) -> None:
    load(pros=[FILE_IS_ENOUGH, COLD_START, MASCOT])
    before = rows()

    assert load(pros=[MASCOT, FILE_IS_ENOUGH, COLD_START]) == LoadReport(changed=1, unchanged=1)
    assert rows() == before
    assert list(rows()) == [MASCOT, FILE_IS_ENOUGH, COLD_START]


@pytest.mark.django_db
def test_row_stays_when_a_statement_is_reworded(load: Load) -> None:
    load(pros=[FILE_IS_ENOUGH, COLD_START])
    before = rows()
    PointAnswerFactory(point_id=before[COLD_START], point=None)
    Point.objects.filter(pk=before[COLD_START]).update(up_count=5, true_count=1)

    load(pros=[FILE_IS_ENOUGH, "A cold start takes only a few milliseconds"])

    point = Point.objects.get(pk=before[COLD_START])
    assert (point.text, point.folded) == (
        "A cold start takes only a few milliseconds",
        "a cold start takes only a few milliseconds",
    )
    assert (point.up_count, point.true_count, point.answers.count()) == (5, 1, 1)


@pytest.mark.django_db
def test_row_takes_another_case_and_version(load: Load, catalogue_dir: Path) -> None:
    load(pros=[COLD_START])
    before = rows()[COLD_START]
    path = catalogue_dir / FILE
    path.write_text(path.read_text().replace(COLD_START, COLD_START.upper()).replace('"3.1"', '"4.0"'))

    with transaction.atomic():
        load_tools(read_catalogue(catalogue_dir))

    point = Point.objects.get(pk=before)
    assert (point.text, point.about) == (COLD_START.upper(), "4.0")


@pytest.mark.django_db
def test_rows_stay_when_statements_are_reworded_and_change_places(load: Load) -> None:
    load(pros=[FILE_IS_ENOUGH, COLD_START, MASCOT])
    before = rows()

    load(
        pros=[
            "Everybody knows its mascot, the pepper",
            "Cold starts take few milliseconds",
            "A dozen lines in one file is a working application",
        ]
    )

    assert list(rows().values()) == [before[MASCOT], before[COLD_START], before[FILE_IS_ENOUGH]]


@pytest.mark.django_db
def test_statement_that_says_another_thing_is_another_row(load: Load) -> None:
    load(pros=[FILE_IS_ENOUGH, COLD_START])
    before = rows()

    load(pros=[FILE_IS_ENOUGH, MASCOT])

    after = rows()
    assert after[FILE_IS_ENOUGH] == before[FILE_IS_ENOUGH]
    assert after[MASCOT] != before[COLD_START]
    assert not Point.objects.filter(pk=before[COLD_START]).exists()


@pytest.mark.django_db
def test_statements_that_change_sides_are_other_rows(load: Load) -> None:
    load(pros=[FILE_IS_ENOUGH], cons=[COLD_START])
    before = {*rows("pro").values(), *rows("con").values()}

    load(pros=[COLD_START], cons=[FILE_IS_ENOUGH])

    assert (list(rows("pro")), list(rows("con"))) == ([COLD_START], [FILE_IS_ENOUGH])
    assert not before & {*rows("pro").values(), *rows("con").values()}


@pytest.mark.django_db
def test_statement_may_take_the_words_of_one_that_goes(load: Load) -> None:
    """The row keeps the words, not the place: the other one is deleted."""
    load(pros=[COLD_START, "Cold starts take a few milliseconds only"])
    before = rows()

    load(pros=["Cold starts take a few milliseconds only"])

    assert rows() == {
        "Cold starts take a few milliseconds only": before["Cold starts take a few milliseconds only"]
    }


@pytest.mark.django_db
def test_equal_statement_of_a_person_stays_and_the_catalogue_leaves_its_own_out(
    load: Load, alice: User
) -> None:
    load(pros=[FILE_IS_ENOUGH])
    tool = Tool.objects.get(slug="flask")
    mine = PointFactory(tool=tool, author=alice, text=COLD_START.upper())

    load(pros=[FILE_IS_ENOUGH, COLD_START])
    again = load(pros=[FILE_IS_ENOUGH, COLD_START])

    assert rows().keys() == {FILE_IS_ENOUGH}
    assert Point.objects.filter(pk=mine.pk, author=alice, text=COLD_START.upper()).exists()
    assert again == LoadReport(unchanged=2)


@pytest.mark.django_db
def test_statement_reworded_to_that_of_a_person_goes(load: Load, alice: User) -> None:
    load(pros=[COLD_START])
    PointFactory(tool=Tool.objects.get(slug="flask"), author=alice, text=f"{COLD_START} only")

    load(pros=[f"{COLD_START} only"])

    assert rows() == {}


@pytest.mark.django_db
def test_equal_statement_on_the_other_side_is_another(load: Load, alice: User) -> None:
    load(pros=[])
    PointFactory(tool=Tool.objects.get(slug="flask"), author=alice, text=COLD_START, kind="con")

    load(pros=[COLD_START])

    assert rows().keys() == {COLD_START}


@pytest.mark.django_db
def test_load_costs_the_same_for_2_and_40_statements(load: Load, count_queries: Callable[..., Any]) -> None:
    load(pros=[f"Number {at} in words" for at in range(2)])
    with count_queries(at_most=99) as few:
        load(pros=["Number 1 in words", "Number 0 in other words"])
    load(pros=[f"Number {at} in words" for at in range(40)])

    with count_queries(at_most=len(few)):
        load(pros=[f"Number {at} in other words" for at in reversed(range(40))])


@pytest.mark.django_db(transaction=True)
def test_person_who_adds_the_same_during_a_load_is_told(
    load: Load, until_somebody_waits: Callable[[], None]
) -> None:
    load(pros=[FILE_IS_ENOUGH])
    author, tool = UserFactory(), Tool.objects.get(slug="flask")
    outcome = []

    def add() -> None:
        try:
            add_point(author=author, tool=tool, kind="pro", text=COLD_START, about="3.1")
        except EqualPointError as error:
            outcome.append(error.point.origin)
        finally:
            connections.close_all()

    thread = Thread(target=add, daemon=True)
    with transaction.atomic():
        load(pros=[FILE_IS_ENOUGH, COLD_START])
        thread.start()
        # It waits for the lock that the load holds.
        until_somebody_waits()
    thread.join(60)

    assert outcome == ["catalogue"]
    assert connection.in_atomic_block is False
