"""Stacks and companies on the home page, a profile and in the search; what is not public on none of them."""

from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from tests.factories.stacks import CompanyFactory, ItemFactory, MembershipFactory, StackFactory

PAGES = ("/", "/@alice/", "/search/?q=tidewater")

pytestmark = pytest.mark.django_db

HIDDEN: list[dict[str, Any]] = [
    {"visibility": "private"},
    {"visibility": "unlisted"},
    {"is_hidden": True},
]


def shown(client: Client, page: str) -> str:
    response = client.get(page)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_public_stack_is_shown(client: Client, alice: User, page: str) -> None:
    stack = StackFactory(person=alice, name="Tidewater")
    ItemFactory(stack=stack)
    assert f'href="{stack.get_absolute_url()}"' in shown(client, page)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_stack_that_is_not_public_is_not_shown(
    client: Client, alice: User, page: str, hidden: dict[str, Any]
) -> None:
    StackFactory(person=alice, name="Tidewater", slug="secret-address", **hidden)
    assert "secret-address" not in shown(client, page)


@pytest.mark.parametrize("page", ["/", "/search/?q=tidewater"])
def test_stack_of_a_company_that_is_not_proved_is_not_shown(client: Client, page: str) -> None:
    company = CompanyFactory(name="Tidewater Ferries", slug="secret-company", is_proved=False)
    StackFactory(company=company, name="Tidewater", slug="secret-address")
    text = shown(client, page)
    assert "secret-address" not in text
    assert "secret-company" not in text


@pytest.mark.parametrize("hidden", HIDDEN)
def test_own_profile_shows_what_others_do_not_find(
    alice_client: Client, alice: User, hidden: dict[str, Any]
) -> None:
    stack = StackFactory(person=alice, **hidden)
    assert f'href="{stack.get_absolute_url()}"' in shown(alice_client, "/@alice/")


def test_profile_names_the_companies_that_are_proved(client: Client, alice: User) -> None:
    MembershipFactory(company=CompanyFactory(name="Tidewater"), person=alice)
    MembershipFactory(company=CompanyFactory(name="Hidden Ltd", is_proved=False), person=alice)
    text = shown(client, "/@alice/")
    assert "member of Tidewater" in text
    assert "Hidden Ltd" not in text


def test_search_finds_stacks_by_words_of_their_text_best_first(client: Client) -> None:
    StackFactory(name="Seat service", description="Ferries and their seats.")
    StackFactory(name="Ferry timetable")
    StackFactory(name="Rails only")
    text = shown(client, "/search/?q=ferry")
    assert text.index("Ferry timetable") < text.index("Seat service")
    assert "Rails only" not in text


@pytest.mark.parametrize("query", ["%00", "", "%27%22%28", "a%20OR", "%26%7C%21"])
def test_search_takes_any_text(client: Client, query: str) -> None:
    StackFactory(name="Tidewater")
    assert "Tidewater" not in shown(client, f"/search/?q={query}")
