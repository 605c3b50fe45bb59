"""Growth, trend and release cadence of repositories, stored on their rows."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction

from apps.github.growth import SPANS
from apps.github.models import Repository
from apps.github.releases import release_days
from apps.github.trending import trend

# Repositories measured in one transaction, whose rows the workers can't write meanwhile: some tenths of a second.
BATCH = 1000
# The newest releases tell how often there are some now; those before them, how often there were once.
RECENT_RELEASES = 10

# What trends is compared as of about one day. A growth that ends so much earlier than others' is of another time: the
# readings of that repository ended while others went on.
TRENDING_WITHIN = timedelta(days=60)
# "Others" are so many, or half of all where that is fewer: the first few that are read today shall not turn out all
# those whose readings came with the catalogue.
NEWEST = 20

_NO_TRENDS = {f"trend_{span.days}": None for span in SPANS}
_COLUMNS = (*(f"grew_{span.days}" for span in SPANS), *_NO_TRENDS, "growth_on", "release_days")

# The newest reading of each repository and, for each span, the one nearest to its first day: None where there is none
# within the tolerance. Our own goes before another of the same day. By index, a few rows of each repository; none of a
# repository for which the row stood before.
_READINGS = """
SELECT r.id, last.date, last.stars, span.days, first.date, first.stars
FROM (
    SELECT id, coalesce(same_since, '-infinity') AS since FROM github_repository WHERE id = ANY(%(ids)s)
) AS r
CROSS JOIN LATERAL (
    (SELECT date, stars, true AS is_own FROM github_snapshot
     WHERE repository_id = r.id AND date >= r.since ORDER BY date DESC LIMIT 1)
    UNION ALL
    (SELECT date, stars, false FROM github_starreading
     WHERE repository_id = r.id AND date >= r.since ORDER BY date DESC LIMIT 1)
    ORDER BY date DESC, is_own DESC LIMIT 1
) AS last
CROSS JOIN unnest(%(days)s::int[], %(tolerances)s::int[], %(own_only)s::bool[]) AS span(days, tolerance, is_own_only)
LEFT JOIN LATERAL (
    SELECT date, stars FROM (
        SELECT date, stars, true AS is_own FROM github_snapshot
        WHERE repository_id = r.id AND date >= r.since AND last.is_own >= span.is_own_only
            AND date BETWEEN last.date - span.days - span.tolerance AND last.date - span.days + span.tolerance
        UNION ALL
        SELECT date, stars, false FROM github_starreading
        WHERE repository_id = r.id AND date >= r.since AND NOT span.is_own_only
            AND date BETWEEN last.date - span.days - span.tolerance AND last.date - span.days + span.tolerance
    ) AS near
    ORDER BY abs(date - (last.date - span.days)), is_own DESC, date LIMIT 1
) AS first ON true
"""

_PARAMETERS: dict[str, Any] = {
    "days": [span.days for span in SPANS],
    "tolerances": [span.tolerance for span in SPANS],
    "own_only": [span.is_own_only for span in SPANS],
}

_RELEASES = """
SELECT r.id, ARRAY(
    SELECT DISTINCT published_on FROM github_release WHERE repository_id = r.id
    ORDER BY published_on DESC LIMIT %(recent)s
)
FROM unnest(%(ids)s::bigint[]) AS r(id)
"""

_STORE = f"""
UPDATE github_repository AS r SET {", ".join(f"{column} = new.{column}" for column in _COLUMNS)}
FROM unnest(
    %s::bigint[], {"%s::int[], " * len(SPANS)}{"%s::float8[], " * len(SPANS)}%s::date[], %s::int[]
) AS new(id, {", ".join(_COLUMNS)})
WHERE r.id = new.id
"""  # noqa: S608 - the names of our own columns.


def measure_growth(*, repositories: Collection[int] | None = None) -> int:
    """Compute them anew for the repositories of these ids, or all; answers how many changed.

    What is not known is None. `growth_on` is the day of the newest reading, however old that is. A trend is kept only
    where this day is as late as that of others, give or take `TRENDING_WITHIN`: what ended long ago trends no more.
    """
    is_all = repositories is None
    ids = sorted(Repository.objects.values_list("pk", flat=True) if repositories is None else repositories)
    oldest = _oldest_trending()
    changed = sum(_measure(ids[at : at + BATCH], oldest) for at in range(0, len(ids), BATCH))
    if is_all and (oldest := _oldest_trending()):
        # Which are the newest is known only now.
        with transaction.atomic():
            late = Repository.objects.filter(growth_on__lt=oldest).exclude(**_NO_TRENDS).lock()
            Repository.objects.filter(pk__in=late).update(**_NO_TRENDS)
    return changed


def _oldest_trending() -> date | None:
    """The first day of growth that may trend; None where nothing is measured yet."""
    days = Repository.objects.filter(growth_on__isnull=False).order_by("-growth_on")
    place = min(NEWEST, (days.count() + 1) // 2)
    newest = days.values_list("growth_on", flat=True)[place - 1] if place else None
    return newest and newest - TRENDING_WITHIN


@transaction.atomic
def _measure(ids: Sequence[int], oldest: date | None) -> int:
    """A batch of those whose ids ascend; four queries, however many they are."""
    # Locked in the order of their ids, as by all who write several, or two might wait for one another.
    rows = Repository.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
    stored = {pk: values for pk, *values in rows.values_list("pk", *_COLUMNS)}
    found: dict[int, dict[str, Any]] = {pk: dict.fromkeys(_COLUMNS) for pk in stored}
    with connection.cursor() as cursor:
        cursor.execute(_READINGS, _PARAMETERS | {"ids": [*stored]})
        for pk, until, stars, days, since, before in cursor.fetchall():
            found[pk]["growth_on"] = until
            if since is None:
                continue
            added = stars - before
            found[pk][f"grew_{days}"] = added
            if oldest is None or until >= oldest:
                found[pk][f"trend_{days}"] = trend(before=before, added=added, days=(until - since).days)
        cursor.execute(_RELEASES, {"ids": [*stored], "recent": RECENT_RELEASES})
        for pk, dates in cursor.fetchall():
            found[pk]["release_days"] = release_days(dates)
        changed = [(pk, *new.values()) for pk, new in found.items() if [*new.values()] != stored[pk]]
        if changed:
            cursor.execute(_STORE, [list(column) for column in zip(*changed, strict=True)])
    return len(changed)
