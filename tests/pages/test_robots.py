from typing import Any
from urllib.robotparser import RobotFileParser

import pytest
from django.test import Client


def rules(client: Client) -> RobotFileParser:
    parser = RobotFileParser()
    parser.parse(client.get("/robots.txt").content.decode().splitlines())
    return parser


def test_robots_is_plain_text(client: Client) -> None:
    response = client.get("/robots.txt")

    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "path", ["/", "/tools/flask/", "/stackups/actix-vs-flask/", "/cards/site.png", "/about/"]
)
def test_robots_may_read_the_pages(client: Client, path: str) -> None:
    assert rules(client).can_fetch("AnyBot", path)


@pytest.mark.parametrize("path", ["/admin/", "/search/?q=flask", "/stackups/compare/", "/tools/options/?q=f"])
def test_robots_may_not_read_what_is_endless_or_private(client: Client, path: str) -> None:
    assert not rules(client).can_fetch("AnyBot", path)


def test_robots_names_the_sitemap_at_the_address_of_the_site(client: Client, settings: Any) -> None:
    settings.SITE_URL = "https://stacks.example.org"

    assert rules(client).site_maps() == ["https://stacks.example.org/sitemap.xml"]
