"""Two workers at once, with real threads and a real server: nothing lost, nothing twice."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.github import turns
from apps.github.client import GitHub, Missed, Seen, Trouble
from apps.github.models import FormerName, Release, Repository, Snapshot
from apps.github.services import refresh
from apps.github.services.claims import Claim, claim_due, give_back
from apps.github.services.looks import Manner, store_looks
from apps.github.services.refresh import refresh_due_repositories
from apps.github.services.retries import begin_anew, read_again
from tests.factories.tools import RepositoryFactory
from tests.github.fake import FakeGitHub
from tests.github.test_refresh import figures, is_given_back, known, many
from tests.github.test_turns import Holder
from tests.votes.threads import run_together

pytestmark = pytest.mark.django_db(transaction=True)

WAIT = 30
MANNER = Manner(had_token=True, is_scarce=False)


def claim_all() -> Claim:
    claim = claim_due(Repository.objects.all(), order=("due_at",))
    assert claim
    return claim


def ask(rows: list[Repository]) -> dict[int, Seen | Missed]:
    """What GitHub says of these by their ids."""
    with GitHub() as github:
        answer = github.by_id([row.node_id for row in rows])
    return {row.pk: answer.of[row.node_id] for row in rows}


def someone_waits() -> bool:
    """Whether anybody waits for a lock here; unlike pg_stat_activity, anew each time in a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_locks"
            " JOIN pg_database ON pg_database.oid = database WHERE datname = current_database())"
        )
        return bool(cursor.fetchone()[0])


def in_another_thread(job: Callable[[], Any]) -> Any:
    """A future of `job`, which has begun to wait for a lock of ours."""
    pool = ThreadPoolExecutor(1)

    def run() -> Any:
        try:
            return job()
        finally:
            connection.close()

    future = pool.submit(run)
    pool.shutdown(wait=False)
    end = time.monotonic() + WAIT
    while not someone_waits():
        assert not future.done(), future.result(0)
        assert time.monotonic() < end
        time.sleep(0.01)
    return future


def test_two_workers_read_each_repository_once_and_ask_one_at_a_time(github: FakeGitHub) -> None:
    many(github, 130)
    for n in range(130):
        github.find(f"owner/repository-{n}").release = "1.0"
    github.seconds_per_request = 0.02

    run_together([refresh_due_repositories] * 3)

    assert Snapshot.objects.count() == Release.objects.count() == 130
    assert sum(request.repositories for request in github.requests) == 130
    assert github.most_at_once == 1
    assert not Repository.objects.filter(read_at=None).exists()
    assert not Repository.objects.exclude(leased_until=None, claims=0).exists()


def test_two_workers_claim_different_rows(github: FakeGitHub) -> None:
    many(github, 100)

    claims = run_together([claim_all, claim_all])

    assert set(claims[0].rows) | set(claims[1].rows) == set(Repository.objects.values_list("pk", flat=True))


def test_worker_that_lost_its_lease_writes_nothing(github: FakeGitHub) -> None:
    row, moved = known(github, "pallets/flask"), known(github, "pallets/click")
    github.rename("pallets/click", "x/click")
    slow = claim_all()
    looks = ask([row, moved])
    Repository.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    quick = claim_all()

    assert store_looks(claim=slow, looks=looks, manner=MANNER) == []
    give_back(slow, set(slow.rows))

    assert figures(row)[0] == 70_000
    assert (row.leased_until, row.claims) == (quick.lease, 2)
    assert not Snapshot.objects.exists()
    assert not FormerName.objects.exists()
    assert store_looks(claim=quick, looks=looks, manner=MANNER) == [row.pk, moved.pk]
    assert figures(row)[0] == 71_000
    assert (row.leased_until, row.claims) == (None, 0)


def test_name_that_another_takes_at_the_same_moment_breaks_no_batch(github: FakeGitHub) -> None:
    row, other = known(github, "pallets/flask"), known(github, "pallets/click")
    github.rename("pallets/flask", "x/flask")
    claim = claim_all()
    looks = ask([row, other])
    with transaction.atomic():
        # Not to be seen by others yet.
        RepositoryFactory(full_name="X/flask")
        storing = in_another_thread(lambda: store_looks(claim=claim, looks=looks, manner=MANNER))

    assert storing.result(WAIT) == [row.pk, other.pk]
    row.refresh_from_db()
    assert (row.full_name, row.state, row.stars) == ("pallets/flask", "duplicate", 71_000)
    assert figures(other)[0] == 71_000
    assert Snapshot.objects.count() == 2


def test_batch_that_is_the_victim_of_a_deadlock_is_stored_after_all(github: FakeGitHub) -> None:
    first, second = known(github, "pallets/flask"), known(github, "pallets/click")
    claim = claim_all()
    looks = ask([first, second])

    def store() -> list[int]:
        with connection.cursor() as cursor:
            # It looks for a deadlock long before the other side does, and so is the one that gives way.
            cursor.execute("SET deadlock_timeout = '1s'")
        return store_looks(claim=claim, looks=looks, manner=MANNER)

    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL deadlock_timeout = '30s'")
        Repository.objects.filter(pk=second.pk).update(interest=2)
        storing = in_another_thread(store)
        Repository.objects.filter(pk=first.pk).update(interest=1)

    assert storing.result(WAIT) == [first.pk, second.pk]
    assert (figures(first)[0], first.interest) == (71_000, 1)
    assert (figures(second)[0], second.interest) == (71_000, 2)


@pytest.mark.parametrize(
    "write",
    [
        lambda claim: give_back(claim, set(claim.rows)),
        lambda claim: read_again(pks=claim.rows),
        lambda claim: begin_anew(pks=claim.rows),
    ],
)
def test_who_writes_several_locks_them_in_the_order_of_their_ids(
    github: FakeGitHub, write: Callable[[Claim], object]
) -> None:
    first, second = many(github, 2)
    claim = claim_all()
    # It lies behind the other one now, where PostgreSQL comes to it later when it reads the table as it lies.
    Repository.objects.filter(pk=first.pk).update(interest=1)

    def job() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET enable_indexscan = off; SET enable_bitmapscan = off")
        write(claim)

    with transaction.atomic():
        Repository.objects.select_for_update(no_key=True).get(pk=first.pk)
        writing = in_another_thread(job)
        # Who waits for the first has not the second.
        Repository.objects.select_for_update(no_key=True, nowait=True).get(pk=second.pk)

    writing.result(WAIT)
    assert not Repository.objects.exclude(leased_until=None, claims=0).exists()


def test_row_that_was_deleted_meanwhile_is_left_out(github: FakeGitHub) -> None:
    gone, row = known(github, "pallets/flask"), known(github, "pallets/click")
    claim = claim_all()
    looks = ask([gone, row])
    Repository.objects.filter(pk=gone.pk).delete()

    assert store_looks(claim=claim, looks=looks, manner=MANNER) == [row.pk]
    assert Repository.objects.get() == row


def test_worker_whose_turn_never_comes_gives_its_claim_back(github: FakeGitHub, monkeypatch: Any) -> None:
    row = known(github, "pallets/flask")
    monkeypatch.setattr(turns, "LINE_SECONDS", 0.05)
    monkeypatch.setattr(refresh, "REFRESH_SECONDS", 0.5)

    with Holder():
        refresh_due_repositories()

    assert github.requests == []
    assert is_given_back(row)


def test_fault_of_the_database_goes_on(github: FakeGitHub, database_away: None) -> None:
    claim = Claim({1: Repository(pk=1)}, timezone.now())

    with pytest.raises(Exception, match="connection"):
        store_looks(claim=claim, looks={1: Missed(Trouble.BROKEN, "")}, manner=MANNER)
