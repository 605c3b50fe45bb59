import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import User
from apps.tools.models import Point, Tool
from tests.factories.accounts import UserFactory
from tests.factories.tools import (
    IntegrationFactory,
    PackageFactory,
    PointAnswerFactory,
    PointFactory,
    ToolFactory,
)
from tests.tools.admin_forms import errors_of, form_data, queries_of

pytestmark = pytest.mark.django_db

# The part of a tool, its model's name, what makes a row of it, and a field with another value.
PARTS = [
    ("points", "point", PointFactory, {"text": "Something else that can be checked"}),
    ("packages", "package", PackageFactory, {"name": "other"}),
    ("integrations", "integration", IntegrationFactory, {"kind": "monitors"}),
]

by_part = pytest.mark.parametrize(("part", "model", "make", "values"), PARTS, ids=[p[0] for p in PARTS])
by_part_that_moves = pytest.mark.parametrize(("part", "model", "make", "values"), PARTS[1:])
by_model = pytest.mark.parametrize(("model", "make"), [p[1:3] for p in PARTS], ids=[p[0] for p in PARTS])


@pytest.fixture
def flask() -> Tool:
    tool: Tool = ToolFactory(name="Flask")
    return tool


def save(client: Client, model: str, row: Model, **changes: Any) -> Any:
    url = f"/admin/tools/{model}/{row.pk}/change/"
    return client.post(url, form_data(client.get(url), **changes))


@by_part
def test_changed_row_is_noted_at_its_tool(
    maud_client: Client,
    flask: Tool,
    part: str,
    model: str,
    make: Callable[..., Any],
    values: dict[str, Any],
) -> None:
    row = make(tool=flask)
    before = timezone.now()

    response = save(maud_client, model, row, **values)

    flask.refresh_from_db()
    row.refresh_from_db()
    assert response.status_code == 302
    assert {name: getattr(row, name) for name in values} == values
    assert flask.edited_fields == [part]
    assert flask.changed_at > before


@pytest.mark.parametrize(
    ("part", "model", "row"),
    [
        ("packages", "package", {"type": "pypi", "name": "other"}),
        ("integrations", "integration", {"kind": "monitors"}),
    ],
)
def test_added_row_is_noted_at_its_tool(
    maud_client: Client, flask: Tool, part: str, model: str, row: dict[str, Any]
) -> None:
    url = f"/admin/tools/{model}/add/"
    if model == "integration":
        row = {**row, "other": ToolFactory().pk}

    maud_client.post(url, form_data(maud_client.get(url), tool=flask.pk, **row))

    flask.refresh_from_db()
    assert flask.edited_fields == [part]


@by_part_that_moves
def test_row_moved_to_another_tool_is_noted_at_both(
    maud_client: Client,
    flask: Tool,
    part: str,
    model: str,
    make: Callable[..., Any],
    values: dict[str, Any],
) -> None:
    row = make(tool=flask)
    other = ToolFactory()

    save(maud_client, model, row, tool=other.pk)

    flask.refresh_from_db()
    other.refresh_from_db()
    assert flask.edited_fields == other.edited_fields == [part]


@by_part
def test_deleted_row_is_noted_at_its_tool(
    maud_client: Client,
    flask: Tool,
    part: str,
    model: str,
    make: Callable[..., Any],
    values: dict[str, Any],
) -> None:
    row = make(tool=flask)

    maud_client.post(f"/admin/tools/{model}/{row.pk}/delete/", {"post": "yes"})

    flask.refresh_from_db()
    assert not getattr(flask, part).exists()
    assert flask.edited_fields == [part]


@by_part
def test_rows_deleted_together_are_noted_at_their_tools(
    maud_client: Client,
    flask: Tool,
    part: str,
    model: str,
    make: Callable[..., Any],
    values: dict[str, Any],
) -> None:
    rows = [make(tool=flask), make(tool=flask), make(tool=ToolFactory(name="Django"))]

    maud_client.post(
        f"/admin/tools/{model}/",
        {"action": "delete_selected", "_selected_action": [row.pk for row in rows], "post": "yes"},
    )

    assert not type(rows[0])._default_manager.exists()
    assert list(
        Tool.objects.filter(slug__in=["flask", "django"]).values_list("edited_fields", flat=True)
    ) == [[part], [part]]


@by_model
def test_saving_a_row_without_a_change_notes_nothing(
    maud_client: Client, flask: Tool, model: str, make: Callable[..., Any]
) -> None:
    row = make(tool=flask)

    response = save(maud_client, model, row)

    flask.refresh_from_db()
    assert response.status_code == 302
    assert flask.edited_fields == []


@by_model
@pytest.mark.parametrize("query", ["", "?q=tool"])
def test_list_costs_the_same_for_3_and_30_rows(
    maud_client: Client, model: str, make: Callable[..., Any], query: str
) -> None:
    url = f"/admin/tools/{model}/{query}"
    for _ in range(3):
        make()
    few = queries_of(maud_client, url)
    for _ in range(27):
        make()

    assert queries_of(maud_client, url) == few


@by_model
def test_list_is_searched_by_the_tool(
    maud_client: Client, flask: Tool, model: str, make: Callable[..., Any]
) -> None:
    row = make(tool=flask)
    make()

    assert list(maud_client.get(f"/admin/tools/{model}/", {"q": "flask"}).context["cl"].queryset) == [row]


@by_model
def test_list_is_for_moderators(client: Client, alice: Any, model: str, make: Callable[..., Any]) -> None:
    client.force_login(alice)

    assert client.get(f"/admin/tools/{model}/").status_code == 302


def test_statement_that_stands_there_already_is_refused(maud_client: Client, flask: Tool) -> None:
    PointFactory(tool=flask, text="One file is enough")
    row = PointFactory(tool=flask)

    response = save(maud_client, "point", row, text="one FILE is enough")

    assert "The tool has this statement already." in str(errors_of(response))


def test_statement_of_a_moderator_is_one_of_a_person(maud_client: Client, maud: User, flask: Tool) -> None:
    url = "/admin/tools/point/add/"

    maud_client.post(
        url,
        form_data(maud_client.get(url), tool=flask.pk, kind="con", text="No ORM comes with it", about="3"),
    )

    point = Point.objects.get()
    assert (point.origin, point.author) == (Tool.Origin.PERSON, maud)
    flask.refresh_from_db()
    # The catalogue goes on to say what it says.
    assert flask.edited_fields == []


def test_statement_of_a_person_is_removed_without_a_note_at_the_tool(
    maud_client: Client, alice: User, flask: Tool
) -> None:
    row, other = PointFactory(tool=flask, author=alice), PointFactory(tool=flask, author=alice)

    maud_client.post(f"/admin/tools/point/{row.pk}/delete/", {"post": "yes"})
    maud_client.post(
        "/admin/tools/point/",
        {"action": "delete_selected", "_selected_action": [other.pk], "post": "yes"},
    )

    assert not Point.objects.exists()
    flask.refresh_from_db()
    assert flask.edited_fields == []


def test_statement_is_removed_with_the_answers_to_it(maud_client: Client) -> None:
    row = PointAnswerFactory().point

    response = maud_client.post(f"/admin/tools/point/{row.pk}/delete/", {"post": "yes"})

    assert response.status_code == 302
    assert not Point.objects.exists()


def test_statements_of_which_most_say_no_longer_are_found(maud_client: Client) -> None:
    doubted = PointFactory(true_count=1, outdated_count=2)
    PointFactory(true_count=0, outdated_count=2)
    PointFactory(true_count=2, outdated_count=2)

    def found(query: str) -> set[Point]:
        return set(maud_client.get(f"/admin/tools/point/{query}").context["cl"].queryset)

    assert found("?doubted=yes") == {doubted}
    assert found("") == set(Point.objects.all())


def test_list_of_statements_by_people_costs_the_same_for_3_and_30(maud_client: Client) -> None:
    for at in range(3):
        PointFactory(author=UserFactory(username=f"early-{at}"))
    few = queries_of(maud_client, "/admin/tools/point/")
    for at in range(27):
        PointFactory(author=UserFactory(username=f"late-{at}"))

    assert queries_of(maud_client, "/admin/tools/point/") == few


def test_statement_keeps_its_author_and_tool(maud_client: Client, alice: User, flask: Tool) -> None:
    row = PointFactory(tool=flask, author=alice)

    save(maud_client, "point", row, tool=ToolFactory().pk, author="", text="Other words that can be checked")

    row.refresh_from_db()
    assert (row.tool, row.author, row.text) == (flask, alice, "Other words that can be checked")


def test_saving_a_statement_writes_what_was_changed_only(maud_client: Client) -> None:
    row = PointFactory()

    with CaptureQueriesContext(connection) as queries:
        save(maud_client, "point", row, text="ONE file is enough")

    updates = [query["sql"] for query in queries if query["sql"].startswith('UPDATE "tools_point"')]
    row.refresh_from_db()
    assert len(updates) == 1
    assert set(re.findall(r'"(\w+)" = ', updates[0].split(" WHERE ")[0])) == {"text", "folded"}
    assert (row.text, row.folded) == ("ONE file is enough", "one file is enough")
