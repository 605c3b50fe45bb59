from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from apps.accounts.permissions import PROBATION
from apps.notifications.models import Kind, Notification
from apps.tools.models import Tool
from apps.votes.kinds import KINDS, kind_of
from apps.votes.models import Ring, Vote
from apps.votes.services.casting import FIRST_DAY_VOTES, cast_vote, take_back
from tests.factories.tools import ToolFactory
from tests.factories.votes import WRITTEN, make_newcomer, make_point, make_post, make_reply, make_voter

pytestmark = pytest.mark.django_db


@pytest.fixture(params=sorted(WRITTEN))
def make(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Makes one of each kind of what people write."""
    return WRITTEN[request.param]


def counts(target: Any) -> tuple[int, int]:
    target.refresh_from_db()
    return target.up_count, target.down_count


def reputation_of(person: Any) -> int:
    person.refresh_from_db()
    return person.reputation


def test_vote_counts_once_however_often_it_is_cast() -> None:
    tool, voter = ToolFactory(), make_voter()

    votes = [cast_vote(voter=voter, target=tool, value=1) for _ in range(3)]

    assert Vote.objects.count() == 1
    assert {vote.pk for vote in votes if vote} == {Vote.objects.get().pk}
    assert tool.vote_count == Tool.objects.get().vote_count == 1


def test_vote_is_taken_back_however_often_it_is_asked() -> None:
    tool, voter = ToolFactory(), make_voter()
    cast_vote(voter=voter, target=tool, value=1)

    answers = [cast_vote(voter=voter, target=tool, value=0) for _ in range(2)]

    assert answers == [None, None]
    assert not Vote.objects.exists()
    assert Tool.objects.get().vote_count == 0


def test_vote_changes_side(make: Callable[..., Any]) -> None:
    target, voter = make(make_voter()), make_voter()
    seen = []

    for value in (1, -1, -1, 0, -1, 1):
        cast_vote(voter=voter, target=target, value=value)
        seen.append((value, target.up_count, target.down_count))
        assert (target.up_count, target.down_count) == counts(target)

    assert seen == [(1, 1, 0), (-1, 0, 1), (-1, 0, 1), (0, 0, 0), (-1, 0, 1), (1, 1, 0)]
    assert Vote.objects.count() == 1


@pytest.mark.parametrize("value", [-1, 2, 7])
def test_vote_of_another_value_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match=f"can't be voted {value}"):
        cast_vote(voter=make_voter(), target=ToolFactory(), value=value)


def test_vote_on_what_nobody_votes_on_is_refused() -> None:
    voter = make_voter()

    with pytest.raises(KeyError):
        cast_vote(voter=voter, target=voter, value=1)


def test_vote_on_what_is_gone_is_refused() -> None:
    tool = ToolFactory()
    Tool.objects.all().delete()
    tool.pk = 1

    with pytest.raises(Tool.DoesNotExist):
        cast_vote(voter=make_voter(), target=tool, value=1)


def test_vote_on_own_content_is_refused(make: Callable[..., Any]) -> None:
    author = make_voter()

    with pytest.raises(PermissionDenied, match="what you wrote yourself"):
        cast_vote(voter=author, target=make(author), value=1)

    assert not Vote.objects.exists()


@pytest.mark.parametrize(
    ("fields", "words"), [({"verified": False}, "Verify your"), ({"is_active": False}, "closed")]
)
def test_vote_of_who_does_not_take_part_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(PermissionDenied, match=words):
        cast_vote(voter=make_voter(**fields), target=ToolFactory(), value=1)

    assert not Vote.objects.exists()


def test_vote_of_newcomer_waits_with_no_weight() -> None:
    point, voter = make_point(make_voter()), make_newcomer()

    for value in (1, 1, -1, 1):
        vote = cast_vote(voter=voter, target=point, value=value)

    assert vote
    assert (vote.value, vote.state) == (1, Vote.State.PENDING)
    assert counts(point) == (0, 0)
    assert reputation_of(point.author) == 0
    assert not Notification.objects.exists()


def test_vote_of_newcomer_counts_when_cast_again_a_day_later() -> None:
    tool, voter = ToolFactory(), make_newcomer()
    cast_vote(voter=voter, target=tool, value=1)
    voter.date_joined = timezone.now() - PROBATION
    voter.save()

    vote = cast_vote(voter=voter, target=tool, value=1)

    assert vote
    assert vote.state == Vote.State.COUNTED
    assert Tool.objects.get().vote_count == 1


@pytest.mark.parametrize("author", [True, False])
def test_newcomer_has_only_so_many_votes(author: bool) -> None:
    voter = make_newcomer()
    tools = [ToolFactory() for _ in range(FIRST_DAY_VOTES)]
    for tool in tools:
        cast_vote(voter=voter, target=tool, value=1)
    another = make_point(make_voter()) if author else ToolFactory()

    with pytest.raises(PermissionDenied, match="50 times"):
        cast_vote(voter=voter, target=another, value=1)

    cast_vote(voter=voter, target=tools[0], value=1)
    assert Vote.objects.filter(voter=voter).count() == FIRST_DAY_VOTES
    cast_vote(voter=voter, target=tools[0], value=0)
    cast_vote(voter=voter, target=another, value=1)
    assert Vote.objects.filter(voter=voter).count() == FIRST_DAY_VOTES


def test_established_person_has_more_votes() -> None:
    voter = make_voter(date_joined=timezone.now() - PROBATION - timedelta(minutes=1))

    for _ in range(FIRST_DAY_VOTES + 1):
        cast_vote(voter=voter, target=ToolFactory(), value=1)

    assert Vote.objects.filter(voter=voter).count() == FIRST_DAY_VOTES + 1


def test_vote_moves_the_authors_reputation() -> None:
    author = make_voter()
    tool = ToolFactory()
    first, second = make_point(author, tool=tool), make_point(author, tool=tool)
    elsewhere = make_point(author)
    post, reply = make_post(author, tool=tool), make_reply(author, tool=tool)
    voters = [make_voter() for _ in range(3)]

    for voter in voters:
        cast_vote(voter=voter, target=first, value=1)
    for target in (second, elsewhere, post, reply):
        cast_vote(voter=voters[0], target=target, value=1)

    assert dict(author.reputations.values_list("tool", "score")) == {tool.pk: 50, elsewhere.tool_id: 10}
    assert reputation_of(author) == 60

    cast_vote(voter=voters[0], target=elsewhere, value=-1)

    assert dict(author.reputations.values_list("tool", "score")) == {tool.pk: 50}
    assert reputation_of(author) == 50


def test_author_is_told_once_and_not_by_whom(make: Callable[..., Any]) -> None:
    target, voters = make(make_voter()), [make_voter(), make_voter()]

    for voter in voters:
        for value in (1, 0, -1, 1):
            cast_vote(voter=voter, target=target, value=value)

    told = Notification.objects.get()
    assert (told.person, told.kind, told.actor) == (target.author, Kind.POINT_VOTE, None)
    assert str(getattr(target, "post", target)) in told.text
    assert told.url == target.get_absolute_url()


def test_author_is_not_told_of_a_vote_down() -> None:
    cast_vote(voter=make_voter(), target=make_point(make_voter()), value=-1)

    assert not Notification.objects.exists()


def test_what_nobody_wrote_is_voted_on(make: Callable[..., Any]) -> None:
    target = make()

    cast_vote(voter=make_voter(), target=target, value=1)

    assert counts(target) == (1, 0)
    assert not Notification.objects.exists()


def test_vote_goes_on_when_the_counter_has_drifted() -> None:
    tool, voter = ToolFactory(), make_voter()
    cast_vote(voter=voter, target=tool, value=1)
    Tool.objects.update(vote_count=0)

    cast_vote(voter=voter, target=tool, value=0)

    assert Tool.objects.get().vote_count == 0


def test_vote_within_a_ring_is_reversed_and_stays_so() -> None:
    author, voter = make_voter(), make_voter()
    ring = Ring.objects.create(vote_count=0, inside_share=1)
    ring.members.set([author, voter])
    point = make_point(author)

    for value in (1, 0, 1, -1, 1, 1):
        vote = cast_vote(voter=voter, target=point, value=value)

    assert vote
    assert (vote.value, vote.state, vote.ring) == (1, Vote.State.REVERSED, ring)
    assert counts(point) == (0, 0)
    assert not Notification.objects.exists()


def test_vote_down_within_a_ring_counts() -> None:
    author, voter = make_voter(), make_voter()
    ring = Ring.objects.create(vote_count=0, inside_share=1)
    ring.members.set([author, voter])
    point = make_point(author)

    cast_vote(voter=voter, target=point, value=-1)

    assert counts(point) == (0, 1)


def test_vote_counts_where_the_ring_is_restored_or_only_one_is_in_it() -> None:
    author, voter, other = make_voter(), make_voter(), make_voter()
    restored = Ring.objects.create(vote_count=0, inside_share=1, restored_at=timezone.now())
    restored.members.set([author, voter])
    Ring.objects.create(vote_count=0, inside_share=1).members.set([voter, other])
    point = make_point(author)

    cast_vote(voter=voter, target=point, value=1)

    assert counts(point) == (1, 0)


def test_take_back_needs_no_active_account() -> None:
    point, voter = make_point(make_voter()), make_voter()
    cast_vote(voter=voter, target=point, value=1)
    voter.is_active = False
    voter.save()

    for _ in range(2):
        take_back(voter_id=voter.pk, kind=kind_of(point), pk=point.pk)

    assert counts(point) == (0, 0)
    assert reputation_of(point.author) == 0
    assert not Vote.objects.exists()


def test_kinds_are_those_of_the_model() -> None:
    assert tuple(KINDS) == Vote.TARGETS


def test_vote_costs_few_queries(count_queries: Any) -> None:
    point, voter = make_point(make_voter()), make_voter()

    with count_queries(at_most=20):
        cast_vote(voter=voter, target=point, value=1)

    assert counts(point) == (1, 0)
