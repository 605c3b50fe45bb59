from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest
from django.db import OperationalError, connection, transaction
from django.db.transaction import TransactionManagementError

from apps.core.locks import hold_lock

WAIT = 20


@contextmanager
def held_elsewhere(name: str) -> Iterator[Event]:
    """Another connection holds the lock until the event is set."""
    held, release = Event(), Event()

    def hold() -> None:
        try:
            with transaction.atomic(), hold_lock(name):
                held.set()
                release.wait(WAIT)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        holder = pool.submit(hold)
        try:
            assert held.wait(WAIT)
            yield release
        finally:
            release.set()
            holder.result(WAIT)


def count_locks(*, granted: bool) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database "
            "WHERE locktype = 'advisory' AND datname = current_database() AND granted = %s",
            [granted],
        )
        return int(cursor.fetchone()[0])


def enter_impatiently(name: str) -> bool:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '50ms'")
        with hold_lock(name):
            return True


@pytest.mark.django_db(transaction=True)
def test_lock_keeps_out_whoever_asks_for_the_same_name() -> None:
    with held_elsewhere("catalogue"), pytest.raises(OperationalError, match="lock timeout"):
        enter_impatiently("catalogue")


@pytest.mark.django_db(transaction=True)
def test_lock_lets_in_whoever_asks_for_another_name() -> None:
    with held_elsewhere("catalogue"):
        assert enter_impatiently("cards")


@pytest.mark.django_db(transaction=True)
def test_lock_is_waited_for_until_the_other_transaction_ends() -> None:
    order: list[str] = []

    def wait_for_it() -> None:
        try:
            with transaction.atomic(), hold_lock("catalogue"):
                order.append("second")
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, held_elsewhere("catalogue"):
        waiting = pool.submit(wait_for_it)
        while not count_locks(granted=False):
            assert not waiting.done()
        order.append("first")
    waiting.result(WAIT)

    assert order == ["first", "second"]


@pytest.mark.django_db(transaction=True)
def test_lock_is_free_again_when_its_transaction_fails() -> None:
    with pytest.raises(RuntimeError), transaction.atomic(), hold_lock("catalogue"):
        raise RuntimeError

    with held_elsewhere("catalogue") as release:
        assert not release.is_set()


@pytest.mark.django_db
def test_lock_may_be_held_twice_by_one_transaction() -> None:
    with hold_lock("catalogue"), hold_lock("catalogue"):
        assert count_locks(granted=True) == 1


@pytest.mark.django_db(transaction=True)
def test_lock_is_refused_outside_a_transaction() -> None:
    lock = hold_lock("catalogue")

    with pytest.raises(TransactionManagementError, match="The lock 'catalogue' needs a transaction"):
        lock.__enter__()
