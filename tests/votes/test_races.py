from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db.models import Model

from apps.core.counters import recount
from apps.tools.models import Point, Tool
from apps.votes.models import Reputation, Vote
from apps.votes.services import casting
from apps.votes.services.casting import FIRST_DAY_VOTES, cast_vote
from tests.factories.tools import ToolFactory
from tests.factories.votes import counters_equal_rows, make_newcomer, make_point, make_voter
from tests.votes.threads import run_together

pytestmark = pytest.mark.django_db(transaction=True)


def casting_of(voter: Any, targets: list[Model], values: list[int]) -> Callable[[], None]:
    """A job that casts each of `values` on the target of the same place."""

    def cast() -> None:
        for target, value in zip(targets, values, strict=True):
            cast_vote(voter=voter, target=type(target)(pk=target.pk), value=value)

    return cast


def test_a_thousand_votes_of_one_person_at_once_are_one() -> None:
    tool, voter = ToolFactory(), make_voter()

    run_together([casting_of(voter, [tool] * 50, [1] * 50)] * 20)

    assert Vote.objects.count() == 1
    assert Tool.objects.get().vote_count == 1


def test_counters_equal_rows_after_many_toggle_at_once() -> None:
    random = Random(7)
    authors = [make_voter() for _ in range(3)]
    tool = ToolFactory()
    points: list[Model] = [make_point(author, tool=tool) for author in authors for _ in range(2)]
    jobs = []
    for _ in range(10):
        targets = random.choices(points, k=30)
        jobs.append(casting_of(make_voter(), targets, random.choices((1, 0, -1), k=30)))

    run_together(jobs)

    assert Vote.objects.exists()
    assert counters_equal_rows()
    assert recount(dry_run=True) == []


def test_people_who_vote_for_one_another_at_once_do_not_block_each_other() -> None:
    people = [make_voter() for _ in range(6)]
    points = {person: make_point(person) for person in people}
    jobs = []
    for at, person in enumerate(people):
        others: list[Model] = [points[other] for other in people if other != person]
        targets = (others[at:] + others[:at]) * 4
        jobs.append(casting_of(person, targets, [1, -1, 0, 1] * 5))

    run_together(jobs)

    assert counters_equal_rows()
    assert recount(dry_run=True) == []
    assert Point.objects.filter(up_count=0, down_count=0).count() < len(people)


def test_newcomers_who_vote_for_one_another_at_once_do_not_block_each_other() -> None:
    people = [make_newcomer() for _ in range(4)]
    points: list[Model] = [make_point(person) for person in people]
    jobs = [
        casting_of(
            person, [point for point in points if point.author != person] * 3, [1, 1, 1, 0, 0, 0, -1, 1, -1]
        )
        for person in people
    ]

    run_together(jobs)

    assert Vote.objects.filter(state=Vote.State.PENDING).count() == 12
    assert not Reputation.objects.exists()


def test_newcomer_has_only_so_many_votes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # Fewer, so that the test has less to write.
    monkeypatch.setattr(casting, "FIRST_DAY_VOTES", 5)
    voter, tools = make_newcomer(), [ToolFactory() for _ in range(12)]

    def cast(tool: Tool) -> Callable[[], bool]:
        def vote() -> bool:
            try:
                cast_vote(voter=voter, target=tool, value=1)
            except PermissionDenied:
                return False
            return True

        return vote

    answers = run_together([cast(tool) for tool in tools])

    assert FIRST_DAY_VOTES > 5
    assert sum(answers) == Vote.objects.count() == 5
