import pytest
from django.test import Client
from django.urls import reverse

from apps.tools.models import Alternative
from tests.factories.tools import AlternativeFactory, ToolFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def row() -> Alternative:
    return AlternativeFactory(tool=ToolFactory(name="Flask"), other=ToolFactory(name="Bottle"))


def test_read_only_admin_shows_rows(maud_client: Client, row: Alternative) -> None:
    listed = maud_client.get(reverse("admin:tools_alternative_changelist"))
    shown = maud_client.get(reverse("admin:tools_alternative_change", args=[row.pk]))

    assert b"Bottle" in listed.content
    assert b"Bottle" in shown.content
    assert b'name="_save"' not in shown.content


@pytest.mark.parametrize("action", ["add", "change", "delete"])
def test_read_only_admin_writes_nothing(maud_client: Client, row: Alternative, action: str) -> None:
    args = [] if action == "add" else [row.pk]

    answer = maud_client.post(reverse(f"admin:tools_alternative_{action}", args=args), {"post": "yes"})

    assert answer.status_code == 403
    assert list(Alternative.objects.values_list("pk", "likeness")) == [(row.pk, row.likeness)]


def test_read_only_admin_offers_no_deletion_of_chosen_rows(maud_client: Client, row: Alternative) -> None:
    url = reverse("admin:tools_alternative_changelist")

    maud_client.post(url, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})

    assert Alternative.objects.filter(pk=row.pk).exists()
