"""What went wrong in reading from GitHub, kept for a month."""

from datetime import timedelta

from django.utils import timezone

from apps.github.models import Failure, Repository

# Long enough to see what happened to a repository that went missing, which takes a week.
KEPT_DAYS = 30


def note_failure(*, kind: str, reason: str, repository: Repository | None = None) -> None:
    """Keep a failure of one repository, or of a request."""
    Failure.objects.create(kind=kind[:30], reason=reason[:300], repository=repository)


def forget_old_failures() -> int:
    """Delete the failures that are older than `KEPT_DAYS` days; answers how many."""
    deleted, _ = Failure.objects.filter(at__lt=timezone.now() - timedelta(days=KEPT_DAYS)).delete()
    return deleted
