"""The star history by week that GitHub tells, read once and then kept up."""

import time
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.github.client import GitHub, GitHubError, Missed, Trouble, Weeks
from apps.github.models import RateLimit, Repository, StarWeek
from apps.github.services.claims import LEASE
from apps.github.services.failures import note_failure
from apps.github.services.refresh import has_token
from apps.github.turns import NotYetError, turn
from apps.github.weeks import missing_page, nearest_sunday

Resource = RateLimit.Resource

# A run ends after this. The same worker reads what somebody asked for, who shall not wait longer.
BACKFILL_SECONDS = 60
# Of each hour's requests this part is left to everything else that asks by REST.
KEPT_SHARE = 0.25
# A page holds 30 weeks, so one request a month brings it up to date.
AGAIN = timedelta(days=30)
# After a failure, so that one repository does not keep all others from their turn.
RETRY = timedelta(hours=6)
# Only those whose name and age a worker saw within this time, at its last look: the history is asked for by name, and
# does not say which repository it is of. Longer than the longest wait between two looks.
SEEN_WITHIN = timedelta(days=1)
READ = (Repository.State.OK, Repository.State.ARCHIVED)


def backfill_star_history() -> None:
    """Read the star history of repositories that are due, for `BACKFILL_SECONDS` at most. Does nothing without a token.

    What people care for most comes first. Where a run ended, the next one goes on with the weeks that are missing.
    """
    if not settings.GITHUB_API_URL or not has_token():
        return
    deadline = time.monotonic() + BACKFILL_SECONDS
    with GitHub() as github:
        while time.monotonic() < deadline and _is_quota_left() and (row := _claim()):
            if not _read(github, row, deadline):
                return


def _is_quota_left() -> bool:
    limit = RateLimit.objects.filter(resource=Resource.REST, reset_at__gt=timezone.now()).first()
    return not limit or limit.remaining is None or limit.remaining > KEPT_SHARE * (limit.quota or 0)


@transaction.atomic
def _claim() -> Repository | None:
    """Put the next one off for the time of a lease, so that no other worker reads it and a dead one's comes again."""
    now = timezone.now()
    due = Repository.objects.filter(history_due_at__lte=now, state__in=READ, is_token_refused=False)
    due = due.filter(failures=0, read_at__gt=now - SEEN_WITHIN)
    row = (
        due.order_by("-interest", "history_due_at", "pk")
        .select_for_update(skip_locked=True, no_key=True)
        .first()
    )
    if row:
        row.history_due_at = now + LEASE
        row.save(update_fields=["history_due_at"])
    return row


def _read(github: GitHub, row: Repository, deadline: float) -> bool:
    """Read the pages with weeks of `row` that are missing; answers whether to go on with the next repository."""
    stored = set(StarWeek.objects.filter(repository=row).values_list("week", flat=True))
    began, today = row.began_at and row.began_at.date(), timezone.now().date()
    page = missing_page(stored, today=today, began=began)
    try:
        while page:
            if time.monotonic() > deadline or not _is_quota_left():
                _finish(row, due_at=timezone.now())
                return False
            told = _ask(github, row, page)
            if isinstance(told, Missed):
                note_failure(kind=told.trouble, reason=told.reason, repository=row)
                if told.trouble == Trouble.BROKEN:
                    _finish(row, due_at=timezone.now() + RETRY)
                    return False
                if told.trouble == Trouble.NOT_FOUND:
                    # The refresh finds out whether it is gone, or GitHub has an hour in which it finds nothing.
                    _finish(row, due_at=timezone.now() + RETRY)
                    return True
                break
            weeks = _store(row, told)
            if weeks is None:
                return True
            stored |= weeks
            page = told.next_page and missing_page(stored, today=today, began=began, after=page)
    except NotYetError:
        _finish(row, due_at=timezone.now())
        return False
    except GitHubError as error:
        note_failure(kind=type(error).__name__, reason=str(error), repository=row)
        _finish(row, due_at=timezone.now() + RETRY)
        return False
    _finish(row, due_at=timezone.now() + AGAIN)
    return True


def _ask(github: GitHub, row: Repository, page: int) -> Weeks | Missed:
    with turn(Resource.REST) as this:
        told, rate = github.star_weeks(row.full_name, page=page)
        this.used(rate)
    return told


@transaction.atomic
def _store(row: Repository, told: Weeks) -> set[date] | None:
    """Store the weeks of a page, which may have changed since they were stored; answers their Sundays.

    None, and nothing is stored, where the row is no longer ours: another worker's, or another repository's by now.
    """
    if not Repository.objects.filter(pk=row.pk, history_due_at=row.history_due_at).lock():
        return None
    stars = {nearest_sunday(week.starts_on): week.stars for week in told.weeks}
    StarWeek.objects.bulk_create(
        (StarWeek(repository=row, week=week, stars=count) for week, count in stars.items()),
        update_conflicts=True,
        unique_fields=["repository", "week"],
        update_fields=["stars"],
    )
    return set(stars)


def _finish(row: Repository, *, due_at: datetime) -> None:
    """Have `row` read again at `due_at`, unless its lease is over and another worker has it."""
    claimed = Repository.objects.filter(pk=row.pk, history_due_at=row.history_due_at)
    claimed.update(history_due_at=due_at)
