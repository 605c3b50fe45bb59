from datetime import timedelta

import pytest
from django.utils import timezone

from apps.github.models import Failure
from apps.github.services.failures import KEPT_DAYS, forget_old_failures, note_failure
from tests.factories.tools import RepositoryFactory

pytestmark = pytest.mark.django_db


def test_note_failure_keeps_what_and_why_and_of_which() -> None:
    flask = RepositoryFactory()

    note_failure(kind="broken", reason="Something went wrong.", repository=flask)
    note_failure(kind="UnavailableError", reason="502 Bad Gateway")

    assert set(Failure.objects.values_list("kind", "reason", "repository")) == {
        ("broken", "Something went wrong.", flask.pk),
        ("UnavailableError", "502 Bad Gateway", None),
    }


def test_note_failure_cuts_what_is_too_long() -> None:
    note_failure(kind="k" * 99, reason="r" * 999)

    failure = Failure.objects.get()
    assert (failure.kind, failure.reason) == ("k" * 30, "r" * 300)


def test_forget_old_failures_leaves_those_of_a_month() -> None:
    for days in (0, KEPT_DAYS - 1, KEPT_DAYS + 1, 400):
        note_failure(kind=str(days), reason="")
        Failure.objects.filter(kind=str(days)).update(at=timezone.now() - timedelta(days=days))

    assert forget_old_failures() == 2
    assert forget_old_failures() == 0
    assert {failure.kind for failure in Failure.objects.all()} == {"0", str(KEPT_DAYS - 1)}


def test_failures_go_with_their_repository() -> None:
    flask = RepositoryFactory()
    note_failure(kind="broken", reason="", repository=flask)

    flask.delete()

    assert not Failure.objects.exists()
