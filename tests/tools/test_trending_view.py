import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.github.trending import PER_DAYS, SMOOTHING
from apps.tools.models import Tool
from apps.tools.selectors import FEWEST_TRENDING, trending_days
from apps.tools.views.trending import PAGE_SIZE
from tests.factories.tools import FunctionFactory, ToolFactory

pytestmark = pytest.mark.django_db

URL = "/tools/trending/"


def growing(count: int = 1, *, days: int = 90, **fields: Any) -> list[Tool]:
    """So many tools that grew, the first one most."""
    return [
        ToolFactory(
            stars=1_000,
            stars__growth_on="2026-08-01",
            **{f"stars__grew_{days}": 100, f"stars__trend_{days}": 1 / (at + 3)},
            **fields,
        )
        for at in range(count)
    ]


def names(response: Any) -> list[str]:
    return [tool.name for tool in response.context["page"].rows]


def next_address(response: Any) -> str:
    link = re.search(r'href="([^"]+)" rel="next"', response.text)
    return URL + link[1].replace("&amp;", "&") if link else ""


def ranks(response: Any) -> list[int]:
    return [int(rank) for rank in re.findall(r'<span class="rank[^>]*>(\d+)<', response.text)]


def test_page_lists_what_grew_with_its_numbers(client: Client) -> None:
    growth = {"stars__grew_90": 1_200, "stars__growth_on": "2026-07-30"}
    ToolFactory(name="Slow", stars=90_000, stars__trend_90=0.01, **growth)
    ToolFactory(name="Quick", stars=9_100, stars__trend_90=0.04, tagline="A quick one", **growth)
    ToolFactory(name="Unknown")

    response = client.get(URL)

    assert names(response) == ["Quick", "Slow"]
    assert ranks(response) == [1, 2]
    for shown in (
        '<a href="/tools/quick/">Quick</a>',
        "A quick one",
        ">Microframeworks</a>",
        ">+1.2K</b>",
        ">in 90 days<",
        ">to 30 Jul 2026<",
        "9.1K stars as of 1 Aug 2026",
        'href="/about/#trending"',
    ):
        assert shown in response.text


@pytest.mark.parametrize(("days", "words"), [(7, "7 days"), (90, "90 days"), (365, "a year")])
def test_page_shows_the_span_that_is_asked_for(client: Client, days: int, words: str) -> None:
    for other in (7, 90, 365):
        growing(name=f"In {other}", days=other)

    response = client.get(URL, {"days": days})

    assert names(response) == [f"In {days}"]
    assert f"gained most GitHub stars in {words} for their size" in response.text
    assert re.findall(r'href="\?days=(\d+)" aria-current="true"', response.text) == [str(days)]


def test_page_says_when_nothing_is_known(client: Client) -> None:
    ToolFactory(stars=5)

    response = client.get(URL, {"days": 365})

    assert response.status_code == 200
    assert "No tool is known to have grown in a year." in response.text


def test_span_is_the_shortest_that_has_enough(count_queries: Callable[..., Any]) -> None:
    assert trending_days() == 90
    growing(FEWEST_TRENDING, days=365)
    growing(FEWEST_TRENDING - 1, days=7)
    assert trending_days() == 365
    growing(days=7, is_listed=False)
    assert trending_days() == 365

    growing(days=7)

    with count_queries(at_most=1):
        assert trending_days() == 7


@pytest.mark.parametrize("days", ["", "0", "-7", "8", "7.0", "+7", "07", "٧", "x", "\0", "9" * 5000])
def test_span_that_is_none_is_the_usual_one(client: Client, days: str) -> None:
    growing(name="Flask")

    response = client.get(URL, {"days": days})

    assert response.status_code == 200
    assert names(response) == ["Flask"]


def test_pages_hold_every_tool_once_with_its_rank(client: Client) -> None:
    # Some with a place of their own, and more than a page that share one.
    growing(3)
    function = FunctionFactory()
    for _ in range(PAGE_SIZE + 2):
        ToolFactory(stars=10, stars__grew_90=1, stars__trend_90=0.1, function=function)

    first = client.get(URL)
    second = client.get(next_address(first))

    assert ranks(first) + ranks(second) == [*range(1, PAGE_SIZE + 6)]
    assert len({*names(first), *names(second)}) == PAGE_SIZE + 5
    assert next_address(second) == ""
    assert f'<ol class="tools" start="{PAGE_SIZE + 1}">' in second.text
    assert '<a class="btn" href="?days=90">' in second.text


def test_page_after_the_last_leads_to_the_first(client: Client) -> None:
    growing(PAGE_SIZE + 1)
    address = next_address(client.get(URL))
    Tool.objects.update(is_listed=False)

    response = client.get(address)

    assert names(response) == []
    assert '<a class="btn" href="?days=90">' in response.text


@pytest.mark.parametrize("cursor", ["x", "é", "W10", "WzEsMiwzXQ", "WyJhIiwxXQ", "W251bGwsMV0"])
def test_cursor_that_is_none_leads_to_the_first_page(client: Client, cursor: str) -> None:
    growing()

    response = client.get(URL, {"days": "7", "after": cursor})

    assert (response.status_code, response["Location"]) == (302, URL)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_page_takes_no_writes(client: Client, method: str) -> None:
    assert getattr(client, method)(URL).status_code == 405


def test_page_is_one_for_search_engines(client: Client) -> None:
    growing(2)

    plain, other = client.get(URL).text, client.get(URL, {"days": 90}).text

    assert "noindex" not in plain
    assert "noindex" in other
    for page in (plain, other):
        assert f'<link rel="canonical" href="http://testserver{URL}">' in page


def test_page_lists_its_tools_to_search_engines(client: Client) -> None:
    tools = growing(2)

    text = re.search(r'<script type="application/ld\+json">(.*?)</script>', client.get(URL).text)

    assert text
    [items] = json.loads(text[1])["@graph"]
    assert items["@type"] == "ItemList"
    assert [item["name"] for item in items["itemListElement"]] == [tool.name for tool in tools]


@pytest.mark.parametrize("is_signed_in", [False, True])
def test_page_costs_few_queries(
    client: Client, alice: Any, count_queries: Callable[..., Any], is_signed_in: bool
) -> None:
    growing(PAGE_SIZE + 1)
    if is_signed_in:
        client.force_login(alice)

    with count_queries(at_most=5):
        first = client.get(URL)
    with count_queries(at_most=5):
        second = client.get(next_address(first))

    assert (len(names(first)), len(names(second))) == (PAGE_SIZE, 1)


def test_page_is_the_same_for_anybody_who_is_not_signed_in(client: Client) -> None:
    growing()

    response = client.get(URL)

    assert not response.cookies
    assert "csrfmiddlewaretoken" not in response.text


def test_page_escapes_what_people_wrote(client: Client) -> None:
    growing(name="<img src=x onerror=alert(1)>", slug="evil", tagline="</script><img src=x>")

    assert "<img src=x" not in client.get(URL).text


def test_footer_and_list_of_tools_lead_here(client: Client) -> None:
    text = client.get("/tools/").text

    assert text.count(f'href="{URL}"') == 2


def test_about_says_how_it_is_computed(client: Client) -> None:
    section = client.get("/about/").text.split('id="trending"')[1].split("<h2")[0]

    assert f"{SMOOTHING:,}" in section
    assert f"{PER_DAYS} days" in section
