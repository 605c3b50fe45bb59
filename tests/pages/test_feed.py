import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from apps.comparisons.models import Comparison
from apps.tools.models import Tool
from tests.factories.comparisons import make_comparison
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db


def rows(response: Any) -> list[str]:
    """The addresses that the page lists, comparisons first."""
    return re.findall(r'<a class="name" href="([^"]+)"', response.content.decode())


def changed(row: Tool | Comparison, day: int) -> None:
    type(row)._default_manager.filter(pk=row.pk).update(changed_at=datetime(2026, 11, day, tzinfo=UTC))


def test_feed_shows_what_changed_last_first(client: Client) -> None:
    actix, flask, rails = (ToolFactory(name=name) for name in ("Actix", "Flask", "Rails"))
    for day, tool in enumerate((flask, rails, actix), start=1):
        changed(tool, day)
    changed(make_comparison(actix, flask, differences=1), 4)
    changed(make_comparison(flask, rails, differences=1), 5)

    response = client.get("/feed/")

    assert rows(response) == [
        *("/stackups/flask-vs-rails/", "/stackups/actix-vs-flask/"),
        *("/tools/actix/", "/tools/rails/", "/tools/flask/"),
    ]
    assert b'<time datetime="2026-11-05T00:00:00+00:00">5 Nov 2026</time>' in response.content


def test_feed_leaves_out_what_is_not_listed_and_what_has_no_text(client: Client) -> None:
    flask, hidden = ToolFactory(name="Flask"), ToolFactory(name="Hidden", is_listed=False)
    thin = ToolFactory(name="Thin", description="")
    make_comparison(flask, hidden, differences=1)
    make_comparison(flask, thin)

    response = client.get("/feed/")

    assert rows(response) == ["/tools/flask/"]


def test_feed_works_with_an_empty_catalogue(client: Client) -> None:
    response = client.get("/feed/")

    assert response.status_code == 200
    assert response.content.count(b"Nothing yet.") == 2


def test_feed_needs_at_most_8_queries(
    client: Client, rich_catalogue: Any, count_queries: Callable[..., Any]
) -> None:
    with count_queries(at_most=8):
        response = client.get("/feed/")

    assert len(rows(response)) == 15 + 15
