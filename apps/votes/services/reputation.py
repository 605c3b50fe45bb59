"""Keeps what people earned: a row for each person and tool, and the sum on the person."""

from collections import defaultdict
from collections.abc import Collection, Iterator

from django.db import transaction
from django.db.models import Q, Sum

from apps.accounts.models import User
from apps.core.counters import Drift
from apps.tools.models import Point
from apps.votes.kinds import WRITTEN
from apps.votes.models import Reputation
from apps.votes.reputation import reputation


def recompute_reputation(*, person_id: int, tool_id: int) -> None:
    """Set what the person earned on the tool, and their sum, from the counters of all they wrote on it.

    Computed anew instead of added to, so that it is exact whatever happened before. In a transaction, under the lock
    of the person.
    """
    score = _earned(Q(author=person_id, tool=tool_id)).get((person_id, tool_id), 0)
    _write(person_id, {tool_id: score})


@transaction.atomic
def recompute_earned(people: Collection[int], tools: Collection[int]) -> None:
    """Set what these people earned on these tools, once something of theirs was removed, restored or moved there."""
    list(User.objects.filter(pk__in=people).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    scores = _earned(Q(author__in=people, tool__in=tools))
    for person_id in sorted(people):
        _write(person_id, {tool_id: scores.get((person_id, tool_id), 0) for tool_id in tools})


@transaction.atomic
def forget_removed(point: Point) -> None:
    """Take what a pro or con earned from its author, once it is removed."""
    if point.author_id is not None:
        User.objects.select_for_update(no_key=True).get(pk=point.author_id)
        recompute_reputation(person_id=point.author_id, tool_id=point.tool_id)


def mend_reputation(*, dry_run: bool) -> Iterator[Drift]:
    """Compare what everybody earned with the counters of what they wrote, and mend what differs."""
    said, right = _said(Q()), _earned(Q(author__isnull=False))
    totals = dict(User.objects.exclude(reputation=0).values_list("pk", "reputation"))
    sums: dict[int, int] = defaultdict(int)
    for (person_id, _), score in right.items():
        sums[person_id] += score
    wrong = {person_id for person_id, _ in dict(said.items() ^ right.items())}
    wrong |= dict(totals.items() ^ sums.items()).keys()
    for person_id in sorted(wrong):
        yield from _mend_person(person_id, dry_run=dry_run)


@transaction.atomic
def _mend_person(person_id: int, *, dry_run: bool) -> list[Drift]:
    person = User.objects.select_for_update(no_key=True).filter(pk=person_id).first()
    if person is None:
        return []
    # Statements of their own, after the lock: they see what was committed while this one waited.
    said, right = _said(Q(person=person_id)), _earned(Q(author=person_id))
    drifts = [
        Drift("votes.Reputation.score", key, said.get(key, 0), right.get(key, 0))
        for key in sorted(said.keys() | right.keys())
        if said.get(key, 0) != right.get(key, 0)
    ]
    total = sum(right.values())
    if person.reputation != total:
        drifts.append(Drift("accounts.User.reputation", person_id, person.reputation, total))
    if not dry_run:
        _write(person_id, {key[1]: right.get(key, 0) for key in said.keys() | right.keys()})
    return drifts


def _said(chosen: Q) -> dict[tuple[int, int], int]:
    """Scores by person and tool, as rows say."""
    rows = Reputation.objects.filter(chosen).order_by().values_list("person_id", "tool_id", "score")
    return {(person_id, tool_id): score for person_id, tool_id, score in rows}


def _earned(chosen: Q) -> dict[tuple[int, int], int]:
    """Scores above 0 by person and tool, computed; `chosen` is of the columns `author` and `tool`."""
    votes: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for kind in WRITTEN:
        rows = kind.model._default_manager.filter(chosen, kind.earning).order_by()
        for author_id, tool_id, up, down in rows.values_list(kind.author, kind.tool, *kind.counters):
            votes[author_id, tool_id].append((up, down))
    scores = {key: reputation(counts) for key, counts in votes.items()}
    return {key: score for key, score in scores.items() if score}


def _write(person_id: int, scores: dict[int, int]) -> None:
    """Write a locked person's scores by tool, and their sum."""
    Reputation.objects.bulk_create(
        [
            Reputation(person_id=person_id, tool_id=tool_id, score=score)
            for tool_id, score in scores.items()
            if score
        ],
        update_conflicts=True,
        unique_fields=["person", "tool"],
        update_fields=["score"],
    )
    gone = [tool_id for tool_id, score in scores.items() if not score]
    Reputation.objects.filter(person=person_id, tool__in=gone).delete()
    total = Reputation.objects.filter(person=person_id).aggregate(total=Sum("score"))["total"]
    User.objects.filter(pk=person_id).update(reputation=total or 0)
