"""Pages of words. Without the mark `django_db` any query in them is an error."""

from typing import Any

import pytest
from django.test import Client

HEADINGS = {
    "about": "About StackShare",
    "docs/sharing": "How to share a stack",
    "privacy": "Privacy Policy",
    "terms": "Terms of Service",
}


@pytest.mark.parametrize(("page", "heading"), HEADINGS.items())
def test_page_is_shown_without_a_query(client: Client, page: str, heading: str) -> None:
    response = client.get(f"/{page}/")

    assert response.status_code == 200
    assert f'<h1 class="h1-q">{heading}</h1>' in response.content.decode()


@pytest.mark.parametrize("page", HEADINGS)
def test_page_answers_to_head(client: Client, page: str) -> None:
    response = client.head(f"/{page}/")

    assert response.status_code == 200
    assert response.content == b""


@pytest.mark.parametrize("page", ["about", "privacy", "terms"])
def test_page_names_the_operator(client: Client, settings: Any, page: str) -> None:
    settings.OPERATOR_NAME = "Example & Sons"

    response = client.get(f"/{page}/")

    assert b"Example &amp; Sons" in response.content


def test_privacy_says_so_when_the_operator_has_no_name(client: Client, settings: Any) -> None:
    settings.OPERATOR_NAME = ""

    response = client.get("/privacy/")

    assert b"The operator of this site has not given a name." in response.content


def test_about_links_the_source_code_when_its_address_is_set(client: Client, settings: Any) -> None:
    settings.SOURCE_URL = "https://code.example.org/stackshare"

    response = client.get("/about/")

    assert response.content.count(b'href="https://code.example.org/stackshare"') == 2


def test_about_links_no_source_code_when_it_has_no_address(client: Client, settings: Any) -> None:
    settings.SOURCE_URL = ""

    response = client.get("/about/")

    assert b"Source code" not in response.content
    assert b'If something is wrong, <a href="/contact/">write to us</a>' in response.content


def test_pages_carry_the_name_of_the_product(client: Client, settings: Any) -> None:
    settings.PRODUCT_NAME = "Strata"

    page = client.get("/about/").content.decode()

    assert "<title>About · Strata</title>" in page
    assert "StackShare" not in page


def test_page_names_its_one_address(client: Client, settings: Any) -> None:
    settings.SITE_URL = "https://stacks.example.org"

    response = client.get("/about/?from=mail")

    assert b'<link rel="canonical" href="https://stacks.example.org/about/">' in response.content


@pytest.mark.parametrize("title", ["Product", "Company", "Legal"])
def test_footer_has_the_column(client: Client, title: str) -> None:
    assert f">{title}</h2><ul>" in client.get("/about/").content.decode()


def test_page_on_sharing_shows_commands_for_this_site(client: Client, settings: Any) -> None:
    settings.SITE_URL = "https://stacks.example.org"

    page = client.get("/docs/sharing/").content.decode()

    assert "export STACKSHARE_URL=https://stacks.example.org\n" in page
    assert "${{ secrets.STACKSHARE_TOKEN }}" in page
    assert "--stack you/my-app" in page
