from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import PROBATION, is_established
from apps.notifications.models import Notification
from apps.tools.models import Tool
from apps.votes.models import Vote
from apps.votes.services.casting import cast_vote
from apps.votes.services.counting import by_established, count_pending_votes
from apps.votes.tasks import count_pending_votes as task
from tests.factories.tools import ToolFactory
from tests.factories.votes import counters_equal_rows, make_newcomer, make_point, make_voter
from tests.votes.threads import run_together

pytestmark = pytest.mark.django_db


def age(*people: User) -> None:
    for person in people:
        person.date_joined = timezone.now() - PROBATION
        person.save()


def test_votes_count_once_their_voters_are_established() -> None:
    tool, point, other = ToolFactory(), make_point(make_voter()), make_point(make_voter())
    old, new = make_newcomer(), make_newcomer()
    for voter in (old, new):
        cast_vote(voter=voter, target=tool, value=1)
        cast_vote(voter=voter, target=point, value=1)
        cast_vote(voter=voter, target=other, value=-1)
    age(old)

    assert count_pending_votes() == 3
    assert count_pending_votes() == 0

    for target in (tool, point, other):
        target.refresh_from_db()
    point.author.refresh_from_db()
    assert (tool.vote_count, point.up_count, other.down_count) == (1, 1, 1)
    assert point.author.reputation == 10
    assert Notification.objects.get().person == point.author
    assert set(Vote.objects.filter(voter=new).values_list("state", flat=True)) == {Vote.State.PENDING}


def test_votes_wait_where_the_voter_does_not_take_part() -> None:
    unverified, closed = make_newcomer(), make_newcomer()
    for voter in (unverified, closed):
        cast_vote(voter=voter, target=ToolFactory(), value=1)
    age(unverified, closed)
    unverified.emailaddress_set.update(verified=False)
    User.objects.filter(pk=closed.pk).update(is_active=False)

    assert count_pending_votes() == 0


@pytest.mark.parametrize("verified", [True, False])
@pytest.mark.parametrize("is_active", [True, False])
@pytest.mark.parametrize("hours", [0, 23.99, 24.01])
def test_established_is_the_same_for_one_and_many(verified: bool, is_active: bool, hours: float) -> None:
    voter = make_voter(
        verified=verified, is_active=is_active, date_joined=timezone.now() - timedelta(hours=hours)
    )
    Vote.objects.create(voter=voter, tool=ToolFactory())

    assert by_established(Vote.objects.all()).exists() == is_established(voter)


def test_task_counts_votes() -> None:
    voter, tool = make_newcomer(), ToolFactory()
    cast_vote(voter=voter, target=tool, value=1)
    age(voter)

    task()

    assert Tool.objects.get().vote_count == 1


@pytest.mark.django_db(transaction=True)
def test_votes_on_what_is_locked_are_left_for_the_next_run() -> None:
    voter, tools = make_newcomer(), [ToolFactory(), ToolFactory()]
    for tool in tools:
        cast_vote(voter=voter, target=tool, value=1)
    age(voter)

    with transaction.atomic():
        Tool.objects.select_for_update(no_key=True).get(pk=tools[0].pk)
        counted = run_together([count_pending_votes])

    assert counted == [1]
    assert count_pending_votes() == 1
    assert counters_equal_rows()


@pytest.mark.django_db(transaction=True)
def test_votes_count_once_while_workers_and_voters_are_at_it() -> None:
    points = [make_point(make_voter()) for _ in range(5)]
    voters = [make_newcomer() for _ in range(6)]
    for voter in voters:
        for point in points:
            cast_vote(voter=voter, target=point, value=1)
    age(*voters)

    def toggle(voter: Any) -> Any:
        def votes() -> None:
            for point in points:
                for value in (0, -1, 1):
                    cast_vote(voter=voter, target=type(point)(pk=point.pk), value=value)

        return votes

    run_together([count_pending_votes] * 4 + [toggle(voter) for voter in voters])
    count_pending_votes()

    assert Vote.objects.filter(state=Vote.State.COUNTED, value=1).count() == len(voters) * len(points)
    assert counters_equal_rows()
