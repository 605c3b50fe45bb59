import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.tools.forms import ORDERS, ToolFilterForm, facets
from apps.tools.models import Tool
from tests.factories.tools import ToolFactory


def chosen(query: str) -> dict[str, str]:
    return ToolFilterForm(QueryDict(query)).chosen


def test_filters_are_those_of_the_address() -> None:
    assert chosen("license=MIT&language=Rust&status=archived&order=name") == {
        "license": "MIT",
        "language": "Rust",
        "status": "archived",
        "order": "name",
    }


@pytest.mark.parametrize(
    "query",
    [
        "",
        "license=&language=",
        "status=dead",
        "order=popular",
        "language=a%00b",
        f"license={'x' * 121}",
        "unknown=1",
    ],
)
def test_filter_that_is_no_choice_is_ignored(query: str) -> None:
    assert chosen(query) == {"order": "stars"}


@given(values=st.dictionaries(st.sampled_from(["license", "language", "status", "order"]), st.text()))
@settings(deadline=None)
def test_filters_of_any_text_are_choices_or_ignored(values: dict[str, str]) -> None:
    found = ToolFilterForm(values).chosen

    assert found["order"] in ORDERS
    assert found.get("status", "active") in Tool.Status.values
    assert all(value and "\0" not in value for value in found.values())


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["license", "language", "status"])
def test_filter_narrows_the_tools(field: str) -> None:
    value = {"license": "MIT", "language": "Rust", "status": "archived"}[field]
    wanted = ToolFactory(**{field: value})
    ToolFactory()

    assert list(ToolFilterForm({field: value}).narrow(Tool.objects.all())) == [wanted]


@pytest.mark.django_db
@given(value=st.text(max_size=130))
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_filter_of_any_text_can_be_asked_of_the_database(value: str) -> None:
    tools = ToolFilterForm({"license": value, "language": value}).narrow(Tool.objects.all())

    assert list(tools) == []


@pytest.mark.django_db
def test_facets_count_the_most_frequent_first() -> None:
    ToolFactory.create_batch(2, language="Rust", license="MIT")
    ToolFactory(language="C", license="LicenseRef-Proprietary", status="archived")
    ToolFactory(language="Ada")
    ToolFactory()

    language, licence, status = facets(Tool.objects.all(), {"language": "C"})

    assert [(c.label, c.count, c.is_chosen) for c in language.choices] == [
        ("Rust", 2, False),
        ("Ada", 1, False),
        ("C", 1, True),
    ]
    assert [(c.value, c.label) for c in licence.choices] == [
        ("MIT", "MIT"),
        ("LicenseRef-Proprietary", "Proprietary"),
    ]
    assert [(c.label, c.count) for c in status.choices] == [("Active", 4), ("Archived", 1)]
