"""The command; what it calls is tested in test_counters.py."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import IntegerField, Value

from apps.accounts.models import User
from apps.core import counters
from apps.core.counters import Counter, register

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _counter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "_counters", {})
    register(Counter("reputation", User.objects.all, "reputation", lambda: Value(5, IntegerField())))


def run(*args: str) -> str:
    out = StringIO()
    call_command("recount", *args, stdout=out)
    return out.getvalue()


def test_command_mends_counters_and_says_which(alice: Any) -> None:
    said = run()

    assert said == f"reputation of {alice.pk}: 0, right is 5\n1 counters compared, 1 rows mended.\n"
    alice.refresh_from_db()
    assert alice.reputation == 5
    assert run() == "1 counters compared, 0 rows mended.\n"


def test_command_changes_nothing_when_it_is_a_dry_run(alice: Any) -> None:
    assert "1 rows would be mended." in run("--dry-run")
    alice.refresh_from_db()
    assert alice.reputation == 0


def test_command_shows_its_progress_on_a_terminal(
    alice: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)

    run()

    assert "1/1" in capsys.readouterr().err


def test_command_shows_no_progress_in_a_pipe(alice: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run()

    assert capsys.readouterr().err == ""
