from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client


@pytest.mark.django_db
def test_healthz_answers_after_one_query(client: Client, count_queries: Callable[..., Any]) -> None:
    with count_queries(at_most=1) as queries:
        response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"ok\n")
    assert len(queries) == 1


@pytest.mark.django_db
def test_healthz_is_never_kept(client: Client) -> None:
    assert "no-store" in client.get("/healthz").headers["Cache-Control"]


@pytest.mark.usefixtures("database_away")
def test_healthz_fails_when_the_database_is_away() -> None:
    client = Client(raise_request_exception=False)

    assert client.get("/healthz").status_code == 500
