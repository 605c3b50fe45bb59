from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.github.client import Missed, Seen, Trouble
from apps.github.models import Repository
from apps.github.outcomes import MISSING_LOOKS, MISSING_TIME, Facts, after_missing, after_seeing, new_name

State = Repository.State
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
READ = Facts("pallets/flask", 596892, State.OK)


def seen(**changed: object) -> Seen:
    return replace(
        Seen(
            node_id="R_1",
            database_id=596892,
            full_name="pallets/flask",
            stars=71000,
            forks=17000,
            watchers=2000,
            open_issues=3,
            is_archived=False,
            is_disabled=False,
            is_fork=False,
            is_mirror=False,
            began_at=NOW,
            pushed_at=NOW,
            license="BSD-3-Clause",
            language="Python",
            latest_release="3.1.2",
            latest_release_at=NOW,
        ),
        **changed,
    )


def missed(
    facts: Facts, trouble: Trouble, *, now: datetime = NOW, had_token: bool = True, reason: str = "Why."
) -> Facts:
    """The facts after such a look, which never has figures."""
    outcome = after_missing(facts, Missed(trouble, reason), now=now, had_token=had_token)
    assert (outcome.seen, outcome.former_name) == (None, "")
    return outcome.facts


@pytest.mark.parametrize(("is_archived", "state"), [(False, State.OK), (True, State.ARCHIVED)])
def test_repository_is_ok_or_archived_when_it_was_seen(*, is_archived: bool, state: State) -> None:
    look = seen(is_archived=is_archived)

    outcome = after_seeing(Facts("pallets/flask", None, State.NEW), look)

    assert outcome.facts == Facts("pallets/flask", 596892, state)
    assert outcome.seen == look
    assert outcome.former_name == ""


def test_archived_repository_is_ok_again_when_its_owner_says_so() -> None:
    assert after_seeing(replace(READ, state=State.ARCHIVED), seen()).facts == READ


def test_renamed_repository_is_followed() -> None:
    look = seen(full_name="palletsprojects/flask")

    outcome = after_seeing(READ, look)

    assert outcome.facts == replace(READ, full_name="palletsprojects/flask")
    assert (outcome.seen, outcome.former_name) == (look, "pallets/flask")


def test_new_spelling_of_a_name_leaves_no_former_name() -> None:
    outcome = after_seeing(READ, seen(full_name="Pallets/Flask"), is_name_taken=True)

    assert (outcome.facts.full_name, outcome.facts.state) == ("Pallets/Flask", State.OK)
    assert outcome.former_name == ""
    assert new_name(READ, seen(full_name="Pallets/Flask")) == ""


@pytest.mark.parametrize("is_archived", [False, True])
def test_renamed_repository_waits_for_a_moderator_when_the_name_is_taken(*, is_archived: bool) -> None:
    look = seen(full_name="flask/flask", is_archived=is_archived)

    outcome = after_seeing(READ, look, is_name_taken=True)

    assert outcome.facts == replace(
        READ, state=State.DUPLICATE, problem="Renamed to flask/flask, which is here already."
    )
    # Its figures go on, as nobody else says what its tools have.
    assert (outcome.seen, outcome.former_name) == (look, "")


def test_duplicate_is_followed_once_the_name_is_free() -> None:
    outcome = after_seeing(replace(READ, state=State.DUPLICATE, problem="x"), seen(full_name="flask/flask"))

    assert outcome.facts == replace(READ, full_name="flask/flask")


def test_another_repository_of_the_same_name_gives_no_figures() -> None:
    outcome = after_seeing(READ, seen(database_id=7))

    assert (outcome.facts.state, outcome.facts.database_id) == (State.REPLACED, 596892)
    assert outcome.facts.problem == "pallets/flask is another repository by now: its id is 7, not 596892."
    assert (outcome.seen, outcome.former_name) == (None, "")


def test_missing_takes_three_looks_over_seven_days() -> None:
    first = missed(READ, Trouble.NOT_FOUND, now=NOW)
    second = missed(first, Trouble.NOT_FOUND, now=NOW + 3.5 * DAY)
    third = missed(second, Trouble.NOT_FOUND, now=NOW + 7 * DAY)

    assert [facts.state for facts in (first, second, third)] == [State.OK, State.OK, State.MISSING]
    assert (third.missing_count, third.missing_since, third.failures) == (3, NOW, 3)
    assert third.problem == "Why."


@pytest.mark.parametrize(
    "hours",
    [
        # Three looks within less than seven days, as when somebody asks for them.
        (0, 1, 167),
        # Two looks, however far apart.
        (0, 5000),
    ],
)
def test_repository_is_not_missing_before_that(hours: tuple[int, ...]) -> None:
    facts = READ
    for hour in hours:
        facts = missed(facts, Trouble.NOT_FOUND, now=NOW + timedelta(hours=hour))

    assert facts.state == State.OK


def test_missing_repository_is_ok_when_it_is_found_again() -> None:
    gone = replace(
        READ, state=State.MISSING, missing_count=9, missing_since=NOW, failures=9, problem="Not found."
    )

    assert after_seeing(gone, seen()).facts == READ


@pytest.mark.parametrize(
    ("trouble", "had_token", "state", "is_token_refused"),
    [
        (Trouble.BLOCKED, True, State.BLOCKED, True),
        (Trouble.FORBIDDEN, True, State.OK, True),
        (Trouble.FORBIDDEN, False, State.FORBIDDEN, False),
    ],
)
def test_answer_that_something_is_there_ends_the_count_of_those_that_found_nothing(
    trouble: Trouble, state: State, *, had_token: bool, is_token_refused: bool
) -> None:
    facts = replace(READ, missing_count=2, missing_since=NOW, failures=2, is_token_refused=True)

    after = missed(facts, trouble, had_token=had_token)

    assert after == replace(READ, state=state, problem="Why.", failures=3, is_token_refused=is_token_refused)


def test_broken_look_is_counted_and_changes_nothing_else() -> None:
    facts = replace(READ, missing_count=2, missing_since=NOW, failures=2)

    assert missed(facts, Trouble.BROKEN) == replace(facts, failures=3, problem="Why.")


def test_reason_is_cut_to_what_the_row_holds() -> None:
    assert missed(READ, Trouble.BROKEN, reason="x" * 999).problem == "x" * 300


def test_refusal_of_the_token_is_remembered_when_the_repository_was_seen_without_it() -> None:
    facts = replace(READ, is_token_refused=True, failures=1)

    assert after_seeing(facts, seen()).facts == replace(READ, is_token_refused=True)


moments = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
misses = st.tuples(st.sampled_from(Trouble), moments, st.booleans())
anything = st.builds(
    Facts,
    full_name=st.sampled_from(["pallets/flask", "Pallets/flask", "flask/flask"]),
    database_id=st.none() | st.just(596892),
    state=st.sampled_from(State),
    problem=st.sampled_from(["", "Why."]),
    failures=st.integers(0, 2000),
    missing_count=st.integers(0, 2000),
    missing_since=st.none() | moments,
    is_token_refused=st.booleans(),
)


@given(anything, st.lists(misses))
def test_no_failures_ever_give_figures_or_another_name(
    facts: Facts, looks: list[tuple[Trouble, datetime, bool]]
) -> None:
    after = facts
    for trouble, now, had_token in looks:
        after = missed(after, trouble, now=now, had_token=had_token)

    assert (after.full_name, after.database_id) == (facts.full_name, facts.database_id)
    assert after.failures == facts.failures + len(looks)


@given(st.lists(misses, max_size=8))
def test_missing_always_means_enough_looks_over_enough_time(
    looks: list[tuple[Trouble, datetime, bool]],
) -> None:
    after = READ
    for trouble, now, had_token in sorted(looks, key=lambda look: look[1]):
        was = after.state
        after = missed(after, trouble, now=now, had_token=had_token)
        if after.state == State.MISSING != was:
            assert after.missing_count >= MISSING_LOOKS
            assert after.missing_since
            assert now - after.missing_since >= MISSING_TIME


@given(anything, st.lists(misses), st.booleans(), st.booleans())
def test_success_always_clears_what_failed(
    facts: Facts, looks: list[tuple[Trouble, datetime, bool]], is_archived: bool, is_name_taken: bool
) -> None:
    for trouble, now, had_token in looks:
        facts = missed(facts, trouble, now=now, had_token=had_token)

    outcome = after_seeing(facts, seen(is_archived=is_archived), is_name_taken=is_name_taken)

    after = outcome.facts
    assert (after.failures, after.missing_count, after.missing_since) == (0, 0, None)
    assert outcome.seen
    assert after.state in (State.OK, State.ARCHIVED, State.DUPLICATE)
    assert bool(after.problem) == (after.state == State.DUPLICATE)
