from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db


def test_options_are_the_items_of_a_listbox(client: Client) -> None:
    ToolFactory(name="Flask")

    response = client.get("/tools/options/", {"q": "fla"})

    assert response.status_code == 200
    assert response.text.startswith('<li role="option" data-value="flask" data-label="Flask">')
    assert "Microframeworks" in response.text


def test_options_are_at_most_eight(client: Client) -> None:
    for number in range(12):
        ToolFactory(name=f"Flask {number}")

    assert client.get("/tools/options/", {"q": "flask"}).text.count("<li") == 8


@pytest.mark.parametrize("query", ["", "?q=", "?q=%00", "?q=zzzz", "?q=%ED%A0%80", "?q=hidden"])
def test_options_are_none_for_what_names_nothing(client: Client, query: str) -> None:
    ToolFactory(name="Flask")
    ToolFactory(name="Hidden", is_listed=False)

    response = client.get(f"/tools/options/{query}")

    assert (response.status_code, response.text.strip()) == (200, "")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_options_take_no_writes(client: Client, method: str) -> None:
    assert getattr(client, method)("/tools/options/").status_code == 405


def test_options_escape_names(client: Client) -> None:
    ToolFactory(name='x" onclick="alert(1)', slug="x")

    assert 'onclick="alert' not in client.get("/tools/options/?q=x").text


@pytest.mark.parametrize(("query", "most"), [("flask", 1), ("flsak", 3)])
def test_options_cost_the_same_for_many_tools(
    client: Client, count_queries: Callable[..., Any], query: str, most: int
) -> None:
    for number in range(40):
        ToolFactory(name=f"Flask {number}")
    ToolFactory(name="Flask")

    with count_queries(at_most=most):
        response = client.get("/tools/options/", {"q": query})

    assert "Flask" in response.text
