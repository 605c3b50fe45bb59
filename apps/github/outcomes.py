"""What a look at a repository means for its row. Pure functions: no figure is ever changed by a failure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from apps.github.client import Missed, Seen, Trouble
from apps.github.models import Repository

State = Repository.State

# A repository is missing once so many looks in a row found nothing, the first and the last of them so far apart:
# owners make one private by mistake, and GitHub has had hours in which it found nothing.
MISSING_LOOKS = 3
MISSING_TIME = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the row says of a repository; after a look, what it shall say."""

    full_name: str
    database_id: int | None
    state: Repository.State
    problem: str = ""
    failures: int = 0
    missing_count: int = 0
    missing_since: datetime | None = None
    is_token_refused: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to write: `facts`, and the figures of `seen`, or none of them where it is None."""

    facts: Facts
    seen: Seen | None = None
    # The name that it bears no more: kept as a former one.
    former_name: str = ""


def new_name(facts: Facts, seen: Seen) -> str:
    """The owner/name that it bears now where that is another one than the row's, in whatever case; else ""."""
    return seen.full_name if seen.full_name.lower() != facts.full_name.lower() else ""


def after_seeing(facts: Facts, seen: Seen, *, is_name_taken: bool = False) -> Outcome:
    """The outcome of a look that found `seen`; `is_name_taken`: another row bears its `new_name`."""
    if facts.database_id is not None and facts.database_id != seen.database_id:
        return Outcome(
            replace(
                facts,
                state=State.REPLACED,
                problem=f"{seen.full_name} is another repository by now: its id is {seen.database_id},"
                f" not {facts.database_id}.",
                failures=facts.failures + 1,
            )
        )
    name = new_name(facts, seen)
    fine = Facts(
        full_name=seen.full_name,
        database_id=seen.database_id,
        state=State.ARCHIVED if seen.is_archived else State.OK,
        is_token_refused=facts.is_token_refused,
    )
    if name and is_name_taken:
        problem = f"Renamed to {name}, which is here already."
        return Outcome(replace(fine, full_name=facts.full_name, state=State.DUPLICATE, problem=problem), seen)
    return Outcome(fine, seen, former_name=facts.full_name if name else "")


def after_missing(facts: Facts, missed: Missed, *, now: datetime, had_token: bool) -> Outcome:
    """The outcome of a look by which GitHub told nothing; `had_token`: we said who we are."""
    facts = replace(facts, problem=missed.reason[:300], failures=facts.failures + 1)
    found = replace(facts, missing_count=0, missing_since=None)
    match missed.trouble:
        case Trouble.NOT_FOUND:
            since = facts.missing_since or now
            count = facts.missing_count + 1
            is_missing = count >= MISSING_LOOKS and now - since >= MISSING_TIME
            state = State.MISSING if is_missing else facts.state
            return Outcome(replace(facts, state=state, missing_count=count, missing_since=since))
        case Trouble.BLOCKED:
            return Outcome(replace(found, state=State.BLOCKED))
        case Trouble.FORBIDDEN if had_token:
            return Outcome(replace(found, is_token_refused=True))
        case Trouble.FORBIDDEN:
            # The next look is with the token again: the owner may have changed their mind about either.
            return Outcome(replace(found, state=State.FORBIDDEN, is_token_refused=False))
    return Outcome(facts)
