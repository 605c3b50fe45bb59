import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.tools.models import Tool
from apps.tools.views.tools import PAGE_SIZE
from tests.factories.tools import CategoryFactory, FunctionFactory, LayerFactory, ToolFactory

pytestmark = pytest.mark.django_db

MICROFRAMEWORKS = "/tools/in/application-and-data/languages-and-frameworks/microframeworks/"


def names(response: Any) -> list[str]:
    return [tool.name for tool in response.context["page"].rows]


def test_index_lists_tools_by_stars_and_unknown_ones_last(client: Client) -> None:
    for name, stars in (("Few", 1), ("Unknown", None), ("Many", 2)):
        ToolFactory(name=name, stars=stars)

    response = client.get("/tools/")

    assert names(response) == ["Many", "Few", "Unknown"]
    assert "stars unknown" in response.text


def test_index_shows_the_taxonomy_with_counts(client: Client) -> None:
    ToolFactory.create_batch(2)

    response = client.get("/tools/")

    assert 'Languages And Frameworks<span class="count">2</span>' in response.text


def test_index_leaves_out_what_is_not_listed(client: Client, maud_client: Client) -> None:
    ToolFactory(name="Hidden", is_listed=False)

    assert names(client.get("/tools/")) == names(maud_client.get("/tools/")) == []


def test_index_says_when_it_has_nothing(client: Client) -> None:
    response = client.get("/tools/")

    assert response.status_code == 200
    assert "No tools here yet." in response.text


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", ["/tools/", "/tools/in/application-and-data/"])
def test_index_takes_no_writes(client: Client, method: str, path: str) -> None:
    LayerFactory()

    assert getattr(client, method)(path).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "application-and-data",
        "application-and-data/languages-and-frameworks",
        "application-and-data/languages-and-frameworks/microframeworks",
    ],
)
def test_category_lists_its_tools_under_its_name(client: Client, path: str) -> None:
    ToolFactory(name="Flask")
    elsewhere = FunctionFactory(
        slug="ci", parent=CategoryFactory(slug="build", parent=LayerFactory(slug="devops"))
    )
    ToolFactory(name="Jenkins", function=elsewhere)

    response = client.get(f"/tools/in/{path}/")

    assert names(response) == ["Flask"]
    assert response.context["category"].slug == path.rpartition("/")[2]


def test_category_leads_to_what_is_below_it(client: Client) -> None:
    ToolFactory()

    response = client.get("/tools/in/application-and-data/")

    assert 'href="/tools/in/application-and-data/languages-and-frameworks/"' in response.text
    assert (
        f'href="{MICROFRAMEWORKS}"'
        in client.get("/tools/in/application-and-data/languages-and-frameworks/").text
    )


def test_function_leads_back_to_its_category(client: Client) -> None:
    ToolFactory()

    assert "All Languages And Frameworks" in client.get(MICROFRAMEWORKS).text


def test_category_without_tools_is_kept_from_search_engines(client: Client) -> None:
    FunctionFactory()

    response = client.get(MICROFRAMEWORKS)

    assert response.status_code == 200
    assert "No tools in Languages And Frameworks." in response.text
    assert "noindex" in response.text


@pytest.mark.parametrize(
    "path",
    [
        "nowhere",
        "microframeworks",
        "application-and-data/microframeworks",
        "application-and-data/languages-and-frameworks/microframeworks/flask",
        "Application-And-Data",
        "application-and-data//microframeworks",
        "a/b/c/d/e/f",
        "%ED%A0%80",
        "x" * 3000,
    ],
)
def test_category_that_is_none_is_not_found(client: Client, path: str) -> None:
    FunctionFactory()

    response = client.get(f"/tools/in/{path}/")

    assert response.status_code == 404
    assert "There is no such category." in response.text


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("stars", ["Zig", "ada", "Basic"]),
        ("name", ["ada", "Basic", "Zig"]),
        ("newest", ["Basic", "Zig", "ada"]),
        ("growing", ["ada", "Basic", "Zig"]),
        ("sideways", ["Zig", "ada", "Basic"]),
    ],
)
def test_index_is_in_the_order_asked_for(client: Client, order: str, expected: list[str]) -> None:
    ToolFactory(name="ada", first_release="1980", stars=2, stars__grew_365=5, stars__trend_365=0.1)
    ToolFactory(name="Zig", first_release="2016-02", stars=3)
    ToolFactory(name="Basic", first_release="2016-02-08", stars=1, stars__grew_365=-1, stars__trend_365=-0.1)

    assert names(client.get("/tools/", {"order": order})) == expected


@pytest.mark.parametrize(
    "query", ["license=MIT", "language=Rust", "status=archived", "license=MIT&language=Rust&status=archived"]
)
def test_index_is_filtered_by_what_is_asked(client: Client, query: str) -> None:
    ToolFactory(name="Wanted", license="MIT", language="Rust", status="archived")
    ToolFactory(name="Other", license="Apache-2.0", language="Go")

    response = client.get(f"/tools/?{query}")

    assert names(response) == ["Wanted"]
    assert "noindex" in response.text


def test_index_that_a_filter_empties_leads_back(client: Client) -> None:
    ToolFactory(license="MIT")

    response = client.get("/tools/?license=Apache-2.0")

    assert "No tool here has all of that." in response.text
    assert '<a class="link" href="/tools/">Show all without filters</a>' in response.text


def test_unfiltered_index_is_for_search_engines(client: Client) -> None:
    ToolFactory()

    response = client.get("/tools/")

    assert "noindex" not in response.text
    assert '<link rel="canonical" href="http://testserver/tools/">' in response.text


def test_index_says_how_stars_grew_and_when(client: Client) -> None:
    growth = {"stars__trend_365": 0.1, "stars__growth_on": "2026-07-05"}
    ToolFactory(name="Growing", stars=72_014, stars__grew_365=1_200, stars__figures_on="2026-08-06", **growth)
    ToolFactory(name="Level", stars=1, stars__grew_365=0, stars__figures_on="2026-07-05", **growth)
    ToolFactory(name="Unknown", stars=3)

    text = client.get("/tools/").text

    assert "stars, Aug 2026" in text
    assert "+1.2K in a year to 5 Jul 2026<" in text
    assert ">0 in a year<" in text
    # The third is the name of an order.
    assert text.count("in a year") == 3


@pytest.mark.parametrize("order", ["stars", "name", "newest", "growing"])
def test_pages_hold_every_tool_once(client: Client, order: str) -> None:
    for number in range(2 * PAGE_SIZE + 5):
        stars = number % 3 or None
        grown = {"stars__grew_365": number % 4, "stars__trend_365": 0.1} if stars else {}
        ToolFactory(first_release="2010" if number % 2 else "", stars=stars, **grown)
    seen: list[str] = []
    url = f"/tools/?order={order}"

    for _ in range(3):
        response = client.get(url)
        seen += names(response)
        link = re.search(r'href="([^"]+)" rel="next"', response.text)
        url = link[1].replace("&amp;", "&") if link else ""

    assert url == ""
    assert len(seen) == len(set(seen)) == 2 * PAGE_SIZE + 5


def test_later_page_leads_to_the_first_with_the_same_filters(client: Client) -> None:
    ToolFactory.create_batch(PAGE_SIZE + 1, language="Rust")
    first = client.get("/tools/?language=Rust&order=name")

    second = client.get(f"/tools/?{first.context['next_query']}")

    assert len(names(second)) == 1
    assert 'href="/tools/?order=name&amp;language=Rust"' in second.text


def test_filter_by_a_value_that_is_the_name_of_an_order_goes_on_to_the_next_page(client: Client) -> None:
    ToolFactory.create_batch(PAGE_SIZE + 1, language="stars")

    response = client.get("/tools/?language=stars")

    assert "language=stars" in response.context["next_query"]


@pytest.mark.parametrize("cursor", ["x", "é", "W10", "WzEsMiwzXQ", "eyJhIjoxfQ", "W1tbW1s", "bnVsbA"])
def test_cursor_that_is_none_leads_to_the_first_page(client: Client, cursor: str) -> None:
    ToolFactory()

    response = client.get("/tools/", {"after": cursor, "order": "name"})

    assert response.status_code == 302
    assert response["Location"] == "/tools/"


@given(cursor=st.one_of(st.text(max_size=40), st.from_regex(r"[A-Za-z0-9_-]{4,40}", fullmatch=True)))
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_cursor_of_any_text_is_answered(client: Client, cursor: str) -> None:
    assert client.get("/tools/", {"after": cursor}).status_code in (200, 302)


def test_htmx_gets_the_results_alone(client: Client) -> None:
    ToolFactory(name="Flask")

    response = client.get("/tools/", headers={"HX-Request": "true"})

    assert response.text.lstrip().startswith('<div id="results">')
    assert "Flask" in response.text
    assert "<html" not in response.text
    assert "HX-Request" in response["Vary"]


def test_htmx_gets_the_whole_page_when_it_restores_its_history(client: Client) -> None:
    response = client.get("/tools/", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})

    assert "<html" in response.text


@pytest.mark.parametrize("path", ["/tools/", MICROFRAMEWORKS])
def test_index_keeps_to_eight_queries_on_many_rows(
    client: Client, count_queries: Callable[..., Any], path: str
) -> None:
    for slug in ("languages", "microframeworks"):
        ToolFactory.create_batch(
            PAGE_SIZE + 5, stars=7, license="MIT", language="Rust", function=FunctionFactory(slug=slug)
        )

    with count_queries(at_most=8):
        response = client.get(path, {"license": "MIT", "order": "name"})

    assert len(names(response)) == PAGE_SIZE


def test_htmx_page_keeps_to_two_queries(client: Client, count_queries: Callable[..., Any]) -> None:
    ToolFactory.create_batch(PAGE_SIZE + 5, stars=7)

    with count_queries(at_most=2):
        response = client.get("/tools/", headers={"HX-Request": "true"})

    assert len(names(response)) == PAGE_SIZE


def test_index_escapes_what_people_wrote(client: Client) -> None:
    ToolFactory(name="<script>alert(1)</script>", slug="evil", tagline='"><img src=x onerror=alert(1)>')

    response = client.get("/tools/", {"language": '"><script>alert(2)</script>'})

    assert Tool.objects.get().name not in response.text
    assert "<script>alert" not in response.text
    assert "<img src=x" not in response.text
