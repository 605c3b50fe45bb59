import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.comparisons.models import Comparison
from apps.tools import selectors
from tests.factories.comparisons import make_comparison
from tests.factories.tools import FunctionFactory, ToolFactory
from tests.pages.conftest import make_catalogue

pytestmark = pytest.mark.django_db


def written(response: Any) -> list[str]:
    """The addresses of the comparisons that the page links in its list of them."""
    (found,) = re.findall('<ul class="duos">(.*?)</ul>', response.content.decode(), re.DOTALL)
    return re.findall(r'<a href="([^"]+)"', found)


def ranked(response: Any, heading: str) -> list[str]:
    """The addresses of the tools below a heading of the aside, in their order."""
    (found,) = re.findall(
        f'<h2>{heading} .*?<ol class="rows">(.*?)</ol>', response.content.decode(), re.DOTALL
    )
    return re.findall(r'<a class="name" href="([^"]+)"', found)


def starred(response: Any) -> list[str]:
    return ranked(response, "Most GitHub stars")


def test_home_shows_the_taxonomy_with_counts(client: Client) -> None:
    ToolFactory(name="Flask")
    ToolFactory(name="Django", function=FunctionFactory(slug="frameworks"))

    response = client.get("/")

    page = response.content.decode()
    assert "2 tools in four layers" in page
    assert '<a class="more" href="/tools/in/application-and-data/">2 tools' in page
    assert 'Languages And Frameworks</a> <span class="count">2</span>' in page
    assert "Frameworks, Microframeworks" in page


def test_home_works_with_an_empty_catalogue(client: Client) -> None:
    response = client.get("/")

    assert response.status_code == 200
    assert b"The catalogue is empty." in response.content
    assert b"None yet. Any two tools can be compared all the same" in response.content


def test_home_shows_the_most_starred_first(client: Client) -> None:
    ToolFactory(name="Small", stars=10)
    ToolFactory(name="Large", stars=72014)
    ToolFactory(name="Unknown")

    response = client.get("/")

    assert starred(response) == ["/tools/large/", "/tools/small/"]
    assert b"72K" in response.content
    assert b"as of 1 Aug 2026" in response.content


def test_home_shows_what_trends(client: Client) -> None:
    grown = {"stars__grew_90": 300, "stars__growth_on": "2026-08-01"}
    ToolFactory(name="Slow", stars=90_000, stars__trend_90=0.01, **grown)
    ToolFactory(name="Quick", stars=600, stars__trend_90=0.1, **grown)
    ToolFactory(name="Unknown", stars=10)

    response = client.get("/")

    assert ranked(response, "Trending") == ["/tools/quick/", "/tools/slow/"]
    assert "+300 stars in 90 days, as of 1 Aug 2026" in response.text


def test_home_takes_the_shortest_span_of_which_enough_is_known(client: Client) -> None:
    grown = {"stars__grew_365": 5_000, "stars__growth_on": "2026-11-20"}
    for number in range(selectors.FEWEST_TRENDING):
        ToolFactory(name=f"Tool {number}", stars=20_000, stars__trend_365=0.1 + number, **grown)

    assert "+5K stars in a year, as of 20 Nov 2026" in client.get("/").text


def test_home_leaves_trends_out_where_none_is_known(client: Client) -> None:
    ToolFactory(stars=10)

    assert "<h2>Trending" not in client.get("/").text


def test_home_links_written_comparisons(client: Client) -> None:
    make_comparison(ToolFactory(name="Flask"), ToolFactory(name="Actix"), differences=1)
    make_comparison(ToolFactory(name="Rails"), ToolFactory(name="Django"))

    response = client.get("/")

    assert written(response) == ["/stackups/actix-vs-flask/"]
    assert b"Actix vs Flask" in response.content


def test_home_shows_nothing_that_is_not_listed(client: Client) -> None:
    flask, hidden = ToolFactory(name="Flask"), ToolFactory(name="Hidden", is_listed=False, stars=5)
    make_comparison(flask, hidden, differences=1)

    response = client.get("/")

    assert b"Hidden" not in response.content
    assert b'<span class="count">1</span>' in response.content


def test_home_shows_at_most_nine_comparisons_and_eight_tools(client: Client, rich_catalogue: Any) -> None:
    response = client.get("/")

    assert Comparison.objects.count() > 9
    assert len(written(response)) == 9
    assert len(starred(response)) == 8


def test_home_needs_at_most_11_queries(
    client: Client, rich_catalogue: Any, count_queries: Callable[..., Any]
) -> None:
    with count_queries(at_most=11):
        response = client.get("/")

    assert response.status_code == 200


def test_home_needs_as_many_queries_for_more_rows(client: Client, count_queries: Callable[..., Any]) -> None:
    make_catalogue(tools=3)
    with count_queries(at_most=11) as few:
        client.get("/")
    make_catalogue(tools=20)

    with count_queries(at_most=len(few)) as many:
        client.get("/")

    assert len(many) == len(few)
