"""Whatever happens to votes, in whatever order: counters equal rows, and each person has one vote on each thing."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Q
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.accounts.models import User
from apps.advice.models import Post, Reply
from apps.advice.services.posts import remove_post, restore_post
from apps.advice.services.replies import remove_reply, restore_reply
from apps.core.counters import recount
from apps.votes.kinds import KINDS, WRITTEN, kind_of
from apps.votes.models import Reputation, Ring, Vote
from apps.votes.reputation import reputation
from apps.votes.rings import FoundRing
from apps.votes.services import personal, rings
from apps.votes.services.casting import cast_vote
from apps.votes.services.counting import count_pending_votes
from tests.factories.accounts import UserFactory
from tests.factories.tools import ToolFactory
from tests.factories.votes import LONG_AGO, make_newcomer, make_point, make_post, make_reply, make_voter

PEOPLE, TARGETS = 5, 6
person_numbers = st.integers(0, PEOPLE - 1)
target_numbers = st.integers(0, TARGETS - 1)
values = st.sampled_from([1, 1, -1, 0])


def by_author(look_up: str, value: Any) -> Q:
    """Votes on what people wrote of whom `look_up` says this."""
    chosen = Q()
    for kind in WRITTEN:
        chosen |= Q(**{f"{kind.name}__{kind.author}__{look_up}": value})
    return chosen


class VoteMachine(RuleBasedStateMachine):
    """People of whom two are newcomers, a moderator, a tool, and what people wrote, one of them nobody."""

    world: tuple[list[User], list[Any]]
    moderator: User

    def __init__(self) -> None:
        super().__init__()
        self.rollback = transaction.atomic()
        self.rollback.__enter__()
        people, self.targets = self.world
        # Anew, as attributes that one run changed must not reach the next.
        self.people = [User.objects.get(pk=person.pk) for person in people]
        self.gone: set[int] = set()
        # By person and target: what they last chose.
        self.chosen: dict[tuple[int, int], int] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.rollback.__exit__(None, None, None)

    # Several at once, so that there is something to count when the other rules come.
    @rule(casts=st.lists(st.tuples(person_numbers, target_numbers, values), min_size=3, max_size=8))
    def cast(self, casts: list[tuple[int, int, int]]) -> None:
        for voter, on, value in casts:
            self.cast_one(voter, on, value)

    def cast_one(self, voter: int, on: int, value: int) -> None:
        person, target = self.people[voter], self.targets[on]
        is_refused = voter in self.gone or getattr(target, "author_id", None) == person.pk
        try:
            cast_vote(voter=person, target=target, value=value)
        except PermissionDenied:
            assert is_refused
        except ValueError:
            assert (kind_of(target).name, value) == ("tool", -1)
        else:
            assert not is_refused
            self.chosen.pop((voter, on), None)
            if value:
                self.chosen[voter, on] = value

    @rule(number=target_numbers)
    def remove_or_restore(self, number: int) -> None:
        target = self.targets[number]
        if isinstance(target, Post):
            target.refresh_from_db()
            if target.removed_at:
                restore_post(restorer=self.moderator, post=target)
            else:
                remove_post(remover=self.moderator, post=target)
        if isinstance(target, Reply):
            target.refresh_from_db()
            if target.removed_at:
                restore_reply(restorer=self.moderator, reply=target)
            else:
                remove_reply(remover=self.moderator, reply=target)

    @rule(number=person_numbers)
    def become_established(self, number: int) -> None:
        User.objects.filter(pk=self.people[number].pk).update(date_joined=LONG_AGO)
        self.people[number].date_joined = LONG_AGO

    @rule()
    def count_pending(self) -> None:
        count_pending_votes()

    @rule(members=st.sets(person_numbers, min_size=3))
    def find_ring(self, members: set[int]) -> None:
        pks = tuple(self.people[number].pk for number in members - self.gone)
        ring = rings._record(FoundRing(pks, 0.9))
        rings.reverse_rings()
        inside = Vote.objects.filter(by_author("in", pks), voter__in=pks, value=1)
        assert not inside.filter(ring=None).exists()
        assert inside.filter(ring=ring).count() >= ring.vote_count

    @precondition(lambda self: Ring.objects.filter(restored_at=None).exists())
    @rule(by=person_numbers)
    def restore_ring(self, by: int) -> None:
        ring = Ring.objects.filter(restored_at=None).first()
        assert ring
        rings.restore_ring(ring=ring, by=self.people[by])
        assert not ring.votes.filter(state=Vote.State.REVERSED).exists()

    @rule(up=st.integers(0, 9), earned=st.integers(0, 99))
    def drift_and_recount(self, up: int, earned: int) -> None:
        assert recount(dry_run=True) == []
        for kind in WRITTEN:
            kind.model._default_manager.update(up_count=up)
        Reputation.objects.update(score=earned)
        recount()
        assert recount(dry_run=True) == []

    @precondition(lambda self: len(self.gone) < 2)
    @rule(number=person_numbers)
    def close_account(self, number: int) -> None:
        person = self.people[number]
        person.is_active = False
        person.save(update_fields=["is_active"])
        # What they wrote stays, without a name.
        for kind in WRITTEN:
            kind.model._default_manager.filter(author=person).update(author=None)
        # Once more for this run only: the world is of all runs.
        self.targets = [type(target).objects.get(pk=target.pk) for target in self.targets]
        personal.take_away(person)
        self.gone.add(number)
        self.chosen = {key: value for key, value in self.chosen.items() if key[0] != number}

    @invariant()
    def each_person_has_the_vote_they_chose(self) -> None:
        numbers = {person.pk: number for number, person in enumerate(self.people)}
        places = {(kind_of(t).column, t.pk): at for at, t in enumerate(self.targets)}
        rows = [
            ((numbers[vote.voter_id], places[column, getattr(vote, column)]), vote.value)
            for vote in Vote.objects.all()
            for column in (kind.column for kind in KINDS.values())
            if getattr(vote, column)
        ]
        assert len(rows) == len(dict(rows))
        assert dict(rows) == self.chosen

    @invariant()
    def counters_equal_rows(self) -> None:
        votes = list(Vote.objects.filter(state=Vote.State.COUNTED).values(*KINDS, "value"))
        earned: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for name, kind in KINDS.items():
            for row in kind.model._default_manager.all():
                on_it = [vote["value"] for vote in votes if vote[name] == row.pk]
                counts = tuple(getattr(row, counter) for counter in kind.counters)
                assert counts == (on_it.count(1), on_it.count(-1))[: len(counts)]
                if kind.author_of(row) and not getattr(row, "removed_at", None):
                    earned.setdefault((row.author_id, row.tool_id), []).append(counts)
        scores = {key: score for key, votes in earned.items() if (score := reputation(votes))}
        rows = Reputation.objects.values_list("person", "tool", "score")
        assert {(person, tool): score for person, tool, score in rows} == scores
        for person, total in User.objects.values_list("pk", "reputation"):
            assert total == sum(score for (pk, _), score in scores.items() if pk == person)

    @invariant()
    def no_vote_within_a_ring_counts_unless_it_was_restored(self) -> None:
        within = Vote.objects.filter(
            by_author("rings", F("voter__rings")), voter__rings__in=Ring.objects.filter(restored_at=None)
        )
        assert not within.filter(ring=None, value=1).exists()

    @invariant()
    def votes_of_newcomers_wait(self) -> None:
        assert not Vote.objects.filter(state=Vote.State.COUNTED, voter__date_joined__gt=LONG_AGO).exists()


@pytest.fixture
def machine(db: None) -> type[VoteMachine]:
    people = [make_voter(), make_voter(), make_voter(), make_newcomer(), make_newcomer()]
    tool = ToolFactory()
    targets = [
        tool,
        make_point(people[0], tool=tool),
        make_post(people[0], tool=tool),
        make_post(people[1]),
        make_reply(people[2], tool=tool),
        make_reply(None),
    ]
    # The threads that the replies stand in.
    recount()

    class Machine(VoteMachine):
        world = (people, targets)
        moderator = UserFactory(is_staff=True)

    return Machine


def test_votes_stay_right_whatever_happens(
    machine: type[VoteMachine], request: pytest.FixtureRequest
) -> None:
    # In the nightly profile as many and as long runs as it says; else few, as each step is some queries.
    is_nightly = settings.get_current_profile_name() == "nightly"
    few = settings() if is_nightly else settings(max_examples=7, stateful_step_count=12)

    run_state_machine_as_test(
        machine, settings=settings(few, deadline=None, suppress_health_check=list(HealthCheck))
    )

    assert not Vote.objects.exists()
