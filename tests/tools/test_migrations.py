"""Migrations: code of the release before goes on while they run, and rows of it become rows of this one."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.apps.registry import Apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.accounts.models import User
from apps.tools.models import Point
from tests.factories.tools import ToolFactory


def apps_of(*names: tuple[str, str]) -> Apps:
    """The models as they were after these migrations."""
    apps: Apps = MigrationExecutor(connection).loader.project_state(list(names)).apps
    return apps


@pytest.mark.django_db
def test_code_of_the_release_before_writes_and_reads_points() -> None:
    old_point: Any = apps_of(("tools", "0001_initial")).get_model("tools", "Point")
    tool = ToolFactory()
    same = {"tool_id": tool.pk, "kind": "pro", "text": "One file is enough", "about": "3"}

    for _ in range(2):
        old_point.objects.create(**same)

    assert list(old_point.objects.order_by("-vote_count").values_list("vote_count", flat=True)) == [0, 0]
    assert [(point.up_count, point.rank) for point in Point.objects.all()] == [(0, 0), (0, 0)]
    Point.objects.create(**{**same, "text": "Two files are enough"})
    assert old_point.objects.filter(vote_count=0).count() == 3


@pytest.mark.django_db
def test_code_of_the_release_before_adds_people() -> None:
    old_user: Any = apps_of(("accounts", "0001_initial")).get_model("accounts", "User")

    old_user.objects.create(username="old", email="old@example.org")

    person = User.objects.get()
    assert (person.bio, person.title, person.company, person.place, person.avatar_digest) == ("",) * 5
    assert (person.links, person.reputation, person.follower_count) == ([], 0, 0)


@pytest.mark.django_db(transaction=True)
def test_points_that_say_the_same_become_one(caplog: pytest.LogCaptureFixture) -> None:
    tools = [ToolFactory().pk for _ in range(2)]
    # Only these two are taken back: with all that came after them it would be most of the database.
    loader = MigrationExecutor(connection).loader
    before = ("tools", "0002_points_by_people")
    fold, unique = (
        loader.get_migration("tools", n) for n in ("0003_fold_points", "0004_unique_folded_points")
    )
    folded = loader.project_state([("tools", fold.name)])
    with connection.schema_editor() as editor:
        unique.unapply(folded.clone(), editor)
    try:
        make: Callable[..., Any] = apps_of(before).get_model("tools", "Point").objects.create
        kept = []
        for tool in tools:
            texts = ["Café included", "Cafe included!", "CAFE - included"]
            rows = [make(tool_id=tool, kind="pro", text=text, about="3", origin="person") for text in texts]
            kept += [rows[0].pk, make(tool_id=tool, kind="con", text=texts[0], about="3").pk]
        of_catalogue = make(tool_id=tools[1], kind="pro", text="cafe included", about="3", origin="catalogue")
        kept[2] = of_catalogue.pk
        with caplog.at_level(logging.WARNING), connection.schema_editor() as editor:
            fold.apply(loader.project_state([before]), editor)
    finally:
        with connection.schema_editor() as editor:
            unique.apply(folded, editor)

    assert sorted(Point.objects.values_list("pk", flat=True)) == sorted(kept)
    assert set(Point.objects.values_list("folded", flat=True)) == {"cafe included"}
    assert sum("Removed pro or con" in line for line in caplog.messages) == 5
