from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.tools.selectors import search_tools
from tests.factories.tools import ToolAliasFactory, ToolFactory

pytestmark = pytest.mark.django_db


def found(query: str, limit: int = 8) -> list[str]:
    return [tool.name for tool in search_tools(query, limit=limit)]


@pytest.fixture
def _well_known_tools() -> None:
    for name in ("C", "R", "Go", "React", "React Native", "Python", "PostgreSQL", "Spring Boot", "Node.js"):
        ToolFactory(name=name)


@pytest.mark.usefixtures("_well_known_tools")
@pytest.mark.parametrize("query", ["React", "react", "  REACT  ", "re\0act"])
def test_search_finds_a_name_in_whatever_case(query: str) -> None:
    assert found(query) == ["React", "React Native"]


def test_search_finds_a_slug() -> None:
    ToolFactory(name="ASP.NET Core", slug="asp-net-core")

    assert found("asp-net-core") == ["ASP.NET Core"]


def test_search_finds_an_alias() -> None:
    ToolAliasFactory(tool=ToolFactory(name="Go", slug="golang"), slug="go-lang")

    assert found("go-lang") == ["Go"]


def test_search_finds_words_of_the_tagline() -> None:
    ToolFactory(name="Celery", tagline="A distributed task queue for Python")

    assert found("distributed tasks") == ["Celery"]


def test_search_puts_the_name_itself_first_then_its_beginning_then_its_parts() -> None:
    for name in ("React Native", "Preact", "React"):
        ToolFactory(name=name)
    ToolFactory(name="Redux", tagline="State for react applications")

    assert found("react") == ["React", "React Native", "Preact", "Redux"]


@pytest.mark.usefixtures("_well_known_tools")
@pytest.mark.parametrize(
    ("typed", "meant"),
    [("recat", "React"), ("pyhton", "Python"), ("postgrse", "PostgreSQL"), ("sprng boot", "Spring Boot")],
)
def test_search_forgives_typing_errors(typed: str, meant: str) -> None:
    assert found(typed)[0] == meant


@pytest.mark.usefixtures("_well_known_tools")
@pytest.mark.parametrize("query", ["xcvrgoq", "zzzrzzz", "", "   ", "\0", "%", "_", "' OR 1=1 --", "&&&|!"])
def test_search_finds_nothing_for_what_names_nothing(query: str) -> None:
    assert found(query) == []


@pytest.mark.parametrize("query", ["flask", "flsak"])
def test_search_leaves_out_what_is_not_listed(query: str) -> None:
    ToolFactory(name="Flask", is_listed=False)

    assert found(query) == []


def test_search_ends_at_its_limit() -> None:
    for number in range(5):
        ToolFactory(name=f"Flask {number}")

    assert found("flask", limit=3) == ["Flask 0", "Flask 1", "Flask 2"]


def test_search_looks_at_the_first_hundred_characters() -> None:
    ToolFactory(name="Flask")

    assert found("flask" + " " * 200 + "x" * 10_000) == []
    assert found("flask" + " " * 200) == ["Flask"]


@pytest.mark.usefixtures("_well_known_tools")
def test_search_costs_one_query_when_a_name_is_right(count_queries: Callable[..., Any]) -> None:
    with count_queries(at_most=1):
        tools = search_tools("react", limit=8)
        _ = [tool.function.parent.parent.name for tool in tools]

    assert tools


@pytest.mark.usefixtures("_well_known_tools")
def test_search_costs_three_queries_when_it_is_not(count_queries: Callable[..., Any]) -> None:
    with count_queries(at_most=3):
        tools = search_tools("recat", limit=8)
        _ = [tool.function.parent.parent.name for tool in tools]

    assert tools


@given(query=st.text(max_size=120))
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_search_takes_any_text(query: str) -> None:
    assert search_tools(query, limit=8) == []


def test_search_puts_the_best_known_of_names_that_begin_alike_first() -> None:
    ToolFactory(name="Redis Cloud", tagline="Redis as a service, by those who make Redis")
    ToolFactory(name="RedisInsight")
    ToolFactory(name="Redis", stars=72014)

    assert found("redi")[0] == "Redis"
