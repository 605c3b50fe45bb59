"""Rings through the database: found, reversed, restored."""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from django.db.models import Sum

from apps.accounts.models import User
from apps.core.counters import recount
from apps.tools.models import Point, Tool
from apps.votes.models import Ring, Vote
from apps.votes.services import rings as service
from apps.votes.services.casting import cast_vote
from apps.votes.services.rings import restore_ring, reverse_rings
from apps.votes.tasks import reverse_rings as task
from tests.factories.tools import ToolFactory
from tests.factories.votes import (
    LONG_AGO,
    counters_equal_rows,
    make_newcomer,
    make_point,
    make_post,
    make_reply,
    make_voter,
)
from tests.votes.populations import RING, camouflage, clique, honest_votes
from tests.votes.threads import run_together

pytestmark = pytest.mark.django_db

State = Vote.State


def ring_of(size: int = 4, each: int = 3) -> list[User]:
    """So many accounts, each of which voted for `each` pros of every other; and a crowd that votes elsewhere."""
    members = [make_voter() for _ in range(size)]
    points = [make_point(author) for author in members for _ in range(each)]
    popular = make_point(make_voter())
    votes = [
        Vote(voter=voter, point=point) for point in points for voter in members if voter != point.author
    ] + [Vote(voter=make_voter(), point=popular) for _ in range(4 * size)]
    # As they would be after casting, in fewer statements.
    Vote.objects.bulk_create(votes)
    recount()
    return members


def write(votes: Counter[tuple[int, int]]) -> dict[int, int]:
    """Write a population's votes, as they would be after casting; answers the people's ids by their numbers."""
    numbers = sorted({number for pair in votes for number in pair})
    people = User.objects.bulk_create(
        User(username=f"n{number}", email=f"n{number}@example.org", date_joined=LONG_AGO)
        for number in numbers
    )
    ids = {number: person.pk for number, person in zip(numbers, people, strict=True)}
    tool = ToolFactory()
    # By author, how many vote for the first, the second ... of their statements.
    counts: dict[int, list[int]] = {}
    for (_, author), number in votes.items():
        of_author = counts.setdefault(author, [])
        of_author += [0] * (number - len(of_author))
        of_author[:number] = [count + 1 for count in of_author[:number]]
    points: dict[int, list[Point]] = {}
    rows = [
        Point(
            tool=tool,
            kind="pro",
            about="1",
            text=f"Statement {at} of person {author}",
            author_id=ids[author],
            up_count=count,
        )
        for author, of_author in counts.items()
        for at, count in enumerate(of_author)
    ]
    for point in Point.objects.bulk_create(rows):
        points.setdefault(point.author_id, []).append(point)
    Vote.objects.bulk_create(
        Vote(voter_id=ids[voter], point=point)
        for (voter, author), number in votes.items()
        for point in points[ids[author]][:number]
    )
    recount()
    return ids


def test_ring_of_ten_is_reversed_and_honest_votes_are_not() -> None:
    ring, honest = clique(4, 10), honest_votes(4)
    ids = write(honest + camouflage(4, ring))
    members = {ids[number] for number in ids if number >= RING}
    inside = Vote.objects.filter(voter__in=members, point__author__in=members)
    others = Vote.objects.exclude(pk__in=inside)
    assert others.count() > 4000

    found = reverse_rings()

    assert len(found) == 1
    assert found[0].vote_count == inside.filter(state=State.REVERSED, ring=found[0]).count()
    assert inside.filter(state=State.REVERSED).count() >= 0.9 * inside.count()
    assert others.filter(state=State.REVERSED).count() <= 0.001 * others.count()
    assert recount(dry_run=True) == []


def test_ring_is_logged_and_counters_follow() -> None:
    members = ring_of(4, each=3)
    assert (
        User.objects.filter(pk__in=[m.pk for m in members]).aggregate(s=Sum("reputation"))["s"] == 4 * 3 * 20
    )

    task()

    ring = Ring.objects.get()
    assert set(ring.members.all()) == set(members)
    assert (ring.vote_count, ring.inside_share, ring.restored_at) == (36, 1.0, None)
    assert set(Vote.objects.filter(ring=ring).values_list("state", flat=True)) == {State.REVERSED}
    assert Point.objects.filter(author__in=members).aggregate(s=Sum("up_count"))["s"] == 0
    assert not User.objects.filter(pk__in=[m.pk for m in members]).exclude(reputation=0).exists()
    assert Vote.objects.filter(state=State.COUNTED).count() == 16
    assert counters_equal_rows()
    assert recount() == []


def test_same_votes_make_no_second_ring() -> None:
    members = ring_of()
    reverse_rings()

    cast_vote(voter=members[0], target=make_point(members[1]), value=1)

    assert reverse_rings() == []
    assert Ring.objects.count() == 1
    assert not Vote.objects.filter(voter__in=members, state=State.COUNTED).exists()


def test_votes_for_others_and_votes_down_are_left_alone() -> None:
    members = ring_of()
    elsewhere = make_point(make_voter())
    tool = ToolFactory()
    cast_vote(voter=members[0], target=elsewhere, value=1)
    cast_vote(voter=members[0], target=tool, value=1)
    cast_vote(voter=members[0], target=make_point(members[1]), value=-1)

    reverse_rings()

    mine = Vote.objects.filter(voter=members[0], state=State.COUNTED)
    assert mine.count() == 3
    assert counters_equal_rows()


def test_votes_on_tools_and_of_catalogue_points_make_no_ring() -> None:
    voters = [make_voter() for _ in range(6)]
    for target in [ToolFactory(), *(make_point() for _ in range(6))]:
        for voter in voters:
            cast_vote(voter=voter, target=target, value=1)

    assert reverse_rings() == []


def test_waiting_votes_of_a_ring_are_reversed_too() -> None:
    members = ring_of()
    point = make_point(members[0])
    waiting = Vote.objects.create(voter=members[1], point=point, state=State.PENDING)

    reverse_rings()

    waiting.refresh_from_db()
    assert waiting.state == State.REVERSED
    assert counters_equal_rows()


def test_ring_is_restored_and_found_no_more(maud: User) -> None:
    members = ring_of()
    before = dict(User.objects.values_list("pk", "reputation"))
    (ring,) = reverse_rings()

    for _ in range(2):
        restore_ring(ring=ring, by=maud)

    assert (ring.restored_by, ring.restored_at is not None) == (maud, True)
    assert not Vote.objects.exclude(state=State.COUNTED).exists()
    assert dict(User.objects.values_list("pk", "reputation")) == before
    assert reverse_rings() == []
    cast_vote(voter=members[0], target=make_point(members[1]), value=1)
    assert not Vote.objects.filter(state=State.REVERSED).exists()
    assert counters_equal_rows()


def test_restored_votes_of_newcomers_wait_again(maud: User) -> None:
    author, newcomer = make_voter(), make_newcomer()
    ring = Ring.objects.create(vote_count=1, inside_share=1)
    ring.members.set([author, newcomer])
    cast_vote(voter=newcomer, target=make_point(author), value=1)

    restore_ring(ring=ring, by=maud)

    assert Vote.objects.get().state == State.PENDING
    assert counters_equal_rows()


def test_next_run_finishes_what_a_killed_one_left(monkeypatch: pytest.MonkeyPatch, maud: User) -> None:
    ring_of()
    settle = service._settle_target
    left = [5]

    def settle_some(*args: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        settle(*args)

    monkeypatch.setattr(service, "_settle_target", settle_some)
    with pytest.raises(KeyboardInterrupt):
        reverse_rings()
    reversed_at_first = Vote.objects.filter(state=State.REVERSED).count()

    left[0] = 1000
    assert reverse_rings() == []
    assert 0 < reversed_at_first < Vote.objects.filter(state=State.REVERSED).count() == 36
    assert Ring.objects.count() == 1
    assert counters_equal_rows()

    left[0] = 3
    with pytest.raises(KeyboardInterrupt):
        restore_ring(ring=Ring.objects.get(), by=maud)
    left[0] = 1000
    assert reverse_rings() == []
    assert not Vote.objects.filter(state=State.REVERSED).exists()
    assert counters_equal_rows()


def test_reversing_goes_on_where_a_thing_is_deleted_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    ring_of()
    settle = service._settle_target

    def delete_then_settle(kind: Any, pk: int, ring: int) -> None:
        # What another process does between the look-up and the lock.
        Point.objects.filter(pk=pk, text__endswith=Point.objects.get(pk=pk).text[-20:]).delete()
        settle(kind, pk, ring)
        monkeypatch.setattr(service, "_settle_target", settle)

    monkeypatch.setattr(service, "_settle_target", delete_then_settle)

    reverse_rings()

    assert Vote.objects.filter(state=State.REVERSED).count() == 33


@pytest.mark.django_db(transaction=True)
def test_rings_are_reversed_once_while_their_members_vote(maud: User) -> None:
    members = ring_of(4, each=2)
    points = list(Point.objects.filter(author__in=members))

    def toggle(voter: User) -> Callable[[], None]:
        def votes() -> None:
            for point in Random(voter.pk).sample(points, len(points)):
                if point.author_id != voter.pk:
                    for value in (-1, 1):
                        cast_vote(voter=voter, target=Point(pk=point.pk), value=value)

        return votes

    run_together([reverse_rings, *(toggle(member) for member in members)])

    assert counters_equal_rows()
    assert recount(dry_run=True) == []
    assert Tool.objects.exists()


def test_ring_is_found_across_all_that_its_members_write() -> None:
    members = ring_of(4, each=1)
    for make in (make_post, make_reply):
        for target in [make(author) for author in members]:
            for voter in members:
                if voter != target.author:
                    cast_vote(voter=voter, target=target, value=1)

    (ring,) = reverse_rings()

    assert (set(ring.members.all()), ring.vote_count) == (set(members), 36)
    assert Vote.objects.filter(ring=ring, state=State.REVERSED).count() == 36
    assert not User.objects.filter(pk__in=[m.pk for m in members]).exclude(reputation=0).exists()
    assert counters_equal_rows()


def test_looking_for_rings_takes_few_queries(count_queries: Callable[..., Any]) -> None:
    for _ in range(3):
        cast_vote(voter=make_voter(), target=make_point(make_voter()), value=1)

    with count_queries(at_most=4):
        assert reverse_rings() == []
