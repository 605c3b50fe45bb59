"""Storing what GitHub said of repositories: a batch in a fixed number of queries, all of it or nothing."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, OperationalError, transaction
from django.db.models.functions import Lower
from django.utils import timezone
from psycopg.errors import DeadlockDetected

from apps.github.client import Missed, Seen
from apps.github.models import Failure, FigureSource, FormerName, Release, Repository, Snapshot
from apps.github.outcomes import Facts, Outcome, after_missing, after_seeing, new_name
from apps.github.schedule import next_look
from apps.github.services.claims import Claim

# Somebody else may take a name between our look at it and our writing it, or lock the same rows in another order.
ATTEMPTS = 3

WRITTEN = (
    "full_name",
    "node_id",
    "database_id",
    "stars",
    "forks",
    "watchers",
    "open_issues",
    "figures_on",
    "figures_source",
    "is_fork",
    "is_mirror",
    "is_disabled",
    "began_at",
    "pushed_at",
    "license",
    "language",
    "latest_release",
    "latest_release_on",
    "state",
    "state_since",
    "problem",
    "failures",
    "missing_count",
    "missing_since",
    "is_token_refused",
    "read_at",
    "due_at",
    "leased_until",
    "claims",
)


@dataclass(frozen=True, slots=True)
class Manner:
    """How was asked: with a token or not, and whether requests are so few that none comes before a day is over."""

    had_token: bool
    is_scarce: bool


def store_looks(*, claim: Claim, looks: Mapping[int, Seen | Missed], manner: Manner) -> list[int]:
    """Write what was seen of the claimed repositories with these ids, and end their claim; answers whose figures.

    A claim that is no longer ours writes nothing.
    """
    attempt = 1
    while True:
        try:
            with transaction.atomic():
                return _store(claim, looks, manner)
        except (IntegrityError, OperationalError) as error:
            is_race = isinstance(error, IntegrityError) or isinstance(error.__cause__, DeadlockDetected)
            if attempt == ATTEMPTS or not is_race:
                raise
        attempt += 1


def _store(claim: Claim, looks: Mapping[int, Seen | Missed], manner: Manner) -> list[int]:
    now = timezone.now()
    ours = Repository.objects.filter(pk__in=looks, leased_until=claim.lease)
    # In the order of their ids, as others lock several.
    rows = list(ours.order_by("pk").select_for_update(no_key=True))
    taken = _taken_names(rows, looks)
    outcomes: list[tuple[Repository, Outcome]] = []
    failures: list[Failure] = []
    releases: list[Release] = []
    for row in rows:
        outcome = _outcome(row, looks[row.pk], taken, manner, now)
        outcomes.append((row, outcome))
        failures += _failures(row, looks[row.pk], outcome)
        if outcome.seen:
            releases += _release(row, outcome.seen)
            _write_figures(row, outcome.seen, now)
        _write_facts(row, outcome.facts, manner, now)
    # All of them exist and are locked, so this only updates: a tenth of the time that bulk_update takes for 50.
    Repository.objects.bulk_create(rows, update_conflicts=True, unique_fields=["id"], update_fields=WRITTEN)
    seen = {row.pk: outcome.seen for row, outcome in outcomes if outcome.seen}
    _write_snapshots(seen, now)
    _write_former_names(
        {row.pk: outcome.former_name for row, outcome in outcomes if outcome.former_name}, rows
    )
    Release.objects.bulk_create(releases, ignore_conflicts=True)
    Failure.objects.bulk_create(failures)
    return list(seen)


def _facts(row: Repository) -> Facts:
    return Facts(
        full_name=row.full_name,
        database_id=row.database_id,
        state=Repository.State(row.state),
        problem=row.problem,
        failures=row.failures,
        missing_count=row.missing_count,
        missing_since=row.missing_since,
        is_token_refused=row.is_token_refused,
    )


def _taken_names(rows: Sequence[Repository], looks: Mapping[int, Seen | Missed]) -> set[str]:
    """Those of the new names that another row bears, in lower case."""
    wanted = {
        name.lower()
        for row in rows
        if isinstance(look := looks[row.pk], Seen) and (name := new_name(_facts(row), look))
    }
    if not wanted:
        return set()
    bearing = Repository.objects.annotate(key=Lower("full_name")).filter(key__in=wanted)
    return set(bearing.values_list("key", flat=True))


def _outcome(row: Repository, look: Seen | Missed, taken: set[str], manner: Manner, now: datetime) -> Outcome:
    """What the look means; a new name that it gives is taken from then on."""
    facts = _facts(row)
    if isinstance(look, Missed):
        return after_missing(facts, look, now=now, had_token=manner.had_token)
    name = new_name(facts, look).lower()
    outcome = after_seeing(facts, look, is_name_taken=name in taken)
    if name:
        taken.add(name)
    return outcome


def _failures(row: Repository, look: Seen | Missed, outcome: Outcome) -> list[Failure]:
    if isinstance(look, Missed):
        return [Failure(repository=row, kind=look.trouble, reason=look.reason[:300])]
    if outcome.facts.problem and row.state != outcome.facts.state:
        return [Failure(repository=row, kind=outcome.facts.state, reason=outcome.facts.problem[:300])]
    return []


def _release(row: Repository, seen: Seen) -> list[Release]:
    """The release that came since the last look."""
    if not seen.latest_release or not seen.latest_release_at:
        return []
    tag, day = seen.latest_release, seen.latest_release_at.date()
    if (tag, day) == (row.latest_release, row.latest_release_on):
        return []
    return [Release(repository=row, tag=tag, published_on=day)]


def _write_figures(row: Repository, seen: Seen, now: datetime) -> None:
    row.node_id = seen.node_id
    row.stars, row.forks = seen.stars, seen.forks
    row.figures_on, row.figures_source = now.date(), FigureSource.GITHUB
    # What this way of asking does not tell is unknown from now on: `read_at` is of all figures.
    row.watchers, row.open_issues = seen.watchers, seen.open_issues
    row.is_fork, row.is_mirror, row.is_disabled = seen.is_fork, seen.is_mirror, seen.is_disabled
    row.began_at, row.pushed_at = seen.began_at, seen.pushed_at
    row.license, row.language = seen.license, seen.language
    # But a release has its own day, and stays the latest one that was seen.
    if seen.latest_release is not None:
        row.latest_release = seen.latest_release
        row.latest_release_on = seen.latest_release_at.date() if seen.latest_release_at else None
    row.read_at = now


def _write_facts(row: Repository, facts: Facts, manner: Manner, now: datetime) -> None:
    is_for_another_queue = facts.is_token_refused and not row.is_token_refused
    if facts.state != row.state:
        row.state_since = now
    row.full_name, row.database_id = facts.full_name, facts.database_id
    row.state, row.problem = facts.state, facts.problem
    row.failures = min(facts.failures, 1000)
    row.missing_count, row.missing_since = min(facts.missing_count, 1000), facts.missing_since
    row.is_token_refused = facts.is_token_refused and (manner.had_token or not _is_token_day(row.pk, now))
    wait = next_look(
        pk=row.pk,
        state=facts.state,
        interest=row.interest,
        stars_a_day=_stars_a_day(row),
        failures=facts.failures,
        missing_count=facts.missing_count,
        is_scarce=manner.is_scarce,
    )
    # It keeps its place for the look without a token.
    row.due_at = row.due_at if is_for_another_queue else now + wait
    row.leased_until, row.claims = None, 0


def _is_token_day(pk: int, now: datetime) -> bool:
    """Whether a refused token is tried again after this look: once a week, as owners change their minds."""
    return (now.toordinal() + pk) % 7 == 0


def _stars_a_day(row: Repository) -> float:
    if row.grew_7 is not None:
        return row.grew_7 / 7
    return (row.grew_90 or 0) / 90


def _write_snapshots(seen: Mapping[int, Seen], now: datetime) -> None:
    by_told: defaultdict[tuple[str, ...], list[Snapshot]] = defaultdict(list)
    for pk, figures in seen.items():
        values = {name: getattr(figures, name) for name in ("stars", "forks", "watchers", "open_issues")}
        # What an earlier look of the day was told and this one is not stays.
        told = {name: value for name, value in values.items() if value is not None}
        by_told[tuple(told)].append(Snapshot(repository_id=pk, date=now.date(), **told))
    for names, snapshots in by_told.items():
        Snapshot.objects.bulk_create(
            snapshots, update_conflicts=True, unique_fields=["repository", "date"], update_fields=names
        )


def _write_former_names(former: Mapping[int, str], rows: Sequence[Repository]) -> None:
    """Keep the names that the rows of these ids bear no more; a name leads to who bore it last, or bears it."""
    if not former:
        return
    names = [name.lower() for name in former.values()]
    names += [row.full_name.lower() for row in rows if row.pk in former]
    FormerName.objects.alias(key=Lower("full_name")).filter(key__in=names).delete()
    FormerName.objects.bulk_create(
        FormerName(repository_id=pk, full_name=name) for pk, name in former.items()
    )
