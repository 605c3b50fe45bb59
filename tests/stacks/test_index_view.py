"""Browsing stacks: filters, pages, what never shows."""

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.stacks.models import Stack, Tier
from tests.factories.stacks import CompanyFactory, ItemFactory, StackFactory
from tests.factories.tools import CategoryFactory, FunctionFactory, LayerFactory, ToolFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def stacks() -> dict[str, Stack]:
    """Three stacks that differ in all that can be filtered by."""
    hosting = FunctionFactory(
        slug="hosting", parent=CategoryFactory(slug="servers", parent=LayerFactory(slug="devops"))
    )
    flask, docker = ToolFactory(name="Flask"), ToolFactory(name="Docker", function=hosting)
    rider = StackFactory(name="Rider", company=CompanyFactory(name="Tidewater"), kind="service", item_count=2)
    ItemFactory(stack=rider, tool=flask, tier=Tier.PROVED)
    ItemFactory(stack=rider, tool=docker, tier=Tier.VERIFIED)
    blog = StackFactory(name="Blog", kind="personal", item_count=1)
    ItemFactory(stack=blog, tool=flask)
    past = StackFactory(name="Past", item_count=0)
    ItemFactory(stack=past, tool=flask, until="2024")
    return {"rider": rider, "blog": blog, "past": past}


def shown(client: Client, address: str, **headers: str) -> list[str]:
    response = client.get(address, headers=headers)
    assert response.status_code == 200
    return sorted(re.findall(r'<a class="name" href="[^"]+">([^<]+)</a>', response.content.decode()))


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Blog", "Past", "Rider"]),
        ("tool=flask", ["Blog", "Rider"]),
        ("tool=Flask&tier=proved", ["Rider"]),
        ("tool=flask&tier=claimed", ["Blog"]),
        ("tool=docker", ["Rider"]),
        ("tier=verified", ["Rider"]),
        ("layer=devops", ["Rider"]),
        ("layer=application-and-data&kind=personal", ["Blog"]),
        ("kind=service", ["Rider"]),
        ("company=tidewater", ["Rider"]),
        ("company=Tidewater", ["Rider"]),
        ("company=none", []),
        ("kind=nonsense&tier=nonsense&layer=%00&company=%00", ["Blog", "Past", "Rider"]),
    ],
)
@pytest.mark.usefixtures("stacks")
def test_filters_narrow_the_list(client: Client, query: str, names: list[str]) -> None:
    assert shown(client, f"/stacks/?{query}") == names


def test_unknown_tool_is_said_to_be_unknown(client: Client, stacks: dict[str, Stack]) -> None:
    page = client.get("/stacks/?tool=flsk").content.decode()

    assert "We know no tool called “flsk”." in page
    assert '<a class="link" href="?tool=flask">Flask</a>' in page


def test_row_says_what_stands_behind_it(client: Client, stacks: dict[str, Stack]) -> None:
    page = client.get("/stacks/?company=tidewater").content.decode()

    assert "Tidewater · Service · 2 tools" in page
    assert 'aria-label="Layers: 1 Application And Data, 1 Devops"' in page
    assert page.index("Proved") < page.index("Verified</span>")


def test_empty_list_says_so(client: Client) -> None:
    assert "Nobody has shared a stack yet." in client.get("/stacks/").content.decode()


def test_filters_that_leave_nothing_say_so(client: Client, stacks: dict[str, Stack]) -> None:
    assert "No shared stack has all of that yet." in client.get("/stacks/?kind=library").content.decode()
    assert "runs Docker in that way yet" in client.get("/stacks/?tool=docker&tier=claimed").content.decode()


@pytest.mark.parametrize(
    "fields",
    [
        {"visibility": "private"},
        {"visibility": "unlisted"},
        {"is_hidden": True},
    ],
)
def test_list_shows_nothing_that_is_not_public(client: Client, alice: User, fields: dict[str, Any]) -> None:
    StackFactory(person=alice, name="Secret", **fields)
    client.force_login(alice)

    assert shown(client, "/stacks/") == []


def test_list_shows_nothing_of_a_company_that_is_not_proved(client: Client) -> None:
    StackFactory(company=CompanyFactory(is_proved=False, slug="shell"), name="Secret")

    assert shown(client, "/stacks/?company=shell") == []
    assert shown(client, "/stacks/") == []


def test_pages_follow_each_other(client: Client) -> None:
    StackFactory.create_batch(23)

    first = client.get("/stacks/").content.decode()
    address = re.search(r'href="(/stacks/\?after=[^"]+)" rel="next"', first)
    assert address
    second = shown(client, address[1])

    assert len(shown(client, "/stacks/")) == 20
    assert len(second) == 3
    assert not set(second) & set(shown(client, "/stacks/"))


@pytest.mark.parametrize(
    "values", [[1, 2], ["yesterday", 2], ["2026-02-30T00:00:00Z", 2], ["2026-01-01T00:00:00Z"]]
)
def test_broken_cursor_leads_to_the_first_page(client: Client, values: list[Any]) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()

    assert client.get(f"/stacks/?after={cursor}").headers["Location"] == "/stacks/"


def test_htmx_gets_the_list_alone(client: Client, stacks: dict[str, Stack]) -> None:
    response = client.get("/stacks/?tool=flask", headers={"HX-Request": "true"})

    assert response.content.decode().lstrip().startswith('<div id="results">')
    assert "HX-Request" in response.headers["Vary"]


def test_filtered_list_is_kept_from_search_engines(client: Client, stacks: dict[str, Stack]) -> None:
    assert b"noindex" not in client.get("/stacks/").content
    assert b"noindex" in client.get("/stacks/?kind=service").content


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/stacks/", "/companies/"])
def test_list_is_read_only(client: Client, path: str, method: str) -> None:
    assert client.generic(method, path).status_code == 405


def test_list_costs_as_many_queries_for_more_rows(client: Client, count_queries: Callable[..., Any]) -> None:
    tools = ToolFactory.create_batch(3, function=FunctionFactory())
    for stack in StackFactory.create_batch(15):
        for tool in tools:
            ItemFactory(stack=stack, tool=tool)

    with count_queries(at_most=5):
        client.get(f"/stacks/?tool={tools[0].slug}&tier=claimed&layer=application-and-data")
