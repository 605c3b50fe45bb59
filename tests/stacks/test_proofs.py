"""Showing that a domain or a repository is one's own, by a real name server and the fake GitHub."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import dns.rcode
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from apps.accounts.models import User
from apps.notifications.models import Notification
from apps.stacks.models import Company, Evidence, Membership, ProofCheck, Removal, Stack, Tier
from apps.stacks.services import proofs
from apps.stacks.services.companies import remove_member
from apps.stacks.services.proofs import (
    PROOF_FILE,
    RECORD,
    ask_for_company_proof,
    ask_for_stack_proof,
    check_due_proofs,
    company_token,
    forget_old_proofs,
    stack_token,
)
from tests.factories.stacks import (
    CompanyFactory,
    EvidenceFactory,
    ItemFactory,
    MembershipFactory,
    StackFactory,
)
from tests.github.fake import FakeGitHub
from tests.stacks.nameserver import FakeNameServer

# GitHub is asked between transactions.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(settings: Any) -> Iterator[FakeNameServer]:
    with FakeNameServer() as running:
        settings.DNS_SERVERS = [running.address]
        yield running


@pytest.fixture
def company(alice: User) -> Company:
    company = CompanyFactory(name="Acme", domain="acme.example", is_proved=False)
    MembershipFactory(company=company, person=alice, role=Membership.Role.ADMIN, proved_by="")
    return company


@pytest.fixture
def stack(alice: User) -> Stack:
    return StackFactory(person=alice, name="Shop", repository="acme/shop")


def check_again() -> ProofCheck:
    ProofCheck.objects.update(due_at=timezone.now())
    check_due_proofs()
    return ProofCheck.objects.get()


def test_record_proves_the_company_and_who_asked_looks_after_it(
    server: FakeNameServer, company: Company, mallory: User
):
    server.records = {"acme.example": ["v=spf1 -all", RECORD.format(token=company_token(company, mallory))]}
    ask_for_company_proof(person=mallory, company=company)
    assert check_due_proofs() == 1
    company.refresh_from_db()
    assert company.proved_at
    assert company.proved_by == "dns"
    membership = Membership.objects.get(company=company, person=mallory)
    assert (membership.role, membership.proved_by) == ("admin", "dns")
    check = ProofCheck.objects.get()
    assert (check.is_found, check.said, check.due_at) == (True, "", None)
    assert Notification.objects.get(person=mallory).url == company.get_absolute_url()


def test_record_of_somebody_else_proves_nothing(
    server: FakeNameServer, company: Company, alice: User, mallory: User
):
    server.records = {"acme.example": [RECORD.format(token=company_token(company, alice))]}
    ask_for_company_proof(person=mallory, company=company)
    check_due_proofs()
    company.refresh_from_db()
    assert company.proved_at is None
    assert "1 other TXT record" in ProofCheck.objects.get().said
    assert not Membership.objects.filter(person=mallory).exists()
    assert not Notification.objects.exists()


def test_who_was_locked_out_meanwhile_proves_nothing(server: FakeNameServer, company: Company, mallory: User):
    server.records = {"acme.example": [RECORD.format(token=company_token(company, mallory))]}
    ask_for_company_proof(person=mallory, company=company)
    User.objects.filter(pk=mallory.pk).update(is_active=False)
    check_due_proofs()
    assert "closed" in ProofCheck.objects.get().said
    assert not Membership.objects.filter(person=mallory).exists()


def test_record_lets_in_who_was_taken_out(server: FakeNameServer, company: Company, mallory: User):
    Removal.objects.create(company=company, person=mallory)
    server.records = {"acme.example": [RECORD.format(token=company_token(company, mallory))]}
    ask_for_company_proof(person=mallory, company=company)
    check_due_proofs()
    assert Membership.objects.filter(person=mallory).exists()
    assert not Removal.objects.exists()


def test_who_is_taken_out_while_we_look_stays_out(
    server: FakeNameServer, company: Company, alice: User, mallory: User
):
    membership = MembershipFactory(company=company, person=mallory)
    server.records = {"acme.example": [RECORD.format(token=company_token(company, mallory))]}
    ask_for_company_proof(person=mallory, company=company)
    check = proofs._claim()
    assert check
    assert check.company
    remove_member(person=alice, membership=membership)
    proofs._look(check)
    assert "changed meanwhile" in ProofCheck.objects.get().said
    assert not Membership.objects.filter(person=mallory).exists()


def test_proof_makes_the_companys_stacks_count(server: FakeNameServer, company: Company, alice: User):
    item = ItemFactory(stack=StackFactory(company=company))
    server.records = {"acme.example": [RECORD.format(token=company_token(company, alice))]}
    ask_for_company_proof(person=alice, company=company)
    check_due_proofs()
    item.tool.refresh_from_db()
    assert item.tool.stack_count == 1


def test_domain_of_two_companies_is_the_first_ones(server: FakeNameServer, company: Company, alice: User):
    CompanyFactory(domain="Acme.example")
    server.records = {"acme.example": [RECORD.format(token=company_token(company, alice))]}
    ask_for_company_proof(person=alice, company=company)
    check_due_proofs()
    check = ProofCheck.objects.get()
    assert not check.is_found
    assert "Another company" in check.said


def test_domain_that_changed_meanwhile_is_not_proved(server: FakeNameServer, company: Company, alice: User):
    server.records = {"acme.example": [RECORD.format(token=company_token(company, alice))]}
    ask_for_company_proof(person=alice, company=company)
    check = proofs._claim()
    assert check
    assert check.company
    Company.objects.update(domain="other.example")
    proofs._look(check)
    assert "changed meanwhile" in ProofCheck.objects.get().said
    company.refresh_from_db()
    assert company.proved_at is None


@pytest.mark.parametrize(
    ("records", "words"),
    [({}, "There is no domain acme.example."), ({"acme.example": []}, "no TXT record")],
)
def test_check_says_what_is_missing(
    server: FakeNameServer, company: Company, alice: User, records: dict[str, list[str]], words: str
):
    server.records = records
    ask_for_company_proof(person=alice, company=company)
    check_due_proofs()
    check = ProofCheck.objects.get()
    assert words in check.said
    assert check.due_at is None
    assert check.checked_at


def test_servers_that_fail_are_asked_again_and_then_no_more(
    server: FakeNameServer, company: Company, alice: User
):
    server.records, server.rcode = {"acme.example": ["a"]}, dns.rcode.SERVFAIL
    ask_for_company_proof(person=alice, company=company)
    check_due_proofs()
    check = ProofCheck.objects.get()
    assert "We try again" in check.said
    assert check.due_at
    assert check.due_at > timezone.now()
    for _ in range(3):
        check = check_again()
    assert check.due_at is None
    assert not check.is_found


def test_check_that_no_worker_came_back_from_is_given_up(
    server: FakeNameServer, company: Company, alice: User
):
    ask_for_company_proof(person=alice, company=company)
    ProofCheck.objects.update(attempts=4)
    check_due_proofs()
    assert "something went wrong" in ProofCheck.objects.get().said


def test_second_click_while_one_is_under_way_is_the_same(company: Company, alice: User):
    first = ask_for_company_proof(person=alice, company=company)
    assert ask_for_company_proof(person=alice, company=company) == first
    ProofCheck.objects.update(due_at=None)
    assert ask_for_company_proof(person=alice, company=company) != first
    assert ProofCheck.objects.count() == 1


def test_file_in_the_repository_proves_the_stack(github: FakeGitHub, stack: Stack, alice: User):
    item = ItemFactory(stack=stack)
    EvidenceFactory(item=item, source=Evidence.Source.REPOSITORY, repository="acme/shop")
    line = RECORD.format(token=stack_token(stack))
    repository = github.add("acme/shop", files={PROOF_FILE: f"# Ours.\r\n{line}\r\n".encode()})
    ask_for_stack_proof(person=alice, stack=stack, way="file")
    check_due_proofs()
    stack.refresh_from_db()
    item.refresh_from_db()
    assert stack.proved_at
    assert (stack.proved_by, stack.github_id) == ("file", repository.id)
    assert item.tier == Tier.PROVED
    item.tool.refresh_from_db()
    assert item.tool.proved_count == 1
    assert Notification.objects.get(person=alice).url == stack.get_absolute_url()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"README": b""}, "There is no file .stackshare"),
        ({PROOF_FILE: b"stackshare-verification=another"}, "without the line"),
        ({PROOF_FILE: b"\xff\x00"}, "without the line"),
    ],
)
def test_file_that_is_missing_or_another_proves_nothing(
    github: FakeGitHub, stack: Stack, alice: User, files: dict[str, bytes], words: str
):
    github.add("acme/shop", files=files)
    ask_for_stack_proof(person=alice, stack=stack, way="file")
    check_due_proofs()
    assert words in ProofCheck.objects.get().said
    stack.refresh_from_db()
    assert stack.proved_at is None


def test_repository_that_github_keeps_from_us_proves_nothing(github: FakeGitHub, stack: Stack, alice: User):
    github.add("acme/shop", files={PROOF_FILE: b""})
    github.block("acme/shop")
    ask_for_stack_proof(person=alice, stack=stack, way="file")
    check_due_proofs()
    assert "GitHub does not show us acme/shop" in ProofCheck.objects.get().said


@pytest.mark.parametrize(
    ("failure", "words"), [("502", "GitHub did not answer"), ("429", "GitHub did not answer")]
)
def test_github_that_fails_is_asked_again(
    github: FakeGitHub, stack: Stack, alice: User, failure: str, words: str
):
    github.add("acme/shop", files={PROOF_FILE: RECORD.format(token=stack_token(stack)).encode()})
    github.fail_next(failure)
    ask_for_stack_proof(person=alice, stack=stack, way="file")
    check_due_proofs()
    check = ProofCheck.objects.get()
    assert words in check.said
    assert check.due_at
    # Its turn is put off for all: the next look is told to wait, and asks nothing.
    requests = len(github.requests)
    assert "wants us to wait" in check_again().said
    assert len(github.requests) == requests


def test_site_that_does_not_read_github_says_so(stack: Stack, alice: User):
    ask_for_stack_proof(person=alice, stack=stack, way="file")
    check_due_proofs()
    assert "does not read from GitHub" in ProofCheck.objects.get().said


@pytest.mark.parametrize("homepage", ["https://acme.example/", "shop.acme.example"])
def test_record_of_the_company_proves_its_stack(
    server: FakeNameServer, github: FakeGitHub, alice: User, homepage: str
):
    company = CompanyFactory(domain="acme.example")
    MembershipFactory(company=company, person=alice)
    stack = StackFactory(company=company, repository="acme/shop")
    repository = github.add("acme/shop", rest={"homepage": homepage})
    server.records = {"acme.example": [RECORD.format(token=stack_token(stack))]}
    ask_for_stack_proof(person=alice, stack=stack, way="dns")
    check_due_proofs()
    stack.refresh_from_db()
    assert (stack.proved_by, stack.github_id) == ("dns", repository.id)


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ({}, "does not lead to acme.example"),
        ({"homepage": None}, "does not lead to acme.example"),
        ({"homepage": "https://notacme.example"}, "does not lead to acme.example"),
        ({"homepage": "https://else.example/@acme.example"}, "does not lead to acme.example"),
        ({"homepage": "https://acme.example", "private": True}, "no public repository"),
        ({"private": "no"}, "does not show us"),
    ],
)
def test_record_of_a_domain_proves_no_repository_of_others(
    server: FakeNameServer, github: FakeGitHub, alice: User, rest: dict[str, Any], words: str
):
    company = CompanyFactory(domain="acme.example")
    MembershipFactory(company=company, person=alice)
    stack = StackFactory(company=company, repository="linux/linux")
    github.add("linux/linux", rest=rest)
    server.records = {"acme.example": [RECORD.format(token=stack_token(stack))]}
    ask_for_stack_proof(person=alice, stack=stack, way="dns")
    check_due_proofs()
    assert words in ProofCheck.objects.get().said
    stack.refresh_from_db()
    assert stack.proved_at is None


def test_file_in_a_private_repository_proves_nothing(github: FakeGitHub, stack: Stack, alice: User):
    line = RECORD.format(token=stack_token(stack))
    github.add("acme/shop", files={PROOF_FILE: line.encode()}, rest={"private": True})
    ask_for_stack_proof(person=alice, stack=stack, way="file")
    check_due_proofs()
    assert ProofCheck.objects.get().said == "GitHub has no public repository acme/shop."


def test_record_does_not_prove_another_repository_or_domain_or_a_company_unproved_by_now(
    server: FakeNameServer, github: FakeGitHub, alice: User
):
    company = CompanyFactory(domain="acme.example")
    MembershipFactory(company=company, person=alice)
    stack = StackFactory(company=company, repository="acme/shop")
    github.add("acme/shop", rest={"homepage": "https://acme.example"})
    server.records = {"acme.example": [RECORD.format(token=stack_token(stack))]}
    ask_for_stack_proof(person=alice, stack=stack, way="dns")
    check = proofs._claim()
    assert check
    assert check.stack
    assert check.stack.company
    Company.objects.update(domain="other.example")
    proofs._look(check)
    assert "domain of the company was changed meanwhile" in ProofCheck.objects.get().said
    ProofCheck.objects.update(due_at=check.due_at)
    Company.objects.update(domain="acme.example")
    Stack.objects.update(repository="acme/other")
    proofs._look(check)
    assert "changed meanwhile" in ProofCheck.objects.get().said
    assert check_again().said.startswith("acme.example has 1 other TXT record.")
    Company.objects.update(proved_at=None, proved_by="")
    assert check_again().said == "The domain of the company is not proved."


@pytest.mark.parametrize(
    ("values", "way", "code"),
    [({"repository": ""}, "file", "no_repository"), ({}, "mail", "way"), ({}, "dns", "no_domain")],
)
def test_stack_proof_is_refused_with_words(
    stack: Stack, alice: User, values: dict[str, str], way: str, code: str
):
    for name, value in values.items():
        setattr(stack, name, value)
    with pytest.raises(ValidationError) as caught:
        ask_for_stack_proof(person=alice, stack=stack, way=way)
    assert caught.value.code == code


def test_stranger_asks_for_no_proof_of_a_stack(stack: Stack, mallory: User):
    with pytest.raises(PermissionDenied, match="Only its owner"):
        ask_for_stack_proof(person=mallory, stack=stack, way="file")


def test_what_was_looked_for_long_ago_is_forgotten(company: Company, alice: User, mallory: User):
    old = ask_for_company_proof(person=alice, company=company)
    waiting = ask_for_company_proof(person=mallory, company=company)
    long_ago = timezone.now() - timedelta(days=31)
    ProofCheck.objects.update(created_at=long_ago)
    ProofCheck.objects.filter(pk=old.pk).update(due_at=None)
    assert forget_old_proofs() == 1
    assert ProofCheck.objects.get() == waiting


def test_claimed_check_that_was_deleted_meanwhile_writes_nothing(
    server: FakeNameServer, company: Company, alice: User
):
    server.records = {"acme.example": [RECORD.format(token=company_token(company, alice))]}
    ask_for_company_proof(person=alice, company=company)
    check = proofs._claim()
    assert check
    ProofCheck.objects.all().delete()
    proofs._look(check)
    company.refresh_from_db()
    assert company.proved_at is None
