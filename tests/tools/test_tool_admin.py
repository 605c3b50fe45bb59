import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import User
from apps.tools.models import ImportedTool, Package, Point, Tool
from apps.votes.models import Vote
from tests.factories.accounts import UserFactory
from tests.factories.comparisons import make_comparison
from tests.factories.tools import (
    AlternativeFactory,
    FunctionFactory,
    IntegrationFactory,
    PackageFactory,
    PointAnswerFactory,
    PointFactory,
    RepositoryFactory,
    ToolAliasFactory,
    ToolFactory,
    ToolFollowFactory,
    ToolRepositoryFactory,
)
from tests.tools.admin_forms import errors_of, form_data, queries_of

pytestmark = pytest.mark.django_db

LIST = "/admin/tools/tool/"
ADD = "/admin/tools/tool/add/"


def change_url(tool: Tool) -> str:
    return f"{LIST}{tool.pk}/change/"


def save(client: Client, tool: Tool, **changes: Any) -> Any:
    """Send the change page of `tool` back with `changes`."""
    return client.post(change_url(tool), form_data(client.get(change_url(tool)), **changes))


def act(client: Client, action: str, *tools: Tool) -> Any:
    return client.post(LIST, {"action": action, "_selected_action": [tool.pk for tool in tools]}, follow=True)


@pytest.fixture
def flask() -> Tool:
    tool: Tool = ToolFactory(
        name="Flask", features=["Routing by decorator", "Local, REST and GraphQL APIs"], license="MIT"
    )
    return tool


def permitted(client: Client, *actions: str) -> Client:
    """A browser of somebody who may do no more than these, such as "view_tool"."""
    user = UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=actions))
    client.force_login(user)
    return client


@pytest.mark.parametrize("page", [LIST, ADD])
def test_admin_is_for_moderators(client: Client, alice: Any, page: str) -> None:
    anonymous = client.get(page)
    client.force_login(alice)
    stranger = client.get(page)

    assert anonymous.status_code == stranger.status_code == 302
    assert anonymous["Location"] == f"/admin/login/?next={page}"


def test_list_shows_every_tool_with_its_popularity(maud_client: Client) -> None:
    ToolFactory(name="Hidden", is_listed=False)
    ImportedTool.objects.create(
        tool=ToolFactory(name="Imported"), source="dataset", external_id="Service_1", popularity=828409.4
    )
    ImportedTool.objects.create(tool=ToolFactory(name="Unknown"), source="dataset", external_id="Service_2")

    response = maud_client.get(LIST)

    assert response.context["cl"].result_count == 3
    assert "828,409" in response.text


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?q=tool",
        "?origin__exact=import",
        "?o=9",
    ],
)
def test_list_costs_the_same_for_3_and_30_rows(maud_client: Client, query: str) -> None:
    def add(first: int, count: int) -> None:
        for number in range(first, first + count):
            tool = ToolFactory(
                origin=Tool.Origin.IMPORT,
                successor=ToolFactory(),
                function=FunctionFactory(slug=f"f-{number}"),
            )
            ImportedTool.objects.create(
                tool=tool, source="dataset", external_id=f"Service_{number}", popularity=1
            )

    add(1, 3)
    few = queries_of(maud_client, LIST + query)
    add(4, 27)

    assert queries_of(maud_client, LIST + query) == few


@pytest.mark.parametrize("query", ["flask", "flask-python", "microframework for snakes", "FLASK"])
def test_list_is_searched_by_name_slug_alias_and_tagline(
    maud_client: Client, flask: Tool, query: str
) -> None:
    ToolAliasFactory(tool=flask, slug="flask-python")
    ToolAliasFactory(tool=flask, slug="flask-snakes")
    Tool.objects.update(tagline="A microframework for snakes")
    ToolFactory(name="Other", tagline="")

    assert list(maud_client.get(LIST, {"q": query}).context["cl"].queryset) == [flask]


@pytest.mark.parametrize(
    "query", ["?q=%00", "?q='", "?is_listed__exact=x", "?function__parent__id__exact=x", "?p=99"]
)
def test_list_answers_what_makes_no_sense(maud_client: Client, flask: Tool, query: str) -> None:
    assert maud_client.get(LIST + query, follow=True).status_code == 200


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("is_listed__exact=0", {"Hidden"}),
        ("origin__exact=import", {"Hidden"}),
        ("status__exact=archived", {"Hidden"}),
        ("description__isempty=1", {"Hidden"}),
        ("description__isempty=0", {"Flask"}),
    ],
)
def test_list_is_filtered(maud_client: Client, flask: Tool, query: str, expected: set[str]) -> None:
    ToolFactory(name="Hidden", is_listed=False, origin=Tool.Origin.IMPORT, status="archived", description="")

    found = maud_client.get(f"{LIST}?{query}").context["cl"].queryset

    assert {tool.name for tool in found} == expected


def test_list_is_filtered_by_the_categories_that_hold_tools(maud_client: Client, flask: Tool) -> None:
    FunctionFactory(slug="unused", name="Unused function")

    response = maud_client.get(LIST, {"function__parent__id__exact": flask.function.parent_id})

    assert list(response.context["cl"].queryset) == [flask]
    assert "Unused function" not in response.text


def test_tool_is_added_with_what_was_filled_in(maud_client: Client) -> None:
    function = FunctionFactory()

    response = maud_client.post(
        ADD,
        form_data(maud_client.get(ADD), name="Flask", slug="flask", function=function.pk, license="MIT"),
    )

    tool = Tool.objects.get()
    assert response.status_code == 302
    assert (tool.name, tool.origin, tool.is_listed) == ("Flask", Tool.Origin.PERSON, True)
    assert tool.edited_fields == ["function", "license", "name", "slug"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": None}, "name"),
        ({"function": None}, "function"),
        ({"slug": "Flask Web"}, "slug"),
        ({"slug": "options"}, "slug"),
        ({"slug": "taken"}, "slug"),
        ({"slug": "former"}, "slug"),
        ({"logo": "no-such-logo"}, "logo"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"first_release": "2010-13"}, "first_release"),
        ({"name": "a\0b"}, "name"),
        ({"features": "x" * 61}, "features"),
        ({"description": "x" * 100_001}, "description"),
    ],
)
def test_tool_that_is_wrong_is_not_added(maud_client: Client, changes: dict[str, Any], field: str) -> None:
    ToolAliasFactory(tool=ToolFactory(name="Taken"), slug="former")
    data = {"name": "Flask", "slug": "flask", "function": FunctionFactory().pk} | changes

    response = maud_client.post(ADD, form_data(maud_client.get(ADD), **data))

    assert response.status_code == 200
    assert list(errors_of(response)) == [field]
    assert Tool.objects.count() == 1


def test_function_of_a_tool_is_no_category_above(maud_client: Client) -> None:
    category = FunctionFactory().parent

    response = maud_client.post(
        ADD, form_data(maud_client.get(ADD), name="Flask", slug="flask", function=category.pk)
    )

    assert list(errors_of(response)) == ["function"]


def test_saving_without_a_change_notes_nothing(
    maud_client: Client, make_rich_tool: Callable[..., Tool]
) -> None:
    tool = make_rich_tool("Flask", rows=3)
    before = Tool.objects.values().get(pk=tool.pk)

    response = save(maud_client, tool)

    assert response.status_code == 302
    assert Tool.objects.values().get(pk=tool.pk) == before


@pytest.mark.parametrize(
    ("field", "sent", "stored"),
    [
        ("name", "Flask!", "Flask!"),
        ("license", "", ""),
        ("is_listed", None, False),
        ("status", "archived", "archived"),
        ("features", "Templates\r\nSignals, hooks and events", ["Templates", "Signals, hooks and events"]),
        ("features", "", []),
    ],
)
def test_changed_field_is_noted(maud_client: Client, flask: Tool, field: str, sent: Any, stored: Any) -> None:
    before = timezone.now()

    save(maud_client, flask, **{field: sent})

    flask.refresh_from_db()
    assert getattr(flask, field) == stored
    assert flask.edited_fields == [field]
    assert flask.changed_at > before


def test_further_changes_are_added_to_those_noted(maud_client: Client, flask: Tool) -> None:
    save(maud_client, flask, name="Flask!")

    save(maud_client, flask, license="MIT-0")

    flask.refresh_from_db()
    assert flask.edited_fields == ["license", "name"]


def added(prefix: str, **values: Any) -> dict[str, Any]:
    return {f"{prefix}-TOTAL_FORMS": 1} | {f"{prefix}-0-{name}": value for name, value in values.items()}


@pytest.mark.parametrize(
    ("prefix", "part", "make"),
    [
        ("aliases", "aliases", lambda: {"slug": "flask-python"}),
        ("packages", "packages", lambda: {"type": "pypi", "name": "flask"}),
        ("repository_links", "repositories", lambda: {"repository": RepositoryFactory().pk}),
        ("integrations", "integrations", lambda: {"other": ToolFactory().pk, "kind": "runs_on"}),
        (
            "points",
            "points",
            lambda: {"kind": "pro", "text": "One file is enough", "about": "3", "position": 0},
        ),
    ],
)
def test_row_added_to_a_part_is_noted(
    maud_client: Client, flask: Tool, prefix: str, part: str, make: Callable[[], dict[str, Any]]
) -> None:
    before = timezone.now()

    response = save(maud_client, flask, **added(prefix, **make()))

    flask.refresh_from_db()
    assert response.status_code == 302
    assert getattr(flask, prefix).count() == 1
    assert flask.edited_fields == [part]
    assert flask.changed_at > before


@pytest.mark.parametrize("changes", [{"packages-0-name": "quart"}, {"packages-0-DELETE": "on"}])
def test_row_changed_or_deleted_is_noted(maud_client: Client, flask: Tool, changes: dict[str, Any]) -> None:
    PackageFactory(tool=flask, name="flask")

    save(maud_client, flask, **changes)

    flask.refresh_from_db()
    assert flask.edited_fields == ["packages"]
    assert [package.name for package in flask.packages.all()] in (["quart"], [])


@pytest.mark.parametrize(
    ("prefix", "make", "message"),
    [
        (
            "packages",
            lambda tool: {"type": "pypi", "name": "taken"},
            "This package belongs to a tool already.",
        ),
        (
            "integrations",
            lambda tool: {"other": tool.pk, "kind": "runs_on"},
            "does not integrate with itself",
        ),
        (
            "points",
            lambda tool: {"kind": "pro", "text": "Short", "about": "3", "position": 0},
            "Write at least 10 characters.",
        ),
        ("aliases", lambda tool: {"slug": "taken"}, "This is the address of Taken."),
    ],
)
def test_row_that_is_wrong_is_refused_with_words(
    maud_client: Client, flask: Tool, prefix: str, make: Callable[[Tool], dict[str, Any]], message: str
) -> None:
    PackageFactory(tool=ToolFactory(name="Taken"), name="taken")

    response = save(maud_client, flask, **added(prefix, **make(flask)))

    assert message in str(errors_of(response))
    assert not getattr(flask, prefix).exists()


def test_statement_added_on_the_page_of_the_tool_is_its_moderators(
    maud_client: Client, maud: User, flask: Tool
) -> None:
    kept = PointFactory(tool=flask)

    save(
        maud_client,
        flask,
        **{
            "points-TOTAL_FORMS": 2,
            "points-1-kind": "con",
            "points-1-text": "No ORM comes with it",
            "points-1-about": "3",
            "points-1-position": 1,
        },
    )

    assert flask.points.get(kind="con").author == maud
    kept.refresh_from_db()
    assert kept.author is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("one FILE is enough", "The tool has this statement already."),
        ("A new one, stated twice", "The tool has a statement twice."),
    ],
)
def test_statement_that_is_added_twice_is_refused(
    maud_client: Client, flask: Tool, text: str, message: str
) -> None:
    PointFactory(tool=flask, text="One file is enough", about="3")
    new = {"kind": "pro", "about": "2", "position": 1}
    rows = {1: {**new, "text": text}, 2: {**new, "text": text.upper()}}

    response = save(
        maud_client,
        flask,
        **{"points-TOTAL_FORMS": 3},
        **{f"points-{at}-{name}": value for at, row in rows.items() for name, value in row.items()},
    )

    assert message in str(errors_of(response))


def test_integration_that_is_added_twice_is_refused(maud_client: Client, flask: Tool) -> None:
    other = IntegrationFactory(tool=flask, kind="runs_on").other

    response = save(
        maud_client,
        flask,
        **{
            "integrations-TOTAL_FORMS": 2,
            "integrations-1-other": other.pk,
            "integrations-1-kind": "runs_on",
        },
    )

    assert response.status_code == 200
    assert "Please correct the duplicate" in response.text


def test_primary_repository_can_be_changed(maud_client: Client) -> None:
    tool = ToolFactory(name="Flask", stars=1)
    second = ToolRepositoryFactory(tool=tool)

    response = save(
        maud_client,
        tool,
        **{"repository_links-0-is_primary": None, "repository_links-1-is_primary": "on"},
    )

    assert response.status_code == 302
    assert tool.repository_links.get(is_primary=True) == second


def test_second_primary_repository_is_refused(maud_client: Client) -> None:
    tool = ToolFactory(name="Flask", stars=1)

    response = save(
        maud_client,
        tool,
        **{
            "repository_links-TOTAL_FORMS": 2,
            "repository_links-1-repository": RepositoryFactory().pk,
            "repository_links-1-is_primary": "on",
        },
    )

    assert response.status_code == 200
    assert "A tool has one primary repository." in response.text


def test_tool_with_many_rows_can_be_saved(maud_client: Client, flask: Tool) -> None:
    for _ in range(40):
        PackageFactory(tool=flask)
        PointFactory(tool=flask)

    response = save(maud_client, flask, name="Flask!")

    assert response.status_code == 302
    assert Tool.objects.filter(name="Flask!").exists()


@pytest.mark.parametrize("origin", [Tool.Origin.IMPORT, Tool.Origin.PERSON])
def test_changed_slug_stays_an_address_of_the_tool(
    maud_client: Client, client: Client, flask: Tool, origin: str
) -> None:
    Tool.objects.update(origin=origin)

    save(maud_client, flask, slug="flask-web")

    flask.refresh_from_db()
    assert flask.edited_fields == ["aliases", "slug"]
    assert client.get("/tools/flask/")["Location"] == "/tools/flask-web/"


def test_changed_slug_may_be_written_among_the_aliases_too(maud_client: Client, flask: Tool) -> None:
    Tool.objects.update(origin=Tool.Origin.PERSON)

    response = save(maud_client, flask, slug="flask-web", **added("aliases", slug="flask"))

    assert response.status_code == 302
    assert [alias.slug for alias in flask.aliases.all()] == ["flask"]


def test_slug_can_be_changed_back(maud_client: Client, client: Client, flask: Tool) -> None:
    Tool.objects.update(origin=Tool.Origin.PERSON)
    save(maud_client, flask, slug="flask-web")
    flask.refresh_from_db()

    response = save(maud_client, flask, slug="flask")

    assert response.status_code == 302
    assert client.get("/tools/flask-web/")["Location"] == "/tools/flask/"
    assert client.get("/tools/flask/").status_code == 200


def test_slug_of_the_catalogue_is_changed_in_its_files_only(maud_client: Client, flask: Tool) -> None:
    save(maud_client, flask, slug="flask-web", name="Flask!")

    flask.refresh_from_db()
    assert (flask.slug, flask.name) == ("flask", "Flask!")


def test_actions_list_tools_and_take_them_off(maud_client: Client) -> None:
    shown, hidden = ToolFactory(), ToolFactory(is_listed=False)
    before = timezone.now()

    response = act(maud_client, "list_tools", shown, hidden)

    assert "1 tools listed." in response.text
    assert set(Tool.objects.listed()) == {shown, hidden}
    hidden.refresh_from_db()
    assert hidden.edited_fields == ["is_listed"]
    assert hidden.changed_at > before
    shown.refresh_from_db()
    assert shown.edited_fields == []


def test_action_takes_tools_off_the_lists(maud_client: Client) -> None:
    shown, hidden = ToolFactory(), ToolFactory(is_listed=False)

    response = act(maud_client, "unlist_tools", shown, hidden)

    assert "1 tools taken off the lists." in response.text
    assert not Tool.objects.listed().exists()


@pytest.mark.parametrize("action", ["list_tools", "unlist_tools"])
def test_action_is_for_those_who_may_change_tools(client: Client, action: str) -> None:
    shown, hidden = ToolFactory(), ToolFactory(is_listed=False)

    response = act(permitted(client, "view_tool"), action, shown, hidden)

    assert response.status_code == 200
    assert list(Tool.objects.listed()) == [shown]


def test_change_page_only_shows_to_those_who_may_not_change(client: Client, flask: Tool) -> None:
    client = permitted(client, "view_tool")

    shown = client.get(change_url(flask))
    sent = client.post(change_url(flask), {"name": "Mine"})

    assert shown.status_code == 200
    assert sent.status_code == 403
    assert client.get(ADD).status_code == 403


@pytest.mark.parametrize("may", ["view", "change"])
def test_tool_is_saved_by_those_who_may_not_delete_what_is_around_it(
    client: Client, make_rich_tool: Callable[..., Tool], may: str
) -> None:
    tool = make_rich_tool("Flask", rows=2)
    parts = ["toolalias", "package", "toolrepository", "integration", "point"]
    client = permitted(client, "view_tool", "change_tool", *(f"{may}_{part}" for part in parts))

    response = save(client, tool, name="Flask!")

    tool.refresh_from_db()
    assert response.status_code == 302
    assert (tool.name, tool.edited_fields) == ("Flask!", ["name"])


def test_actions_cost_the_same_for_3_and_30_rows(
    maud_client: Client, count_queries: Callable[..., Any]
) -> None:
    tools = ToolFactory.create_batch(30, is_listed=False)

    with count_queries(at_most=25):
        act(maud_client, "list_tools", *tools)

    assert Tool.objects.listed().count() == 30


def test_tool_is_deleted_with_its_rows(maud_client: Client, flask: Tool) -> None:
    PackageFactory(tool=flask)
    PointAnswerFactory(point__tool=flask)
    ToolFollowFactory(tool=flask)
    IntegrationFactory(tool=flask)
    AlternativeFactory(tool=flask)

    response = maud_client.post(f"{LIST}{flask.pk}/delete/", {"post": "yes"})

    assert response.status_code == 302
    assert not Tool.objects.filter(pk=flask.pk).exists()
    assert not Package.objects.exists()
    assert not Point.objects.exists()


def test_tool_that_is_none_leads_back(maud_client: Client) -> None:
    response = maud_client.get(f"{LIST}999999/change/", follow=True)

    assert "Perhaps it was deleted?" in response.text


def test_tools_are_completed_by_name_as_one_types(maud_client: Client, flask: Tool) -> None:
    ToolFactory(name="Other")

    response = maud_client.get(
        "/admin/autocomplete/",
        {"term": "fla", "app_label": "tools", "model_name": "integration", "field_name": "other"},
    )

    assert response.json()["results"] == [{"id": str(flask.pk), "text": "Flask"}]


def test_saving_writes_what_was_changed_only(maud_client: Client, flask: Tool) -> None:
    PointFactory(tool=flask)

    with CaptureQueriesContext(connection) as queries:
        save(maud_client, flask, name="Flask!", **{"points-0-text": "ONE file is enough"})

    columns = {
        table: set(re.findall(r'"(\w+)" = ', values))
        for table, values in re.findall(
            r'UPDATE "(tools_tool|tools_point)" SET (.*?) WHERE', " ".join(q["sql"] for q in queries[::-1])
        )
    }
    # The note of the edited part, which comes last, is the one update of the tool besides.
    assert columns["tools_point"] == {"text", "folded"}
    assert columns["tools_tool"] == {"name", "edited_fields", "changed_at"}
    assert flask.points.get().folded == "one file is enough"


DELETED_WITH_A_TOOL = ("delete_tool", "delete_point", "delete_integration", "delete_comparisontool")


@pytest.mark.parametrize("missing", [None, *DELETED_WITH_A_TOOL])
def test_tool_is_deleted_by_those_who_may_delete_what_people_wrote_of_it(
    client: Client, flask: Tool, missing: str | None
) -> None:
    answer = PointAnswerFactory(point__tool=flask)
    ToolFollowFactory(tool=flask)
    AlternativeFactory(tool=flask)
    IntegrationFactory(tool=flask)
    Vote.objects.create(voter=answer.person, point=answer.point)
    make_comparison(flask, ToolFactory())
    rights = {"view_tool", *DELETED_WITH_A_TOOL} - {missing}
    client = permitted(client, *rights)

    response = client.post(f"{LIST}{flask.pk}/delete/", {"post": "yes"})

    assert response.status_code == (403 if missing else 302)
    assert Tool.objects.filter(pk=flask.pk).exists() == bool(missing)
