"""Companies: their pages, joining, leaving, members, and showing whose domain it is."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.stacks.models import Company, Membership, ProofCheck, ProvedBy, Removal, Stack
from apps.stacks.services.proofs import company_token, stack_token
from apps.stacks.views import companies, proofs
from tests.factories.accounts import UserFactory
from tests.factories.stacks import (
    CompanyFactory,
    ItemFactory,
    MembershipFactory,
    ProofCheckFactory,
    StackFactory,
)
from tests.factories.tools import FunctionFactory, ToolFactory

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script>"
NEW = {"name": "Tidewater", "slug": "", "domain": "tidewater.example", "website": "", "description": ""}


@pytest.fixture
def company() -> Company:
    return CompanyFactory(name="Tidewater", slug="tidewater")


@pytest.fixture
def admin(company: Company, alice: User) -> Membership:
    return MembershipFactory(company=company, person=alice, role=Membership.Role.ADMIN)


def text_of(page: bytes) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.decode()).split())


# --- Pages ---


def test_list_shows_companies_that_are_proved(client: Client, company: Company) -> None:
    CompanyFactory(name="Shell", is_proved=False)
    StackFactory(company=company)
    StackFactory(company=company, visibility="private")

    text = text_of(client.get("/companies/").content)

    assert "Tidewater tidewater.example, 1 stack" in text
    assert "Shell" not in text


def test_list_shows_one_s_own_above(alice_client: Client, alice: User) -> None:
    MembershipFactory(company=CompanyFactory(name="Shell", is_proved=False), person=alice)

    assert "Shell domain not shown yet" in text_of(alice_client.get("/companies/").content)


def test_list_has_pages(client: Client) -> None:
    Company.objects.bulk_create(CompanyFactory.build_batch(42))

    page = client.get("/companies/").content.decode()
    address = re.search(r'href="(\?after=[^"]+)" rel="next"', page)
    assert address

    assert client.get(f"/companies/{address[1]}").content.decode().count('class="sub"') == 2
    assert client.get("/companies/?after=x").headers["Location"] == "/companies/"


def test_page_shows_stacks_tools_and_people(client: Client, company: Company, admin: Membership) -> None:
    first, second, *hidden = (
        StackFactory(company=company, name=name, visibility=visibility, item_count=1)
        for name, visibility in (
            ("Rider", "public"),
            ("Feed", "public"),
            ("Secret one", "private"),
            ("Secret two", "unlisted"),
        )
    )
    flask, secret = ToolFactory(name="Flask"), ToolFactory(name="Secret tool")
    for stack in (first, second):
        ItemFactory(stack=stack, tool=flask)
    for stack in hidden:
        ItemFactory(stack=stack, tool=secret)

    page = client.get("/companies/tidewater/")
    text = text_of(page.content)

    assert "Domain verified" in text
    assert "Flask 2 stacks" in text
    assert {"Rider", "Feed", "alice"} <= set(re.findall(r">([^<>]+)</a>", page.content.decode()))
    assert "Secret" not in text
    assert '"@type": "Organization"' in page.content.decode()


def test_page_shows_members_what_is_private(
    alice_client: Client, company: Company, admin: Membership
) -> None:
    StackFactory(company=company, name="Secret one", visibility="private")

    assert b"Secret one" in alice_client.get("/companies/tidewater/").content


def test_page_of_a_company_not_proved_is_for_members(
    client: Client, alice_client: Client, alice: User, maud_client: Client
) -> None:
    MembershipFactory(company=CompanyFactory(slug="shell", is_proved=False), person=alice)

    assert client.get("/companies/shell/").status_code == 404
    assert b"Only members see this page" in alice_client.get("/companies/shell/").content
    assert maud_client.get("/companies/shell/").status_code == 200


def test_page_in_capitals_leads_on(client: Client, company: Company) -> None:
    assert client.get("/companies/Tidewater/").headers["Location"] == "/companies/tidewater/"
    assert client.get("/companies/none/").status_code == 404


def test_page_costs_few_queries(
    alice_client: Client, company: Company, admin: Membership, count_queries: Callable[..., Any]
) -> None:
    tools = ToolFactory.create_batch(3, function=FunctionFactory())
    for stack in StackFactory.create_batch(6, company=company):
        for tool in tools:
            ItemFactory(stack=stack, tool=tool)
    for _ in range(3):
        MembershipFactory(company=company)

    for address in ("/companies/tidewater/", "/companies/", "/companies/tidewater/members/"):
        with count_queries(at_most=10):
            assert alice_client.get(address).status_code == 200


# --- Making and changing ---


def test_new_company_is_proved_by_a_mail_address(alice_client: Client, alice: User) -> None:
    EmailAddress.objects.create(user=alice, email="alice@tidewater.example", verified=True)

    response = alice_client.post(
        "/companies/new/", NEW | {"domain": "https://www.Tidewater.example/"}, follow=True
    )

    company = Company.objects.get()
    assert response.redirect_chain[-1][0] == "/companies/tidewater/"
    assert (company.domain, company.proved_by) == ("tidewater.example", ProvedBy.MAIL)


def test_new_company_without_such_an_address_leads_to_its_proof(alice_client: Client, alice: User) -> None:
    response = alice_client.post("/companies/new/", NEW, follow=True)

    company = Company.objects.get()
    assert response.redirect_chain[-1][0] == "/companies/tidewater/proof/"
    assert company_token(company, alice) in response.content.decode()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"slug": "Not a slug"}, "slug"),
        ({"slug": "alice"}, "slug"),
        ({"slug": "admin"}, "slug"),
        ({"domain": ""}, "domain"),
        ({"domain": "gmail.com"}, "domain"),
        ({"domain": "nothing"}, "domain"),
        ({"website": "javascript:alert(1)"}, "website"),
    ],
)
def test_new_company_with_an_error_keeps_what_was_typed(
    alice_client: Client, values: dict[str, str], field: str
) -> None:
    response = alice_client.post("/companies/new/", NEW | {"description": "Typed"} | values)

    page = response.content.decode()
    assert response.status_code == 422
    assert f'id="id_{field}_error"' in page
    assert "Typed</textarea>" in page
    assert not Company.objects.exists()


def test_company_is_changed_by_who_looks_after_it(
    alice_client: Client, company: Company, admin: Membership
) -> None:
    values = {
        "name": HOSTILE,
        "domain": company.domain,
        "website": "https://x.example",
        "description": HOSTILE,
    }

    response = alice_client.post("/companies/tidewater/edit/", values, follow=True)

    company.refresh_from_db()
    assert company.name == HOSTILE
    assert HOSTILE not in response.content.decode()
    assert alice_client.post("/companies/tidewater/edit/", values | {"name": " "}).status_code == 422


# --- People ---


def test_people_join_by_a_mail_address_of_the_domain(
    alice_client: Client, alice: User, company: Company
) -> None:
    assert "notice-bad" in alice_client.post("/companies/tidewater/join/", follow=True).content.decode()
    assert not Membership.objects.exists()
    EmailAddress.objects.create(user=alice, email="alice@tidewater.example", verified=True)

    page = alice_client.post("/companies/tidewater/join/", follow=True).content.decode()

    assert "You belong to Tidewater now." in page
    assert Membership.objects.get().person == alice


def test_member_leaves_after_a_question(client: Client, company: Company, admin: Membership) -> None:
    bob = MembershipFactory(company=company, person=UserFactory(username="bob")).person
    client.force_login(bob)

    assert b"Leave" in client.get("/companies/tidewater/leave/").content
    assert Membership.objects.filter(person=bob).exists()
    client.post("/companies/tidewater/leave/")
    assert not Membership.objects.filter(person=bob).exists()


def test_last_who_looks_after_it_is_told_to_hand_it_on(
    alice_client: Client, company: Company, admin: Membership
) -> None:
    MembershipFactory(company=company)

    page = alice_client.post("/companies/tidewater/leave/", follow=True).content.decode()

    assert "notice-bad" in page
    assert Membership.objects.filter(pk=admin.pk).exists()


def test_roles_are_given_and_members_removed(
    alice_client: Client, company: Company, admin: Membership
) -> None:
    other = MembershipFactory(company=company, person=UserFactory(username="bob", name="Bob"))
    address = "/companies/tidewater/members/"

    alice_client.post(address, {"member": other.pk, "role": "admin"})
    other.refresh_from_db()
    assert other.role == "admin"

    question = alice_client.get(f"{address}?remove={other.pk}").content.decode()
    assert "Remove <b>Bob</b>?" in question
    assert Membership.objects.filter(pk=other.pk).exists()

    alice_client.post(address, {"member": other.pk, "remove": "1"})
    assert not Membership.objects.filter(pk=other.pk).exists()


def test_who_was_taken_out_is_let_in_again(alice_client: Client, company: Company, admin: Membership) -> None:
    removal = Removal.objects.create(company=company, person=UserFactory(name="Bob"))
    other = Removal.objects.create(company=CompanyFactory(), person=removal.person)
    address = "/companies/tidewater/members/"
    assert "Let in again" in alice_client.get(address).content.decode()

    for pk in (removal.pk, removal.pk, other.pk, "x"):
        assert alice_client.post(address, {"again": pk}).status_code == 302

    assert Removal.objects.get() == other


def test_page_shows_public_stacks_behind_many_unlisted_ones(
    client: Client, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(companies, "SHOWN_STACKS", 1)
    StackFactory(company=company, name="Open")
    StackFactory(company=company, name="Unlisted", visibility="unlisted")

    page = client.get("/companies/tidewater/").content.decode()

    assert "Open" in page
    assert "Unlisted" not in page


@pytest.mark.parametrize("values", [{"member": "x"}, {"member": "9" * 30}, {"member": ""}])
def test_member_who_is_none_is_not_found(
    alice_client: Client, company: Company, admin: Membership, values: dict[str, str]
) -> None:
    address = "/companies/tidewater/members/"
    other = MembershipFactory()

    assert alice_client.post(address, values).status_code == 404
    assert alice_client.post(address, {"member": other.pk, "remove": "1"}).status_code == 404
    assert alice_client.get(f"{address}?remove={other.pk}").status_code == 200


def test_role_that_is_none_changes_nothing(alice_client: Client, admin: Membership) -> None:
    alice_client.post("/companies/tidewater/members/", {"member": admin.pk, "role": "emperor"})
    page = alice_client.post(
        "/companies/tidewater/members/", {"member": admin.pk, "role": "member"}, follow=True
    ).content.decode()

    admin.refresh_from_db()
    assert admin.role == "admin"
    assert "notice-bad" in page


# --- Proof ---


def test_proof_of_a_domain_is_asked_for_and_its_last_answer_shown(
    alice_client: Client, alice: User, company: Company, admin: Membership
) -> None:
    page = alice_client.get("/companies/tidewater/proof/").content.decode()
    alice_client.post("/companies/tidewater/proof/")
    waiting = alice_client.get("/companies/tidewater/proof/").content.decode()
    ProofCheck.objects.update(due_at=None, checked_at=timezone.now(), said="There is no TXT record.")
    after = alice_client.get("/companies/tidewater/proof/").content.decode()

    assert f"stackshare-verification={company_token(company, alice)}" in page
    assert "We look within a minute." in waiting
    assert "There is no TXT record." in after
    ProofCheck.objects.update(is_found=True, said="")
    assert "Found on" in alice_client.get("/companies/tidewater/proof/").content.decode()


def test_proof_shows_nothing_of_what_others_asked(alice_client: Client, company: Company) -> None:
    ProofCheckFactory(company=company, said="Somebody else", checked_at=timezone.now())

    assert b"Somebody else" not in alice_client.get("/companies/tidewater/proof/").content


def test_proof_of_a_repository_is_by_file_or_record(
    alice_client: Client, alice: User, company: Company
) -> None:
    own = StackFactory(person=alice, slug="rider", repository="example/rider")
    MembershipFactory(company=company, person=alice)
    StackFactory(company=company, slug="rider", repository="example/rider")

    page = alice_client.get("/stacks/alice/rider/proof/").content.decode()

    assert stack_token(own) in page
    assert "By a DNS record" not in page
    assert "By a DNS record" in alice_client.get("/stacks/tidewater/rider/proof/").content.decode()
    alice_client.post("/stacks/alice/rider/proof/", {"way": "file"})
    assert ProofCheck.objects.get().way == "file"
    assert "We look within a minute." in alice_client.get("/stacks/alice/rider/proof/").content.decode()


@pytest.mark.parametrize("way", ["dns", "file"])
def test_proof_that_can_t_be_is_said_so(alice_client: Client, alice: User, way: str) -> None:
    StackFactory(person=alice, slug="rider")

    page = alice_client.post("/stacks/alice/rider/proof/", {"way": way}, follow=True).content.decode()

    assert "notice-bad" in page
    assert "names no repository yet" in page
    assert alice_client.post("/stacks/alice/rider/proof/", {"way": "magic"}).status_code == 400


def test_proofs_are_limited(
    alice_client: Client, alice: User, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proofs, "CHECK_LIMIT", "1/hour")
    StackFactory(person=alice, slug="rider", repository="example/rider")
    alice_client.post("/companies/tidewater/proof/")

    for address in ("/companies/tidewater/proof/", "/stacks/alice/rider/proof/"):
        page = alice_client.post(address, {"way": "file"}, follow=True).content.decode()
        assert "You have asked often within the hour." in page


# --- Who may ---

MANAGED = ["edit/", "members/"]


def test_anonymous_are_asked_to_sign_in(client: Client, company: Company) -> None:
    paths = [("get", path) for path in (*MANAGED, "leave/", "proof/")]
    for method, path in [*paths, *(("post", path) for path in (*MANAGED, "join/", "leave/", "proof/"))]:
        response = getattr(client, method)(f"/companies/tidewater/{path}")
        assert response.headers["Location"].startswith("/accounts/login/"), path
    assert client.get("/companies/new/").headers["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("is_member", [False, True])
def test_others_look_after_nothing(client: Client, company: Company, mallory: User, is_member: bool) -> None:
    if is_member:
        MembershipFactory(company=company, person=mallory)
    client.force_login(mallory)
    for path in MANAGED:
        assert client.get(f"/companies/tidewater/{path}").status_code == 403
        assert client.post(f"/companies/tidewater/{path}", NEW).status_code == 403
    assert Company.objects.get().name == "Tidewater"


def test_strangers_find_no_company_that_is_not_proved(client: Client, mallory: User) -> None:
    CompanyFactory(slug="shell", is_proved=False)
    client.force_login(mallory)

    for path in (*MANAGED, "leave/", "proof/", ""):
        assert client.get(f"/companies/shell/{path}").status_code == 404, path
    assert client.post("/companies/shell/join/").status_code == 404
    assert client.get("/companies/none/proof/").status_code == 404


def test_leaving_what_one_does_not_belong_to_is_not_found(alice_client: Client, company: Company) -> None:
    assert alice_client.post("/companies/tidewater/leave/").status_code == 404


def test_pages_take_no_other_methods(alice_client: Client, company: Company, admin: Membership) -> None:
    for path in (*MANAGED, "leave/", "proof/", ""):
        assert alice_client.put(f"/companies/tidewater/{path}").status_code == 405
    assert alice_client.get("/companies/tidewater/join/").status_code == 405
    assert Stack.objects.count() == 0
