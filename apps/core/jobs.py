"""Waking workers. The work itself is rows that are due; a message is only the doorbell."""

import logging
from functools import partial

from celery import current_app
from django.db import transaction
from kombu import pools

logger = logging.getLogger(__name__)

# Somebody waits for the answer to what rings here: far less patience than a worker's. With the one retry that
# CELERY_TASK_PUBLISH_RETRY_POLICY allows, a Redis that hangs costs a request two seconds.
RINGING = {"socket_timeout": 1, "socket_connect_timeout": 1}


def ring(task: str) -> bool:
    """Ask a worker to run the task of this name soon; answers whether one could be asked. Never raises.

    With Redis away beat does so later, and nothing is lost.
    """
    try:
        connection = current_app.connection_for_write(transport_options=RINGING)
        with pools.producers[connection].acquire(block=True) as producer:
            current_app.send_task(task, producer=producer, ignore_result=True)
    except Exception as error:
        # Of whatever kind: a full, a read-only and a loading Redis have errors of their own.
        logger.warning("No worker could be told of %s: %s", task, error)
        return False
    return True


def ring_on_commit(task: str) -> None:
    """`ring` once what the current transaction wrote can be seen. Whatever happens there, what is saved is saved."""
    transaction.on_commit(partial(ring, task), robust=True)
