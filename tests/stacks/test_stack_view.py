"""The page of a stack, and its history."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from apps.accounts.models import FormerUsername, User
from apps.stacks.models import Change, Evidence, Item, ProvedBy, Stack, Tier
from apps.stacks.overview import SHOWN_CHANGES
from apps.stacks.views import stacks as stack_views
from apps.tools.models import Tool
from tests.factories.accounts import UserFactory
from tests.factories.stacks import (
    ChangeFactory,
    CompanyFactory,
    EvidenceFactory,
    ItemFactory,
    MembershipFactory,
    SimilarStackFactory,
    StackFactory,
    UsedWithFactory,
)
from tests.factories.tools import CategoryFactory, FunctionFactory, LayerFactory, ToolFactory

pytestmark = pytest.mark.django_db

WHEN = datetime(2026, 11, 18, 9, 0, tzinfo=ZoneInfo("UTC"))
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def make_stack(person: User, **fields: Any) -> Stack:
    """A stack with a tool in two layers, one of them with evidence."""
    stack = StackFactory(
        person=person, **{"name": "Rider API", "description": "Sailing *times*.", "item_count": 2} | fields
    )
    hosting = FunctionFactory(
        slug="hosting", parent=CategoryFactory(slug="servers", parent=LayerFactory(slug="devops", position=3))
    )
    flask = ItemFactory(
        stack=stack,
        tool=ToolFactory(name="Flask"),
        why="Small **and** ours.",
        version="3.1",
        since="2024-02",
        tier=Tier.VERIFIED,
    )
    EvidenceFactory(
        item=flask,
        source=Evidence.Source.REPOSITORY,
        path="api/requirements.txt",
        line=4,
        repository="example/rider",
        commit="a" * 40,
        found_at=WHEN,
    )
    ItemFactory(stack=stack, tool=ToolFactory(name="Docker", function=hosting), stage=Item.Stage.TRIAL)
    return stack


def test_page_shows_what_runs_with_reasons_and_evidence(client: Client, alice: User) -> None:
    page = client.get(make_stack(alice).get_absolute_url()).content.decode()
    text = text_of(page)

    assert "<h1>Rider API</h1>" in page
    assert "Sailing <em>times</em>." in page
    assert "Small <strong>and</strong> ours." in page
    assert "3.1, since Feb 2024" in text
    assert f'href="https://github.com/example/rider/blob/{"a" * 40}/api/requirements.txt#L4"' in page
    assert "read from the repository by us, 18 Nov 2026" in text
    assert "Trial" in text
    assert page.index("Application And Data") < page.index("Devops")
    assert '"@type": "ItemList"' in page
    assert '"@type": "BreadcrumbList"' in page


def test_page_says_that_the_owner_is_claimed_only(client: Client, alice: User) -> None:
    text = text_of(client.get(make_stack(alice).get_absolute_url()).content.decode())

    assert "Claimed" in text
    assert "Owner verified" not in text


def test_page_says_how_the_owner_was_verified(client: Client, alice: User) -> None:
    stack = make_stack(alice, repository="example/rider", proved_at=WHEN, proved_by=ProvedBy.FILE)

    text = text_of(client.get(stack.get_absolute_url()).content.decode())

    assert "Owner verified" in text
    assert "showed that example/rider is theirs, by a file in the repository." in text


def test_page_of_a_company_says_what_was_shown_of_it(client: Client) -> None:
    stack = StackFactory(company=CompanyFactory(name="Tidewater"), name="API")

    text = text_of(client.get(stack.get_absolute_url()).content.decode())

    assert "Company verified" in text
    assert "Tidewater showed that tidewater.example is theirs." in text


def test_page_shows_changes_past_similar_and_used_with(client: Client, alice: User) -> None:
    stack = make_stack(alice)
    elastic = ToolFactory(name="Elastic")
    past = ItemFactory(
        stack=stack,
        tool=ToolFactory(name="Solr"),
        until="2025-06",
        replaced_by=elastic,
        why_not="Too *slow*.",
    )
    ChangeFactory(item=past, kind=Change.Kind.REPLACED, other=elastic, on="2025-06")
    SimilarStackFactory(stack=stack, other=StackFactory(name="Seat service"), shared=11)
    UsedWithFactory(tool=stack.items.first().tool, other=ToolFactory(name="Gunicorn"), stacks=12)

    page = client.get(stack.get_absolute_url()).content.decode()
    text = text_of(page)

    assert "Jun 2025 Replaced Solr by Elastic" in text
    assert "Too <em>slow</em>." in page
    assert "Seat service 11 tools in common" in text
    assert "with Flask in 12 stacks" in text


def test_page_names_no_similar_stack_that_is_private(client: Client, alice: User) -> None:
    stack = make_stack(alice)
    for visibility in ("private", "unlisted"):
        SimilarStackFactory(stack=stack, other=StackFactory(name="Secret plan", visibility=visibility))
    SimilarStackFactory(
        stack=stack, other=StackFactory(name="Secret plan", company=CompanyFactory(is_proved=False))
    )

    assert b"Secret plan" not in client.get(stack.get_absolute_url()).content


def test_small_parts_are_folded(client: Client, alice: User) -> None:
    stack = make_stack(alice)
    ItemFactory(stack=stack, tool=ToolFactory(name="Lodash", is_minor=True))

    assert "1 small part" in text_of(client.get(stack.get_absolute_url()).content.decode())


def test_hostile_words_stay_words(client: Client, alice: User) -> None:
    stack = make_stack(
        alice, name=HOSTILE, slug="hostile", description=HOSTILE + "\n\n[x](javascript:alert(3))"
    )
    item = stack.items.first()
    Item.objects.filter(pk=item.pk).update(why=HOSTILE, version=HOSTILE[:60])
    EvidenceFactory(item=item, path=HOSTILE + "/package.json", version=HOSTILE[:60])
    EvidenceFactory(
        item=item, path='"><b>/x', repository='a/b"><b>', commit="c" * 40, source=Evidence.Source.REPOSITORY
    )
    ChangeFactory(item=item, after=HOSTILE[:60])
    ItemFactory(stack=stack, until="2025", why_not=HOSTILE)

    for address in (stack.get_absolute_url(), f"{stack.get_absolute_url()}history/"):
        page = client.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<b>/x" not in page
        assert "javascript:alert" not in re.sub(r"<script type=.*?</script>", "", page).replace(
            "[x](javascript:alert(3))", ""
        )


@pytest.mark.parametrize(("visibility", "status"), [("public", 200), ("unlisted", 200), ("private", 404)])
@pytest.mark.parametrize("path", ["", "history/"])
def test_visibility_decides_what_strangers_see(
    client: Client, alice: User, mallory: User, visibility: str, status: int, path: str
) -> None:
    address = f"{make_stack(alice, visibility=visibility).get_absolute_url()}{path}"

    assert client.get(address).status_code == status
    client.force_login(mallory)
    assert client.get(address).status_code == status
    client.force_login(alice)
    assert client.get(address).status_code == 200


@pytest.mark.parametrize(("visibility", "is_kept_out"), [("public", False), ("unlisted", True)])
def test_search_engines_are_kept_from_what_is_unlisted(
    client: Client, alice: User, visibility: str, is_kept_out: bool
) -> None:
    page = client.get(make_stack(alice, visibility=visibility).get_absolute_url()).content

    assert (b'content="noindex">' in page) is is_kept_out


def test_stack_of_a_company_not_proved_is_seen_by_members_only(client: Client, alice: User) -> None:
    stack = StackFactory(company=CompanyFactory(is_proved=False))
    MembershipFactory(company=stack.company, person=alice)

    assert client.get(stack.get_absolute_url()).status_code == 404
    client.force_login(alice)
    assert b"Only members see it until" in client.get(stack.get_absolute_url()).content


def test_hidden_stack_is_gone_for_others(client: Client, alice: User) -> None:
    stack = make_stack(alice, is_hidden=True)

    assert client.get(stack.get_absolute_url()).status_code == 404
    client.force_login(alice)
    assert b"A moderator took this stack from public view." in client.get(stack.get_absolute_url()).content


@pytest.mark.parametrize("path", ["", "history/"])
def test_former_name_of_the_owner_leads_on(client: Client, alice: User, path: str) -> None:
    make_stack(alice)
    FormerUsername.objects.create(person=alice, username="alicia")

    response = client.get(f"/stacks/alicia/rider-api/{path}")

    assert response.status_code == 302
    assert response.headers["Location"] == f"/stacks/alice/rider-api/{path}"


def test_former_name_leads_to_nothing_private(client: Client, alice: User) -> None:
    make_stack(alice, visibility="private")
    FormerUsername.objects.create(person=alice, username="alicia")

    assert client.get("/stacks/alicia/rider-api/").status_code == 404


def test_capitals_lead_on(client: Client, alice: User) -> None:
    make_stack(alice)

    assert client.get("/stacks/Alice/Rider-API/").headers["Location"] == "/stacks/alice/rider-api/"


@pytest.mark.parametrize(
    "path", ["/stacks/alice/none/", "/stacks/nobody/rider-api/", "/stacks/alice/none/history/"]
)
def test_missing_stack_is_not_found(client: Client, alice: User, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["", "history/"])
def test_page_is_read_only(client: Client, alice: User, path: str, method: str) -> None:
    address = f"{make_stack(alice).get_absolute_url()}{path}"

    assert client.generic(method, address).status_code == 405


def test_anonymous_page_carries_nothing_personal(client: Client, alice: User) -> None:
    response = client.get(make_stack(alice).get_absolute_url())

    assert not response.cookies
    assert b"csrfmiddlewaretoken" not in response.content


def test_owner_alone_is_offered_to_edit(client: Client, alice: User, mallory: User) -> None:
    stack = make_stack(alice)
    edit = f'href="{stack.get_absolute_url()}edit/"'.encode()

    client.force_login(mallory)
    assert edit not in client.get(stack.get_absolute_url()).content
    client.force_login(alice)
    assert edit in client.get(stack.get_absolute_url()).content


@pytest.mark.parametrize("count", [5, 150])
@pytest.mark.parametrize("is_signed_in", [False, True])
def test_page_costs_as_many_queries_for_more_items(
    client: Client, alice: User, count_queries: Callable[..., Any], count: int, is_signed_in: bool
) -> None:
    company = CompanyFactory()
    MembershipFactory(company=company, person=alice)
    stack = StackFactory(company=company, item_count=count)
    tools = Tool.objects.bulk_create(ToolFactory.build_batch(count, function=FunctionFactory()))
    items = Item.objects.bulk_create(ItemFactory.build(stack=stack, tool=tool) for tool in tools)
    Evidence.objects.bulk_create(EvidenceFactory.build(item=item) for item in items)
    SimilarStackFactory(stack=stack)
    UsedWithFactory(tool=tools[0])
    if is_signed_in:
        client.force_login(alice)

    with count_queries(at_most=10):
        response = client.get(stack.get_absolute_url())

    assert response.status_code == 200


def test_page_tells_what_was_added_on_one_day_in_one_line(client: Client, alice: User) -> None:
    stack = make_stack(alice)
    item = stack.items.first()
    for _ in range(SHOWN_CHANGES + 2):
        ChangeFactory(item=item, kind=Change.Kind.ADDED, on="2025-02-03")
    ChangeFactory(item=item, kind=Change.Kind.UPGRADED, before="1", after="2", on="2025-02-03")
    ChangeFactory(item=item, kind=Change.Kind.ADDED, on="2025-02-04")

    for address in (stack.get_absolute_url(), f"{stack.get_absolute_url()}history/"):
        text = text_of(client.get(address).content.decode())

        assert f"3 Feb 2025 Added {SHOWN_CHANGES + 2} tools {item.tool.name}, {item.tool.name}" in text
        assert f"3 Feb 2025 Upgraded {item.tool.name} 1 → 2" in text
        assert f"4 Feb 2025 Added {item.tool.name}" in text


def test_history_shows_all_changes_on_pages(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack_views, "HISTORY_SIZE", 60)
    item = make_stack(alice).items.first()
    for month in range(1, 13):
        for year in range(2018, 2024):
            ChangeFactory(
                item=item, kind=Change.Kind.UPGRADED, before="1", after="2", on=f"{year}-{month:02}"
            )

    first = client.get(f"{item.stack.get_absolute_url()}history/").content.decode()
    address = re.search(r'href="(\?after=[^"]+)"', first)
    assert address
    second = client.get(f"{item.stack.get_absolute_url()}history/{address[1]}").content.decode()

    assert first.count("Upgraded") == 60
    assert second.count("Upgraded") == 12
    assert "Dec 2023" in first
    assert "Jan 2018" in second


def test_history_forgives_a_broken_cursor(client: Client, alice: User) -> None:
    address = f"{make_stack(alice).get_absolute_url()}history/"

    assert client.get(f"{address}?after=§").headers["Location"] == address


def test_history_costs_few_queries(client: Client, alice: User, count_queries: Callable[..., Any]) -> None:
    stack = make_stack(alice)
    ChangeFactory.create_batch(5, item=stack.items.first())

    with count_queries(at_most=5):
        client.get(f"{stack.get_absolute_url()}history/")


def test_copy_makes_a_private_stack_of_one_s_own(client: Client, alice: User) -> None:
    stack = make_stack(UserFactory(username="owner"))
    client.force_login(alice)

    response = client.post(f"{stack.get_absolute_url()}copy/", follow=True)

    own = Stack.objects.get(person=alice)
    assert own.visibility == Stack.Visibility.PRIVATE
    assert {item.tool.name for item in own.items.all()} == {"Flask", "Docker"}
    assert response.redirect_chain[-1][0] == f"{own.get_absolute_url()}edit/"


def test_copy_of_a_private_stack_is_not_found(client: Client, alice: User, mallory: User) -> None:
    stack = make_stack(alice, visibility="private")
    client.force_login(mallory)

    assert client.post(f"{stack.get_absolute_url()}copy/").status_code == 404
    assert not Stack.objects.filter(person=mallory).exists()


def test_copy_asks_the_anonymous_to_sign_in(client: Client, alice: User) -> None:
    response = client.post(f"{make_stack(alice).get_absolute_url()}copy/")

    assert response.headers["Location"].startswith("/accounts/login/")


def test_copy_takes_a_form_only(client: Client, alice: User) -> None:
    assert client.get(f"{make_stack(alice).get_absolute_url()}copy/").status_code == 405
