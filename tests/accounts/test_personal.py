from typing import Any

import pytest

from apps.accounts.models import User
from apps.accounts.services import personal
from apps.accounts.services.personal import (
    export_names,
    gather,
    register_closing,
    register_export,
    take_away_all,
)
from tests.accounts.personal_rows import ROWS, references


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(personal, "_exports", {})
    monkeypatch.setattr(personal, "_closings", {})


@pytest.mark.usefixtures("empty")
def test_gather_asks_each_app_once() -> None:
    def rows(person: User) -> list[dict[str, Any]]:
        return [{"name": person.username}]

    register_export("later", lambda person: [])
    for _ in range(2):
        register_export("first", rows)

    assert export_names() == ["first", "later"]
    assert gather(User(username="alice")) == {"first": [{"name": "alice"}], "later": []}


@pytest.mark.usefixtures("empty")
def test_take_away_all_asks_each_app_once() -> None:
    asked = []
    register_closing("b", lambda person: asked.append(("b", person.username)))
    for _ in range(2):
        register_closing("a", lambda person: asked.append(("a", person.username)))

    take_away_all(User(username="alice"))

    assert asked == [("a", "alice"), ("b", "alice")]


def test_every_reference_to_a_person_is_thought_of() -> None:
    assert sorted(name for name, _, _ in references()) == sorted(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_every_reference_is_exported_or_has_a_reason(name: str) -> None:
    kept = ROWS[name]

    assert bool(kept.export) != bool(kept.because)
    assert not kept.export or kept.export in export_names()


def test_every_export_is_of_some_reference() -> None:
    assert set(export_names()) == {kept.export for kept in ROWS.values() if kept.export}
