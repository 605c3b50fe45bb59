import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.factories.tools import ToolAliasFactory, ToolFactory

pytestmark = pytest.mark.django_db


def found(client: Client, query: str) -> list[str]:
    return [tool.name for tool in client.get("/search/", {"q": query}).context["tools"]]


@pytest.fixture
def _tools(db: None) -> None:
    ToolAliasFactory(tool=ToolFactory(name="PostgreSQL", tagline="A relational database"), slug="postgres")
    ToolFactory(name="Django", tagline="A web framework with an ORM and an admin")
    ToolFactory(name="My_Tool", slug="my-tool", tagline="Something else")
    ToolFactory(name="Hidden", is_listed=False)


@pytest.mark.usefixtures("_tools")
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("Django", ["Django"]),
        ("  dJaNgO ", ["Django"]),
        ("Dja\0ngo", ["Django"]),
        ("postgres", ["PostgreSQL"]),
        ("my-tool", ["My_Tool"]),
        ("frameworks", ["Django"]),
        ("Djagno", ["Django"]),
        ("Postgressql", ["PostgreSQL"]),
    ],
)
def test_search_finds_by_name_alias_word_and_misspelling(
    client: Client, query: str, names: list[str]
) -> None:
    assert found(client, query) == names


@pytest.mark.usefixtures("_tools")
@pytest.mark.parametrize("query", ["", "   ", "\0", "%", "%%", "\\", "'", "zzzzzz", "Hidden"])
def test_search_finds_nothing(client: Client, query: str) -> None:
    assert found(client, query) == []


@pytest.mark.usefixtures("_tools")
def test_search_takes_a_wildcard_of_sql_for_what_it_is(client: Client) -> None:
    assert found(client, "_") == ["My_Tool"]


def test_search_invites_when_nothing_was_typed(client: Client) -> None:
    response = client.get("/search/")

    assert b"Type the name of a tool" in response.content
    assert b"<title>Search \xc2\xb7 StackShare</title>" in response.content


def test_search_says_so_when_nothing_was_found(client: Client) -> None:
    response = client.get("/search/", {"q": "zzzzzz"})

    assert response.status_code == 200
    assert b"No tool, thread, stack or company is called that, nor described so." in response.content


def test_search_is_kept_from_search_engines(client: Client) -> None:
    response = client.get("/search/", {"q": "flask"})

    assert b'<meta name="robots" content="noindex, follow">' in response.content


def test_search_shows_what_was_typed_as_text(client: Client) -> None:
    response = client.get("/search/", {"q": '"><script>alert(1)</script>'})

    assert b"<script>alert" not in response.content
    assert b"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;" in response.content


def test_search_cuts_what_is_longer_than_its_field(client: Client) -> None:
    response = client.get("/search/", {"q": "x" * 5_000})

    (title,) = re.findall("<title>Search: (x+) ", response.content.decode())
    assert len(title) == 100


def test_search_shows_at_most_thirty_tools(client: Client, rich_catalogue: Any) -> None:
    ToolFactory.create_batch(5)

    assert len(found(client, "tool")) == 30


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=120))
@example("'; DROP TABLE tools_tool; --")
@example('"unclosed -or & | ! ( :*')
@example("\ufffe\uffff\u202e")
def test_search_answers_whatever_is_typed(query: str) -> None:
    assert Client().get("/search/", {"q": query}).status_code == 200


@pytest.mark.parametrize("query", ["tool", "tol 17", "zzzzzz"])
def test_search_needs_at_most_8_queries(
    client: Client, rich_catalogue: Any, count_queries: Callable[..., Any], query: str
) -> None:
    with count_queries(at_most=8):
        response = client.get("/search/", {"q": query})

    assert response.status_code == 200
