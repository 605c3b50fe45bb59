from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.comparisons.forms import MAX_CHARACTERS, CompareForm
from tests.factories.tools import ToolAliasFactory, ToolFactory

pytestmark = pytest.mark.django_db

PATH = "/stackups/compare/"


@pytest.fixture(autouse=True)
def _tools() -> None:
    for name in ("Actix", "Flask", "Node.js", "Rails", "Symfony"):
        ToolFactory(name=name)
    ToolAliasFactory(tool=ToolFactory(name="ExpressJS"), slug="express")


@pytest.mark.parametrize(
    ("names", "slugs"),
    [
        (["Flask", "Actix"], "actix-vs-flask"),
        (["flask", "ACTIX"], "actix-vs-flask"),
        (["Flask, Actix"], "actix-vs-flask"),
        (["Flask,Actix,"], "actix-vs-flask"),
        ([" Flask ", "", "  ", "Actix"], "actix-vs-flask"),
        (["Flask", "Node.js"], "flask-vs-nodejs"),
        (["express", "nodejs"], "expressjs-vs-nodejs"),
        (["Flsk", "Actx"], "actix-vs-flask"),
        (["flask", "Flask", "Actix"], "actix-vs-flask"),
        (["Flask", "Actix", "Rails"], "actix-vs-flask-vs-rails"),
        (["Flask, Actix", "Rails, Symfony"], "actix-vs-flask-vs-rails-vs-symfony"),
    ],
)
def test_names_lead_to_their_comparison(client: Client, names: list[str], slugs: str) -> None:
    answer = client.get(PATH, {"tool": names})

    assert (answer.status_code, answer["Location"]) == (302, f"/stackups/{slugs}/")


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["qqqqqqqq"], "We know no tool called “qqqqqqqq”. Check the spelling."),
        (["Flask", "qqqqqqqq"], "We know no tool called “qqqqqqqq”. Check the spelling."),
        (["qqqqqqqq, wwwwwwww"], "We know no tool called “qqqqqqqq” or “wwwwwwww”. Check the spelling."),
        (["Flask"], "Name at least two different tools."),
        (["Flask", "flask"], "Name at least two different tools."),
        (["ExpressJS", "express"], "Name at least two different tools."),
        (["a", "b", "c", "d", "e"], "Name at most 4 tools, not 5."),
        (["a,b,c,d,e,f"], "Name at most 4 tools, not 6."),
        (["\0", "Flask"], "We know no tool called"),
        (["Flask", "<script>alert(1)</script>"], "We know no tool called “<script>alert(1)</script>”."),
        (["Flask", "' OR 1=1 --"], "We know no tool called “' OR 1=1 --”."),
        (["Flask", "%"], "We know no tool called “%”."),
    ],
)
def test_names_that_lead_nowhere_get_a_clear_answer(client: Client, names: list[str], problem: str) -> None:
    answer = client.get(PATH, {"tool": names})

    html = answer.content.decode()
    assert answer.status_code == 200
    assert problem in unescape(html)
    assert 'aria-invalid="true"' in html
    assert "<script>alert" not in html


def test_form_keeps_what_was_typed(client: Client) -> None:
    html = client.get(PATH, {"tool": ['Flask, "quoted"', "zzzz"]}).content.decode()

    assert 'value="Flask, &quot;quoted&quot;, zzzz"' in html


@pytest.mark.parametrize("query", [{}, {"tool": ""}, {"tool": ["", " , "]}])
def test_form_without_names_has_no_complaint(client: Client, query: dict[str, Any]) -> None:
    answer = client.get(PATH, query)

    assert answer.status_code == 200
    assert b"aria-invalid" not in answer.content
    assert b'<meta name="robots" content="noindex, follow">' in answer.content


def test_name_of_a_tool_that_is_not_listed_is_unknown(client: Client, mallory: Any) -> None:
    ToolFactory(name="Hidden", is_listed=False)
    client.force_login(mallory)

    answer = client.get(PATH, {"tool": ["Flask", "Hidden"]})

    assert "We know no tool called “Hidden”" in answer.content.decode()


@pytest.mark.parametrize("text", ["x" * 5_000, "x," * 150, "é" * 200])
def test_long_text_gets_a_clear_answer(client: Client, text: str) -> None:
    answer = client.get(PATH, {"tool": text})

    assert answer.status_code == 200
    assert b"aria-invalid" in answer.content


@pytest.mark.parametrize(
    ("names", "most"), [("Flask, Actix, Rails, Symfony", 4), ("Flsk, Actx, Rals, Symfny", 12)]
)
def test_names_cost_a_query_each_or_three_when_they_are_misspelt(
    client: Client, count_queries: Callable[..., Any], names: str, most: int
) -> None:
    with count_queries(at_most=most):
        answer = client.get(PATH, {"tool": names})

    assert answer["Location"] == "/stackups/actix-vs-flask-vs-rails-vs-symfony/"


@given(st.lists(st.text(max_size=90), max_size=6))
@settings(deadline=None, max_examples=60)
def test_names_are_the_parts_between_commas(texts: list[str]) -> None:
    form = CompareForm(texts)

    assert all(name and "," not in name and len(name) <= MAX_CHARACTERS for name in form.names)
    assert len(form.names) == sum(bool(part.strip()) for text in texts for part in text.split(","))


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=70), max_size=5))
@settings(deadline=None, max_examples=60)
def test_form_finds_two_tools_or_says_what_is_wrong(texts: list[str]) -> None:
    form = CompareForm(texts)

    is_valid = form.is_valid()

    assert is_valid == (2 <= len(form.tools) <= 4 and not form.problem)
    assert is_valid or bool(form.problem) == bool(form.names)
