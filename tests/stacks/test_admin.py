from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.stacks.models import Company, Membership, Stack
from apps.stacks.services.items import add_items
from apps.stacks.services.stacks import create_stack
from apps.tools.models import Tool
from tests.factories.accounts import UserFactory
from tests.factories.stacks import (
    AdoptionFactory,
    ChangeFactory,
    CompanyFactory,
    EvidenceFactory,
    ItemFactory,
    MembershipFactory,
    ProofCheckFactory,
    ReadingFactory,
    StackFactory,
    UsedWithFactory,
)
from tests.factories.tools import ToolFactory
from tests.stacks.counts import check_counts, said_counts

pytestmark = pytest.mark.django_db

MODELS = ("company", "membership", "stack", "item", "change", "reading", "proofcheck")


def list_of(model: str) -> str:
    return reverse(f"admin:stacks_{model}_changelist")


def act(client: Client, model: str, action: str, *rows: Any) -> str:
    """Choose an action for some rows; answers what the page says then."""
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(list_of(model), data, follow=True).content.decode()


def make_rows(number: int) -> None:
    """One of each kind, of a person and a company."""
    person = UserFactory(username=f"ann-{number}")
    company = CompanyFactory(name=f"Acme {number}", created_by=person)
    MembershipFactory(company=company, person=person)
    stack = StackFactory(person=person, name=f"Site {number}", repository=f"ann/site-{number}")
    StackFactory(company=company)
    item = ItemFactory(stack=stack, until="2024", replaced_by=ToolFactory())
    EvidenceFactory(item=item)
    ChangeFactory(item=item, by=person, other=item.replaced_by)
    ReadingFactory(person=person, repository=f"ann/site-{number}")
    ProofCheckFactory(company=company, person=person)
    ProofCheckFactory(company=None, stack=stack, person=person)


@pytest.mark.parametrize("model", MODELS)
def test_lists_show_and_find_rows_at_the_same_cost_for_any_number(
    maud_client: Client, model: str, count_queries: Callable[..., Any]
) -> None:
    for number in range(4):
        make_rows(number)
    maud_client.get(list_of(model))

    with count_queries(at_most=10):
        answer = maud_client.get(list_of(model))

    assert answer.context["cl"].result_count >= 4
    query = "Acme 2" if model == "company" else "ann-2"
    if model in ("item", "change"):
        query = "site-2"
    assert 1 <= maud_client.get(list_of(model), {"q": query}).context["cl"].result_count <= 2
    assert maud_client.get(list_of(model), {"q": "nobody"}).context["cl"].result_count == 0


@pytest.mark.parametrize("model", MODELS)
def test_pages_show_a_row_and_nothing_is_added_or_deleted(maud_client: Client, model: str) -> None:
    make_rows(1)
    row = maud_client.get(list_of(model)).context["cl"].result_list[0]

    shown = maud_client.get(reverse(f"admin:stacks_{model}_change", args=[row.pk]))

    assert shown.status_code == 200
    assert (b'name="_save"' in shown.content) is (model == "company")
    assert b"proof_token" not in shown.content
    for action, args in (("add", []), ("delete", [row.pk])):
        page = reverse(f"admin:stacks_{model}_{action}", args=args)
        assert maud_client.post(page, {"post": "yes"}).status_code == 403
    act(maud_client, model, "delete_selected", row)
    assert type(row).objects.filter(pk=row.pk).exists()


def test_reading_shows_nothing_that_was_found(maud_client: Client) -> None:
    reading = ReadingFactory(unknown=["pkg:npm/secret"])

    page = maud_client.get(reverse("admin:stacks_reading_change", args=[reading.pk]))

    assert b"secret" not in page.content


def test_moderator_hides_and_shows_stacks(maud_client: Client, alice: User) -> None:
    stack = create_stack(person=alice, name="Site")
    add_items(person=alice, stack=stack, tools=[ToolFactory(slug="one")])
    other = create_stack(person=alice, name="Other")

    assert "2 stacks hidden" in act(maud_client, "stack", "hide", stack, other)
    assert "0 stacks hidden" in act(maud_client, "stack", "hide", stack)
    assert said_counts() == {}

    assert "1 stack shown again" in act(maud_client, "stack", "show", stack)
    assert said_counts() == {"one": (1, 0, 0)}
    assert Stack.objects.get(is_hidden=True) == other
    check_counts()


def test_moderator_takes_back_the_proof_of_a_repository(maud_client: Client) -> None:
    stack = StackFactory(repository="a/b", proved_at="2026-01-01T00:00Z", proved_by="file")

    act(maud_client, "stack", "unprove", stack)

    stack.refresh_from_db()
    assert (stack.proved_at, stack.proved_by) == (None, "")


def test_moderator_proves_a_company_and_takes_it_back(maud_client: Client) -> None:
    company = CompanyFactory(is_proved=False)
    ItemFactory(stack=StackFactory(company=company), tool=ToolFactory(slug="one"))

    act(maud_client, "company", "prove", company)
    company.refresh_from_db()
    assert company.proved_by == "dns"
    assert said_counts() == {"one": (1, 0, 0)}

    act(maud_client, "company", "unprove", company)
    company.refresh_from_db()
    assert company.proved_at is None
    check_counts()


def test_domain_of_another_company_is_not_proved(maud_client: Client) -> None:
    CompanyFactory(domain="acme.example")
    company = CompanyFactory(domain="acme.example", is_proved=False)

    page = act(maud_client, "company", "prove", company)

    assert "Another company has shown" in page
    company.refresh_from_db()
    assert company.proved_at is None


def test_words_of_a_company_are_mended(maud_client: Client) -> None:
    company = CompanyFactory()
    page = reverse("admin:stacks_company_change", args=[company.pk])

    maud_client.post(page, {"name": "Acme", "description": "Boats.", "website": "", "slug": "evil"})

    changed = Company.objects.get()
    assert (changed.name, changed.description, changed.website) == ("Acme", "Boats.", "")
    assert (changed.slug, changed.domain) == (company.slug, company.domain)


def test_member_is_taken_out_and_somebody_goes_on_looking_after_the_company(maud_client: Client) -> None:
    admin = MembershipFactory(role=Membership.Role.ADMIN)
    member = MembershipFactory(company=admin.company)

    assert "1 member taken out" in act(maud_client, "membership", "remove", admin)

    assert Membership.objects.get() == member
    assert Membership.objects.get().role == Membership.Role.ADMIN


def test_actions_need_the_right(client: Client) -> None:
    helper = UserFactory(is_staff=True)
    helper.user_permissions.set(
        Permission.objects.filter(content_type__app_label="stacks", codename__startswith="view")
    )
    client.force_login(helper)
    stack, company, member = StackFactory(), CompanyFactory(is_proved=False), MembershipFactory()

    for model, action, row in (
        ("stack", "hide", stack),
        ("company", "prove", company),
        ("membership", "remove", member),
    ):
        act(client, model, action, row)

    assert not Stack.objects.filter(is_hidden=True).exists()
    assert not Company.objects.get(pk=company.pk).proved_at
    assert Membership.objects.count() == 1


def test_tool_that_stacks_run_or_ran_is_not_deleted_and_another_is(maud_client: Client) -> None:
    item = ItemFactory(until="2024", replaced_by=ToolFactory())
    other = AdoptionFactory().tool
    UsedWithFactory(tool=other)

    for tool in (item.tool, item.replaced_by, other):
        address = reverse("admin:tools_tool_delete", args=[tool.pk])
        assert maud_client.get(address).status_code == 200
        maud_client.post(address, {"post": "yes"})

    assert set(Tool.objects.filter(pk__in=[item.tool_id, item.replaced_by_id, other.pk])) == {
        item.tool,
        item.replaced_by,
    }
