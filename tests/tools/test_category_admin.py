from typing import Any

import pytest
from django.test import Client

from apps.tools.models import Category
from tests.factories.tools import CategoryFactory, FunctionFactory, LayerFactory, ToolFactory
from tests.tools.admin_forms import errors_of, form_data, queries_of

pytestmark = pytest.mark.django_db

LIST = "/admin/tools/category/"


def save(client: Client, node: Category, **changes: Any) -> Any:
    url = f"{LIST}{node.pk}/change/"
    return client.post(url, form_data(client.get(url), **changes))


def test_list_costs_the_same_for_3_and_30_rows(maud_client: Client) -> None:
    FunctionFactory()
    few = queries_of(maud_client, LIST)
    for number in range(27):
        FunctionFactory(slug=f"function-{number}")

    assert queries_of(maud_client, LIST) == few


def test_list_is_searched_and_filtered(maud_client: Client) -> None:
    function = FunctionFactory()

    found = maud_client.get(LIST, {"q": "framework", "level__exact": "function"})

    assert list(found.context["cl"].queryset) == [function]


def test_list_is_for_moderators(client: Client, alice: Any) -> None:
    client.force_login(alice)

    assert client.get(LIST).status_code == 302


def test_category_is_added(maud_client: Client) -> None:
    layer = LayerFactory()
    url = f"{LIST}add/"

    maud_client.post(
        url,
        form_data(maud_client.get(url), level="category", parent=layer.pk, slug="queues", name="Queues"),
    )

    assert Category.objects.get(slug="queues").parent == layer


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"level": "category"}, "A layer has no parent; a category or function has one."),
        ({"level": "function", "parent": "layer"}, "A function stands in a category."),
        ({"level": "layer", "parent": "layer"}, "A layer has no parent; a category or function has one."),
        ({"level": "shelf"}, "Select a valid choice."),
        ({"level": "layer", "slug": "Big Data"}, "Use lower-case letters, digits and single hyphens."),
        ({"level": "layer", "slug": "application-and-data"}, "already exists"),
    ],
)
def test_category_that_is_wrong_is_refused_with_words(
    maud_client: Client, values: dict[str, Any], words: str
) -> None:
    layer = LayerFactory()
    url = f"{LIST}add/"
    data = {"slug": "queues", "name": "Queues"} | values
    if "parent" in data:
        data["parent"] = layer.pk

    response = maud_client.post(url, form_data(maud_client.get(url), **data))

    assert words in str(errors_of(response))
    assert Category.objects.count() == 1


def test_category_cannot_stand_below_itself(maud_client: Client) -> None:
    category = CategoryFactory()

    response = save(maud_client, category, parent=category.pk)

    assert "A category stands in a layer." in str(errors_of(response))


def test_level_of_a_category_stays(maud_client: Client) -> None:
    category = CategoryFactory()

    save(maud_client, category, level="function", name="Renamed")

    category.refresh_from_db()
    assert (category.level, category.name) == ("category", "Renamed")


def test_category_with_tools_is_not_deleted(maud_client: Client) -> None:
    function = ToolFactory().function

    response = maud_client.post(f"{LIST}{function.pk}/delete/", {"post": "yes"})

    assert "would require deleting the following protected related objects" in response.text
    assert Category.objects.filter(pk=function.pk).exists()


def complete(client: Client, model: str, field: str) -> set[str]:
    response = client.get(
        "/admin/autocomplete/",
        {"term": "", "app_label": "tools", "model_name": model, "field_name": field},
    )
    return {result["text"] for result in response.json()["results"]}


def test_tool_is_offered_functions_only(maud_client: Client) -> None:
    FunctionFactory()

    assert complete(maud_client, "tool", "function") == {"Microframeworks"}


def test_category_is_offered_all_others_as_its_parent(maud_client: Client) -> None:
    FunctionFactory()

    assert len(complete(maud_client, "category", "parent")) == 3
