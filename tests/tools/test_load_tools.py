from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.github.models import FormerName, Repository
from apps.tools.catalogue import read_catalogue
from apps.tools.models import Category, Integration, Package, Point, Tool, ToolAlias, ToolRepository
from apps.tools.services.catalogue import LoadReport, load_tools
from tests.factories.tools import (
    PackageFactory,
    PointFactory,
    RepositoryFactory,
    ToolAliasFactory,
    ToolFactory,
)

pytestmark = pytest.mark.django_db

FILE = "tools/languages-and-frameworks.toml"
PARTS = {
    "aliases": ToolAlias,
    "packages": Package,
    "repositories": ToolRepository,
    "integrations": Integration,
    "points": Point,
}


@pytest.fixture
def load(catalogue_dir: Path) -> Callable[..., LoadReport]:
    """`load({"Flask maps": "Flask binds"})`: loads the small catalogue with such changes to its text."""

    def load(changes: dict[str, str] | None = None, **options: Any) -> LoadReport:
        path = catalogue_dir / FILE
        for old, new in (changes or {}).items():
            text = path.read_text()
            assert old in text
            path.write_text(text.replace(old, new, 1))
        return load_tools(read_catalogue(catalogue_dir), **options)

    return load


Load = Callable[..., LoadReport]


def flask() -> Tool:
    return Tool.objects.get(slug="flask")


def everything() -> dict[str, list[dict[str, Any]]]:
    models = [*apps.get_app_config("tools").get_models(), Repository]
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in models}


def test_load_writes_what_the_entry_says(load: Load) -> None:
    load()

    tool = flask()
    assert tool.name == "Flask"
    assert tool.tagline == "A small Python web framework: routing, templates and a test client"
    assert tool.description == "Flask maps URLs to Python functions."
    assert tool.website == "https://flask.palletsprojects.com"
    assert (tool.license, tool.language, tool.first_release) == ("BSD-3-Clause", "Python", "2010-04-01")
    assert tool.features == ["Routing by decorator"]
    assert tool.function.slug == "microframeworks"
    assert tool.facts_on == date(2026, 11, 22)
    assert (tool.origin, tool.is_listed, tool.edited_fields) == (Tool.Origin.CATALOGUE, True, [])


def test_load_leaves_empty_what_the_entry_leaves_out(load: Load) -> None:
    load()

    tool = Tool.objects.get(slug="python")
    assert (tool.website, tool.license, tool.language, tool.first_release) == ("", "", "", "")
    assert (tool.description, tool.features, tool.logo, tool.successor) == ("", [], "", None)


def test_load_writes_the_rows_around_a_tool(load: Load) -> None:
    load()

    tool = flask()
    assert [alias.slug for alias in tool.aliases.all()] == ["flask-python"]
    assert [str(package) for package in tool.packages.all()] == ["pypi: flask"]
    assert [(i.other.slug, i.kind) for i in tool.integrations.all()] == [("python", "built_with")]
    assert [(p.kind, p.about, p.origin) for p in tool.points.order_by("kind")] == [
        ("con", "3.1", "catalogue"),
        ("pro", "3.1", "catalogue"),
    ]


def test_load_writes_the_taxonomy_in_its_order(load: Load) -> None:
    load()

    assert set(Category.objects.values_list("level", "parent__slug", "slug", "name", "position")) == {
        ("layer", None, "application-and-data", "Application & Data", 0),
        ("category", "application-and-data", "languages-and-frameworks", "Languages & Frameworks", 0),
        ("category", "application-and-data", "data-stores", "Data Stores", 1),
        ("function", "languages-and-frameworks", "languages", "Languages", 0),
        ("function", "languages-and-frameworks", "microframeworks", "Microframeworks", 1),
        ("function", "data-stores", "relational-databases", "Relational Databases", 0),
    }


def test_load_counts_what_it_did(load: Load) -> None:
    assert load() == LoadReport(created=2)
    assert load() == LoadReport(unchanged=2)
    assert load({"Flask maps": "Flask binds"}) == LoadReport(changed=1, unchanged=1)


def test_load_changes_no_row_when_repeated(load: Load) -> None:
    load()
    before = everything()

    load()

    assert everything() == before


def test_load_ticks_once_for_each_tool(load: Load) -> None:
    ticks: list[None] = []

    load(tick=lambda: ticks.append(None))

    assert len(ticks) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Flask maps", "Flask binds"),
        ('function = "microframeworks"', 'function = "languages"'),
        ('features = ["Routing by decorator"]', "features = []"),
        ('license = "BSD-3-Clause"', ""),
        ('language = "Python"', 'status = "archived"\nsuccessor = "python"'),
        ('aliases = ["flask-python"]', ""),
        ('"pkg:pypi/flask"', '"pkg:pypi/quart"'),
        ('["pallets/flask"]', '["pallets/flask", "pallets/quart"]'),
        ('kind = "built_with"', 'kind = "runs_on"'),
        ("No ORM, forms or admin", "No ORM"),
        (
            'text = "No ORM, forms or admin come with it", about = "3.1"',
            'text = "No ORM is in it", about = "3"',
        ),
    ],
)
def test_change_in_a_file_is_a_change_of_that_tool_alone(load: Load, old: str, new: str) -> None:
    load()
    before = timezone.now()

    report = load({old: new})

    assert report == LoadReport(changed=1, unchanged=1)
    assert [tool.slug for tool in Tool.objects.filter(changed_at__gt=before)] == ["flask"]
    assert load() == LoadReport(unchanged=2)


def test_newer_date_of_the_same_facts_is_no_change_of_the_page(load: Load) -> None:
    load()
    before = timezone.now()

    load({"as_of = 2026-11-22": "as_of = 2026-11-23"})

    assert flask().facts_on == date(2026, 11, 23)
    assert not Tool.objects.filter(changed_at__gt=before).exists()


def test_successor_is_set_and_taken_back(load: Load) -> None:
    load({'language = "Python"': 'status = "archived"\nsuccessor = "python"'})
    assert flask().successor == Tool.objects.get(slug="python")

    load({'successor = "python"': ""})

    assert flask().successor is None


def test_successor_alone_is_a_change_of_the_page(load: Load) -> None:
    load({'language = "Python"': 'status = "archived"'})
    before = timezone.now()

    report = load({'status = "archived"': 'status = "archived"\nsuccessor = "python"'})

    assert report == LoadReport(changed=1, unchanged=1)
    assert flask().changed_at > before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Flask!"),
        ("tagline", "My own words"),
        ("description", ""),
        ("website", ""),
        ("license", "MIT"),
        ("language", "C"),
        ("first_release", "2009"),
        ("status", "archived"),
        ("features", ["Mine"]),
        ("logo", "flask"),
        ("is_listed", False),
    ],
)
def test_field_that_a_person_edited_stays(load: Load, field: str, value: Any) -> None:
    load()
    Tool.objects.filter(slug="flask").update(**{field: value, "edited_fields": [field]})

    report = load({"Flask maps": "Flask binds"})

    assert getattr(flask(), field) == value
    assert report.kept == ([] if field == "is_listed" else [f"flask.{field}"])


def test_other_fields_follow_the_file_beside_an_edited_one(load: Load) -> None:
    load()
    Tool.objects.filter(slug="flask").update(name="Flask!", edited_fields=["name"])

    report = load({"Flask maps": "Flask binds"})

    assert flask().description == "Flask binds URLs to Python functions."
    assert (report.changed, report.kept) == (1, ["flask.name"])


def test_successor_that_a_person_edited_stays(load: Load) -> None:
    load()
    heir = ToolFactory(name="Heir")
    Tool.objects.filter(slug="flask").update(successor=heir, edited_fields=["successor"])

    report = load()

    assert flask().successor == heir
    assert report.kept == ["flask.successor"]


@pytest.mark.parametrize("part", PARTS)
def test_part_that_a_person_edited_stays(load: Load, part: str) -> None:
    load()
    tool = flask()
    PARTS[part].objects.filter(tool=tool).delete()
    tool.edited_fields = [part]
    tool.save()

    report = load()

    assert not PARTS[part].objects.filter(tool=tool).exists()
    assert report == LoadReport(unchanged=2)


@pytest.mark.parametrize("part", PARTS)
def test_part_that_was_lost_is_brought_back(load: Load, part: str) -> None:
    load()
    PARTS[part].objects.filter(tool=flask()).delete()

    report = load()

    assert PARTS[part].objects.filter(tool=flask()).exists()
    assert report == LoadReport(changed=1, unchanged=1)


def test_statement_of_a_person_stays(load: Load) -> None:
    load()
    mine = PointFactory(tool=flask(), origin=Tool.Origin.PERSON)

    report = load()

    assert Point.objects.filter(pk=mine.pk).exists()
    assert report == LoadReport(unchanged=2)


def test_package_of_another_tool_stays_with_it(load: Load) -> None:
    other = ToolFactory(name="Mine", origin=Tool.Origin.PERSON)
    PackageFactory(tool=other, type="pypi", name="flask")

    load()

    assert Package.objects.get(type="pypi", name="flask").tool == other


def test_alias_of_another_tool_stays_with_it(load: Load) -> None:
    other = ToolFactory(name="Mine", origin=Tool.Origin.PERSON)
    ToolAliasFactory(tool=other, slug="flask-python")

    load()

    assert ToolAlias.objects.get(slug="flask-python").tool == other


def test_package_moves_to_another_tool_of_the_catalogue(load: Load) -> None:
    load()

    load(
        {
            'packages = ["pkg:pypi/flask"]': "",
            'slug = "python"': 'slug = "python"\npackages = ["pkg:pypi/flask"]',
        }
    )

    assert Package.objects.get().tool.slug == "python"


def test_renamed_slug_is_found_by_the_alias(load: Load) -> None:
    load()
    before = flask().pk

    report = load({'slug = "flask"': 'slug = "flask-web"', '["flask-python"]': '["flask-python", "flask"]'})

    tool = Tool.objects.get(pk=before)
    assert tool.slug == "flask-web"
    assert {alias.slug for alias in tool.aliases.all()} == {"flask", "flask-python"}
    assert report == LoadReport(changed=1, unchanged=1)


def test_alias_can_become_the_slug(load: Load) -> None:
    load()
    before = flask().pk

    load({'slug = "flask"': 'slug = "flask-python"', '["flask-python"]': '["flask"]'})

    tool = Tool.objects.get(pk=before)
    assert tool.slug == "flask-python"
    assert [alias.slug for alias in tool.aliases.all()] == ["flask"]


def test_slug_changed_without_an_alias_is_another_tool(load: Load) -> None:
    load({'aliases = ["flask-python"]': "", 'packages = ["pkg:pypi/flask"]': ""})

    report = load({'slug = "flask"': 'slug = "flask-web"', 'name = "Flask"': 'name = "Flask Web"'})

    assert report.created == 1
    assert Tool.objects.filter(slug__in=["flask", "flask-web"]).count() == 2


def test_imported_tool_becomes_one_of_the_catalogue(load: Load) -> None:
    ToolFactory(name="Flask", origin=Tool.Origin.IMPORT, is_listed=False, description="")

    report = load()

    assert (flask().origin, flask().is_listed) == (Tool.Origin.CATALOGUE, True)
    assert (report.created, report.changed) == (1, 1)


def test_imported_tool_that_a_moderator_unlisted_stays_so(load: Load) -> None:
    ToolFactory(name="Flask", origin=Tool.Origin.IMPORT, is_listed=False, edited_fields=["is_listed"])

    load()

    assert (flask().origin, flask().is_listed) == (Tool.Origin.CATALOGUE, False)


def test_tool_that_the_catalogue_does_not_name_stays(load: Load) -> None:
    ToolFactory(name="Mine", origin=Tool.Origin.PERSON)
    before = Tool.objects.filter(slug="mine").values().get()

    load()

    assert Tool.objects.filter(slug="mine").values().get() == before


@pytest.mark.parametrize(("logo", "expected"), [("flask", "flask"), ("no-such-logo", "")])
def test_logo_is_one_that_the_site_has(load: Load, logo: str, expected: str) -> None:
    load({'language = "Python"': f'logo = "{logo}"'})

    assert flask().logo == expected


def test_first_repository_is_the_primary_one(load: Load) -> None:
    load({'["pallets/flask"]': '["pallets/flask", "pallets/werkzeug"]'})
    assert flask().repository_links.get(is_primary=True).repository.full_name == "pallets/flask"

    load({'["pallets/flask", "pallets/werkzeug"]': '["pallets/werkzeug", "pallets/flask"]'})

    assert flask().repository_links.get(is_primary=True).repository.full_name == "pallets/werkzeug"
    assert flask().repositories.count() == 2


def test_repository_that_is_known_is_used_in_whatever_case(load: Load) -> None:
    known = RepositoryFactory(full_name="Pallets/Flask", stars=None)

    load()

    assert [repository.pk for repository in flask().repositories.all()] == [known.pk]


def test_repository_that_was_renamed_is_used_by_its_former_name(load: Load) -> None:
    known = RepositoryFactory(full_name="palletsprojects/flask")
    FormerName.objects.create(repository=known, full_name="Pallets/flask")

    load({'["pallets/flask"]': '["pallets/flask", "palletsprojects/flask"]'})
    load()

    assert Repository.objects.get() == known
    link = flask().repository_links.get()
    assert (link.repository, link.is_primary) == (known, True)


def test_repository_of_two_tools_is_one_row(load: Load) -> None:
    load({'slug = "python"': 'slug = "python"\nrepositories = ["Pallets/flask"]'})

    assert Repository.objects.get().tools.count() == 2


def test_node_of_the_taxonomy_takes_its_new_name(load: Load, catalogue_dir: Path) -> None:
    load()
    path = catalogue_dir / "taxonomy.toml"
    path.write_text(path.read_text().replace('"Data Stores"', '"Databases"'))

    load()

    assert Category.objects.get(slug="data-stores").name == "Databases"


def test_package_keeps_its_namespace(load: Load) -> None:
    load(
        {
            '"pkg:pypi/flask"': '"pkg:npm/%40angular/core", "pkg:composer/laravel/framework", '
            '"pkg:maven/org.springframework/spring-core", "pkg:golang/github.com/gin-gonic/gin"'
        }
    )

    assert {(package.type, package.name) for package in flask().packages.all()} == {
        ("npm", "@angular/core"),
        ("composer", "laravel/framework"),
        ("maven", "org.springframework/spring-core"),
        ("golang", "github.com/gin-gonic/gin"),
    }


def test_load_costs_the_same_queries_for_many_tools(load: Load) -> None:
    def cost(numbers: range) -> int:
        entries = "".join(
            f"""
[[tool]]
name = "Tool {number}"
slug = "tool-{number}"
function = "languages"
tagline = "What this tool is, in one plain phrase"
aliases = ["alias-{number}"]
packages = ["pkg:npm/package-{number}"]
repositories = ["owner/repository-{number}"]
integrations = [{{ tool = "python", kind = "runs_on" }}]
pros = [{{ text = "It can be checked by everybody", about = "2026" }}]
"""
            for number in numbers
        )
        with CaptureQueriesContext(connection) as queries:
            load(
                {
                    'slug = "python"': f'slug = "python"\n#{numbers}',
                    "as_of = 2026-11-22": "as_of = 2026-11-22" + entries,
                }
            )
        return len(queries)

    load()

    assert cost(range(5)) == cost(range(5, 105))
