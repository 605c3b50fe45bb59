from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from apps.core.models import Heartbeat, OutgoingMail, TaskFailure
from apps.github.models import Failure, RateLimit, Repository

pytestmark = pytest.mark.django_db

TOKEN = "correct-horse-battery-staple"


@pytest.fixture(autouse=True)
def _token(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN


def scrape(client: Client) -> dict[tuple[str, str], float]:
    """Each sample by its name and the value of its label."""
    response = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    return {
        (sample.name.removeprefix("stackshare_"), "".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


@pytest.mark.parametrize("sent", [{}, {"authorization": TOKEN}, {"authorization": "Bearer wrong-é"}])
def test_numbers_are_refused_without_the_token(client: Client, sent: dict[str, str]) -> None:
    response = client.get("/metrics", headers=sent)

    assert (response.status_code, response.content) == (401, b"")
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("development", "status"), [(False, 404), (True, 200)])
def test_without_a_token_there_are_numbers_in_development_only(
    client: Client, settings: Any, development: bool, status: int
) -> None:
    settings.METRICS_TOKEN = ""
    settings.DEVELOPMENT = development

    assert client.get("/metrics").status_code == status


def test_numbers_are_those_of_now(client: Client, redis_client: redis.Redis) -> None:
    now = timezone.now()
    hour = timedelta(hours=1)
    Repository.objects.create(full_name="a/a", state="ok", read_at=now - 3 * hour, due_at=now - 2 * hour)
    Repository.objects.create(full_name="a/b", state="ok", read_at=now - hour, due_at=now + hour)
    RateLimit.objects.create(resource="graphql", remaining=4321)
    RateLimit.objects.create(resource="rest", not_before=now + hour)
    Failure.objects.create(kind="limited", reason="x")
    TaskFailure.objects.create(task="x", task_id="x", reason="x")
    Heartbeat.objects.create(queue="people", ran_at=now - timedelta(minutes=1))
    OutgoingMail.objects.create(to=["a@example.org"], subject="x", body="x", expires_at=now + hour)
    redis_client.rpush("celery", "a message")

    found = scrape(client)

    assert found["repositories", "ok"] == 2
    assert found["repositories", "missing"] == 0
    assert found["repositories_due", ""] == 1
    assert found["repositories_overdue", ""] == 1
    assert found["repositories_failing", ""] == 0
    # Within the minutes that a busy machine may take for this test.
    assert 3 * 3600 <= found["oldest_read_age_seconds", ""] < 3 * 3600 + 600
    assert 3600 <= found["newest_read_age_seconds", ""] < 3600 + 600
    assert found["github_rate_remaining", "graphql"] == 4321
    assert ("github_rate_remaining", "rest") not in found
    assert found["github_wait_seconds", "graphql"] == 0
    assert 3000 < found["github_wait_seconds", "rest"] <= 3600
    assert found["github_failures_last_hour", "limited"] == 1
    assert found["task_failures_last_hour", ""] == 1
    assert found["redis_up", ""] == 1
    assert found["queue_length", "celery"] == 1
    assert 60 <= found["canary_age_seconds", "people"] < 660
    assert (found["mail_waiting", ""], found["mail_held", ""]) == (1, 0)


def test_what_is_unknown_is_left_out(client: Client) -> None:
    names = {name for name, _ in scrape(client)}

    assert "repositories_due" in names
    assert not names & {"oldest_read_age_seconds", "newest_read_age_seconds", "canary_age_seconds"}


def test_oldest_age_is_left_out_when_every_last_look_failed(client: Client) -> None:
    Repository.objects.create(full_name="a/a", state="ok", read_at=timezone.now(), failures=1)

    found = scrape(client)

    assert found["repositories_failing", ""] == 1
    assert ("newest_read_age_seconds", "") in found
    assert ("oldest_read_age_seconds", "") not in found


@pytest.mark.usefixtures("redis_away")
def test_queues_are_left_out_when_redis_is_away(client: Client) -> None:
    found = scrape(client)

    assert found["redis_up", ""] == 0
    assert not any(name == "queue_length" for name, _ in found)


def test_numbers_cost_few_queries(client: Client, count_queries: Callable[..., Any]) -> None:
    with count_queries(at_most=8):
        assert scrape(client)
