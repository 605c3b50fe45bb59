"""Waking workers. The work itself is rows that are due; a message is only the doorbell."""

import logging

from celery import current_app
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def ring(task: str) -> bool:
    """Ask a worker to run the task of this name soon; answers whether one could be asked.

    With Redis away beat does so later, and nothing is lost.
    """
    try:
        current_app.send_task(task, ignore_result=True)
    except OperationalError as error:
        logger.warning("No worker could be told of %s: %s", task, error)
        return False
    return True
