import gzip
import json
import re
from collections.abc import Callable
from datetime import date
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.comparisons.models import Comparison
from apps.tools.models import Tool
from tests.factories.comparisons import make_comparison
from tests.factories.tools import (
    AlternativeFactory,
    IntegrationFactory,
    PointFactory,
    StarReadingFactory,
    ToolAliasFactory,
    ToolFactory,
)

pytestmark = pytest.mark.django_db

# The bar of the issue.
MOST_BYTES = 30_000


@pytest.fixture
def actix() -> Tool:
    return ToolFactory(name="Actix", language="Rust", stars=9_100)


@pytest.fixture
def flask() -> Tool:
    return ToolFactory(name="Flask", language="Python")


@pytest.fixture
def duel(actix: Tool, flask: Tool) -> str:
    """The address of the comparison of two tools of which little is known."""
    return "/stackups/actix-vs-flask/"


def page_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def section(html: str, heading: str) -> str:
    """The section with this id of its heading."""
    return html.split(f'aria-labelledby="{heading}"')[1].split("</section>")[0]


def matrix_rows(html: str) -> dict[str, tuple[bool, list[str]]]:
    """Of each row of facts, by its label: whether it is marked as the same, and its cells."""
    pattern = r'<tr( class="same")?><th scope="row">([^<]+)</th>(.*?)</tr>'
    return {
        label: (bool(same), [words(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", cells, re.DOTALL)])
        for same, label, cells in re.findall(pattern, section(html, "h-detail"), re.DOTALL)
    }


def test_page_has_every_section_of_the_reference_in_its_place(client: Client, duel: str) -> None:
    html = page_of(client, duel)

    assert [words(heading) for heading in re.findall(r"<h2[^>]*>.*?</h2>", html)][:9] == [
        "At a glance",
        "What are the differences?",
        "Share your stack",
        "Who runs them?",
        "Advice on Actix and Flask",
        "Detailed comparison",
        "Pros & cons",
        "Integrations",
        "What are some alternatives?",
    ]


def test_page_is_titled_by_its_tools(client: Client, duel: str) -> None:
    html = page_of(client, duel)

    title = re.search(r"<h1[^>]*>(.*?)</h1>", html, re.DOTALL)
    assert title
    assert words(re.sub(r'<span class="tile[^>]*>.*?</span>', "", title[1])) == "Actix vs Flask"
    assert "<title>Actix vs Flask · StackShare</title>" in html


def test_tabs_lead_to_the_sections(client: Client, duel: str) -> None:
    html = page_of(client, duel)

    tabs = re.findall(r'<li><a href="#(\w+)"[^>]*>(\w+)', html.split('class="sec-nav"')[1].split("</nav>")[0])
    assert tabs == [
        ("overview", "Overview"),
        ("decisions", "Decisions"),
        ("comparison", "Comparison"),
        ("alternatives", "Alternatives"),
    ]
    assert all(html.count(f'id="{anchor}"') == 1 for anchor, _ in tabs)


def test_breadcrumb_goes_down_the_taxonomy(client: Client, duel: str) -> None:
    html = page_of(client, duel)

    crumbs = html.split('aria-label="Breadcrumb"')[1].split("</nav>")[0]
    assert [unescape(name) for name in re.findall(r">([^<>]+)</(?:a|li)>", crumbs)] == [
        "Stackups",
        "Application And Data",
        "Languages And Frameworks",
        "Microframeworks",
        "Actix vs Flask",
    ]
    assert 'href="/tools/in/application-and-data/languages-and-frameworks/microframeworks/"' in crumbs


@pytest.mark.parametrize(
    ("heading", "invitation"),
    [
        ("h-stats", "No star history is known of these tools."),
        ("h-diff", "Nobody has written down what sets Actix vs Flask apart yet."),
        ("h-share", "Share your stack"),
        ("h-advice", "No advice and no decisions on these tools yet."),
        ("h-pc", "None yet. Do you know one that a reader can check?"),
        ("h-int", "No integrations known. Tell us of one ."),
        ("h-alt", "We know of nothing that is much like these tools."),
    ],
)
def test_section_without_rows_invites(client: Client, duel: str, heading: str, invitation: str) -> None:
    assert invitation in words(section(page_of(client, duel), heading))


def test_numbers_at_a_glance_are_dated_and_unknown_reads_unknown(client: Client, duel: str) -> None:
    glance = section(page_of(client, duel), "h-stats")

    rows = [
        [words(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)]
        for row in re.findall(r"<tr><td>.*?</tr>", glance)
    ]
    assert rows == [
        ["0", "Stacks", "0"],
        ["0", "Followers", "0"],
        ["0", "Votes", "0"],
        ["9.1K Aug 2026", "GitHub stars", "unknown"],
        ["1.8K Aug 2026", "Forks", "unknown"],
    ]


@pytest.mark.parametrize("count", [3, 4])
def test_numbers_of_more_than_two_tools_have_a_column_each(
    client: Client, rich_tools: Callable[[int], list[Tool]], count: int
) -> None:
    path = "/stackups/" + "-vs-".join(tool.slug for tool in rich_tools(count)) + "/"

    glance = section(page_of(client, path), "h-stats")

    (stars,) = re.findall(r'<th scope="row">GitHub stars</th>(.*?)</tr>', glance)
    assert [words(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", stars)] == ["50K Aug 2026"] * count
    assert re.findall(r'<rect class="([a-d])"', stars) == list("abcd"[:count])


def test_star_chart_has_a_table_for_those_who_cannot_see_it(client: Client, actix: Tool, duel: str) -> None:
    repository = actix.repository_links.get().repository
    for day, stars in ((date(2025, 12, 1), 8_000), (date(2026, 8, 1), 9_100)):
        StarReadingFactory(repository=repository, date=day, stars=stars)

    glance = section(page_of(client, duel), "h-stats")

    assert "Actix: 8K stars in Dec 2025, 9.1K in Aug 2026." in words(glance)
    assert (
        "Stars by year, at the last reading of each Year Actix 2025 8000 (1 Dec) 2026 9100 (1 Aug)"
        in words(glance)
    )


def test_star_chart_of_a_repository_that_nobody_starred(client: Client, actix: Tool, duel: str) -> None:
    repository = actix.repository_links.get().repository
    for month in (7, 8):
        StarReadingFactory(repository=repository, date=date(2026, month, 1), stars=0)

    assert "GitHub stars on one time axis" in page_of(client, duel)


def test_differences_are_numbered_dated_and_summed_up(
    client: Client, actix: Tool, flask: Tool, duel: str
) -> None:
    comparison = make_comparison(actix, flask, differences=2)

    differences = section(page_of(client, duel), "h-diff")

    text = words(differences)
    assert '<ol class="diffs">' in differences
    assert text.startswith("> What are the differences? Written on 22 Nov 2026; each says")
    assert "Topic 1 2026 Actix Actix says 1. Flask Flask says 1. Topic 2 2026" in text
    assert "Pick Actix when you know it already Pick Flask when you know it already" in text
    assert text.endswith(f"In summary: {comparison.summary}")


def test_differences_without_a_date_say_none(client: Client, actix: Tool, flask: Tool, duel: str) -> None:
    make_comparison(actix, flask, differences=1)
    Comparison.objects.update(texts_on=None)

    text = words(section(page_of(client, duel), "h-diff"))

    assert "What are the differences? Each says which versions it is about." in text


def test_differences_of_two_of_three_tools_are_shown_with_their_address(
    client: Client, actix: Tool, flask: Tool
) -> None:
    make_comparison(actix, flask, differences=1)
    ToolFactory(name="Rails")

    differences = section(page_of(client, "/stackups/actix-vs-flask-vs-rails/"), "h-diff")

    assert "<h3>Actix vs Flask</h3>" in differences
    assert 'href="/stackups/actix-vs-flask/"' in differences


def test_pros_and_cons_are_counted_and_say_what_they_are_about(
    client: Client, flask: Tool, duel: str
) -> None:
    PointFactory(tool=flask, text="A dozen lines are an application", about="3.1", up_count=7)
    PointFactory(tool=flask, kind="con", text="No forms come with it", about="2024")

    text = words(section(page_of(client, duel), "h-pc"))

    assert "Pros 1 Add a pro of Flask" in text
    assert "7 votes A dozen lines are an application 3.1 Cons 1 Add a con of Flask" in text
    assert "0 votes No forms come with it 2024" in text


def test_integrations_are_seen_from_both_sides(client: Client, actix: Tool, flask: Tool, duel: str) -> None:
    IntegrationFactory(tool=flask, other=actix, kind="runs_on")

    actix_side, flask_side = section(page_of(client, duel), "h-int").split('class="side side-b"')

    assert "Runs Fl Flask" in words(actix_side)
    assert "Runs on Ac Actix" in words(flask_side)


def test_alternatives_have_a_sentence_and_their_comparisons(client: Client, flask: Tool, duel: str) -> None:
    AlternativeFactory(tool=flask, other=ToolFactory(name="Bottle", tagline="One file of Python"))

    alternatives = section(page_of(client, duel), "h-alt")

    assert "Bottle One file of Python." in words(alternatives)
    assert 'href="/tools/bottle/"' in alternatives
    assert 'href="/stackups/actix-vs-bottle/"' in alternatives
    assert 'href="/stackups/bottle-vs-flask/"' in alternatives


def test_related_comparisons_close_the_page(client: Client, flask: Tool, duel: str) -> None:
    make_comparison(flask, ToolFactory(name="Rails"), ToolFactory(name="Spring"))

    related = section(page_of(client, duel), "h-rel")

    assert 'href="/stackups/flask-vs-rails-vs-spring/"' in related
    assert "Flask vs Rails vs Spring" in related


def test_page_without_related_comparisons_leaves_the_section_out(client: Client, duel: str) -> None:
    assert "Related comparisons" not in page_of(client, duel)


def test_matrix_marks_the_rows_that_are_the_same(client: Client, actix: Tool, flask: Tool, duel: str) -> None:
    Tool.objects.update(license="MIT", facts_on=date(2026, 11, 22))

    html = page_of(client, duel)

    rows = matrix_rows(html)
    assert rows["Licence"] == (True, ["MIT", "MIT"])
    assert rows["Language"] == (False, ["Rust", "Python"])
    assert rows["First release"] == (False, ["unknown", "unknown"])
    assert rows["Stars"] == (False, ["9.1K", "unknown"])
    assert 'id="differences-only"' in html


def test_matrix_marks_a_source_of_which_all_is_the_same(client: Client, duel: str) -> None:
    detail = section(page_of(client, duel), "h-detail")

    assert re.findall(r'<tbody( class="same")?>\s*<tr class="source"><th[^>]*>([^<,]+)', detail) == [
        ("", "Our catalogue"),
        ("", "GitHub"),
        (' class="same"', "Counted on this site"),
    ]


def test_matrix_dates_each_source_or_each_fact(client: Client, actix: Tool, flask: Tool, duel: str) -> None:
    Tool.objects.filter(pk=actix.pk).update(facts_on=date(2026, 11, 22))
    Tool.objects.filter(pk=flask.pk).update(facts_on=date(2026, 10, 1))

    html = page_of(client, duel)

    assert "GitHub, by the star-history dataset, as of 1 Aug 2026" in words(html)
    assert matrix_rows(html)["Language"][1] == ["Rust as of 22 Nov 2026", "Python as of 1 Oct 2026"]


def test_matrix_describes_the_tools(client: Client, actix: Tool, flask: Tool, duel: str) -> None:
    Tool.objects.filter(pk=actix.pk).update(features=["Typed routes"], description="**Actors** <script>")
    Tool.objects.filter(pk=flask.pk).update(tagline="", description="")

    rows = matrix_rows(page_of(client, duel))

    assert rows["What it is"][1][0].endswith("Actors <script>")
    assert rows["What it is"][1][1] == "Nobody has described it yet."
    assert rows["Features"][1] == ["Typed routes", "None listed"]


def test_page_survives_facts_that_are_not_in_order(client: Client, actix: Tool, duel: str) -> None:
    Tool.objects.filter(pk=actix.pk).update(first_release="2021-02-31", license="-", website="x")

    assert "2021-02-31" in page_of(client, duel)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_page_of_two_to_four_tools_is_cheap_and_small(
    client: Client, rich_tools: Callable[[int], list[Tool]], count_queries: Callable[..., Any], count: int
) -> None:
    path = "/stackups/" + "-vs-".join(tool.slug for tool in rich_tools(count)) + "/"

    with count_queries(at_most=14):
        html = page_of(client, path)

    assert html.count('class="side-top side-d"') == (2 if count == 4 else 0)
    assert len(gzip.compress(html.encode(), 6)) <= MOST_BYTES


def test_page_of_four_tools_costs_the_queries_of_two(
    client: Client, rich_tools: Callable[[int], list[Tool]]
) -> None:
    slugs = [tool.slug for tool in rich_tools(4)]
    costs = []

    for size in (2, 4):
        with CaptureQueriesContext(connection) as queries:
            page_of(client, f"/stackups/{'-vs-'.join(slugs[:size])}/")
        costs.append(len(queries))

    assert costs[0] == costs[1]


@pytest.mark.parametrize("size", [2, 4])
def test_page_costs_who_is_signed_in_five_queries_more(
    client: Client, alice: User, rich_tools: Callable[[int], list[Tool]], size: int
) -> None:
    path = f"/stackups/{'-vs-'.join(tool.slug for tool in rich_tools(size))}/"
    with CaptureQueriesContext(connection) as anonymous:
        page_of(client, path)
    client.force_login(alice)

    with CaptureQueriesContext(connection) as signed_in:
        page_of(client, path)

    assert len(signed_in) <= len(anonymous) + 5


@pytest.mark.parametrize("size", [2, 3])
def test_page_offers_to_add_a_tool(
    client: Client, rich_tools: Callable[[int], list[Tool]], size: int
) -> None:
    slugs = [tool.slug for tool in rich_tools(size)]

    html = page_of(client, f"/stackups/{'-vs-'.join(slugs)}/")

    form = html.split('action="/stackups/compare/"')[1].split("</form>")[0]
    assert re.findall(r'type="hidden" name="tool" value="([^"]+)"', form) == slugs
    assert 'id="another" name="tool"' in form


def test_page_of_four_tools_offers_to_add_none(
    client: Client, rich_tools: Callable[[int], list[Tool]]
) -> None:
    html = page_of(client, "/stackups/" + "-vs-".join(tool.slug for tool in rich_tools(4)) + "/")

    assert 'id="another"' not in html


@pytest.mark.parametrize(
    ("slugs", "address"),
    [
        ("flask-vs-actix", "/stackups/actix-vs-flask/"),
        ("Actix-vs-FLASK", "/stackups/actix-vs-flask/"),
        ("flask-vs-actix-vs-flask", "/stackups/actix-vs-flask/"),
        ("flask-vs-rails-vs-actix", "/stackups/actix-vs-flask-vs-rails/"),
        ("flask-vs-actix-web", "/stackups/actix-vs-flask/"),
        ("actix-web-vs-actix-vs-flask", "/stackups/actix-vs-flask/"),
        ("flask", "/tools/flask/"),
        ("flask-vs-flask", "/tools/flask/"),
        ("flask-vs-FLASK-vs-flask-vs-flask-vs-flask", "/tools/flask/"),
        ("actix-vs-actix-web", "/tools/actix/"),
        ("actix-web", "/tools/actix/"),
    ],
)
def test_other_order_or_slug_redirects_to_the_one_address(
    client: Client, actix: Tool, flask: Tool, slugs: str, address: str
) -> None:
    ToolFactory(name="Rails")
    ToolAliasFactory(tool=actix, slug="actix-web")

    answer = client.get(f"/stackups/{slugs}/")

    assert (answer.status_code, answer["Location"]) == (301, address)


def test_address_without_its_slash_redirects(client: Client, duel: str) -> None:
    answer = client.get(duel.rstrip("/"))

    assert (answer.status_code, answer["Location"]) == (301, duel)


@pytest.mark.parametrize(
    ("slugs", "message"),
    [
        ("actix-vs-nothing", "There is no tool “nothing” here to compare."),
        ("no-vs-such", "There is no tool “no” and “such” here to compare."),
        ("nothing", "There is no tool “nothing” here to compare."),
        ("actix-vs-", "There is no tool “” here to compare."),
        ("-vs-", "There is no tool “” here to compare."),
        ("actix-vs-hidden", "There is no tool “hidden” here to compare."),
        ("actix-vs-was-hidden", "There is no tool “was-hidden” here to compare."),
        ("actix-vs-flask%00", "No address has a null character in it."),
        ("actix-vs-%ED%A0%80", "There is no tool “%ed%a0%80” here to compare."),
        ("actix-vs-<script>alert(1)", "There is no tool “<script>alert(1)” here to compare."),
        ("actix-vs-' OR 1=1", "There is no tool “' or 1=1” here to compare."),
        ("a-vs-b-vs-c-vs-d-vs-e", "At most 4 tools can be compared on one page; this address names 5."),
        (
            "actix-vs-flask-vs-c-vs-d-vs-e",
            "At most 4 tools can be compared on one page; this address names 5.",
        ),
    ],
)
def test_address_that_names_no_comparison_is_a_clear_404(
    client: Client, duel: str, slugs: str, message: str
) -> None:
    ToolAliasFactory(tool=ToolFactory(name="Hidden", is_listed=False), slug="was-hidden")

    answer = client.get(f"/stackups/{slugs}/")

    html = answer.content.decode()
    assert answer.status_code == 404
    assert message in unescape(html)
    assert '<input class="input" id="q404" name="q" type="search"' in html
    assert "<script>alert" not in html


def test_address_of_many_characters_is_a_404(client: Client) -> None:
    assert client.get(f"/stackups/{'a' * 20_000}-vs-b/").status_code == 404


def test_moderator_sees_a_tool_that_is_not_listed(maud_client: Client, duel: str) -> None:
    ToolAliasFactory(tool=ToolFactory(name="Hidden", is_listed=False), slug="was-hidden")

    shown = maud_client.get("/stackups/actix-vs-hidden/")
    redirected = maud_client.get("/stackups/actix-vs-was-hidden/")

    assert shown.status_code == 200
    assert (redirected.status_code, redirected["Location"]) == (301, "/stackups/actix-vs-hidden/")


def test_person_who_is_no_moderator_sees_no_tool_that_is_not_listed(
    client: Client, mallory: Any, duel: str
) -> None:
    ToolFactory(name="Hidden", is_listed=False)
    client.force_login(mallory)

    assert client.get(duel).status_code == 200
    assert client.get("/stackups/actix-vs-hidden/").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_page_can_only_be_read(client: Client, duel: str, method: str) -> None:
    answer = getattr(client, method)(duel)

    assert answer.status_code == 405
    assert answer["Allow"] == "GET, HEAD"


def test_page_answers_head(client: Client, duel: str) -> None:
    answer = client.head(duel)

    assert (answer.status_code, answer.content) == (200, b"")


def test_page_is_the_same_for_htmx(client: Client, duel: str) -> None:
    assert client.get(duel, headers={"hx-request": "true"}).content == client.get(duel).content


def test_anonymous_page_carries_nothing_personal(client: Client, duel: str) -> None:
    answer = client.get(duel)

    assert not answer.cookies
    assert b"csrfmiddlewaretoken" not in answer.content


def robots(html: str) -> list[str]:
    return re.findall(r'<meta name="robots" content="([^"]+)">', html)


def test_page_without_a_text_of_its_own_is_kept_from_search_engines(
    client: Client, actix: Tool, flask: Tool
) -> None:
    rails = ToolFactory(name="Rails")
    make_comparison(actix, flask, differences=1)
    make_comparison(actix, rails)

    pages = {
        slugs: robots(page_of(client, f"/stackups/{slugs}/"))
        for slugs in ("actix-vs-flask", "actix-vs-rails", "flask-vs-rails", "actix-vs-flask-vs-rails")
    }

    assert pages == {
        "actix-vs-flask": [],
        "actix-vs-rails": ["noindex, follow"],
        "flask-vs-rails": ["noindex, follow"],
        "actix-vs-flask-vs-rails": ["noindex, follow"],
    }


def test_page_has_a_canonical_address_a_description_and_a_picture(
    client: Client, settings: Any, duel: str
) -> None:
    settings.SITE_URL = "https://stacks.example.org"

    html = page_of(client, duel + "?utm_source=x")

    assert '<link rel="canonical" href="https://stacks.example.org/stackups/actix-vs-flask/">' in html
    assert '<meta name="description" content="Actix vs Flask: licence, language, releases' in html
    assert (
        'property="og:image" content="https://stacks.example.org/cards/stackups/actix-vs-flask.png"' in html
    )


def structured(html: str) -> dict[str, list[dict[str, Any]]]:
    """The JSON-LD of a page, by its types."""
    (text,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    data = json.loads(text)
    assert data["@context"] == "https://schema.org"
    found: dict[str, list[dict[str, Any]]] = {}
    for node in data["@graph"]:
        found.setdefault(node["@type"], []).append(node)
    return found


def test_structured_data_names_the_tools_the_alternatives_and_the_trail(
    client: Client, settings: Any, flask: Tool, duel: str
) -> None:
    settings.SITE_URL = "https://stacks.example.org"
    AlternativeFactory(tool=flask, other=ToolFactory(name="Bottle"))

    data = structured(page_of(client, duel))

    assert set(data) == {"SoftwareApplication", "ItemList", "BreadcrumbList"}
    assert [(node["name"], node["url"]) for node in data["SoftwareApplication"]] == [
        ("Actix", "https://stacks.example.org/tools/actix/"),
        ("Flask", "https://stacks.example.org/tools/flask/"),
    ]
    assert data["ItemList"][0]["itemListElement"] == [
        {
            "@type": "ListItem",
            "position": 1,
            "name": "Bottle",
            "url": "https://stacks.example.org/tools/bottle/",
        }
    ]
    trail = data["BreadcrumbList"][0]["itemListElement"]
    assert [crumb["position"] for crumb in trail] == [1, 2, 3, 4, 5]
    assert (trail[0]["item"], trail[-1]["name"]) == ("https://stacks.example.org/stackups/", "Actix vs Flask")
    assert "item" not in trail[-1]


EVIL = "</script><img src=x onerror=alert(1)>\"'&"


def test_page_escapes_whatever_a_row_says(client: Client, actix: Tool, flask: Tool, duel: str) -> None:
    Tool.objects.filter(pk=actix.pk).update(
        name=EVIL, tagline=EVIL, language=EVIL, features=[EVIL], license=EVIL
    )
    comparison = make_comparison(actix, flask, differences=1)
    Comparison.objects.filter(pk=comparison.pk).update(summary=EVIL)
    comparison.differences.update(topic=EVIL[:40], about=EVIL)
    comparison.sides.update(pick_when=[EVIL])
    PointFactory(tool=flask, text=EVIL, about=EVIL[:20])
    AlternativeFactory(tool=flask, other=ToolFactory(name=EVIL, slug="evil", tagline=EVIL))

    html = page_of(client, duel)

    assert "<img src=x" not in html
    assert structured(html)["SoftwareApplication"][0]["name"] == EVIL


def test_link_out_of_the_matrix_is_not_endorsed(client: Client, flask: Tool, duel: str) -> None:
    Tool.objects.filter(pk=flask.pk).update(website="https://www.flask.example/")

    html = page_of(client, duel)

    assert (
        '<a class="link" href="https://www.flask.example/" rel="nofollow noopener">flask.example</a>' in html
    )
