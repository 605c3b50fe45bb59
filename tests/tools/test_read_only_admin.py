from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client

from apps.tools.models import CatalogueLoad, ImportedTool
from tests.factories.tools import AlternativeFactory, PointAnswerFactory, ToolFactory, ToolFollowFactory
from tests.tools.admin_forms import queries_of

pytestmark = pytest.mark.django_db


def make_imported() -> ImportedTool:
    tool = ToolFactory()
    return ImportedTool.objects.create(tool=tool, source="dataset", external_id=f"Service_{tool.pk}")


def make_load() -> CatalogueLoad:
    return CatalogueLoad.objects.create(digest="0" * 64)


MODELS = [
    ("alternative", AlternativeFactory),
    ("importedtool", make_imported),
    ("catalogueload", make_load),
    ("pointanswer", PointAnswerFactory),
    ("toolfollow", ToolFollowFactory),
]

by_model = pytest.mark.parametrize(("model", "make"), MODELS, ids=[name for name, _ in MODELS])
Make = Callable[[], Model]


@by_model
def test_list_costs_the_same_for_3_and_30_rows(maud_client: Client, model: str, make: Make) -> None:
    for _ in range(3):
        make()
    few = queries_of(maud_client, f"/admin/tools/{model}/")
    for _ in range(27):
        make()

    assert queries_of(maud_client, f"/admin/tools/{model}/") == few


@by_model
def test_row_is_shown(maud_client: Client, model: str, make: Make) -> None:
    row = make()

    assert maud_client.get(f"/admin/tools/{model}/{row.pk}/change/").status_code == 200


@by_model
def test_row_is_written_by_workers_and_commands_only(maud_client: Client, model: str, make: Make) -> None:
    row = make()
    url = f"/admin/tools/{model}/"

    answers = [
        maud_client.get(f"{url}add/"),
        maud_client.post(f"{url}{row.pk}/change/", {}),
        maud_client.post(f"{url}{row.pk}/delete/", {"post": "yes"}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert type(row)._default_manager.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", ["alternative", "importedtool"])
def test_list_is_searched_by_the_tool(maud_client: Client, model: str) -> None:
    flask = ToolFactory(name="Flask")
    AlternativeFactory(tool=flask)
    AlternativeFactory()
    ImportedTool.objects.create(tool=flask, source="dataset", external_id="Service_1")
    make_imported()

    found: Any = maud_client.get(f"/admin/tools/{model}/", {"q": "flask"}).context["cl"].queryset

    assert [row.tool for row in found] == [flask]
