import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.github.models import Repository, StarWeek
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

READ_AT = datetime(2026, 11, 22, 17, 27, tzinfo=UTC)

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


def read(tool: Tool, **fields: Any) -> None:
    """What a worker read of the tool's repository."""
    seen = {
        "full_name": "pallets/flask",
        "state": "ok",
        "read_at": READ_AT,
        "figures_on": READ_AT.date(),
        "figures_source": "github",
    }
    Repository.objects.filter(tools=tool).update(**seen | fields)


def test_page_shows_what_github_says_and_when(client: Client) -> None:
    read(
        ToolFactory(name="Flask", stars=72_014, license=""),
        grew_7=120,
        grew_90=-12,
        growth_on=date(2026, 11, 21),
        open_issues=5,
        watchers=2_103,
        pushed_at=datetime(2026, 11, 19, 8, 30, tzinfo=UTC),
        latest_release="3.1.2",
        latest_release_on=date(2026, 7, 9),
        release_days=41,
        license="BSD-3-Clause",
    )

    text = client.get("/tools/flask/").text

    for shown in (
        "Stars and forks: GitHub, as of 22 Nov 2026",
        "<dt>Stars in 7 days</dt><dd>+120</dd>",
        "<dt>Stars in 90 days</dt><dd>−12</dd>",
        "<dt>Open issues</dt><dd>5</dd>",
        "<dt>Watchers</dt><dd>2.1K</dd>",
        '<dt>Last push</dt><dd><time datetime="2026-11-19T08:30:00+00:00" data-local>19 Nov 2026, 08:30 UTC</time>',
        "<dt>Latest release seen</dt><dd>3.1.2, 9 Jul 2026</dd>",
        "<dt>Releases</dt><dd>about every 41 days</dd>",
        'As of <time datetime="2026-11-22T17:27:00+00:00" data-local>22 Nov 2026, 17:27 UTC</time>, GitHub.',
        "Stars gained: up to 21 Nov 2026, between the readings nearest to those days.",
        "<dt>Licence</dt><dd>BSD-3-Clause, as GitHub detects it</dd>",
    ):
        assert shown in text
    assert "Stars in a year" not in text


def test_page_says_that_a_repository_was_not_read_yet(client: Client) -> None:
    ToolFactory(name="Flask", stars=72_014)

    text = client.get("/tools/flask/").text

    for shown in (
        "Not read from GitHub yet.",
        "<dt>Open issues</dt><dd>unknown</dd>",
        "<dt>Watchers</dt><dd>unknown</dd>",
        "<dt>Last push</dt><dd>unknown</dd>",
        "<dt>Latest release seen</dt><dd>unknown</dd>",
    ):
        assert shown in text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"state": "archived"},
            "pallets/flask was archived by its owner: it can be read, and changes no more.",
        ),
        (
            {"pushed_at": datetime(2023, 3, 31, tzinfo=UTC)},
            "pallets/flask looks abandoned: no push since March 2023.",
        ),
        (
            {"state": "missing", "missing_since": datetime(2026, 11, 3, tzinfo=UTC)},
            "We have not found pallets/flask on GitHub since 3 Nov 2026; the figures are of 22 Nov 2026.",
        ),
        (
            {"state": "replaced"},
            "Another repository bears the name pallets/flask now, and a moderator has yet to look; the",
        ),
        (
            {"state": "blocked"},
            "GitHub blocks pallets/flask for legal reasons; the figures are of 22 Nov 2026.",
        ),
        ({"state": "forbidden"}, "The owner of pallets/flask lets no program read it; the figures are of"),
        (
            {"state": "failed"},
            "Reading pallets/flask failed again and again, and a moderator has yet to look;",
        ),
        (
            {"state": "failed", "stars": None, "forks": None, "figures_on": None},
            "a moderator has yet to look.",
        ),
    ],
)
def test_page_says_in_words_what_became_of_the_repository(
    client: Client, fields: dict[str, Any], words: str
) -> None:
    read(ToolFactory(name="Flask", stars=72_014), **fields)

    assert words in client.get("/tools/flask/").text


@pytest.mark.parametrize("state", ["new", "ok", "duplicate"])
def test_page_says_nothing_of_a_repository_that_is_as_it_should_be(client: Client, state: str) -> None:
    read(ToolFactory(name="Flask", stars=72_014), state=state, pushed_at=timezone.now())

    assert 'class="notice"' not in client.get("/tools/flask/").text


def test_page_says_once_that_the_tool_is_archived(client: Client) -> None:
    read(ToolFactory(name="Flask", stars=72_014, status="archived"), state="archived")

    text = client.get("/tools/flask/").text

    assert text.count('class="notice"') == 1
    assert "Flask is archived." in text


@pytest.mark.parametrize(
    ("source", "days", "is_old"),
    [
        ("github", 0, False),
        ("github", 6, False),
        ("github", 9, True),
        ("dataset", 59, False),
        ("dataset", 62, True),
        ("dataset", 800, True),
    ],
)
def test_page_says_of_old_figures_that_they_are(client: Client, source: str, days: int, is_old: bool) -> None:
    read(
        ToolFactory(name="Flask", stars=72_014),
        figures_on=timezone.now().date() - timedelta(days=days),
        figures_source=source,
    )

    text = client.get("/tools/flask/").text

    assert bool(re.search(r"as of \d+ \w+ \d+, so [^.]+ old\.", text)) == is_old


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
        "<dt>Website</dt><dd>unknown</dd>",
        "<dt>Source</dt><dd>unknown</dd>",
        "<dt>GitHub stars</dt><dd>unknown</dd>",
        "Nobody has described Flask yet.",
        "<dt>Latest release</dt><dd>unknown</dd>",
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


def test_page_shows_the_newest_weeks_of_stars(client: Client) -> None:
    tool = ToolFactory(name="Flask", stars=72_014)
    repository = tool.repositories.get()
    StarWeek.objects.bulk_create(
        StarWeek(repository=repository, week=date(2026, 11, 15) - timedelta(weeks=age), stars=100 + age)
        for age in range(14)
    )

    text = client.get("/tools/flask/").text

    assert "Stars of the last 12 weeks" in text
    assert '<th scope="row">15 Nov 2026</th><td>100</td>' in text
    assert "<td>111</td>" in text
    assert "<td>112</td>" not in text


def test_page_dates_no_growth_where_none_is_known(client: Client) -> None:
    ToolFactory(name="Flask", stars=72_014, stars__growth_on="2026-11-21")

    assert "Stars gained" not in client.get("/tools/flask/").text
