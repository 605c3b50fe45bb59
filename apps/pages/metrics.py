"""The status page's numbers for Prometheus, read when it asks: no process keeps any."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from apps.github.models import Repository
from apps.pages.status import read_status


class StatusCollector(Collector):
    """A sample that is unknown is left out."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        status = read_status()

        def age(of: datetime) -> float:
            return (status.now - of).total_seconds()

        repositories = status.repositories
        yield _gauge(
            "repositories",
            "Repositories by state.",
            {state.value: repositories.by_state.get(state, 0) for state in Repository.State},
            label="state",
        )
        yield _gauge("repositories_due", "Repositories whose next look is due.", repositories.due)
        yield _gauge(
            "repositories_overdue",
            "Repositories whose next look is late by more than an hour.",
            repositories.overdue,
        )
        yield _gauge(
            "repositories_failing",
            "Repositories that GitHub showed us before, and whose last look failed.",
            repositories.failing,
        )
        if repositories.newest:
            yield _gauge(
                "newest_read_age_seconds", "Time since the last look at GitHub.", age(repositories.newest)
            )
        if repositories.oldest:
            yield _gauge(
                "oldest_read_age_seconds",
                "Time since the look that is longest ago, of those that do not fail.",
                age(repositories.oldest),
            )
        yield _gauge(
            "github_rate_remaining",
            "Points (graphql) or requests (rest, anonymous) that GitHub still allows in this hour.",
            {rate.resource: rate.remaining for rate in status.rates if rate.remaining is not None},
            label="resource",
        )
        yield _gauge(
            "github_wait_seconds",
            "Time until GitHub may be asked again; 0 is now.",
            {rate.resource: max(0.0, -age(rate.not_before or status.now)) for rate in status.rates},
            label="resource",
        )
        yield _gauge(
            "github_failures_last_hour",
            "Failures in reading from GitHub by kind.",
            {failures.kind: failures.in_hour for failures in status.github_failures},
            label="kind",
        )
        yield _gauge("task_failures_last_hour", "Tasks that failed for good.", status.tasks_failed_in_hour)
        yield _gauge("redis_up", "1 where the broker answers.", status.redis_answers)
        yield _gauge(
            "queue_length",
            "Messages that wait for a worker.",
            {queue.name: queue.length for queue in status.queues if queue.length is not None},
            label="queue",
        )
        yield _gauge(
            "canary_age_seconds",
            "Time since a worker last took the canary out of the queue.",
            {queue.name: age(queue.canary_at) for queue in status.queues if queue.canary_at},
            label="queue",
        )
        yield _gauge("mail_waiting", "Mails that will be sent.", status.mail_waiting)
        yield _gauge(
            "mail_held", "Mails that failed so often that they wait for a moderator.", status.mail_held
        )


def _gauge(name: str, text: str, value: float | dict[str, float], *, label: str = "") -> GaugeMetricFamily:
    """A number, or one for each value of `label`."""
    family = GaugeMetricFamily(f"stackshare_{name}", text, labels=[label] if label else None)
    for key, number in value.items() if isinstance(value, dict) else [("", value)]:
        family.add_metric([key] if label else [], number)
    return family


# Of its own: the library's holds figures of this one web process.
REGISTRY = CollectorRegistry()
REGISTRY.register(StatusCollector())
