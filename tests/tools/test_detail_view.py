import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.tools.models import Tool
from tests.factories.tools import (
    AlternativeFactory,
    IntegrationFactory,
    PackageFactory,
    PointFactory,
    ToolAliasFactory,
    ToolFactory,
)

pytestmark = pytest.mark.django_db

MISSING = ["nowhere", "%00", "flask%00", "x" * 3000, "%ED%A0%80", "flask-vs-django", "..%2F", "é"]


def data(response: Any) -> list[dict[str, Any]]:
    text = re.search(r'<script type="application/ld\+json">(.*?)</script>', response.text)
    assert text
    graph: list[dict[str, Any]] = json.loads(text[1])["@graph"]
    return graph


def test_page_shows_the_tool_and_what_is_known_of_it(
    client: Client, make_rich_tool: Callable[..., Tool]
) -> None:
    make_rich_tool("Flask")

    text = client.get("/tools/flask/").text

    for shown in (
        "<h1>Flask</h1>",
        "<p>It leaves the rest to others.</p>",
        "BSD-3-Clause",
        "1 Apr 2010",
        "example.org",
        "72K",
        "Routing by decorator",
        "star-history dataset, as of 1 Aug 2026",
        "From our catalogue, 22 Nov 2026.",
        "Flask is deprecated; its successor is",
    ):
        assert shown in text


def test_page_shows_the_rows_around_the_tool(client: Client, make_rich_tool: Callable[..., Tool]) -> None:
    tool = make_rich_tool("Flask", rows=3)

    response = client.get("/tools/flask/")

    assert len(response.context["packages"]) == 3
    assert len(response.context["integrations"]) == 6
    assert [row.rank for row in response.context["alternatives"]] == [0, 1, 2]
    for point in tool.points.all():
        assert point.text in response.text


def test_page_says_what_is_unknown(client: Client) -> None:
    ToolFactory(name="Flask", tagline="", description="")

    text = client.get("/tools/flask/").text

    for missing in (
        "<dt>Language</dt><dd>unknown</dd>",
        "<dt>Licence</dt><dd>unknown</dd>",
        "<dt>First release</dt><dd>unknown</dd>",
        "<dt>Latest release</dt><dd>unknown</dd>",
        "<dt>Website</dt><dd>unknown</dd>",
        "<dt>Source</dt><dd>unknown</dd>",
        "<dt>GitHub stars</dt><dd>unknown</dd>",
        "Nobody has described Flask yet.",
        "No star history is known: Flask has no repository on GitHub that we know of.",
        "No integrations known.",
        "We know of nothing that is much like Flask.",
    ):
        assert missing in text


def test_page_without_text_of_its_own_is_kept_from_search_engines(client: Client) -> None:
    ToolFactory(name="Flask", description="")
    ToolFactory(name="Django")

    assert "noindex" in client.get("/tools/flask/").text
    assert "noindex" not in client.get("/tools/django/").text


def test_page_shows_at_most_six_alternatives_and_leads_to_all(
    client: Client, make_rich_tool: Callable[..., Tool]
) -> None:
    make_rich_tool("Flask", rows=8)

    response = client.get("/tools/flask/")

    assert len(response.context["alternatives"]) == 6
    assert 'href="/tools/flask/alternatives/"' in response.text


def test_page_leaves_out_alternatives_that_are_not_listed(client: Client) -> None:
    AlternativeFactory(tool=ToolFactory(name="Flask"), other=ToolFactory(is_listed=False))

    assert client.get("/tools/flask/").context["alternatives"] == []


def test_page_does_not_lead_to_a_successor_that_is_not_listed(client: Client) -> None:
    ToolFactory(name="Nameko", status="archived", successor=ToolFactory(name="Hidden Heir", is_listed=False))

    response = client.get("/tools/nameko/")

    assert "Nameko is archived." in response.text
    assert "Hidden Heir" not in response.text


def test_page_describes_the_tool_to_search_engines(
    client: Client, make_rich_tool: Callable[..., Tool]
) -> None:
    make_rich_tool("Flask", rows=1)

    software, crumbs = data(client.get("/tools/flask/"))

    assert software["name"] == "Flask"
    assert software["license"] == "https://spdx.org/licenses/BSD-3-Clause.html"
    assert [item["name"] for item in crumbs["itemListElement"]] == [
        "Tools",
        "Application And Data",
        "Languages And Frameworks",
        "Microframeworks",
        "Flask",
    ]


@pytest.mark.parametrize("page", ["", "alternatives/"])
@pytest.mark.parametrize("slug", ["flask-python", "FLASK", "Flask-Python"])
def test_other_slug_redirects_for_good(client: Client, slug: str, page: str) -> None:
    ToolAliasFactory(tool=ToolFactory(name="Flask"), slug="flask-python")

    response = client.get(f"/tools/{slug}/{page}")

    assert response.status_code == 301
    assert response["Location"] == f"/tools/flask/{page}"


@pytest.mark.parametrize("page", ["", "alternatives/"])
@pytest.mark.parametrize("slug", MISSING)
def test_tool_that_is_none_is_not_found(client: Client, slug: str, page: str) -> None:
    ToolFactory(name="Flask")

    response = client.get(f"/tools/{slug}/{page}")

    assert response.status_code == 404
    assert 'name="q"' in response.text


@pytest.mark.parametrize("page", ["", "alternatives/"])
@pytest.mark.parametrize("slug", ["hidden", "hidden-alias", "HIDDEN"])
def test_unlisted_tool_is_not_found_by_strangers(client: Client, alice: Any, slug: str, page: str) -> None:
    ToolAliasFactory(tool=ToolFactory(name="Hidden", is_listed=False), slug="hidden-alias")

    anonymous = client.get(f"/tools/{slug}/{page}")
    client.force_login(alice)
    stranger = client.get(f"/tools/{slug}/{page}")

    assert anonymous.status_code == stranger.status_code == 404


@pytest.mark.parametrize("page", ["", "alternatives/"])
def test_unlisted_tool_is_shown_to_moderators(maud_client: Client, page: str) -> None:
    ToolFactory(name="Hidden", is_listed=False)

    response = maud_client.get(f"/tools/hidden/{page}")

    assert response.status_code == 200
    assert page or "only moderators see this page" in response.text


@pytest.mark.parametrize("page", ["", "alternatives/"])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_page_takes_no_writes(client: Client, method: str, page: str) -> None:
    ToolFactory(name="Flask")

    assert getattr(client, method)(f"/tools/flask/{page}").status_code == 405


def test_page_keeps_to_twelve_queries_on_rich_data(
    client: Client, make_rich_tool: Callable[..., Tool], count_queries: Callable[..., Any]
) -> None:
    make_rich_tool("Flask", rows=30)

    with count_queries(at_most=12):
        response = client.get("/tools/flask/")

    assert response.status_code == 200


def test_page_escapes_what_people_wrote(client: Client) -> None:
    evil = "</script><script>alert(1)</script>"
    tool = ToolFactory(
        name=evil, slug="evil", tagline=evil, description=f"{evil} [x](javascript:alert(1))", features=[evil]
    )
    PointFactory(tool=tool, text=evil, about="<b>1</b>")
    PackageFactory(tool=tool, name=evil)
    IntegrationFactory(tool=tool, other=ToolFactory(name=evil, slug="other"))

    text = client.get("/tools/evil/").text

    assert "<script>alert" not in text
    assert 'href="javascript:' not in text
    assert "<b>1</b>" not in text
