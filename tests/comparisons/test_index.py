import base64
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.comparisons.views import PAGE_SIZE
from tests.factories.comparisons import make_comparison
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db

PATH = "/stackups/"


def slugs_of(html: str) -> list[str]:
    return re.findall(r'<li><a href="/stackups/([^"/]+)/"><span class="tiles">', html)


def encode(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_index_has_all_comparisons_in_order(client: Client) -> None:
    a, b, c = (ToolFactory(name=name) for name in "ABC")
    make_comparison(b, c)
    make_comparison(a, b, c)
    make_comparison(a, b, differences=1)

    html = client.get(PATH).content.decode()

    assert slugs_of(html) == ["a-vs-b", "a-vs-b-vs-c", "b-vs-c"]
    assert "A vs B vs C" in html
    assert html.count("with written differences") == 1


def test_index_without_comparisons_invites(client: Client) -> None:
    answer = client.get(PATH)

    assert answer.status_code == 200
    assert b"No comparisons yet. Name two tools above." in answer.content


def test_index_has_the_form_that_leads_to_a_comparison(client: Client) -> None:
    html = client.get(PATH).content.decode()

    form = html.split('<form class="compare-form"')[1].split("</form>")[0]
    assert 'action="/stackups/compare/" method="get"' in form
    assert 'name="tool" value=""' in form
    assert "aria-invalid" not in form


def test_index_leaves_out_tools_that_are_not_listed(client: Client, maud_client: Client) -> None:
    make_comparison(ToolFactory(name="Flask"), ToolFactory(name="Hidden", is_listed=False))

    assert b"Hidden" not in client.get(PATH).content
    assert b"Hidden" not in maud_client.get(PATH).content


def test_index_is_cheap_with_many_rows(client: Client, count_queries: Callable[..., Any]) -> None:
    tools = [ToolFactory() for _ in range(14)]
    for at, tool in enumerate(tools):
        for other in tools[at + 1 :]:
            make_comparison(tool, other)

    with count_queries(at_most=8):
        html = client.get(PATH).content.decode()

    assert len(slugs_of(html)) == PAGE_SIZE


def test_index_pages_show_every_comparison_once(client: Client) -> None:
    hub = ToolFactory(name="Hub")
    wanted = sorted(make_comparison(hub, ToolFactory()).slug for _ in range(PAGE_SIZE + 3))
    first = client.get(PATH).content.decode()
    after = re.search(r'href="(\?after=[^"]+)" rel="next"', first)
    assert after

    second = client.get(PATH + after[1]).content.decode()

    assert slugs_of(first) + slugs_of(second) == wanted
    assert 'rel="next"' not in second
    assert "First page" in second
    assert "First page" not in first


@pytest.mark.parametrize(
    "after",
    [
        "x",
        "é",
        "%00",
        encode([]),
        encode([None]),
        encode([["a"]]),
        encode(["\0"]),
        encode(["\ud800"]),
        encode([1.5]),
        base64.urlsafe_b64encode(b"[" * 9_000).decode(),
    ],
)
def test_index_starts_again_when_the_cursor_is_bad(client: Client, after: str) -> None:
    answer = client.get(PATH, {"after": after})

    assert (answer.status_code, answer["Location"]) == (302, PATH)


def test_index_has_nothing_after_the_last_row(client: Client) -> None:
    make_comparison(ToolFactory(name="A"), ToolFactory(name="B"))

    answer = client.get(PATH, {"after": encode(["zzz"])})

    assert answer.status_code == 200
    assert slugs_of(answer.content.decode()) == []
    assert b"First page" in answer.content


@pytest.mark.parametrize("path", [PATH, f"{PATH}compare/"])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_pages_can_only_be_read(client: Client, path: str, method: str) -> None:
    answer = getattr(client, method)(path)

    assert answer.status_code == 405
    assert answer["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", [PATH, f"{PATH}compare/", f"{PATH}compare/?tool=nothing"])
def test_pages_are_the_same_for_htmx(client: Client, path: str) -> None:
    assert client.get(path, headers={"hx-request": "true"}).content == client.get(path).content


@pytest.mark.parametrize("path", [PATH, f"{PATH}compare/"])
def test_anonymous_pages_carry_nothing_personal(client: Client, path: str) -> None:
    answer = client.get(path)

    assert not answer.cookies
    assert b"csrfmiddlewaretoken" not in answer.content
