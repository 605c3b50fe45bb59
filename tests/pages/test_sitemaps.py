from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.test import Client

from apps.comparisons.models import Comparison
from apps.pages.sitemaps import ToolSitemap
from apps.tools.models import Tool
from tests.factories.accounts import UserFactory
from tests.factories.comparisons import make_comparison
from tests.factories.stacks import CompanyFactory, StackFactory
from tests.factories.tools import ToolFactory
from tests.pages.conftest import make_catalogue

pytestmark = pytest.mark.django_db

SPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def listed(client: Client, path: str) -> dict[str, str | None]:
    """The addresses that a sitemap lists, each with its date."""
    response = client.get(path)
    assert response.status_code == 200
    root = ET.fromstring(response.content)  # noqa: S314 - our own
    return {
        entry.findtext(f"{SPACE}loc", "").removeprefix("http://testserver"): entry.findtext(f"{SPACE}lastmod")
        for entry in root
    }


def changed(row: Tool | Comparison, day: int) -> None:
    type(row)._default_manager.filter(pk=row.pk).update(changed_at=datetime(2026, 11, day, 9, 30, tzinfo=UTC))


def test_index_lists_the_sections_with_their_last_change(client: Client) -> None:
    flask, actix = ToolFactory(name="Flask"), ToolFactory(name="Actix")
    changed(flask, 3)
    changed(actix, 7)
    changed(make_comparison(flask, actix, differences=1), 5)

    assert listed(client, "/sitemap.xml") == {
        "/sitemap-tools.xml": "2026-11-07T09:30:00+00:00",
        "/sitemap-stackups.xml": "2026-11-05T09:30:00+00:00",
        "/sitemap-stacks.xml": None,
        "/sitemap-companies.xml": None,
        "/sitemap-advice.xml": None,
        "/sitemap-people.xml": None,
        "/sitemap-pages.xml": None,
    }


def test_index_works_with_an_empty_catalogue(client: Client) -> None:
    assert list(listed(client, "/sitemap.xml").values()) == [None] * 7


def test_index_lists_the_parts_of_a_long_section(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ToolSitemap, "limit", 2)
    for name in ("Flask", "Actix", "Rails"):
        ToolFactory(name=name)

    assert "/sitemap-tools.xml?p=2" in listed(client, "/sitemap.xml")
    assert list(listed(client, "/sitemap-tools.xml?p=2")) == ["/tools/rails/"]


def test_section_lists_tools_with_the_date_of_their_change(client: Client) -> None:
    for day, name in enumerate(("Flask", "Actix"), start=1):
        changed(ToolFactory(name=name), day)

    assert listed(client, "/sitemap-tools.xml") == {
        "/tools/flask/": "2026-11-01",
        "/tools/actix/": "2026-11-02",
    }


def test_section_leaves_out_tools_that_are_not_listed_or_thin(client: Client) -> None:
    ToolFactory(name="Hidden", is_listed=False)
    ToolFactory(name="Thin", description="")

    assert listed(client, "/sitemap-tools.xml") == {}


def test_section_lists_comparisons_that_have_a_text(client: Client) -> None:
    flask, actix, rails = (ToolFactory(name=name) for name in ("Flask", "Actix", "Rails"))
    hidden = ToolFactory(name="Hidden", is_listed=False)
    changed(make_comparison(flask, actix, differences=1), 5)
    make_comparison(flask, rails)
    make_comparison(flask, hidden, differences=1)

    assert listed(client, "/sitemap-stackups.xml") == {"/stackups/actix-vs-flask/": "2026-11-05"}


def test_sections_list_public_stacks_and_their_companies_alone(client: Client) -> None:
    company, hidden = CompanyFactory(slug="tidewater"), CompanyFactory(slug="shell", is_proved=False)
    person = UserFactory(username="ada")
    StackFactory(company=company, slug="api", item_count=1)
    StackFactory(company=hidden, slug="api", item_count=1)
    StackFactory(company=CompanyFactory(slug="quiet"), slug="api", item_count=1, visibility="private")
    StackFactory(person=person, slug="empty")
    for slug, fields in (
        ("secret", {"visibility": "private"}),
        ("link", {"visibility": "unlisted"}),
        ("bad", {"is_hidden": True}),
    ):
        StackFactory(person=person, slug=slug, item_count=1, **fields)

    assert list(listed(client, "/sitemap-stacks.xml")) == ["/stacks/tidewater/api/"]
    assert list(listed(client, "/sitemap-companies.xml")) == ["/companies/tidewater/"]


def test_section_lists_the_pages_of_the_site(client: Client) -> None:
    assert set(listed(client, "/sitemap-pages.xml")) == {
        "/",
        "/tools/",
        "/tools/trending/",
        "/stackups/",
        "/stacks/",
        "/companies/",
        "/advice/",
        "/docs/sharing/",
        "/about/",
        "/contact/",
    }


def test_every_address_listed_is_a_page_for_search_engines(client: Client) -> None:
    make_catalogue(tools=2)
    addresses = [path for section in listed(client, "/sitemap.xml") for path in listed(client, section)]

    pages = [client.get(path) for path in addresses]

    assert len(pages) == 13
    assert {page.status_code for page in pages} == {200}
    assert not any(b"noindex" in page.content for page in pages)


@pytest.mark.parametrize(
    "path", ["/sitemap-unknown.xml", "/sitemap-.xml", "/sitemap-tools.xml?p=2", "/sitemap-tools.xml?p=x"]
)
def test_section_that_does_not_exist_is_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/sitemap.xml", "/sitemap-tools.xml", "/sitemap-stackups.xml"])
def test_sitemap_needs_as_many_queries_for_more_rows(
    client: Client, count_queries: Callable[..., Any], path: str
) -> None:
    make_catalogue(tools=2)
    with count_queries(at_most=10) as few:
        client.get(path)
    make_catalogue(tools=20)

    with count_queries(at_most=len(few)) as many:
        client.get(path)

    assert len(many) == len(few)
