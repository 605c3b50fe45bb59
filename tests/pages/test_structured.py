"""What pages tell search engines and link previews."""

import json
import re
from collections.abc import Sequence
from html import unescape
from typing import Any

import pytest
from django.test import Client, RequestFactory
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.pages.templatetags import structured
from apps.tools.models import Category, Tool
from tests.factories.comparisons import make_comparison
from tests.factories.tools import AlternativeFactory, ToolFactory

LAYER = Category(level="layer", slug="data", name="Data & more")
CATEGORY = Category(level="category", slug="frameworks", name="Frameworks", parent=LAYER)
FUNCTION = Category(level="function", slug="microframeworks", name="Microframeworks", parent=CATEGORY)


def make_tool(**fields: Any) -> Tool:
    return Tool(**({"name": "Flask", "slug": "flask", "function": FUNCTION} | fields))


def context() -> dict[str, Any]:
    return {"request": RequestFactory().get("/x/?page=2")}


def graph(html: str) -> list[dict[str, Any]]:
    (text,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    data = json.loads(text)
    assert data["@context"] == "https://schema.org"
    nodes: list[dict[str, Any]] = data["@graph"]
    return nodes


def types(nodes: Sequence[dict[str, Any]]) -> list[str]:
    return [node["@type"] for node in nodes]


def test_tool_data_says_what_is_known_of_the_tool() -> None:
    tool = make_tool(tagline="A microframework", website="https://flask.example", license="BSD-3-Clause")

    software, _ = graph(structured.tool_data(context(), tool))

    assert software == {
        "@type": "SoftwareApplication",
        "name": "Flask",
        "url": "http://testserver/tools/flask/",
        "description": "A microframework",
        "applicationCategory": "DeveloperApplication",
        "applicationSubCategory": "Microframeworks",
        "sameAs": "https://flask.example",
        "license": "https://spdx.org/licenses/BSD-3-Clause.html",
    }


def test_tool_data_leaves_out_what_is_unknown() -> None:
    software, _ = graph(structured.tool_data(context(), make_tool()))

    assert software.keys().isdisjoint({"description", "sameAs", "license"})


@pytest.mark.parametrize("expression", ["", "MIT OR Apache-2.0", "LicenseRef-Proprietary"])
def test_tool_data_names_no_licence_that_has_no_address(expression: str) -> None:
    software, _ = graph(structured.tool_data(context(), make_tool(license=expression)))

    assert "license" not in software


def test_tool_data_has_the_trail_down_to_the_page() -> None:
    _, crumbs = graph(structured.tool_data(context(), make_tool()))

    trail = [(item["position"], item["name"], item.get("item")) for item in crumbs["itemListElement"]]
    base = "http://testserver/tools"
    assert trail == [
        (1, "Tools", f"{base}/"),
        (2, "Data & more", f"{base}/in/data/"),
        (3, "Frameworks", f"{base}/in/data/frameworks/"),
        (4, "Microframeworks", f"{base}/in/data/frameworks/microframeworks/"),
        (5, "Flask", None),
    ]


@settings(deadline=None, max_examples=100)
@given(st.text(st.characters(exclude_categories=["Cs"])))
@example("</script><script>alert(1)</script>")
@example("<!--<script>&amp;\u2028")
def test_tool_data_says_any_name_and_never_ends_its_element(name: str) -> None:
    html = structured.tool_data(context(), make_tool(name=name, tagline="x"))

    software, _ = graph(html)
    assert software.get("name", "") == name
    assert html.count("<") == html.count(">") == 2


def test_data_starts_with_the_address_of_the_site(settings: Any) -> None:
    settings.SITE_URL = "https://stacks.example.org"

    software, crumbs = graph(structured.tool_data(context(), make_tool()))

    assert software["url"] == "https://stacks.example.org/tools/flask/"
    assert crumbs["itemListElement"][0]["item"] == "https://stacks.example.org/tools/"


@pytest.mark.parametrize(
    ("kind", "slug", "path"), [("", "site", "site"), ("stackups", "a-vs-b", "stackups/a-vs-b")]
)
def test_card_meta_names_the_picture_of_the_page(kind: str, slug: str, path: str) -> None:
    html = structured.card_meta(context(), kind, slug)

    properties = dict(re.findall(r'<meta (?:property|name)="([^"]+)" content="([^"]+)">', html))
    assert properties == {
        "og:image": f"http://testserver/cards/{path}.png",
        "og:image:width": "1200",
        "og:image:height": "630",
        "twitter:card": "summary_large_image",
    }


@pytest.mark.django_db
def test_tool_page_carries_its_data_and_its_card(client: Client) -> None:
    ToolFactory(name="C & <C++>", slug="c")

    page = client.get("/tools/c/").content.decode()

    nodes = graph(page)
    assert types(nodes) == ["SoftwareApplication", "BreadcrumbList"]
    assert nodes[0]["name"] == "C & <C++>"
    assert 'content="http://testserver/cards/tools/c.png"' in page


@pytest.mark.django_db
def test_page_of_alternatives_lists_them_in_their_order(client: Client) -> None:
    flask = ToolFactory(name="Flask")
    for name in ("Quart", "Bottle"):
        AlternativeFactory(tool=flask, other=ToolFactory(name=name))

    items, crumbs = graph(client.get("/tools/flask/alternatives/").content.decode())

    assert items["@type"] == "ItemList"
    assert items["name"] == "Alternatives to Flask"
    assert [(item["position"], item["name"], item["url"]) for item in items["itemListElement"]] == [
        (1, "Quart", "http://testserver/tools/quart/"),
        (2, "Bottle", "http://testserver/tools/bottle/"),
    ]
    assert crumbs["itemListElement"][-1]["name"] == "Alternatives"


@pytest.mark.django_db
def test_stackup_page_carries_every_tool_the_alternatives_and_the_trail(client: Client) -> None:
    flask, actix = ToolFactory(name="Flask"), ToolFactory(name="Actix")
    AlternativeFactory(tool=flask, other=ToolFactory(name="Quart"))
    make_comparison(flask, actix, differences=1)

    page = client.get("/stackups/actix-vs-flask/").content.decode()

    nodes = graph(page)
    assert types(nodes) == ["SoftwareApplication", "SoftwareApplication", "ItemList", "BreadcrumbList"]
    assert [node["name"] for node in nodes[:2]] == ["Actix", "Flask"]
    assert [item["name"] for item in nodes[2]["itemListElement"]] == ["Quart"]
    assert nodes[3]["itemListElement"][-1]["name"] == "Actix vs Flask"
    assert "http://testserver/cards/stackups/actix-vs-flask.png" in unescape(page)
