from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from apps.detection.knowledge import fold_package
from apps.detection.sights import Kind, Sight
from apps.detection.sources import from_database, from_files
from apps.tools.entries import CatalogueError
from apps.tools.models import Package, Tool, ToolAlias
from tests.factories.tools import ToolFactory


def test_files_give_every_tool_with_its_rules() -> None:
    knowledge = from_files()
    assert len(knowledge.tools) >= 1000
    assert knowledge.tools_for(Sight(Kind.PACKAGE, "Django", "", type="pypi")) == ("django",)
    assert knowledge.tools_for(Sight(Kind.PACKAGE, "postgres", "", type="docker")) == ("postgresql",)
    assert "docker" in knowledge.tools_for(Sight(Kind.FILE, "api/Dockerfile", ""))
    assert knowledge.named("Django") == "django"


def test_files_that_are_wrong_raise(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError):
        from_files(tmp_path)


@pytest.mark.django_db
def test_database_gives_listed_tools_with_their_rules() -> None:
    tool = ToolFactory.create(
        slug="flask",
        name="Flask",
        is_minor=True,
        detection={"commands": ["flask"], "umbrella": True, "scope": "build"},
    )
    Package.objects.create(tool=tool, type="pypi", name="Flask_Thing")
    ToolAlias.objects.create(tool=tool, slug="python-flask")
    ToolFactory.create(slug="hidden", is_listed=False)
    knowledge = from_database()
    known = knowledge.tools["flask"]
    assert (known.name, known.aliases, known.commands, known.scope) == (
        "Flask",
        ("python-flask",),
        ("flask",),
        "build",
    )
    assert known.is_minor
    assert known.is_umbrella
    assert known.packages == {("pypi", fold_package("pypi", "flask-thing"))}
    assert "hidden" not in knowledge.tools


@pytest.mark.django_db
def test_database_is_read_again_only_when_something_changed(count_queries: Any) -> None:
    tool = ToolFactory.create()
    first = from_database()
    with count_queries(at_most=1):
        assert from_database() is first
    Tool.objects.filter(pk=tool.pk).update(is_minor=True, changed_at=timezone.now() + timedelta(seconds=1))
    assert from_database().tools[tool.slug].is_minor
