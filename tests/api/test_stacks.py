"""Stacks by the API: lists, one, what it runs, and what leaks to nobody."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.api.views import stacks as views
from apps.stacks.models import Company, Evidence, Item, Stack
from apps.tools.models import Tool
from tests.api.conftest import Api
from tests.factories.stacks import (
    ChangeFactory,
    CompanyFactory,
    EvidenceFactory,
    ItemFactory,
    MembershipFactory,
    StackFactory,
)
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db

PARTS = ["", "items/", "items/flask/", "evidence/", "history/"]


@pytest.fixture
def stack(alice: User, flask: Tool) -> Stack:
    made: Stack = StackFactory(person=alice, name="Rider", description="*Fast*", item_count=1)
    item = ItemFactory(stack=made, tool=flask, version="3.1", why="Small")
    EvidenceFactory(item=item, path="requirements.txt")
    ChangeFactory(item=item)
    return made


def names(answer: Any) -> list[str]:
    return [row["slug"] for row in answer.json()["results"]]


# --- Lists ---


def test_list_shows_public_stacks_to_anybody(stack: Stack, count_queries: Any) -> None:
    StackFactory.create_batch(4)

    with count_queries(at_most=2):
        answer = Api().get("stacks/")

    assert answer.status_code == 200
    assert len(answer.json()["results"]) == 5
    assert answer.json()["next"] is None
    assert answer.json()["results"][-1]["address"] == "http://testserver/stacks/alice/rider/"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("tool=flask", ["rider"]),
        ("tool=nothing", []),
        ("owner=alice", ["rider"]),
        ("owner=acme", ["shop"]),
        ("kind=library", ["shop"]),
        ("tool=flask&kind=library", []),
    ],
)
def test_list_is_filtered(stack: Stack, query: str, found: list[str]) -> None:
    StackFactory(company=CompanyFactory(name="Acme"), name="Shop", kind="library")
    ItemFactory(stack=stack, tool=ToolFactory(slug="nothing"), until="2024")

    assert names(Api().get(f"stacks/?{query}")) == found


@pytest.mark.parametrize(
    "query", ["kind=nonsense", "tool=a b", "mine=perhaps", "cursor=nonsense", "cursor=WyJ4Il0"]
)
def test_list_says_which_filter_is_wrong(query: str) -> None:
    answer = Api().get(f"stacks/?{query}")

    assert answer.status_code == 400
    assert list(answer.json()) == [query.split("=")[0]]


def test_list_goes_on_by_a_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "PAGE_SIZE", 2)
    all_of_them = [stack.slug for stack in reversed(StackFactory.create_batch(5))]
    seen, path = [], "stacks/?kind=product"

    while path:
        answer = Api().get(path)
        seen += names(answer)
        address = answer.json()["next"]
        path = address and urlsplit(address)._replace(scheme="", netloc="").geturl().removeprefix("/api/v1/")

    assert seen == all_of_them


# --- What leaks to nobody ---


def secret(kind: str) -> Stack:
    """A stack that nobody but its owner may find, of five kinds."""
    values: dict[str, Any] = {"name": "Secret", "item_count": 1}
    if kind in ("private", "unlisted"):
        values["visibility"] = kind
    elif kind == "hidden":
        values["is_hidden"] = True
    elif kind == "unproved":
        values["company"] = CompanyFactory(is_proved=False)
    made: Stack = StackFactory(**values)
    if kind == "closed":
        User.objects.filter(pk=made.person_id).update(is_active=False, closed_at=timezone.now())
    return made


KINDS = ["private", "unlisted", "hidden", "unproved", "closed"]


@pytest.mark.parametrize("kind", KINDS)
def test_lists_leak_no_stack(mine: Api, flask: Tool, kind: str) -> None:
    stack = secret(kind)
    ItemFactory(stack=stack, tool=flask)

    for query in ("", "?tool=flask", f"?owner={stack.owner_slug}"):
        assert names(mine.get(f"stacks/{query}")) == []
        assert names(Api().get(f"stacks/{query}")) == []
    assert names(mine.get("stacks/?mine=1")) == []


@pytest.mark.parametrize("kind", KINDS)
def test_stack_that_one_may_not_see_is_not_there(mine: Api, flask: Tool, kind: str) -> None:
    stack = secret(kind)
    ItemFactory(stack=stack, tool=flask)
    path = f"stacks/{stack.owner_slug}/secret/"

    statuses = {api.get(f"{path}{part}").status_code for api in (Api(), mine) for part in PARTS}

    assert statuses == {200 if kind == "unlisted" else 404}


@pytest.mark.parametrize(
    ("method", "part"),
    [("PATCH", ""), ("DELETE", ""), ("POST", "items/"), ("PUT", "items/flask/"), ("DELETE", "items/flask/")],
)
def test_private_stack_can_not_even_be_changed_by_others(
    mine: Api, flask: Tool, method: str, part: str
) -> None:
    stack = secret("private")
    ItemFactory(stack=stack, tool=flask)

    assert mine(method, f"stacks/{stack.owner_slug}/secret/{part}", {}).status_code == 404


def test_mine_are_ones_own_and_of_ones_companies(mine: Api, alice: User) -> None:
    StackFactory(person=alice, name="Diary", visibility="private")
    company = CompanyFactory(is_proved=False)
    MembershipFactory(company=company, person=alice)
    StackFactory(company=company, name="Plan", visibility="private")

    assert names(mine.get("stacks/?mine=1")) == ["plan", "diary"]
    assert Api().get("stacks/?mine=1").status_code == 401


# --- One ---


def test_stack_is_shown(stack: Stack, count_queries: Any) -> None:
    with count_queries(at_most=1):
        answer = Api().get("stacks/alice/rider/")

    assert answer.status_code == 200
    assert answer["ETag"] == '"1"'
    data = answer.json()
    assert (data["owner"], data["slug"], data["description"]) == ("alice", "rider", "*Fast*")
    assert (data["visibility"], data["item_count"], data["proved_at"]) == ("public", 1, None)


@pytest.mark.parametrize(
    "path", ["stacks/nobody/rider/", "stacks/alice/nothing/", "stacks/alice/rider/items/nothing/"]
)
def test_address_of_nothing_answers_404(stack: Stack, path: str) -> None:
    assert Api().get(path).json() == {"detail": "There is nothing at this address."}


def test_stack_is_created(mine: Api, alice: User) -> None:
    answer = mine.post("stacks/", {"name": "Rider API", "kind": "service", "visibility": "unlisted"})

    assert answer.status_code == 201
    stack = Stack.objects.get()
    assert (stack.person, stack.slug, stack.kind, stack.visibility) == (
        alice,
        "rider-api",
        "service",
        "unlisted",
    )
    assert answer["Location"] == "http://testserver/api/v1/stacks/alice/rider-api/"
    assert mine.get("stacks/alice/rider-api/").json() == answer.json()


def test_stack_of_a_company_is_created_by_its_members(mine: Api, alice: User) -> None:
    company: Company = CompanyFactory(name="Acme")

    refused = mine.post("stacks/", {"name": "Shop", "company": "acme"})
    MembershipFactory(company=company, person=alice)
    created = mine.post("stacks/", {"name": "Shop", "company": "acme"})

    assert (refused.status_code, created.status_code) == (403, 201)
    assert "Join the company first" in refused.json()["detail"]
    assert created.json()["owner"] == "acme"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": "a", "kind": "x"}, "kind"),
        ({"name": "a", "link": "javascript:alert(1)"}, "link"),
        ({"name": "a", "company": "nobody"}, "company"),
        ({"name": "a", "repository": "x"}, "repository"),
        ({"name": "a", "slug": "-"}, "slug"),
        ({"name": "Rider", "slug": "rider"}, "slug"),
    ],
    ids=str,
)
def test_new_stack_says_at_the_field_what_is_wrong(mine: Api, stack: Stack, data: Any, field: str) -> None:
    answer = mine.post("stacks/", data)

    assert answer.status_code == 400
    assert list(answer.json()) == [field]


def test_stack_is_changed(mine: Api, stack: Stack) -> None:
    answer = mine("PATCH", "stacks/alice/rider/", {"name": "Driver", "visibility": "private"})

    assert answer.status_code == 200
    stack.refresh_from_db()
    assert (stack.name, stack.visibility, stack.description) == ("Driver", "private", "*Fast*")
    assert answer["ETag"] == f'"{stack.version}"'


def test_stack_that_somebody_changed_meanwhile_is_left_alone(mine: Api, stack: Stack) -> None:
    answers = [
        mine("PATCH", "stacks/alice/rider/", {"name": name}, **{"If-Match": tag})
        for name, tag in [("One", '"1"'), ("Two", '"1"'), ("Three", "*"), ("Four", "nonsense")]
    ]

    assert [answer.status_code for answer in answers] == [200, 412, 200, 400]
    assert "meanwhile" in answers[1].json()["detail"]
    assert Stack.objects.get().name == "Three"


def test_stack_is_deleted(mine: Api, stack: Stack) -> None:
    answer = mine("DELETE", "stacks/alice/rider/")

    assert (answer.status_code, answer.content) == (204, b"")
    assert not Stack.objects.exists()


@pytest.mark.parametrize(
    ("method", "part", "data"),
    [
        ("PATCH", "", {"name": "Mine"}),
        ("DELETE", "", None),
        ("POST", "items/", {"tool": "react"}),
        ("PUT", "items/flask/", {"why": "x"}),
        ("DELETE", "items/flask/", None),
        ("DELETE", "items/flask/?erase=1", None),
    ],
)
def test_stack_is_changed_by_its_owner_alone(
    mallory: User, alice: User, stack: Stack, react: Tool, method: str, part: str, data: Any
) -> None:
    path = f"stacks/alice/rider/{part}"

    assert Api()(method, path, data).status_code == 401
    assert Api(alice, "read")(method, path, data).status_code == 403
    answer = Api(mallory)(method, path, data)
    assert answer.status_code == 403
    assert "Only its owner" in answer.json()["detail"]
    assert Item.objects.current().get().why == "Small"


# --- Items, evidence, history ---


def test_items_are_shown_with_few_queries(stack: Stack, count_queries: Any) -> None:
    ItemFactory.create_batch(20, stack=stack)
    ItemFactory(stack=stack, until="2020", replaced_by=ToolFactory(slug="newer"))

    with count_queries(at_most=2):
        answer = Api().get("stacks/alice/rider/items/")

    assert len(answer.json()) == 21
    assert answer.json()[0] == {
        "tool": "flask",
        "name": "Flask",
        "version": "3.1",
        "scope": "runtime",
        "stage": "in_use",
        "since": "",
        "until": "",
        "why": "Small",
        "replaced_by": None,
        "why_not": "",
        "tier": "claimed",
    }
    past = Api().get("stacks/alice/rider/items/?past=1").json()
    assert [(item["until"], item["replaced_by"]) for item in past] == [("2020", "newer")]
    assert Api().get("stacks/alice/rider/items/?past=x").status_code == 400


def test_item_is_added_once(mine: Api, stack: Stack, react: Tool) -> None:
    first, second = (
        mine.post("stacks/alice/rider/items/", {"tool": "react", "version": "19", "since": "2024-04"})
        for _ in range(2)
    )

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert (first.json()["version"], first.json()["since"]) == ("19", "2024-04")


@pytest.mark.parametrize(
    ("method", "part", "data", "field"),
    [
        ("POST", "items/", {}, "tool"),
        ("POST", "items/", {"tool": "nothing"}, "tool"),
        ("POST", "items/", {"tool": "flask\0"}, "tool"),
        ("POST", "items/", {"tool": {"a": 1}}, "tool"),
        ("POST", "items/", {"tool": "react", "since": "nonsense"}, "since"),
        ("POST", "items/", {"tool": "react", "scope": "x"}, "scope"),
        ("PUT", "items/flask/", {"since": "2999"}, "since"),
        ("PUT", "items/flask/", {"until": "2024-99"}, "until"),
        ("PUT", "items/flask/", {"replaced_by": "react"}, "until"),
        ("PUT", "items/flask/", {"until": "2024", "replaced_by": "flask"}, "replaced_by"),
        ("DELETE", "items/flask/?erase=x", None, "erase"),
    ],
)
def test_item_says_at_the_field_what_is_wrong(
    mine: Api, stack: Stack, react: Tool, method: str, part: str, data: Any, field: str
) -> None:
    answer = mine(method, f"stacks/alice/rider/{part}", data)

    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert Item.objects.current().count() == 1


def test_item_is_put(mine: Api, stack: Stack, react: Tool) -> None:
    created = mine("PUT", "stacks/alice/rider/items/react/", {"version": "19"})
    changed = mine("PUT", "stacks/alice/rider/items/react/", {"why": "Known"})
    same = mine("PUT", "stacks/alice/rider/items/react/", {})

    assert (created.status_code, changed.status_code, same.status_code) == (201, 200, 200)
    assert (same.json()["version"], same.json()["why"]) == ("19", "Known")
    assert mine("PUT", "stacks/alice/rider/items/nothing/", {}).status_code == 404


def test_item_is_replaced(mine: Api, stack: Stack, react: Tool) -> None:
    answer = mine(
        "PUT", "stacks/alice/rider/items/flask/", {"until": "2024", "replaced_by": "react", "why_not": "Slow"}
    )

    assert answer.status_code == 200
    assert (answer.json()["until"], answer.json()["replaced_by"]) == ("2024", "react")
    assert [item.tool for item in stack.items.current()] == [react]
    kinds = [change["kind"] for change in mine.get("stacks/alice/rider/history/").json()["results"]]
    assert "replaced" in kinds


def test_item_is_dropped_or_erased(mine: Api, stack: Stack, react: Tool) -> None:
    ItemFactory(stack=stack, tool=react)

    assert mine("DELETE", "stacks/alice/rider/items/flask/").status_code == 204
    assert mine("DELETE", "stacks/alice/rider/items/react/?erase=true").status_code == 204
    assert mine("DELETE", "stacks/alice/rider/items/flask/").status_code == 404
    assert [item.tool.slug for item in stack.items.all()] == ["flask"]


@pytest.mark.parametrize(
    ("method", "part", "data"),
    [
        ("POST", "items/", {"tool": "react"}),
        ("PUT", "items/flask/", {"until": "2024"}),
        ("PUT", "items/flask/", {"why": "x"}),
        ("PUT", "items/react/", {}),
        ("DELETE", "items/flask/", None),
        ("DELETE", "items/flask/?erase=1", None),
    ],
)
def test_item_of_a_stack_that_changed_meanwhile_is_left_alone(
    mine: Api, stack: Stack, react: Tool, method: str, part: str, data: Any
) -> None:
    answer = mine(method, f"stacks/alice/rider/{part}", data, **{"If-Match": '"7"'})

    assert answer.status_code == 412
    assert Item.objects.get().why == "Small"


def test_evidence_and_history_are_shown(stack: Stack, flask: Tool, count_queries: Any) -> None:
    EvidenceFactory(item=ItemFactory(stack=stack, until="2020"), path="old")

    with count_queries(at_most=2):
        evidence = Api().get("stacks/alice/rider/evidence/").json()["results"]
    with count_queries(at_most=2):
        history = Api().get("stacks/alice/rider/history/").json()["results"]

    assert [(one["tool"], one["path"], one["line"]) for one in evidence] == [("flask", "requirements.txt", 3)]
    assert [(one["tool"], one["kind"], one["on"], one["other"]) for one in history] == [
        ("flask", "added", "2026-01", None)
    ]


@pytest.mark.parametrize(
    ("source", "repository", "commit"), [("repository", "alice/secret", "a" * 40), ("cli", "", "")]
)
def test_evidence_names_no_repository_that_we_did_not_read(
    stack: Stack, source: str, repository: str, commit: str
) -> None:
    values = {"source": source, "repository": "alice/secret", "commit": "a" * 40}
    EvidenceFactory(item=ItemFactory(stack=stack), **values)
    Evidence.objects.exclude(repository="alice/secret").delete()

    (shown,) = Api().get("stacks/alice/rider/evidence/").json()["results"]

    assert (shown["repository"], shown["commit"]) == (repository, commit)
    assert ("/alice/secret/" in Client().get("/stacks/alice/rider/").content.decode()) is bool(repository)


@pytest.mark.parametrize("part", ["evidence/", "history/"])
def test_evidence_and_history_refuse_a_cursor_that_is_none(stack: Stack, part: str) -> None:
    assert Api().get(f"stacks/alice/rider/{part}?cursor=x").json() == {
        "cursor": ["This is not from `next` of a list."]
    }


def test_reading_without_a_token_is_limited_by_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.api.access.ADDRESS_LIMIT", "2/hour")

    assert [Api().get("stacks/").status_code for _ in range(3)] == [200, 200, 429]
