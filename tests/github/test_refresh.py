from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.github import turns
from apps.github.client import GitHub
from apps.github.models import Failure, FormerName, RateLimit, Release, Repository, Snapshot
from apps.github.querysets import ASKED_FOR
from apps.github.services import refresh
from apps.github.services.claims import LEASE, claim_due
from apps.github.services.refresh import ask_for_refresh, refresh_due_repositories
from tests.factories.tools import RepositoryFactory
from tests.github.fake import FakeGitHub

pytestmark = pytest.mark.django_db

State = Repository.State
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
# What an earlier look left, and no error may change.
OLD = {"stars": 70_000, "forks": 16_000, "figures_on": date(2026, 1, 1), "figures_source": "github"}


def known(github: FakeGitHub, full_name: str, **columns: Any) -> Repository:
    """A row of a repository that was read long ago and is due; GitHub has it too, unless it has already."""
    there = github.find(full_name) or github.add(full_name, stars=71_000, forks=17_000)
    fields = {"node_id": there.node_id, "database_id": there.id, "state": State.OK, "due_at": LONG_AGO}
    return RepositoryFactory(full_name=full_name, **{**OLD, **fields, "read_at": LONG_AGO, **columns})


def many(github: FakeGitHub, count: int) -> list[Repository]:
    """So many rows of repositories that are there and were never read, in the order in which they are due."""
    for n in range(count):
        github.add(f"owner/repository-{n}", stars=1000 + n)
    return Repository.objects.bulk_create(
        Repository(full_name=f"owner/repository-{n}", due_at=LONG_AGO + timedelta(seconds=n))
        for n in range(count)
    )


def not_token_day() -> int:
    """An id of which a refused token is not tried again after a look of today, nor of tomorrow."""
    return 1_000_005 - (timezone.now().toordinal() + 1_000_000) % 7


def read_again(**columns: Any) -> None:
    """A run in which every row is due."""
    Repository.objects.update(due_at=LONG_AGO, **columns)
    refresh_due_repositories()


def figures(row: Repository) -> tuple[Any, ...]:
    row.refresh_from_db()
    return row.stars, row.forks, row.figures_on


def is_given_back(row: Repository) -> bool:
    """Whether it is as if it had never been claimed."""
    row.refresh_from_db()
    return (row.leased_until, row.claims) == (None, 0) and row.due_at <= timezone.now()


def asked(github: FakeGitHub) -> list[int]:
    """How many repositories each request asked for."""
    return [request.repositories for request in github.requests]


# --- What is written -----------------------------------------------------------------------------


def test_refresh_writes_all_that_github_tells(github: FakeGitHub) -> None:
    github.add(
        "Pallets/Flask",
        stars=71_000,
        forks=17_000,
        watchers=2_000,
        open_issues=4,
        fork=True,
        mirror=True,
        disabled=True,
        license="BSD-3-Clause",
        language="Python",
        created_at=datetime(2010, 4, 6, tzinfo=UTC),
        pushed_at=datetime(2026, 9, 3, tzinfo=UTC),
        release="3.1.2",
        released_at=datetime(2026, 8, 19, tzinfo=UTC),
    )
    row = RepositoryFactory(full_name="pallets/flask")
    before = timezone.now()

    refresh_due_repositories()

    row.refresh_from_db()
    today = timezone.now().date()
    assert (row.full_name, row.state, row.node_id, row.database_id) == (
        "Pallets/Flask",
        "ok",
        github.find("pallets/flask").node_id,
        github.find("pallets/flask").id,
    )
    assert (row.stars, row.forks, row.watchers, row.open_issues) == (71_000, 17_000, 2_000, 4)
    assert (row.figures_on, row.figures_source) == (today, "github")
    assert (row.is_fork, row.is_mirror, row.is_disabled) == (True, True, True)
    assert (row.license, row.language) == ("BSD-3-Clause", "Python")
    assert (row.began_at.date(), row.pushed_at.date()) == (date(2010, 4, 6), date(2026, 9, 3))
    assert (row.latest_release, row.latest_release_on) == ("3.1.2", date(2026, 8, 19))
    assert before < row.read_at < row.due_at <= row.read_at + timedelta(hours=23)
    assert row.state_since >= before
    assert (row.leased_until, row.claims, row.failures, row.problem) == (None, 0, 0, "")
    assert Snapshot.objects.values_list().get() == (row.pk, today, 71_000, 17_000, 2_000, 4)
    assert Release.objects.values_list("repository", "tag", "published_on").get() == (
        row.pk,
        "3.1.2",
        date(2026, 8, 19),
    )
    # And its growth is measured, so far without an answer.
    assert (row.growth_on, row.grew_7) == (today, None)


def test_refresh_keeps_one_snapshot_a_day_with_the_later_figures(github: FakeGitHub) -> None:
    row = known(github, "pallets/flask")
    yesterday = timezone.now().date() - timedelta(days=1)
    Snapshot.objects.create(repository=row, date=yesterday, stars=1, forks=1)
    for stars in (71_000, 71_001):
        github.find("pallets/flask").stars = stars
        read_again()

    assert list(Snapshot.objects.values_list("date", "stars")) == [
        (yesterday, 1),
        (yesterday + timedelta(days=1), 71_001),
    ]
    assert figures(row)[0] == 71_001


def test_refresh_keeps_each_release_that_was_the_latest(github: FakeGitHub) -> None:
    row = known(github, "pallets/flask")
    there = github.find("pallets/flask")
    for there.release, there.released_at in (
        ("3.0", datetime(2026, 8, 1, tzinfo=UTC)),
        ("3.0", datetime(2026, 8, 1, tzinfo=UTC)),
        ("3.1", datetime(2026, 9, 1, tzinfo=UTC)),
        ("3.2", None),
        (None, None),
    ):
        read_again()

    assert list(Release.objects.values_list("tag", flat=True)) == ["3.1", "3.0"]
    row.refresh_from_db()
    assert (row.latest_release, row.latest_release_on) == ("", None)


def test_refresh_measures_growth_and_looks_sooner_where_stars_move(github: FakeGitHub) -> None:
    known(github, "owner/calm", grew_7=0, grew_90=90_000)
    known(github, "owner/hot", grew_7=700)
    known(github, "owner/hot-once", grew_90=9_000)

    refresh_due_repositories()

    waits = {row.full_name: row.due_at - row.read_at for row in Repository.objects.all()}
    assert waits["owner/hot"] < waits["owner/calm"] / 5
    assert waits["owner/hot-once"] < waits["owner/calm"] / 5


def test_refresh_asks_by_name_once_and_then_by_id(github: FakeGitHub) -> None:
    row = RepositoryFactory(full_name="pallets/flask")
    github.add("pallets/flask")
    refresh_due_repositories()
    github.rename("pallets/flask", "palletsprojects/flask")
    # Somebody else takes the name, so that only the id leads to the repository.
    github.add("pallets/flask", stars=1)

    read_again()

    row.refresh_from_db()
    assert (row.full_name, row.stars, row.state) == ("palletsprojects/flask", 100, "ok")
    assert len(github.requests) == 2


def test_refresh_stores_a_batch_in_a_fixed_number_of_queries(
    github: FakeGitHub, count_queries: Callable[..., Any]
) -> None:
    counts = []
    # The first run of all finds nothing of what later ones build on.
    for at, size in enumerate((2, 3, 40)):
        for n in range(size):
            old = known(github, f"owner/old-{at}-{n}").full_name
            github.rename(old, f"owner/new-{at}-{n}")
            github.find(f"owner/new-{at}-{n}").release = "1.0"
        with count_queries(at_most=50) as queries:
            refresh_due_repositories()
        counts.append(len(queries))

    assert Repository.objects.filter(full_name__startswith="owner/new-", state="ok").count() == 45
    assert FormerName.objects.count() == Release.objects.count() == Snapshot.objects.count() == 45
    assert counts[1] == counts[2]


# --- Which are read ------------------------------------------------------------------------------


def test_refresh_does_nothing_without_an_address(github: FakeGitHub, settings: Any) -> None:
    row = known(github, "pallets/flask")
    settings.GITHUB_API_URL = ""

    refresh_due_repositories()

    assert figures(row) == (70_000, 16_000, date(2026, 1, 1))
    assert (github.requests, row.claims) == ([], 0)


@pytest.mark.parametrize(
    "columns",
    [
        {"due_at": timezone.now() + timedelta(days=1)},
        {"leased_until": timezone.now() + timedelta(days=1)},
        {"state": State.REPLACED},
        {"state": State.FAILED},
    ],
)
def test_refresh_leaves_those_alone_that_are_not_due(github: FakeGitHub, columns: dict[str, Any]) -> None:
    known(github, "pallets/flask", **columns)

    refresh_due_repositories()

    assert github.requests == []


@pytest.mark.parametrize("state", sorted(set(State) - set(Repository.HELD)))
def test_refresh_reads_every_other_state_once_it_is_due(github: FakeGitHub, state: str) -> None:
    row = known(github, "pallets/flask", state=state, leased_until=LONG_AGO)

    refresh_due_repositories()

    row.refresh_from_db()
    assert (row.state, row.stars) == ("ok", 71_000)


def test_refresh_reads_in_batches_those_first_that_are_due_longest(github: FakeGitHub) -> None:
    rows = many(github, 55)

    refresh_due_repositories()

    assert asked(github) == [50, 5]
    read = list(Repository.objects.order_by("read_at", "pk"))
    assert read == rows
    assert read[49].read_at < read[50].read_at


def test_refresh_ends_when_its_time_is_over(github: FakeGitHub, monkeypatch: Any) -> None:
    rows = many(github, 2)
    monkeypatch.setattr(refresh, "REFRESH_SECONDS", 0)

    refresh_due_repositories()

    assert github.requests == []
    assert all(is_given_back(row) for row in rows)


def test_refresh_gives_back_what_it_has_no_time_for(github: FakeGitHub) -> None:
    rows = many(github, 2)
    claimed = claim_due(Repository.objects.all(), order=("due_at",))
    assert claimed

    # The time is over between claiming and asking, which no clock of a busy machine would hit.
    with GitHub() as connection:
        refresh._Reading(connection, refresh._lanes()[1], claimed, deadline=0).run()

    assert github.requests == []
    assert all(is_given_back(row) for row in rows)


# --- What can be wrong with one --------------------------------------------------------------------


def test_one_dead_among_fifty_leaves_the_other_49_updated(github: FakeGitHub) -> None:
    rows = many(github, 50)
    github.poison("owner/repository-7")

    refresh_due_repositories()

    dead = Repository.objects.get(read_at=None)
    assert dead.full_name == "owner/repository-7"
    assert (dead.state, dead.failures, dead.stars, dead.claims) == ("new", 1, None, 0)
    assert dead.problem
    assert timezone.now() < dead.due_at < timezone.now() + timedelta(hours=1)
    assert Snapshot.objects.count() == len(rows) - 1
    failure = Failure.objects.get()
    assert (failure.repository, failure.kind, failure.reason) == (dead, "broken", dead.problem)


def test_renamed_repository_is_found_by_its_former_name(github: FakeGitHub) -> None:
    row = known(github, "pallets/flask")
    github.rename("pallets/flask", "palletsprojects/flask")

    refresh_due_repositories()

    row.refresh_from_db()
    assert (row.full_name, row.state, row.stars) == ("palletsprojects/flask", "ok", 71_000)
    assert Repository.objects.ids_by_name()["pallets/flask"] == row.pk


def test_repository_renamed_back_bears_its_name_alone(github: FakeGitHub) -> None:
    row = known(github, "pallets/flask")
    for old, new in (
        ("pallets/flask", "x/flask"),
        ("x/flask", "pallets/flask"),
        ("pallets/flask", "y/flask"),
    ):
        github.rename(old, new)
        read_again()

    assert set(row.former_names.values_list("full_name", flat=True)) == {"pallets/flask", "x/flask"}
    row.refresh_from_db()
    assert row.full_name == "y/flask"


def test_former_name_leads_to_who_bore_it_last(github: FakeGitHub) -> None:
    first = known(github, "pallets/flask")
    github.rename("pallets/flask", "x/flask")
    read_again()
    github.add("pallets/flask", stars=5)
    second = known(github, "pallets/flask")
    github.rename("pallets/flask", "z/flask")
    read_again()

    assert FormerName.objects.get(full_name="pallets/flask").repository == second
    assert not first.former_names.exists()


def test_renamed_repository_waits_for_a_moderator_when_its_name_is_here_already(github: FakeGitHub) -> None:
    row, other = known(github, "pallets/flask"), RepositoryFactory(full_name="X/Flask")
    github.rename("pallets/flask", "x/flask")

    refresh_due_repositories()

    row.refresh_from_db()
    other.refresh_from_db()
    assert (row.full_name, row.state, row.stars) == ("pallets/flask", "duplicate", 71_000)
    assert (other.full_name, other.state, other.stars) == ("x/flask", "ok", 71_000)
    assert row.database_id == other.database_id
    assert Failure.objects.get().reason == "Renamed to x/flask, which is here already."

    # It stays so without another failure, and its figures go on.
    github.find("x/flask").stars = 72_000
    read_again()
    assert figures(row)[0] == figures(other)[0] == 72_000
    assert Failure.objects.count() == 1


def test_two_rows_of_one_repository_do_not_take_its_name_both(github: FakeGitHub) -> None:
    github.add("x/first")
    github.rename("x/first", "x/second")
    github.rename("x/second", "x/third")
    for name in ("x/first", "x/second"):
        RepositoryFactory(full_name=name)

    refresh_due_repositories()

    assert sorted(Repository.objects.values_list("state", flat=True)) == ["duplicate", "ok"]
    assert Repository.objects.filter(full_name="x/third", state="ok").exists()


def test_names_that_were_swapped_are_right_after_some_looks(github: FakeGitHub) -> None:
    first, second = known(github, "x/first"), known(github, "x/second")
    github.rename("x/first", "x/away")
    github.rename("x/second", "x/first")
    github.rename("x/away", "x/second")

    for _ in range(3):
        read_again()

    states = sorted(Repository.objects.values_list("full_name", "state"))
    # Neither can be the first to take the other's name: a moderator sees both, with the right figures.
    assert states == [("x/first", "duplicate"), ("x/second", "duplicate")]
    assert figures(first)[0] == figures(second)[0] == 71_000


def test_another_repository_of_the_name_is_held_with_the_old_figures(github: FakeGitHub) -> None:
    row = known(github, "pallets/flask")
    github.replace("pallets/flask", stars=3)

    refresh_due_repositories()

    assert figures(row) == (70_000, 16_000, date(2026, 1, 1))
    assert row.state == "replaced"
    assert "another repository" in row.problem
    assert (row.leased_until, row.claims) == (None, 0)
    assert not Snapshot.objects.exists()
    assert Failure.objects.get().kind == "replaced"
    github.requests.clear()
    read_again()
    assert github.requests == []


def test_repository_is_missing_after_three_looks_over_seven_days(github: FakeGitHub) -> None:
    row = known(github, "pallets/flask")
    there = github.find("pallets/flask")
    github.remove("pallets/flask")
    states, waits = [], []
    for _ in range(3):
        read_again()
        row.refresh_from_db()
        states.append(row.state)
        waits.append(round((row.due_at - timezone.now()) / timedelta(days=0.5)))
        # Half a week goes by.
        assert row.missing_since
        Repository.objects.update(missing_since=row.missing_since - timedelta(days=3.5))

    assert states == ["ok", "ok", "missing"]
    assert waits == [2, 2, 60]
    assert figures(row) == (70_000, 16_000, date(2026, 1, 1))
    assert [failure.kind for failure in Failure.objects.all()] == ["not_found"] * 3

    github.add("pallets/flask", id=there.id, stars=71_000)
    read_again()
    row.refresh_from_db()
    assert (row.state, row.stars, row.missing_count, row.missing_since, row.problem) == (
        "ok",
        71_000,
        0,
        None,
        "",
    )


def test_new_row_that_github_does_not_know_is_asked_for_once_in_a_run(github: FakeGitHub) -> None:
    row = RepositoryFactory(full_name="no/such")

    refresh_due_repositories()

    row.refresh_from_db()
    assert (row.state, row.stars, row.missing_count) == ("new", None, 1)
    assert len(github.requests) == 1


def test_archived_repository_is_still_read_daily(github: FakeGitHub) -> None:
    row = known(github, "pallets/flask", interest=1000)
    github.find("pallets/flask").archived = True

    refresh_due_repositories()

    row.refresh_from_db()
    assert (row.state, row.stars) == ("archived", 71_000)
    assert timedelta(hours=18) < row.due_at - row.read_at < timedelta(days=1)


def test_blocked_repository_keeps_its_figures(github: FakeGitHub) -> None:
    row = known(github, "pallets/flask")
    github.block("pallets/flask")

    refresh_due_repositories()

    assert figures(row) == (70_000, 16_000, date(2026, 1, 1))
    assert row.state == "blocked"
    assert row.due_at > timezone.now() + timedelta(days=6)


def test_repository_whose_owner_refuses_tokens_is_read_without_one(github: FakeGitHub) -> None:
    old = {"watchers": 9, "open_issues": 8, "latest_release": "3", "latest_release_on": LONG_AGO.date()}
    row, other = known(github, "pallets/flask", pk=not_token_day(), **old), many(github, 1)[0]
    github.forbid("pallets/flask")

    refresh_due_repositories()

    row.refresh_from_db()
    # REST does not tell everything: the release has its own day, but no figure is older than the look.
    assert (row.state, row.stars, row.watchers, row.open_issues) == ("ok", 71_000, 5, None)
    assert (row.latest_release, row.latest_release_on) == ("3", LONG_AGO.date())
    assert row.is_token_refused
    assert (row.failures, row.problem) == (0, "")
    other.refresh_from_db()
    assert not other.is_token_refused
    assert [request.resource for request in github.requests] == ["graphql", "graphql", "anonymous"]

    # From now on at once so.
    github.requests.clear()
    read_again()
    assert [request.resource for request in github.requests] == ["anonymous", "graphql"]


def test_refused_token_is_tried_again_once_a_week(github: FakeGitHub) -> None:
    # Neighbours have other days, so seven of them are as seven days of one.
    for n in range(7):
        known(github, f"owner/{n}", pk=1_000_000 + n, is_token_refused=True)
        github.forbid(f"owner/{n}")

    refresh_due_repositories()

    assert Repository.objects.filter(stars=71_000).count() == 7
    tried = Repository.objects.get(is_token_refused=False)
    assert tried.due_at > timezone.now()

    # It is still refused: one request more, and all is as before.
    github.requests.clear()
    Repository.objects.filter(pk=tried.pk).update(due_at=LONG_AGO)
    refresh_due_repositories()
    assert [request.resource for request in github.requests] == ["graphql", "anonymous"]


def test_look_that_tells_less_takes_nothing_from_the_snapshot_of_the_day(github: FakeGitHub) -> None:
    known(github, "pallets/flask")
    github.find("pallets/flask").open_issues = 4
    refresh_due_repositories()
    github.find("pallets/flask").stars = 71_001

    read_again(is_token_refused=True)

    assert [request.resource for request in github.requests] == ["graphql", "anonymous"]
    assert Snapshot.objects.values_list("stars", "open_issues").get() == (71_001, 4)


def test_those_without_the_token_do_not_wait_for_all_others(github: FakeGitHub) -> None:
    many(github, 55)
    refused = known(github, "pallets/flask", is_token_refused=True)
    later = known(github, "pallets/click", is_token_refused=True)

    refresh_due_repositories()

    read = list(Repository.objects.order_by("read_at", "pk"))
    assert read[:2] == [refused, later]
    assert len(github.requests) == 4


def test_those_without_the_token_do_not_take_all_the_time(github: FakeGitHub, monkeypatch: Any) -> None:
    row, refused = known(github, "pallets/flask"), known(github, "pallets/click", is_token_refused=True)
    monkeypatch.setattr(refresh, "SCARCE_SECONDS", 0)

    refresh_due_repositories()

    assert list(Repository.objects.order_by("read_at")) == [row, refused]


# --- What can be wrong with GitHub -----------------------------------------------------------------


def test_batch_that_is_too_large_halves_itself(github: FakeGitHub) -> None:
    many(github, 50)
    github.most_repositories = 13

    refresh_due_repositories()

    assert asked(github) == [50, 25, 13, 12, 25, 13, 12]
    assert not Repository.objects.filter(read_at=None).exists()
    assert not Failure.objects.exists()


def test_repository_that_is_too_large_alone_is_a_failure_of_its_own(github: FakeGitHub) -> None:
    rows = many(github, 50)
    github.fail_next("502", times=7)

    refresh_due_repositories()

    assert asked(github)[:7] == [50, 25, 13, 7, 4, 2, 1]
    dead = Repository.objects.get(read_at=None)
    assert (dead, dead.failures, dead.claims) == (rows[0], 1, 0)
    assert Failure.objects.get().kind == "broken"


def test_no_repository_is_blamed_when_nothing_is_small_enough(github: FakeGitHub, monkeypatch: Any) -> None:
    rows = many(github, 50)
    monkeypatch.setattr(refresh, "SHORT_WAIT", timedelta())
    github.fail_next("502", times=99)

    refresh_due_repositories()

    assert asked(github) == [50, 25, 13, 7, 4, 2, 1, 1, 2, 1]
    assert all(is_given_back(row) for row in rows)
    assert not Repository.objects.exclude(failures=0).exists()
    assert RateLimit.objects.get(resource="graphql").not_before > timezone.now()
    assert Failure.objects.get().reason.startswith("Nothing is small enough: 502")


def test_outage_makes_everybody_wait_however_few_are_asked_for(github: FakeGitHub) -> None:
    rows = many(github, 10)
    limit = RateLimit.objects.create(resource="graphql", refusals=4)
    github.fail_next("502", times=99)

    refresh_due_repositories()

    assert asked(github) == [3, 2, 1, 1, 1]
    limit.refresh_from_db()
    assert limit.refusals == 5
    assert limit.not_before > timezone.now() + timedelta(minutes=1)
    # These may be the cause, so that others go first from now on.
    blamed = Repository.objects.filter(failures=1, due_at__gt=timezone.now(), claims=0)
    assert set(blamed) == set(rows[:3])
    assert all(is_given_back(row) for row in rows[3:])

    RateLimit.objects.update(not_before=None)
    refresh_due_repositories()
    assert asked(github)[5:] == [1]
    assert Repository.objects.exclude(failures=0).count() == 4


def test_lone_repository_that_is_too_large_is_put_off(github: FakeGitHub, monkeypatch: Any) -> None:
    row = known(github, "pallets/flask")
    monkeypatch.setattr(refresh, "SHORT_WAIT", timedelta())
    github.fail_next("502", times=99)

    refresh_due_repositories()

    row.refresh_from_db()
    assert (len(github.requests), row.failures, row.claims) == (1, 1, 0)
    assert row.due_at > timezone.now()
    assert RateLimit.objects.get(resource="graphql").refusals == 1


def test_several_that_are_too_large_alone_hold_up_no_other(github: FakeGitHub, monkeypatch: Any) -> None:
    many(github, 50)
    monkeypatch.setattr(refresh, "SHORT_WAIT", timedelta())
    github.fail_next("502", times=9)
    refresh_due_repositories()

    assert Repository.objects.filter(read_at=None, failures=1).count() == 2
    assert Repository.objects.exclude(read_at=None).count() == 48


@pytest.mark.parametrize(
    "failure",
    [
        ("limited", {"retry_after": 60}),
        ("limited", {"retry_after": 60, "as_status": 403}),
        ("429", {"retry_after": 60}),
        ("429", {}),
        ("401", {}),
    ],
)
def test_no_request_comes_before_the_permitted_time(
    github: FakeGitHub, failure: tuple[str, dict[str, Any]]
) -> None:
    row = known(github, "pallets/flask")
    github.fail_next(failure[0], **failure[1])

    for _ in range(3):
        refresh_due_repositories()

    assert len(github.requests) == 1
    assert github.too_early == []
    assert is_given_back(row)
    assert figures(row) == (70_000, 16_000, date(2026, 1, 1))
    assert Failure.objects.get().repository is None


def test_short_wait_is_waited_for_within_the_run(github: FakeGitHub, monkeypatch: Any) -> None:
    row = known(github, "pallets/flask")
    monkeypatch.setattr(turns, "MARGIN", timedelta(seconds=0.1))
    github.fail_next("limited", retry_after=1)

    refresh_due_repositories()

    assert figures(row)[0] == 71_000
    assert len(github.requests) == 2
    assert github.too_early == []


@pytest.mark.parametrize("kind", ["graphql_error", "500", "cut", "not_json", "404"])
def test_failure_of_github_gives_the_claim_back(github: FakeGitHub, kind: str, monkeypatch: Any) -> None:
    rows = [known(github, f"owner/{n}") for n in range(3)]
    monkeypatch.setattr(refresh, "SHORT_WAIT", timedelta())
    github.fail_next(kind)

    refresh_due_repositories()

    assert all(is_given_back(row) for row in rows)
    assert {figures(row) for row in rows} == {(70_000, 16_000, date(2026, 1, 1))}
    assert Failure.objects.get().kind == "UnavailableError"


def test_batch_that_github_fails_at_grows_smaller_until_one_is_left(
    github: FakeGitHub, monkeypatch: Any
) -> None:
    rows = many(github, 50)
    monkeypatch.setattr(refresh, "SHORT_WAIT", timedelta())
    github.fail_next("500", times=6)

    for _ in range(7):
        RateLimit.objects.update(not_before=None)
        refresh_due_repositories()

    assert asked(github) == [50, 25, 12, 6, 3, 1, 1, 48]
    dead = Repository.objects.get(read_at=None)
    assert (dead, dead.failures) == (rows[0], 1)


def test_answers_that_came_before_a_failure_are_kept(github: FakeGitHub, monkeypatch: Any) -> None:
    rows = many(github, 20)
    monkeypatch.setattr(refresh, "SHORT_WAIT", timedelta())
    github.fail_next("502")
    github.fail_next("partial")
    github.fail_next("cut")

    refresh_due_repositories()

    assert asked(github) == [20, 10, 10]
    assert Repository.objects.exclude(read_at=None).count() == 5
    assert Repository.objects.filter(failures=1, read_at=None).count() == 5
    assert all(is_given_back(row) for row in rows[10:])


# --- Without a token -------------------------------------------------------------------------------


def test_without_a_token_those_are_read_that_people_care_for_most(github: FakeGitHub, settings: Any) -> None:
    settings.GITHUB_TOKEN = ""
    github.hours["anonymous"].quota = 2
    rows = [known(github, f"owner/{n}", interest=n) for n in range(4)]

    for _ in range(2):
        refresh_due_repositories()

    assert [request.resource for request in github.requests] == ["anonymous", "anonymous"]
    assert [figures(row)[0] for row in rows] == [70_000, 70_000, 71_000, 71_000]
    rows[3].refresh_from_db()
    assert rows[3].due_at - rows[3].read_at > timedelta(hours=18)


def test_without_a_token_each_has_its_turn_and_what_is_asked_for_comes_first(
    github: FakeGitHub, settings: Any
) -> None:
    settings.GITHUB_TOKEN = ""
    now = timezone.now()
    # Due for (days) × (1 + interest / 5).
    for name, days, interest in [
        ("twelve", 4, 10),
        ("eight", 8, 0),
        ("twenty", 20, 0),
        ("none", 0, 0),
        ("asked-for", 0, 0),
        ("most", 1, 2_000_000_000),
    ]:
        known(github, f"owner/{name}", due_at=now - timedelta(days=days), interest=interest)
    Repository.objects.filter(full_name="owner/asked-for").update(due_at=ASKED_FOR)

    refresh_due_repositories()

    read = [request.path.rpartition("/")[2] for request in github.requests]
    assert read == ["asked-for", "most", "twenty", "twelve", "eight", "none"]


@pytest.mark.parametrize(
    ("change", "name", "state", "stars"),
    [
        (lambda github: github.rename("pallets/flask", "x/flask"), "x/flask", "ok", 71_000),
        (lambda github: github.replace("pallets/flask"), "pallets/flask", "replaced", 70_000),
        (lambda github: github.block("pallets/flask"), "pallets/flask", "blocked", 70_000),
        (lambda github: github.remove("pallets/flask"), "pallets/flask", "ok", 70_000),
        (lambda github: github.fail_next("403"), "pallets/flask", "forbidden", 70_000),
    ],
)
def test_states_are_seen_without_a_token_too(
    github: FakeGitHub,
    settings: Any,
    change: Callable[[FakeGitHub], object],
    name: str,
    state: str,
    stars: int,
) -> None:
    settings.GITHUB_TOKEN = ""
    row = known(github, "pallets/flask")
    change(github)

    refresh_due_repositories()

    row.refresh_from_db()
    assert (row.full_name, row.state, row.stars) == (name, state, stars)


def test_repository_that_fails_without_a_token_lets_the_others_go_first(
    github: FakeGitHub, settings: Any, monkeypatch: Any
) -> None:
    settings.GITHUB_TOKEN = ""
    monkeypatch.setattr(refresh, "SHORT_WAIT", timedelta())
    dead, other = (known(github, f"owner/{n}", interest=9 - n) for n in range(2))
    github.poison("owner/0")

    for _ in range(2):
        RateLimit.objects.update(not_before=None)
        refresh_due_repositories()

    assert figures(other)[0] == 71_000
    dead.refresh_from_db()
    assert (dead.failures, dead.stars, dead.state) == (1, 70_000, "ok")


# --- Workers that die ------------------------------------------------------------------------------


def claim(at_most: int = 50) -> list[str]:
    """The names that a worker claims which dies with them."""
    claimed = claim_due(Repository.objects.all(), order=("due_at",), at_most=at_most)
    Repository.objects.exclude(leased_until=None).update(leased_until=timezone.now() - timedelta(seconds=1))
    return [row.full_name for row in claimed.rows.values()] if claimed else []


def test_what_kills_its_worker_is_soon_claimed_alone_and_then_given_up(github: FakeGitHub) -> None:
    rows = many(github, 50)
    poison = rows[0].full_name
    sizes = []
    for _ in range(4):
        names = claim()
        assert poison in names
        sizes.append(len(names))

    assert sizes == [50, 7, 1, 1]
    refresh_due_repositories()

    failed = Repository.objects.get(read_at=None)
    assert (failed.full_name, failed.state, failed.leased_until) == (poison, "failed", None)
    assert "4 times" in failed.problem
    failure = Failure.objects.get()
    assert (failure.repository, failure.kind, failure.reason) == (failed, "failed", failed.problem)
    # The other 49 were updated, those that died with it in smaller batches.
    assert Snapshot.objects.count() == 49
    assert not Repository.objects.exclude(pk=failed.pk).exclude(claims=0, leased_until=None).exists()


def test_claim_holds_for_its_time_and_counts(github: FakeGitHub) -> None:
    row = many(github, 1)[0]

    claimed = claim_due(Repository.objects.all(), order=("due_at",))

    assert claimed is not None
    row.refresh_from_db()
    assert (row.leased_until, row.claims) == (claimed.lease, 1)
    assert timedelta(seconds=290) < claimed.lease - timezone.now() <= LEASE
    assert claim_due(Repository.objects.all(), order=("due_at",)) is None


# --- Asking for a refresh --------------------------------------------------------------------------


def test_ask_for_refresh_makes_it_due_and_wakes_a_worker(
    queued_tasks: Callable[[], list[str]], django_capture_on_commit_callbacks: Any
) -> None:
    row = RepositoryFactory(due_at=timezone.now() + timedelta(days=1), read_at=LONG_AGO)

    with django_capture_on_commit_callbacks(execute=True):
        assert ask_for_refresh(repository=row) is True

    row.refresh_from_db()
    assert row.due_at <= timezone.now()
    assert queued_tasks() == ["apps.github.tasks.refresh_due_repositories"]


def test_what_a_person_asked_for_is_read_before_what_is_due_already(github: FakeGitHub) -> None:
    rows = many(github, 51)

    assert ask_for_refresh(repository=rows[50]) is True
    refresh_due_repositories()

    rows[50].refresh_from_db()
    assert asked(github) == [50, 1]
    assert rows[50].read_at == Repository.objects.order_by("read_at").values_list("read_at", flat=True)[0]
    assert rows[50].due_at > timezone.now()


def test_what_a_person_asked_for_keeps_its_place_when_the_token_is_refused(github: FakeGitHub) -> None:
    row = known(github, "pallets/flask")
    github.forbid("pallets/flask")
    github.hours["anonymous"].quota = 0
    ask_for_refresh(repository=row)

    refresh_due_repositories()

    row.refresh_from_db()
    assert (row.is_token_refused, row.due_at) == (True, ASKED_FOR)


@pytest.mark.parametrize(
    "columns",
    [
        {"read_at": timezone.now() + timedelta(days=1)},
        {"state": State.REPLACED},
        {"state": State.FAILED},
    ],
)
def test_ask_for_refresh_says_no_when_it_is_fresh_or_held(
    columns: dict[str, Any], queued_tasks: Callable[[], list[str]], django_capture_on_commit_callbacks: Any
) -> None:
    later = timezone.now() + timedelta(days=1)
    row = RepositoryFactory(due_at=later, **columns)

    with django_capture_on_commit_callbacks(execute=True):
        assert ask_for_refresh(repository=row) is False

    row.refresh_from_db()
    assert row.due_at == later
    assert queued_tasks() == []
