"""Locks across processes and machines, held in PostgreSQL."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.transaction import TransactionManagementError


@contextmanager
def hold_lock(name: str) -> Iterator[None]:
    """Wait for the lock called `name` and hold it until the transaction ends.

    Raises `TransactionManagementError` outside a transaction, where it would be released at once.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError(f"The lock {name!r} needs a transaction.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [zlib.crc32(name.encode())])
    yield
