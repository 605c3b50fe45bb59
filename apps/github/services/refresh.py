"""Reading the repositories that are due: claimed, asked for in batches, stored."""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import BooleanField, DurationField, ExpressionWrapper, F, FloatField, Q, Value
from django.db.models.expressions import OrderBy
from django.db.models.functions import Extract, Now
from django.utils import timezone

from apps.core.jobs import ring_on_commit
from apps.github.client import (
    Answer,
    GitHub,
    GitHubError,
    Missed,
    Seen,
    TooLargeError,
    Trouble,
    UnavailableError,
)
from apps.github.models import RateLimit, Repository
from apps.github.querysets import ASKED_FOR, RepositoryQuerySet
from apps.github.schedule import PEOPLE_A_LOOK
from apps.github.services.claims import BATCHES, Claim, claim_due, give_back
from apps.github.services.failures import note_failure
from apps.github.services.growth import measure_growth
from apps.github.services.looks import Manner, store_looks
from apps.github.turns import NotYetError, permitted_at, refusals_in_a_row, turn

Resource = RateLimit.Resource

# A run ends after this, so that it is over before its claims are (services/claims.py) and its task's time limit.
REFRESH_SECONDS = 200
# So much of it goes to those that are read without a token before all others, which may fill the whole of it: GitHub
# answers 60 such requests an hour, which is one for each run.
SCARCE_SECONDS = 20
# Waiting so long within a run is less work than ending it.
SHORT_WAIT = timedelta(seconds=10)
# Who read a repository so recently learns nothing from another look.
FRESH_MINUTES = 15
# Halving 50 down to one takes seven requests. So many in a row that were all too large are a fault of GitHub's as a
# whole, of which no single repository shall be blamed.
MAX_TOO_LARGE = 10


def refresh_due_repositories() -> None:
    """Read the repositories that are due, for `REFRESH_SECONDS` at most. Does nothing without `GITHUB_API_URL`."""
    if not settings.GITHUB_API_URL:
        return
    began = time.monotonic()
    for lane in _lanes():
        _serve(lane, deadline=began + min(lane.seconds, REFRESH_SECONDS))


def ask_for_refresh(*, repository: Repository) -> bool:
    """Have a repository read before all others; False where it was just read, or waits for a moderator."""
    now = timezone.now()
    if repository.state in Repository.HELD:
        return False
    if repository.read_at and repository.read_at > now - timedelta(minutes=FRESH_MINUTES):
        return False
    Repository.objects.filter(pk=repository.pk).update(due_at=ASKED_FOR)
    ring_on_commit("apps.github.tasks.refresh_due_repositories")
    return True


@dataclass(frozen=True, slots=True)
class _Lane:
    """Repositories that are read in the same way, and in which order."""

    resource: RateLimit.Resource
    rows: RepositoryQuerySet[Repository]
    order: Collection[str | OrderBy]
    manner: Manner
    # Until so long after the begin of the run.
    seconds: float


def _lanes() -> list[_Lane]:
    """With a token GraphQL, and REST without it for those that refuse the token; without one, REST for all."""
    every = Repository.objects.all()
    scarce = Manner(had_token=False, is_scarce=True)
    if not has_token():
        return [_Lane(Resource.ANONYMOUS, every, _by_need(), scarce, REFRESH_SECONDS)]
    manner = Manner(had_token=True, is_scarce=False)
    usual = _Lane(
        Resource.GRAPHQL, every.filter(is_token_refused=False), ("due_at",), manner, REFRESH_SECONDS
    )
    refused = _Lane(
        Resource.ANONYMOUS, every.filter(is_token_refused=True), _by_need(), scarce, SCARCE_SECONDS
    )
    # Once more after the usual ones, of which some may just have refused the token.
    return [refused, usual, replace(refused, seconds=REFRESH_SECONDS)]


def _by_need() -> list[OrderBy]:
    """Of 60 requests an hour: first what somebody asked for, then by the time for which it is due × (1 + interest / 5).

    So people get fresh figures more often where they care more, and each repository has its turn in the end, however
    many there are: what waits gains on all that was read.
    """
    is_asked_for = ExpressionWrapper(Q(due_at=ASKED_FOR), output_field=BooleanField())
    late = ExpressionWrapper(Now() - F("due_at"), output_field=DurationField())
    weight = 1 + F("interest") / Value(float(PEOPLE_A_LOOK))
    need = ExpressionWrapper(Extract(late, "epoch") * weight, output_field=FloatField())
    return [is_asked_for.desc(), need.desc()]


def has_token() -> bool:
    """Whether we ask GitHub as somebody."""
    return bool(settings.GITHUB_TOKEN or settings.GITHUB_APP_ID)


def _serve(lane: _Lane, deadline: float) -> None:
    """Read what is due until nothing is, GitHub wants no more requests for long, or the time is over."""
    with GitHub(anonymous=not lane.manner.had_token) as github:
        while time.monotonic() < deadline:
            until = permitted_at(lane.resource)
            if until is not None:
                if not _wait(until, deadline):
                    return
                continue
            claim = claim_due(lane.rows, order=lane.order, at_most=_most(lane))
            if claim is None:
                return
            _Reading(github, lane, claim, deadline).run()


def _most(lane: _Lane) -> int:
    """How many to ask for at once: half with each refusal in a row, as GitHub may fail at one of them."""
    if lane.resource == Resource.ANONYMOUS:
        return 1
    return max(1, BATCHES[0] >> refusals_in_a_row(lane.resource))


def _wait(until: datetime, deadline: float) -> bool:
    """Sleep until then if that is soon; answers whether it is."""
    seconds = (until - timezone.now()).total_seconds()
    if seconds > SHORT_WAIT.total_seconds() or time.monotonic() + seconds > deadline:
        return False
    time.sleep(max(0.0, seconds))
    return True


@dataclass(frozen=True, slots=True)
class _Question:
    """The ids of repositories to ask for in one request, by their node ids or by their names."""

    pks: list[int]
    by_id: bool

    def halves(self) -> list["_Question"]:
        middle = (len(self.pks) + 1) // 2
        return [_Question(self.pks[middle:], self.by_id), _Question(self.pks[:middle], self.by_id)]


@dataclass(slots=True)
class _Reading:
    """Reads one claim: stores what GitHub answers, gives back what there was no answer for."""

    github: GitHub
    lane: _Lane
    claim: Claim
    deadline: float
    pending: set[int] = field(default_factory=set, init=False)
    questions: list[_Question] = field(default_factory=list, init=False)
    is_answered: bool = field(default=False, init=False)
    # Requests in a row that were too large, and those that were so alone: to blame once GitHub answers for others, or
    # there are no others.
    too_large: int = field(default=0, init=False)
    suspects: dict[int, Seen | Missed] = field(default_factory=dict, init=False)

    def run(self) -> None:
        """Ask until all is stored, the time is over, or GitHub wants no more requests."""
        rows = self.claim.rows
        self.pending = set(rows)
        known = [pk for pk, row in rows.items() if row.node_id and self.lane.resource == Resource.GRAPHQL]
        new = [pk for pk in rows if pk not in known]
        self.questions = [_Question(pks, by_id) for pks, by_id in ((new, False), (known, True)) if pks]
        try:
            while self.questions and time.monotonic() < self.deadline:
                self._look(self.questions.pop())
            self._store({})
        except NotYetError:
            pass
        except GitHubError as error:
            note_failure(kind=type(error).__name__, reason=str(error))
        # Any other error leaves the claim: it counts, and another worker tries with fewer once the lease is over.
        give_back(self.claim, self.pending)

    def _look(self, question: _Question) -> None:
        """Ask once and store; adds to the questions what is to be asked now in place of this one."""
        try:
            answer = self._ask(question)
        except (TooLargeError, UnavailableError) as error:
            if len(question.pks) > 1:
                if isinstance(error, UnavailableError):
                    raise
                self.questions += question.halves()
                return
            self.suspects[question.pks[0]] = Missed(Trouble.BROKEN, str(error))
            if isinstance(error, TooLargeError):
                return
            if self.too_large < MAX_TOO_LARGE:
                # Perhaps they are the cause: the others go first from now on.
                self._store({})
            raise
        looks: dict[int, Seen | Missed] = {}
        gone: list[int] = []
        for pk in question.pks:
            silence = Missed(Trouble.BROKEN, "GitHub said nothing of it.")
            looks[pk] = answer.of.get(self._key(pk, question), silence)
            if question.by_id and _is_gone(looks[pk]):
                # Another repository may bear its name by now.
                gone.append(pk)
                del looks[pk]
        self._store(looks)
        if gone:
            self.questions.append(_Question(gone, by_id=False))

    def _key(self, pk: int, question: _Question) -> str:
        row = self.claim.rows[pk]
        return row.node_id if question.by_id else row.full_name

    def _ask(self, question: _Question) -> Answer:
        # A duplicate bears the id of another row.
        keys = list(dict.fromkeys(self._key(pk, question) for pk in question.pks))
        with turn(self.lane.resource) as this:
            try:
                if self.lane.resource == Resource.ANONYMOUS:
                    answer = self.github.one(keys[0])
                else:
                    answer = self.github.by_id(keys) if question.by_id else self.github.by_name(keys)
            except TooLargeError as error:
                self.too_large += 1
                is_smallest = len(question.pks) == 1 and not self.questions
                if self.too_large >= MAX_TOO_LARGE or (is_smallest and not self.is_answered):
                    # Within the turn, so that the next wait is longer.
                    raise UnavailableError(f"Nothing is small enough: {error}") from error
                raise
            this.used(answer.rate)
        self.too_large, self.is_answered = 0, True
        return answer

    def _store(self, looks: Mapping[int, Seen | Missed]) -> None:
        looks = {**looks, **self.suspects}
        self.suspects = {}
        if not looks:
            return
        read = store_looks(claim=self.claim, looks=looks, manner=self.lane.manner)
        self.pending -= set(looks)
        if read:
            measure_growth(repositories=read)


def _is_gone(look: Seen | Missed) -> bool:
    return isinstance(look, Missed) and look.trouble == Trouble.NOT_FOUND
