from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model, ProtectedError

from apps.core.markdown import MAX_CHARACTERS
from apps.tools.models import (
    Alternative,
    CatalogueLoad,
    Category,
    ImportedTool,
    Integration,
    Package,
    Point,
    Tool,
    ToolAlias,
    ToolRepository,
)
from tests.factories.tools import (
    CategoryFactory,
    FunctionFactory,
    LayerFactory,
    RepositoryFactory,
    ToolAliasFactory,
    ToolFactory,
    ToolRepositoryFactory,
)

pytestmark = pytest.mark.django_db


def refused(constraint: str, create: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        create(*args, **kwargs)


def test_layer_slug_is_unique_although_it_has_no_parent() -> None:
    LayerFactory(slug="devops")

    refused("category_slug_unique", Category.objects.create, level="layer", slug="devops", name="DevOps")


def test_function_slug_is_unique_in_its_category() -> None:
    category = FunctionFactory(slug="queues").parent

    refused(
        "category_slug_unique",
        Category.objects.create,
        level="function",
        parent=category,
        slug="queues",
        name="Queues",
    )


def test_function_slug_may_stand_in_another_category() -> None:
    FunctionFactory(slug="queues")

    other = FunctionFactory(slug="queues", parent=CategoryFactory(slug="data-stores"))

    assert Category.objects.filter(slug="queues").count() == 2
    assert other.parent.slug == "data-stores"


def test_layer_has_no_parent() -> None:
    parent = LayerFactory()

    refused(
        "category_layer_is_root",
        Category.objects.create,
        level="layer",
        parent=parent,
        slug="devops",
        name="DevOps",
    )


@pytest.mark.parametrize("level", ["category", "function"])
def test_category_below_a_layer_has_a_parent(level: str) -> None:
    refused("category_layer_is_root", Category.objects.create, level=level, slug="queues", name="Queues")


@pytest.mark.parametrize(
    ("level", "parent"),
    [("category", CategoryFactory), ("category", FunctionFactory), ("function", LayerFactory)],
)
def test_category_stands_right_below_the_level_above(level: str, parent: Callable[[], Category]) -> None:
    node = Category(level=level, parent=parent(), slug="queues", name="Queues")

    with pytest.raises(ValidationError, match="stands in a") as caught:
        node.full_clean()

    assert "parent" in caught.value.message_dict


@pytest.mark.parametrize("make", [LayerFactory, CategoryFactory, FunctionFactory])
def test_category_in_its_place_is_in_order(make: Callable[[], Category]) -> None:
    make().full_clean()

    assert Category.objects.exists()


def test_category_with_tools_cannot_be_deleted() -> None:
    tool = ToolFactory()

    with pytest.raises(ProtectedError):
        tool.function.delete()

    assert Tool.objects.filter(pk=tool.pk).exists()


def test_trail_goes_from_the_layer_down() -> None:
    function = FunctionFactory()

    assert [node.level for node in function.trail] == ["layer", "category", "function"]


def test_category_address_is_its_path_of_slugs() -> None:
    function = FunctionFactory()

    assert (
        function.get_absolute_url()
        == "/tools/in/application-and-data/languages-and-frameworks/microframeworks/"
    )


def test_tool_slug_is_unique() -> None:
    tool = ToolFactory(name="Flask")

    refused("tools_tool_slug", Tool.objects.create, name="Other", slug="flask", function=tool.function)


@pytest.mark.parametrize("slug", ["", "Flask", "a--b", "-a", "a-", "a_b", "flask\n", "é"])
def test_tool_slug_has_the_form_of_an_address(slug: str) -> None:
    function = FunctionFactory()

    refused("tool_slug_form", Tool.objects.create, name="Flask", slug=slug, function=function)


@pytest.mark.parametrize("slug", ["in", "options", "trending", "flask-vs-django", "flask-vs"])
def test_tool_slug_is_no_address_of_the_site(slug: str) -> None:
    with pytest.raises(ValidationError, match="an address of the site itself") as caught:
        Tool(name="Flask", slug=slug, function=FunctionFactory()).full_clean()

    assert list(caught.value.message_dict) == ["slug"]


def test_tool_slug_is_no_alias_of_another_tool() -> None:
    ToolAliasFactory(slug="flask", tool=ToolFactory(name="Quart"))

    with pytest.raises(ValidationError, match="leads to Quart"):
        Tool(name="Flask", slug="flask", function=FunctionFactory()).full_clean()


def test_tool_slug_may_be_an_alias_of_its_own() -> None:
    tool = ToolFactory(name="Flask")
    ToolAliasFactory(slug="flask", tool=tool)

    tool.full_clean()

    assert tool.aliases.get().slug == tool.slug


def test_alias_is_no_slug_of_a_tool() -> None:
    ToolFactory(name="Flask")

    with pytest.raises(ValidationError, match="the address of Flask"):
        ToolAlias(tool=ToolFactory(name="Quart"), slug="flask").full_clean()


@pytest.mark.parametrize("slug", ["options", "flask-vs-django"])
def test_alias_is_no_address_of_the_site(slug: str) -> None:
    with pytest.raises(ValidationError, match="an address of the site itself"):
        ToolAlias(tool=ToolFactory(), slug=slug).full_clean()


def test_alias_that_leads_nowhere_yet_is_in_order() -> None:
    alias = ToolAlias(tool=ToolFactory(name="Quart"), slug="flask")

    alias.full_clean()

    assert str(alias) == "flask"


def test_logo_is_a_file_that_the_site_has() -> None:
    with pytest.raises(ValidationError, match=r"no file static/logos/nowhere\.svg"):
        ToolFactory.build(name="Flask", logo="nowhere", function=FunctionFactory()).full_clean()


def test_logo_that_the_site_has_is_in_order() -> None:
    tool = ToolFactory(name="Flask", logo="flask")

    tool.full_clean()

    assert tool.logo == "flask"


def test_description_is_no_longer_than_what_can_be_shown() -> None:
    tool = ToolFactory.build(description="x" * (MAX_CHARACTERS + 1), function=FunctionFactory())

    with pytest.raises(ValidationError) as caught:
        tool.full_clean()

    assert list(caught.value.message_dict) == ["description"]


def test_tool_cannot_succeed_itself() -> None:
    tool = ToolFactory()
    tool.successor = tool

    refused("tool_successor_is_another", tool.save)


def test_tool_outlives_its_successor() -> None:
    tool = ToolFactory(successor=ToolFactory())

    tool.successor.delete()

    tool.refresh_from_db()
    assert tool.successor is None


@pytest.mark.parametrize("counter", ["stack_count", "follower_count", "vote_count"])
def test_counter_is_never_negative(counter: str) -> None:
    tool = ToolFactory()
    setattr(tool, counter, -1)

    refused(counter, tool.save)


@pytest.mark.parametrize(("description", "expected"), [("", False), ("It does one thing.", True)])
def test_tool_has_text_of_its_own_when_it_is_described(description: str, expected: bool) -> None:
    assert ToolFactory.build(description=description, function=None).has_own_text is expected


def test_alias_leads_to_one_tool() -> None:
    alias = ToolAliasFactory()

    refused("tools_toolalias_slug", ToolAlias.objects.create, slug=alias.slug, tool=ToolFactory())


def test_package_belongs_to_one_tool() -> None:
    Package.objects.create(tool=ToolFactory(), type="pypi", name="flask")

    refused("package_unique", Package.objects.create, tool=ToolFactory(), type="pypi", name="flask")


def test_repository_stands_with_a_tool_once() -> None:
    link = ToolRepositoryFactory()

    refused(
        "toolrepository_unique", ToolRepository.objects.create, tool=link.tool, repository=link.repository
    )


def test_tool_has_one_primary_repository() -> None:
    tool = ToolFactory(stars=1)
    repository = RepositoryFactory()

    refused(
        "toolrepository_one_primary",
        ToolRepository.objects.create,
        tool=tool,
        repository=repository,
        is_primary=True,
    )


def test_tool_may_have_several_repositories() -> None:
    tool = ToolFactory(stars=1)

    ToolRepositoryFactory(tool=tool)
    ToolRepositoryFactory(tool=tool)

    assert tool.repositories.count() == 3


def test_integration_of_a_kind_stands_once() -> None:
    flask, python = ToolFactory(), ToolFactory()
    Integration.objects.create(tool=flask, other=python, kind="runs_on")

    refused("integration_unique", Integration.objects.create, tool=flask, other=python, kind="runs_on")


def test_integration_is_with_another_tool() -> None:
    tool = ToolFactory()

    refused("integration_with_another", Integration.objects.create, tool=tool, other=tool, kind="extends")


def test_every_kind_of_integration_has_words_for_the_other_side() -> None:
    assert set(Integration.REVERSE) == set(Integration.Kind.values)


def test_statement_stands_once_in_whatever_case() -> None:
    tool = ToolFactory()
    Point.objects.create(tool=tool, kind="pro", text="One file is enough", about="3")

    refused("point_unique", Point.objects.create, tool=tool, kind="pro", text="one FILE is enough", about="2")


def test_statement_may_be_a_pro_and_a_con() -> None:
    tool = ToolFactory()

    for kind in Point.Kind.values:
        Point.objects.create(tool=tool, kind=kind, text="One file is enough", about="3")

    assert tool.points.count() == 2


def test_statement_has_ten_characters() -> None:
    tool = ToolFactory()

    refused("point_text_length", Point.objects.create, tool=tool, kind="pro", text="It's nice", about="3")


def test_alternative_stands_once() -> None:
    tool, other = ToolFactory(), ToolFactory()
    Alternative.objects.create(tool=tool, other=other, rank=1, likeness=0.5)

    refused("alternative_unique", Alternative.objects.create, tool=tool, other=other, rank=2, likeness=0.5)


def test_rank_of_an_alternative_is_held_once() -> None:
    tool, other = ToolFactory(), ToolFactory()
    Alternative.objects.create(tool=tool, other=ToolFactory(), rank=1, likeness=0.5)

    refused(
        "alternative_rank_unique", Alternative.objects.create, tool=tool, other=other, rank=1, likeness=0.5
    )


def test_alternative_is_another_tool() -> None:
    tool = ToolFactory()

    refused("alternative_is_another", Alternative.objects.create, tool=tool, other=tool, rank=1, likeness=1)


def test_row_of_a_source_is_imported_once() -> None:
    ImportedTool.objects.create(tool=ToolFactory(), source="dataset", external_id="Service_1")
    other = ToolFactory()

    refused(
        "importedtool_unique",
        ImportedTool.objects.create,
        tool=other,
        source="dataset",
        external_id="Service_1",
    )


def test_tool_is_imported_once() -> None:
    tool = ToolFactory()
    ImportedTool.objects.create(tool=tool, source="dataset", external_id="Service_1")

    refused("tool_id", ImportedTool.objects.create, tool=tool, source="dataset", external_id="Service_2")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (Category(name="DevOps"), "DevOps"),
        (Tool(name="Flask"), "Flask"),
        (ToolAlias(slug="flask-python"), "flask-python"),
        (Package(type="pypi", name="flask"), "pypi: flask"),
        (ToolRepository(tool_id=1, repository_id=2), "1: 2"),
        (Integration(tool_id=1, other_id=2, kind="runs_on"), "1 runs_on 2"),
        (Point(text="One file is enough"), "One file is enough"),
        (Alternative(tool_id=1, other_id=2, rank=3), "1: 3. 2"),
        (ImportedTool(source="dataset", external_id="Service_1"), "dataset: Service_1"),
    ],
)
def test_row_is_told_apart_by_its_words(row: Model, expected: str) -> None:
    assert str(row) == expected


def test_load_is_told_apart_by_its_time() -> None:
    load = CatalogueLoad.objects.create(digest="0" * 64)

    assert str(load) == f"{load.loaded_at:%Y-%m-%d %H:%M}"
