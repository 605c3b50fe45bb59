"""Reads of what is kept about repositories."""

from apps.github.client import Week
from apps.github.models import Repository, StarWeek


def weeks_of(repository: Repository, *, at_most: int | None = None) -> list[Week]:
    """The stars given to `repository` in each week and kept, the newest week first. One query."""
    rows = StarWeek.objects.filter(repository=repository).order_by("-week")[:at_most]
    return [Week(week, stars) for week, stars in rows.values_list("week", "stars")]
