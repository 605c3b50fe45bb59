import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from apps.github.growth import SPANS, Reading, Span
from apps.github.models import Release, Repository, Snapshot, StarReading
from apps.github.services.growth import TRENDING_WITHIN, measure_growth
from apps.github.trending import trend
from tests.factories.tools import RepositoryFactory

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 22)


def read(kind: type[Snapshot] | type[StarReading], repository: Repository, *counts: tuple[int, int]) -> None:
    """Readings of `repository`: so many days before today, so many stars."""
    kind.objects.bulk_create(
        kind(repository=repository, date=TODAY - timedelta(days=ago), stars=stars, forks=0)
        for ago, stars in counts
    )


def measured(repository: Repository) -> Repository:
    measure_growth(repositories=[repository.pk])
    repository.refresh_from_db()
    return repository


def grown(repository: Repository) -> tuple[int | None, int | None, int | None, date | None]:
    row = measured(repository)
    return row.grew_7, row.grew_90, row.grew_365, row.growth_on


def test_growth_is_measured_over_each_span_of_our_own_readings() -> None:
    repository = RepositoryFactory()
    read(Snapshot, repository, (365, 100), (90, 400), (7, 480), (0, 500))

    assert grown(repository) == (20, 100, 400, TODAY)


def test_trend_is_measured_over_the_days_that_really_passed() -> None:
    repository = RepositoryFactory()
    read(Snapshot, repository, (380, 100), (100, 400), (8, 480), (0, 500))

    row = measured(repository)

    assert row.trend_7 == trend(before=480, added=20, days=8)
    assert row.trend_90 == trend(before=400, added=100, days=100)
    assert row.trend_365 == trend(before=100, added=400, days=380)


def test_growth_of_a_dataset_is_unknown_over_a_week_and_says_its_date() -> None:
    repository = RepositoryFactory()
    read(StarReading, repository, (478, 100), (204, 400), (120, 480), (113, 500))

    assert grown(repository) == (None, 100, 400, TODAY - timedelta(days=113))


def test_growth_begins_at_a_monthly_reading_when_our_own_are_too_young() -> None:
    repository = RepositoryFactory()
    read(StarReading, repository, (370, 100), (100, 300))
    read(Snapshot, repository, (6, 490), (0, 500))

    assert grown(repository) == (10, 200, 400, TODAY)


def test_growth_over_a_week_is_unknown_when_the_newest_reading_is_not_our_own() -> None:
    repository = RepositoryFactory()
    read(Snapshot, repository, (17, 400), (10, 450))
    read(StarReading, repository, (5, 500))

    assert grown(repository) == (None, None, None, TODAY - timedelta(days=5))


def test_growth_takes_our_own_reading_when_another_is_of_the_same_day() -> None:
    repository = RepositoryFactory()
    read(Snapshot, repository, (90, 100), (0, 200))
    read(StarReading, repository, (90, 1), (0, 2))

    assert grown(repository) == (None, 100, None, TODAY)


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (4, (None, None, None)),
        (5, (9, None, None)),
        (9, (9, None, None)),
        (10, (None, None, None)),
        (69, (None, None, None)),
        (70, (None, 9, None)),
        (110, (None, 9, None)),
        (111, (None, None, None)),
        (345, (None, None, 9)),
        (385, (None, None, 9)),
        (386, (None, None, None)),
    ],
)
def test_growth_is_unknown_when_no_reading_is_near_the_first_day(
    ago: int, expected: tuple[int | None, int | None, int | None]
) -> None:
    repository = RepositoryFactory()
    read(Snapshot, repository, (ago, 1), (0, 10))

    assert grown(repository)[:3] == expected


def test_growth_is_unknown_when_there_is_one_reading_or_none() -> None:
    once, never = RepositoryFactory(), RepositoryFactory()
    read(Snapshot, once, (0, 10))

    assert grown(once) == (None, None, None, TODAY)
    assert grown(never) == (None, None, None, None)


def test_growth_becomes_unknown_again_when_the_readings_have_a_gap() -> None:
    repository = RepositoryFactory(grew_7=5, trend_7=0.1, growth_on=TODAY - timedelta(days=60))
    read(Snapshot, repository, (67, 10), (60, 15), (0, 90))

    assert grown(repository) == (None, None, None, TODAY)
    assert repository.trend_7 is None


def test_growth_is_negative_when_stars_were_lost() -> None:
    repository = RepositoryFactory()
    read(Snapshot, repository, (7, 100), (0, 0))

    row = measured(repository)

    assert row.grew_7 == -100
    assert row.trend_7 is not None
    assert row.trend_7 < 0


def test_growth_does_not_begin_at_readings_of_a_former_repository() -> None:
    repository = RepositoryFactory(same_since=TODAY - timedelta(days=95))
    read(Snapshot, repository, (365, 50_000), (96, 50_000), (95, 5), (7, 8), (0, 12))
    read(StarReading, repository, (385, 50_000), (90, 7))

    assert grown(repository) == (4, 5, None, TODAY)


def test_growth_is_forgotten_when_all_readings_are_of_a_former_repository() -> None:
    repository = RepositoryFactory(same_since=TODAY, growth_on=TODAY, grew_90=1, trend_90=0.1)
    for kind in (Snapshot, StarReading):
        read(kind, repository, (91, 40_000), (1, 50_000))

    assert grown(repository) == (None, None, None, None)
    assert repository.trend_90 is None


def nearest(readings: Sequence[Reading], span: Span) -> int | None:
    """Growth over `span` in plain words: from the reading nearest to the first day, ours and the earlier one first."""
    if not readings:
        return None
    last = max(readings, key=lambda reading: (reading.date, reading.is_own))
    wanted = last.date - timedelta(days=span.days)
    near = [
        (abs((reading.date - wanted).days), not reading.is_own, reading.date, reading.count)
        for reading in readings
        if abs((reading.date - wanted).days) <= span.tolerance and (reading.is_own or not span.is_own_only)
    ]
    return last.count - min(near)[3] if near and (last.is_own or not span.is_own_only) else None


def test_growth_begins_at_the_nearest_reading_of_whatever_there_is() -> None:
    chance = random.Random(7)
    known: dict[int, list[Reading]] = {}
    for row in RepositoryFactory.create_batch(60):
        known[row.pk] = []
        for kind in (Snapshot, StarReading):
            ages = chance.sample([*range(12), *range(60, 120, 3), *range(330, 400, 3)], chance.randrange(25))
            counts = [(ago, chance.randrange(1000)) for ago in ages]
            read(kind, row, *counts)
            known[row.pk] += [
                Reading(TODAY - timedelta(days=ago), stars, kind is Snapshot) for ago, stars in counts
            ]
        if chance.random() < 0.3:
            row.same_since = TODAY - timedelta(days=chance.choice([5, 80, 360]))
            row.save(update_fields=["same_since"])
            known[row.pk] = [reading for reading in known[row.pk] if reading.date >= row.same_since]

    measure_growth()

    found = {row.pk: [row.grew_7, row.grew_90, row.grew_365] for row in Repository.objects.all()}
    assert found == {pk: [nearest(readings, span) for span in SPANS] for pk, readings in known.items()}
    assert all(len({values[at] for values in found.values()}) > 9 for at in range(3))


def test_release_days_is_the_median_of_the_newest_releases() -> None:
    repository = RepositoryFactory()
    ages = [400 * n for n in range(20, 1, -1)] + [30 * n for n in range(10)]
    Release.objects.bulk_create(
        Release(repository=repository, tag=f"v{age}", published_on=TODAY - timedelta(days=age))
        for age in ages
    )

    assert measured(repository).release_days == 30


def test_trend_is_forgotten_when_others_are_measured_much_later() -> None:
    old, old_enough, *new = RepositoryFactory.create_batch(6)
    edge = TRENDING_WITHIN.days
    for row, ago in [(old, edge + 1), (old_enough, edge), *((row, 0) for row in new)]:
        read(Snapshot, row, (ago + 7, 1), (ago, 2))

    measure_growth()

    assert set(Repository.objects.exclude(trend_7=None)) == {old_enough, *new}
    assert measured(old).trend_7 is None
    assert (old.grew_7, old.growth_on) == (1, TODAY - timedelta(days=edge + 1))


def test_trend_is_kept_when_only_the_first_few_are_measured_later() -> None:
    first, *others = RepositoryFactory.create_batch(6)
    for row, ago in [(first, 0), *((row, 400) for row in others)]:
        read(Snapshot, row, (ago + 7, 1), (ago, 2))

    measure_growth()
    measure_growth()

    assert Repository.objects.exclude(trend_7=None).count() == 6


def test_measure_growth_says_how_many_changed_and_leaves_the_others() -> None:
    one, other = RepositoryFactory.create_batch(2)
    for row in (one, other):
        read(Snapshot, row, (7, 1), (0, 2))

    assert measure_growth(repositories=[other.pk]) == 1
    assert measure_growth() == 1
    assert measure_growth() == 0


def test_measure_growth_passes_over_what_is_gone() -> None:
    assert measure_growth(repositories=[10**12]) == 0
    assert measure_growth(repositories=[]) == 0


def test_measure_growth_asks_no_more_for_many(count_queries: Callable[..., Any]) -> None:
    rows = RepositoryFactory.create_batch(30)
    for row in rows:
        read(Snapshot, row, (7, 1), (0, 2))

    # Two for what is newest of all, four of the batch, two for its savepoint.
    with count_queries(at_most=8):
        changed = measure_growth(repositories=[row.pk for row in rows])

    assert changed == 30
