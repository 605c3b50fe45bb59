"""Making, changing and deleting a stack by hand, and what it runs."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.stacks.models import Item, Stack
from apps.tools.models import Tool
from tests.factories.accounts import UserFactory
from tests.factories.stacks import CompanyFactory, ItemFactory, MembershipFactory, StackFactory
from tests.factories.tools import FunctionFactory, ToolAliasFactory, ToolFactory

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def stack(alice: User) -> Stack:
    return StackFactory(person=alice, name="Rider", slug="rider")


@pytest.fixture
def item(stack: Stack) -> Item:
    return ItemFactory(stack=stack, tool=ToolFactory(name="Flask"), why="Small.", version="3.0")


def undo(client: Client, page: str) -> str:
    """Press the undo button that `page` offers; answers the page that comes."""
    button = re.search(r'form="act" formaction="([^"]+)" name="undo" value="([^"]*)">Undo', page)
    assert button
    value = button[2].replace("&quot;", '"').replace("&#x27;", "'").replace("&lt;", "<").replace("&gt;", ">")
    return client.post(button[1], {"undo": value}, follow=True).content.decode()


def names(stack: Stack) -> list[str]:
    return [
        item.tool.name for item in stack.items.current().select_related("tool").order_by("position", "pk")
    ]


# --- The stack ---


NEW = {
    "name": "Rider API",
    "kind": "service",
    "visibility": "public",
    "description": "",
    "link": "",
    "repository": "",
}


def test_new_stack_leads_to_its_editor(alice_client: Client, alice: User) -> None:
    response = alice_client.post(
        "/stacks/new/",
        NEW | {"link": "rider.example.org", "repository": "https://github.com/example/rider.git"},
    )

    stack = Stack.objects.get(person=alice)
    assert response.headers["Location"] == f"/stacks/alice/{stack.slug}/edit/"
    assert (stack.name, stack.kind, stack.link) == ("Rider API", "service", "https://rider.example.org")
    assert stack.repository == "example/rider"


def test_new_stack_can_be_a_company_s(alice_client: Client, alice: User) -> None:
    company = CompanyFactory(slug="tidewater")
    MembershipFactory(company=company, person=alice)

    page = alice_client.get("/stacks/new/?company=tidewater").content.decode()
    alice_client.post("/stacks/new/", NEW | {"owner": "tidewater"})

    assert re.search(r'value="tidewater"[^>]* checked', page)
    assert Stack.objects.get().company == company


def test_new_stack_of_a_company_of_others_is_refused(alice_client: Client, alice: User) -> None:
    MembershipFactory(person=alice)
    CompanyFactory(slug="other")

    response = alice_client.post("/stacks/new/", NEW | {"owner": "other"})

    assert response.status_code == 422
    assert b"Choose one of these." in response.content
    assert not Stack.objects.exists()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": " "}, "Give it a name."),
        ({"name": "x" * 81}, "at most 80 characters"),
        ({"link": "javascript:alert(1)"}, "Write an address such as https://example.com/"),
        ({"repository": "no repository"}, "Write owner/name as on GitHub"),
        ({"visibility": "secret"}, "Select a valid choice"),
        ({"name": "a\0b"}, "Null characters are not allowed."),
    ],
)
def test_new_stack_with_an_error_keeps_what_was_typed(
    alice_client: Client, values: dict[str, str], words: str
) -> None:
    response = alice_client.post("/stacks/new/", NEW | {"description": "What it does"} | values)

    assert response.status_code == 422
    assert words in response.content.decode()
    assert "What it does</textarea>" in response.content.decode()
    assert not Stack.objects.exists()


def test_settings_of_a_stack_are_saved(alice_client: Client, stack: Stack) -> None:
    response = alice_client.post(
        "/stacks/alice/rider/edit/", NEW | {"name": "Other", "visibility": "private"}
    )

    stack.refresh_from_db()
    assert response.status_code == 302
    assert (stack.name, stack.visibility) == ("Other", "private")


def test_settings_with_an_error_keep_the_rest(alice_client: Client, stack: Stack, item: Item) -> None:
    response = alice_client.post("/stacks/alice/rider/edit/", NEW | {"name": "", "description": "Typed"})

    page = response.content.decode()
    assert response.status_code == 422
    assert "Typed</textarea>" in page
    assert "Flask" in page
    assert "Edit Rider" in page


def test_stack_is_deleted_after_a_question(alice_client: Client, stack: Stack) -> None:
    question = alice_client.get("/stacks/alice/rider/delete/")

    assert b"This can&#x27;t be undone." in question.content or b"This can't be undone." in question.content
    assert Stack.objects.exists()
    assert alice_client.post("/stacks/alice/rider/delete/").headers["Location"] == "/@alice/"
    assert not Stack.objects.exists()


def test_stack_of_a_company_is_deleted_by_who_looks_after_it(alice_client: Client, alice: User) -> None:
    stack = StackFactory(company=CompanyFactory(slug="tidewater"), slug="api")
    membership = MembershipFactory(company=stack.company, person=alice)

    assert alice_client.get("/stacks/tidewater/api/edit/").status_code == 200
    assert alice_client.get("/stacks/tidewater/api/delete/").status_code == 403
    membership.role = "admin"
    membership.save()
    assert alice_client.post("/stacks/tidewater/api/delete/").headers["Location"] == "/companies/tidewater/"


def test_editor_costs_as_many_queries_for_more_items(
    alice_client: Client, alice: User, stack: Stack, count_queries: Callable[..., Any]
) -> None:
    tools = Tool.objects.bulk_create(ToolFactory.build_batch(80, function=FunctionFactory()))
    Item.objects.bulk_create(ItemFactory.build(stack=stack, tool=tool) for tool in tools)

    with count_queries(at_most=10):
        response = alice_client.get("/stacks/alice/rider/edit/")

    assert response.status_code == 200


# --- What it runs ---


def add(client: Client, *tools: str) -> Any:
    return client.post("/stacks/alice/rider/items/", {"tools": [*tools]}, follow=True)


def test_tools_are_added_by_name_slug_and_alias(alice_client: Client, stack: Stack) -> None:
    ToolAliasFactory(tool=ToolFactory(name="Kubernetes"), slug="k8s")
    ToolFactory(name="Flask")
    ToolFactory(name="Node.js", slug="nodejs")

    page = add(alice_client, "flask, K8s", "nodejs", "").content.decode()

    assert names(stack) == ["Flask", "Kubernetes", "Node.js"]
    assert "Added Flask, Kubernetes, Node.js." in page


def test_added_tools_go_again_by_undo(alice_client: Client, stack: Stack) -> None:
    ToolFactory(name="Flask")
    ToolFactory(name="Django")

    page = undo(alice_client, add(alice_client, "Flask,Django").content.decode())

    assert "Taken back." in page
    assert not stack.items.exists()


def test_tools_that_are_there_stay(alice_client: Client, stack: Stack, item: Item) -> None:
    assert b"The stack has all of that already." in add(alice_client, "Flask").content
    assert names(stack) == ["Flask"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Flsk, Django", "We know no tool called “Flsk”. Did you mean <b>Flask</b>?"),
        ("§§§", "We know no tool called “§§§”."),
        (HOSTILE, "&lt;script&gt;"),
        ("", "Name a tool."),
        (",".join(str(number) for number in range(21)), "Name at most 20 tools at a time."),
    ],
)
def test_names_that_are_unknown_come_back_to_be_mended(
    alice_client: Client, stack: Stack, typed: str, words: str
) -> None:
    ToolFactory(name="Flask")
    ToolFactory(name="Django")

    response = add(alice_client, typed)

    page = response.content.decode()
    assert response.status_code == 422
    assert words in page
    assert HOSTILE not in page
    assert not stack.items.exists()


def test_item_is_changed_in_a_form_of_its_own(alice_client: Client, stack: Stack, item: Item) -> None:
    address = f"/stacks/alice/rider/items/{item.pk}/"
    page = alice_client.get(address).content.decode()
    values = {
        "why": "Fast *enough*.",
        "version": "3.1",
        "since": "2024-02",
        "stage": "leaving",
        "scope": "build",
    }

    response = alice_client.post(address, values)

    assert f'id="item-form-{item.pk}"' in page
    assert "Small.</textarea>" in page
    item.refresh_from_db()
    assert {name: getattr(item, name) for name in values} == values
    assert response.headers["Location"] == f"/stacks/alice/rider/edit/#item-{item.pk}"


def test_change_of_an_item_is_undone(alice_client: Client, item: Item) -> None:
    address = f"/stacks/alice/rider/items/{item.pk}/"
    values = {"why": "", "version": "3.1", "since": "", "stage": "trial", "scope": "runtime"}
    page = alice_client.post(address, values, follow=True).content.decode()

    after = undo(alice_client, page)

    item.refresh_from_db()
    assert "As it was before." in after
    assert (item.why, item.version, item.stage) == ("Small.", "3.0", "in_use")


@pytest.mark.parametrize(
    "value", ["", "[]", "{", "[" * 20_000, json.dumps({"stage": "nonsense"}), '{"why": 5}']
)
def test_undo_takes_nothing_that_no_form_would(alice_client: Client, item: Item, value: str) -> None:
    response = alice_client.post(f"/stacks/alice/rider/items/{item.pk}/", {"undo": value})

    item.refresh_from_db()
    assert response.status_code == 422
    assert item.why == "Small."


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"since": "last year"}, "as exactly as you know it."),
        ({"since": "2023-02-30"}, "There is no such day."),
        ({"since": "9999"}, "That day is still to come."),
        ({"why": "x" * 1001}, "at most 1000 characters"),
        ({"version": "x" * 61}, "at most 60 characters"),
        ({"stage": "forgotten"}, "Select a valid choice."),
    ],
)
def test_item_with_an_error_keeps_what_was_typed(
    alice_client: Client, item: Item, values: dict[str, str], words: str
) -> None:
    typed = {"why": "Typed", "version": "9", "since": "", "stage": "in_use", "scope": "runtime"}

    response = alice_client.post(f"/stacks/alice/rider/items/{item.pk}/", typed | values)

    page = response.content.decode()
    item.refresh_from_db()
    assert response.status_code == 422
    assert words in page
    assert 'value="9"' in page or "version" in values
    assert item.why == "Small."


def test_dropped_item_stays_in_the_history_and_comes_back(
    alice_client: Client, stack: Stack, item: Item
) -> None:
    page = alice_client.post(
        f"/stacks/alice/rider/items/{item.pk}/drop/", {"until": "2025", "why_not": "Too small."}, follow=True
    ).content.decode()

    item.refresh_from_db()
    assert (item.until, item.why_not) == ("2025", "Too small.")
    assert "Flask was dropped. It stays in the history." in page

    undo(alice_client, page)

    assert names(stack) == ["Flask"]


def test_item_is_replaced_by_another(alice_client: Client, stack: Stack, item: Item) -> None:
    ToolFactory(name="Django")

    page = alice_client.post(
        f"/stacks/alice/rider/items/{item.pk}/drop/", {"replaced_by": ["django", ""]}, follow=True
    ).content.decode()

    item.refresh_from_db()
    assert item.until == timezone.localdate().isoformat()
    assert item.replaced_by == Tool.objects.get(name="Django")
    assert names(stack) == ["Django"]
    assert "Flask was replaced by Django." in page


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"until": "2020"}, "it can’t have gone before that"),
        ({"until": "soon"}, "as exactly as you know it."),
        ({"replaced_by": "Flask"}, "replace itself"),
        ({"replaced_by": "Djnago"}, "Did you mean <b>Django</b>?"),
        ({"replaced_by": "Django, Rails"}, "Name one tool."),
    ],
)
def test_drop_with_an_error_keeps_what_was_typed(
    alice_client: Client, item: Item, values: dict[str, str], words: str
) -> None:
    ToolFactory(name="Django")
    ToolFactory(name="Rails")
    Item.objects.update(since="2021-05")

    response = alice_client.post(
        f"/stacks/alice/rider/items/{item.pk}/drop/", {"why_not": "Typed reason"} | values
    )

    page = response.content.decode().replace("&#x27;", "’")
    item.refresh_from_db()
    assert response.status_code == 422
    assert words in page
    assert "Typed reason</textarea>" in page
    assert item.is_current


def test_drop_twice_changes_nothing(alice_client: Client, item: Item) -> None:
    for until in ("2024", "2025"):
        alice_client.post(f"/stacks/alice/rider/items/{item.pk}/drop/", {"until": until})

    item.refresh_from_db()
    assert item.until == "2024"


def test_past_item_can_be_said_more_exactly(alice_client: Client, stack: Stack) -> None:
    item = ItemFactory(stack=stack, tool=ToolFactory(name="Solr"), until="2024", why_not="Slow.")
    address = f"/stacks/alice/rider/items/{item.pk}/"

    assert "Slow.</textarea>" in alice_client.get(address).content.decode()
    alice_client.post(address, {"until": "2024-03", "why_not": "Very slow.", "replaced_by": ""})

    item.refresh_from_db()
    assert (item.until, item.why_not) == ("2024-03", "Very slow.")


def test_item_that_is_there_again_is_not_brought_back(alice_client: Client, stack: Stack, item: Item) -> None:
    old = ItemFactory(stack=stack, tool=item.tool, until="2020")

    page = alice_client.post(f"/stacks/alice/rider/items/{old.pk}/restore/", follow=True).content.decode()

    assert "The stack has this tool already." in page


def test_item_is_erased_after_a_question(alice_client: Client, stack: Stack, item: Item) -> None:
    address = f"/stacks/alice/rider/items/{item.pk}/erase/"

    assert b"Erase it" in alice_client.get(address).content
    assert stack.items.exists()
    alice_client.post(address)
    assert not stack.items.exists()


def test_item_moves_one_place_in_its_layer(alice_client: Client, stack: Stack) -> None:
    for name in ("A", "B", "C"):
        ItemFactory(stack=stack, tool=ToolFactory(name=name))
    last = stack.items.get(tool__name="C")

    response = alice_client.post(f"/stacks/alice/rider/items/{last.pk}/move/", {"to": "up"})

    assert response.headers["Location"].endswith(f"#item-{last.pk}")
    assert names(stack) == ["A", "C", "B"]
    alice_client.post(f"/stacks/alice/rider/items/{last.pk}/move/", {"to": "down"})
    alice_client.post(f"/stacks/alice/rider/items/{last.pk}/move/", {"to": "down"})
    assert names(stack) == ["A", "B", "C"]
    assert alice_client.post(f"/stacks/alice/rider/items/{last.pk}/move/", {"to": "x"}).status_code == 400


# --- What services refuse ---


def test_limits_are_said_in_words(
    alice_client: Client, stack: Stack, item: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.stacks.services.items.MAX_ITEMS", 1)
    monkeypatch.setattr("apps.stacks.services.stacks.MAX_STACKS", 1)
    ToolFactory(name="Django")

    added = add(alice_client, "Django")
    replaced = alice_client.post(f"/stacks/alice/rider/items/{item.pk}/drop/", {"until": "2024-01"})
    new = alice_client.post("/stacks/new/", NEW)

    assert added.status_code == new.status_code == 422
    assert "A stack has at most 1 tools." in added.content.decode()
    assert 'value="Django"' in added.content.decode()
    assert "There is room for 1 stacks." in new.content.decode()
    assert replaced.status_code == 302


def test_past_item_keeps_what_was_typed_with_an_error(alice_client: Client, stack: Stack) -> None:
    item = ItemFactory(stack=stack, tool=ToolFactory(name="Solr"), since="2020", until="2024")

    response = alice_client.post(
        f"/stacks/alice/rider/items/{item.pk}/", {"until": "2019", "why_not": "Typed", "replaced_by": ""}
    )

    item.refresh_from_db()
    assert response.status_code == 422
    assert "Typed</textarea>" in response.content.decode()
    assert item.until == "2024"


# --- Who may ---

OF_STACK = ["edit/", "delete/", "proof/"]
OF_ITEM = ["", "erase/"]
BY_POST = ["drop/", "restore/", "move/"]


def addresses(item: Item) -> list[tuple[str, str]]:
    base = "/stacks/alice/rider/"
    of_item = f"{base}items/{item.pk}/"
    return [
        *[(method, base + path) for path in OF_STACK for method in ("get", "post")],
        ("post", f"{base}items/"),
        *[(method, of_item + path) for path in OF_ITEM for method in ("get", "post")],
        *[("post", of_item + path) for path in BY_POST],
    ]


def test_anonymous_are_asked_to_sign_in(client: Client, item: Item) -> None:
    for method, address in [*addresses(item), ("get", "/stacks/new/"), ("post", "/stacks/new/")]:
        response = getattr(client, method)(address)
        assert response.status_code == 302, address
        assert response.headers["Location"].startswith("/accounts/login/"), address
    assert Item.objects.get().is_current


def test_strangers_may_change_nothing(client: Client, mallory: User, item: Item) -> None:
    client.force_login(mallory)
    for method, address in addresses(item):
        assert getattr(client, method)(address).status_code == 403, address
    Stack.objects.update(visibility="private")
    for method, address in addresses(item):
        assert getattr(client, method)(address).status_code == 404, address
    assert Item.objects.get().is_current


def test_item_of_another_stack_is_not_found(alice_client: Client, stack: Stack) -> None:
    other = ItemFactory()

    for path in (*OF_ITEM, *BY_POST):
        assert alice_client.post(f"/stacks/alice/rider/items/{other.pk}/{path}").status_code == 404


def test_changes_take_a_form_only(alice_client: Client, item: Item) -> None:
    base = "/stacks/alice/rider/items/"
    for address in (base, *(f"{base}{item.pk}/{path}" for path in BY_POST)):
        assert alice_client.get(address).status_code == 405, address
    for address in (
        "/stacks/new/",
        "/stacks/alice/rider/edit/",
        "/stacks/alice/rider/delete/",
        f"{base}{item.pk}/",
    ):
        assert alice_client.put(address).status_code == 405, address


def test_who_has_not_verified_an_address_is_told_so(client: Client) -> None:
    client.force_login(UserFactory(verified=False))

    assert client.get("/stacks/new/").status_code == 403
