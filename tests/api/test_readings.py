"""Readings by the API: files are read, compared with a stack, and published."""

import json
from typing import Any

import pytest

from apps.accounts.models import User
from apps.accounts.services.tokens import create_token
from apps.stacks.models import Item, Reading, Stack
from apps.tools.models import Tool
from tests.api.conftest import Api
from tests.factories.stacks import (
    CompanyFactory,
    EvidenceFactory,
    ItemFactory,
    ReadingFactory,
    StackFactory,
)

pytestmark = pytest.mark.django_db

FILES = [{"path": "requirements.txt", "content": "flask==3.1\n"}]


@pytest.fixture
def stack(alice: User) -> Stack:
    made: Stack = StackFactory(person=alice, name="Rider")
    return made


def test_reading_is_kept_and_shown(mine: Api, alice: User, flask: Tool, count_queries: Any) -> None:
    with count_queries(at_most=20):
        answer = mine.post("readings/", {"files": FILES, "source": "cli", "repository": "alice/rider"})

    reading = Reading.objects.get()
    assert answer.status_code == 201
    assert answer["Location"] == f"http://testserver/stacks/new/{reading.pk}/"
    assert (reading.person, reading.source, reading.stack) == (alice, "cli", None)
    assert reading.repository == "alice/rider"
    data = answer.json()
    assert data["address"] == answer["Location"]
    assert data["changes"] == [
        {
            "tool": "flask",
            "name": "Flask",
            "change": "added",
            "version": "3.1",
            "before": "",
            "scope": "runtime",
            "is_chosen": True,
        }
    ]
    assert mine.get(f"readings/{reading.pk}/").json() == data


def test_reading_is_published_at_once(mine: Api, stack: Stack, flask: Tool) -> None:
    answer = mine.post("readings/", {"files": FILES, "stack": "alice/rider", "publish": True})

    assert answer.status_code == 201
    assert answer.json()["state"] == "published"
    assert answer.json()["stack"] == "alice/rider"
    item = Item.objects.get()
    assert (item.stack, item.tool, item.tier) == (stack, flask, "verified")


def test_reading_to_be_published_needs_a_stack(mine: Api) -> None:
    answer = mine.post("readings/", {"files": FILES, "publish": True})

    assert answer.status_code == 400
    assert list(answer.json()) == ["stack"]
    assert not Reading.objects.exists()


@pytest.mark.parametrize("name", ["mallory/other", "alice/nothing", "alice", "a/b/c", "\u202e/x"])
def test_reading_is_for_a_stack_of_ones_own(mine: Api, mallory: User, name: str) -> None:
    StackFactory(person=mallory, name="Other")

    answer = mine.post("readings/", {"files": FILES, "stack": name})

    assert answer.status_code == 400
    assert answer.json() == {"stack": [f"You have no stack {name}."]}


def test_reading_is_published_later_and_once(mine: Api, stack: Stack, flask: Tool) -> None:
    pk = mine.post("readings/", {"files": FILES}).json()["id"]

    first, second = (mine.post(f"readings/{pk}/publish/", {"stack": "alice/rider"}) for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["item_count"] == second.json()["item_count"] == 1
    assert first.json()["version"] == second.json()["version"]


def test_reading_is_published_with_the_tools_named(mine: Api, stack: Stack, flask: Tool, react: Tool) -> None:
    files = [*FILES, {"path": "package.json", "content": '{"dependencies": {"react": "^19"}}'}]
    pk = mine.post("readings/", {"files": files, "stack": "alice/rider"}).json()["id"]

    mine.post(f"readings/{pk}/publish/", {"tools": ["react"]})

    assert [item.tool for item in Item.objects.all()] == [react]


def test_publishing_without_a_stack_says_so(mine: Api, flask: Tool) -> None:
    pk = mine.post("readings/", {"files": FILES}).json()["id"]

    answer = mine.post(f"readings/{pk}/publish/", {})

    assert answer.status_code == 400
    assert list(answer.json()) == ["stack"]


def test_publishing_a_reading_that_waits_says_so(mine: Api, alice: User, stack: Stack) -> None:
    reading = ReadingFactory(person=alice, state=Reading.State.FAILED, stack=stack)

    answer = mine.post(f"readings/{reading.pk}/publish/", {})

    assert answer.status_code == 400
    assert answer.json() == {"detail": "This reading is not ready to be published."}


@pytest.mark.parametrize(("method", "rest"), [("GET", ""), ("POST", "publish/")])
def test_readings_of_others_are_not_there(mine: Api, mallory: User, method: str, rest: str) -> None:
    reading = ReadingFactory(person=mallory)

    assert mine(method, f"readings/{reading.pk}/{rest}", {}).status_code == 404


@pytest.mark.parametrize("path", ["readings/", "readings/1/", "readings/1/publish/"])
def test_readings_need_a_token(path: str) -> None:
    method = "GET" if path == "readings/1/" else "POST"

    assert Api()(method, path, {}).status_code == 401


def test_readings_need_a_token_that_may_write(alice: User) -> None:
    api = Api(alice, "read")

    assert api.post("readings/", {"files": FILES}).status_code == 403
    assert api.post("readings/1/publish/", {}).status_code == 403


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"source": "repository"}, "source"),
        ({"repository": "nonsense"}, "repository"),
        ({"commit": "zz"}, "commit"),
        ({"publish": "perhaps"}, "publish"),
        ({"stack": ["x"]}, "stack"),
    ],
)
def test_reading_says_at_the_field_what_is_wrong(mine: Api, values: dict[str, Any], field: str) -> None:
    answer = mine.post("readings/", {"files": FILES} | values)

    assert answer.status_code == 400
    assert list(answer.json()) == [field]


def test_reading_by_a_form_is_published(alice: User, stack: Stack, flask: Tool, client: Any) -> None:
    _, token = create_token(person=alice, name="x", scope="write", days=1)
    body = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"{rest}\r\n\r\n{value}\r\n'
        for name, rest, value in (
            ("stack", "", "alice/rider"),
            ("publish", "", "true"),
            ("files", '; filename="requirements.txt"', "flask"),
        )
    )

    answer = client.post(
        "/api/v1/readings/",
        f"{body}--x--\r\n".encode(),
        content_type="multipart/form-data; boundary=x",
        headers={"Authorization": f"Bearer {token}"},
    )

    assert answer.status_code == 201
    assert Item.objects.get().tool == flask


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_reading_tells_former_members_nothing_of_the_companys_stack(
    mine: Api, alice: User, flask: Tool, method: str
) -> None:
    secret = StackFactory(company=CompanyFactory(), name="Secret", visibility="private")
    EvidenceFactory(item=ItemFactory(stack=secret, tool__name="Hidden tool"), source="cli")
    reading = ReadingFactory(person=alice, stack=secret, source="cli")

    answer = mine(method, f"readings/{reading.pk}/{'' if method == 'GET' else 'publish/'}", {})

    assert answer.status_code == (200 if method == "GET" else 403)
    assert "hidden" not in answer.content.decode().lower()
    assert "secret" not in answer.content.decode().lower()


def test_tool_that_is_gone_is_dropped(mine: Api, stack: Stack, flask: Tool, react: Tool) -> None:
    ItemFactory(stack=stack, tool=react)
    mine.post("readings/", {"files": FILES, "stack": "alice/rider", "source": "cli", "publish": True})

    answer = mine.post(
        "readings/",
        {
            "files": [{"path": "requirements.txt", "content": ""}],
            "stack": "alice/rider",
            "source": "cli",
            "publish": True,
        },
    )

    assert [(row["tool"], row["change"]) for row in answer.json()["changes"]] == [("flask", "gone")]
    assert [item.tool for item in Item.objects.current()] == [react]


def test_reading_of_a_bill_of_materials_says_that_it_is_one(mine: Api, flask: Tool) -> None:
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "components": [{"type": "library", "name": "flask", "version": "3.1", "purl": "pkg:pypi/flask@3.1"}],
    }

    answer = mine.post(
        "readings/", {"files": [{"path": "x.json", "content": json.dumps(bom)}], "source": "cli"}
    )

    assert answer.json()["source"] == "sbom"
    assert [row["tool"] for row in answer.json()["changes"]] == ["flask"]
