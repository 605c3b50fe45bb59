from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from apps.github.models import FigureSource, Repository, StarReading
from tests.factories.tools import RepositoryFactory, StarReadingFactory

pytestmark = pytest.mark.django_db

DATED = {"figures_on": date(2026, 8, 1), "figures_source": FigureSource.DATASET}


def test_repository_url_is_that_on_github() -> None:
    assert RepositoryFactory.build(full_name="pallets/flask").url == "https://github.com/pallets/flask"


def test_repository_and_reading_say_what_they_are() -> None:
    repository = RepositoryFactory(full_name="pallets/flask")
    reading = StarReadingFactory(repository=repository, date=date(2026, 8, 1), stars=72014)

    assert str(repository) == "pallets/flask"
    assert str(reading) == f"{repository.pk} on 2026-08-01: 72014"


def test_repository_name_is_unique_in_whatever_case() -> None:
    RepositoryFactory(full_name="pallets/flask")

    with pytest.raises(IntegrityError, match="repository_full_name_unique"):
        RepositoryFactory(full_name="Pallets/Flask")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "flask",
        "/flask",
        "pallets/",
        "-pallets/flask",
        "pallets/flask/src",
        "pallets flask",
        "pal.lets/flask",
        "pallets/fl ask",
        "pallets/flask\n",
        "https://github.com/pallets/flask",
        "pallets/flask?x=1",
        'pallets/"><script>',
    ],
)
def test_repository_name_must_have_the_form_of_github(name: str) -> None:
    with pytest.raises(IntegrityError, match="repository_full_name_form"):
        RepositoryFactory(full_name=name)


@pytest.mark.parametrize("name", ["a/b", "3scale/3scale.github.io", "Some-One/_.name_-", "a--b/c"])
def test_repository_name_may_have_every_form_of_github(name: str) -> None:
    assert RepositoryFactory(full_name=name).pk


@pytest.mark.parametrize(
    "values",
    [
        {"stars": 5},
        {"forks": 5},
        {"stars": 0, "figures_on": date(2026, 8, 1)},
        {"stars": 5, "figures_source": FigureSource.GITHUB},
    ],
)
def test_repository_figures_need_a_date_and_a_source(values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="repository_figures_dated"):
        RepositoryFactory(**values)


@pytest.mark.parametrize("values", [{}, {"stars": 5, **DATED}, {"forks": 0, **DATED}])
def test_repository_figures_may_be_unknown_or_dated(values: dict[str, Any]) -> None:
    repository = RepositoryFactory(**values)

    repository.refresh_from_db()
    assert (repository.stars, repository.forks) == (values.get("stars"), values.get("forks"))


@pytest.mark.parametrize("column", ["stars", "forks"])
def test_repository_figures_are_not_negative(column: str) -> None:
    with pytest.raises(IntegrityError, match=f"github_repository_{column}_check"):
        RepositoryFactory(**{column: -1}, **DATED)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"full_name": "flask"}, "Write owner/name as on GitHub"),
        ({"full_name": "a/b", "stars": 5}, "Figures need the date that they are of, and their source."),
    ],
)
def test_repository_constraint_has_words_for_the_admin(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Repository(**values).full_clean()


def test_star_reading_is_one_a_day() -> None:
    reading = StarReadingFactory(date=date(2026, 8, 1), stars=1)

    with pytest.raises(IntegrityError, match="starreading_once_a_day"):
        StarReadingFactory(repository=reading.repository, date=reading.date, stars=2)


@pytest.mark.parametrize("column", ["stars", "forks"])
def test_star_reading_is_not_negative(column: str) -> None:
    with pytest.raises(IntegrityError, match=f"github_starreading_{column}_check"):
        StarReadingFactory(date=date(2026, 8, 1), **{"stars": 1, column: -1})


def test_star_readings_ascend_by_date_and_go_with_their_repository() -> None:
    repository = RepositoryFactory()
    for month in (3, 1, 2):
        StarReadingFactory(repository=repository, date=date(2026, month, 1), stars=month)

    assert [reading.stars for reading in repository.star_readings.all()] == [1, 2, 3]
    repository.delete()
    assert not StarReading.objects.exists()
