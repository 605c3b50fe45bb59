from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from apps.github.models import Repository
from tests.factories.tools import RepositoryFactory, StarReadingFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def reading() -> object:
    return StarReadingFactory(
        repository=RepositoryFactory(full_name="pallets/flask"), date=date(2026, 8, 1), stars=72014
    )


@pytest.mark.parametrize("name", ["repository", "starreading"])
def test_admin_lists_and_searches(maud_client: Client, reading: object, name: str) -> None:
    found = maud_client.get(reverse(f"admin:github_{name}_changelist"), {"q": "pallets"})
    missed = maud_client.get(reverse(f"admin:github_{name}_changelist"), {"q": "nobody"})

    assert b"pallets/flask" in found.content
    assert b"pallets/flask" not in missed.content


def test_admin_says_what_is_wrong_with_a_repository(maud_client: Client) -> None:
    answer = maud_client.post(reverse("admin:github_repository_add"), {"full_name": "flask", "stars": "5"})

    assert answer.status_code == 200
    assert b"Write owner/name as on GitHub" in answer.content
    assert not Repository.objects.exists()


def test_admin_adds_a_repository(maud_client: Client) -> None:
    answer = maud_client.post(reverse("admin:github_repository_add"), {"full_name": "pallets/flask"})

    assert answer.status_code == 302
    assert Repository.objects.get().stars is None


def test_admin_is_closed_to_others(client: Client, reading: object) -> None:
    answer = client.get(reverse("admin:github_repository_changelist"))

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("admin:login"))
