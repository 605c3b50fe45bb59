from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied, ValidationError

from apps.accounts.models import FormerUsername, User
from apps.accounts.services.usernames import check_is_free
from apps.stacks.models import Company, Item, Membership, ProvedBy, Removal, Stack, Tier
from apps.stacks.services import companies
from apps.stacks.services.companies import (
    change_company,
    change_role,
    create_company,
    join_company,
    leave_company,
    let_in_again,
    plain_domain,
    prove_company,
    remove_member,
    remove_members,
    unprove_company,
)
from apps.stacks.services.proofs import company_token
from tests.factories.accounts import UserFactory
from tests.factories.stacks import (
    CompanyFactory,
    EvidenceFactory,
    ItemFactory,
    MembershipFactory,
    StackFactory,
)
from tests.stacks.counts import check_counts, said_counts

pytestmark = pytest.mark.django_db

ADMIN = Membership.Role.ADMIN


def admin_of(company: Company) -> User:
    person: User = MembershipFactory(company=company, role=ADMIN).person
    return person


def person_at(domain: str, *, verified: bool = True) -> User:
    person: User = UserFactory()
    EmailAddress.objects.create(user=person, email=f"{person.username}@{domain}", verified=verified)
    return person


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("acme.example", "acme.example"),
        (" ACME.Example. ", "acme.example"),
        ("https://www.acme.example:8443/about?x=1", "acme.example"),
        ("somebody@eu.acme.example", "eu.acme.example"),
        ("https://social.example/@acme.example", "social.example"),
        ("https://acme.example@social.example/", "social.example"),
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("localhost", ""),
        ("127.0.0.1", ""),
        ("[::1]", ""),
        ("-a.example", ""),
        ("a..example", ""),
        ("a b.example", ""),
        (f"{'x' * 64}.example", ""),
        (f"{'x.' * 60}example", ""),
        ("http://[", ""),
        ("", ""),
    ],
)
def test_domain_is_found_in_what_people_write(text: str, domain: str) -> None:
    assert plain_domain(text) == domain


def test_company_is_created_unproved(alice: User) -> None:
    company = create_company(
        person=alice,
        name=" Tidewater  Ferries ",
        website="https://www.ferries.example/",
        description="Boats.",
    )

    company = Company.objects.get(pk=company.pk)
    assert (company.name, company.slug, company.domain) == (
        "Tidewater Ferries", "tidewater-ferries", "ferries.example",
    )  # fmt: skip
    assert (company.proved_at, company.proved_by, company.created_by) == (None, "", alice)
    member = Membership.objects.get()
    assert (member.person, member.role, member.proved_by) == (alice, ADMIN, "")


def test_company_of_ones_mail_address_is_proved_at_once() -> None:
    company = create_company(person=person_at("ferries.example"), name="Ferries", domain="Ferries.example")

    assert company.proved_at
    assert company.proved_by == Membership.objects.get().proved_by == ProvedBy.MAIL


@pytest.mark.parametrize(
    "address",
    [
        "a@eu.ferries.example",
        "a@www.ferries.example",
        "a@notferries.example",
        "a@ferries.example.org",
        "ferries.example@x.org",
        # Without the dot on the i: another domain, though in capitals it is the same.
        "a@ferr\u0131es.example",
        f"a@{'x' * 64}.example",
    ],
)
def test_mail_address_of_another_domain_proves_nothing(alice: User, address: str) -> None:
    EmailAddress.objects.create(user=alice, email=address, verified=True)

    assert create_company(person=alice, name="Ferries", domain="ferries.example").proved_at is None


def test_mail_address_in_letters_of_its_own_is_of_the_domain(alice: User) -> None:
    EmailAddress.objects.create(user=alice, email="a@münchen.example", verified=True)

    assert create_company(person=alice, name="Town", domain="MÜNCHEN.example").proved_by == ProvedBy.MAIL


def test_address_that_is_not_verified_proves_nothing() -> None:
    person = person_at("ferries.example", verified=False)

    assert create_company(person=person, name="Ferries", domain="ferries.example").proved_at is None


def test_address_is_numbered_where_somebody_has_it(alice: User) -> None:
    UserFactory(username="acme")
    FormerUsername.objects.create(person=UserFactory(), username="acme-2")
    CompanyFactory(name="Acme 3")

    assert create_company(person=alice, name="ACME", domain="acme.example").slug == "acme-4"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "See https://spam.example"}, "name"),
        ({"slug": "alice"}, "slug"),
        ({"slug": "stacks"}, "slug"),
        ({"slug": "no_dots.here"}, "slug"),
        ({"slug": "other"}, "slug"),
        ({"slug": "x" * 41}, "slug"),
        ({"domain": "gmail.com"}, "domain"),
        ({"domain": "not a domain"}, "domain"),
        ({"domain": "taken.example"}, "domain"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"description": "x" * 4001}, "description"),
    ],
)
def test_wrong_values_are_refused_by_field(alice: User, values: dict[str, str], field: str) -> None:
    CompanyFactory(slug="other", domain="taken.example")

    with pytest.raises(ValidationError) as caught:
        create_company(person=alice, **{"name": "Acme", "domain": "acme.example", **values})

    assert list(caught.value.message_dict) == [field]


def test_company_without_domain_is_refused(alice: User) -> None:
    with pytest.raises(ValidationError, match="domain of the company"):
        create_company(person=alice, name="Acme")


def test_companies_of_a_person_have_an_end(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(companies, "MAX_COMPANIES", 0)

    with pytest.raises(ValidationError, match="are enough"):
        create_company(person=alice, name="Acme", domain="acme.example")


def test_username_is_no_companys() -> None:
    CompanyFactory(slug="acme")

    with pytest.raises(ValidationError, match="taken"):
        check_is_free("Acme")
    check_is_free("acme-2")


def test_company_is_changed_as_said() -> None:
    company = CompanyFactory()

    changed = change_company(person=admin_of(company), company=company, name="Acme", description="New")

    assert (changed.name, changed.description, changed.proved_by) == ("Acme", "New", ProvedBy.DNS)
    assert changed.changed_at > company.changed_at
    with pytest.raises(TypeError, match="No company has slug"):
        change_company(person=admin_of(company), company=company, slug="acme")


def test_another_domain_ends_what_was_proved() -> None:
    company = CompanyFactory()
    stack = StackFactory(company=company)
    ItemFactory(stack=stack)
    prove_company(company=company, way=ProvedBy.DNS)
    unprove_company(company=company)
    prove_company(company=company, way=ProvedBy.DNS)
    assert said_counts()

    changed = change_company(person=admin_of(company), company=company, domain="new.example")

    assert (changed.proved_at, changed.proved_by) == (None, "")
    assert said_counts() == {}
    check_counts()


def test_another_domain_of_ones_mail_address_is_proved_at_once() -> None:
    company = CompanyFactory()
    person = person_at("new.example")
    MembershipFactory(company=company, person=person, role=ADMIN)

    assert change_company(person=person, company=company, domain="new.example").proved_by == ProvedBy.MAIL


def test_wrong_change_of_a_company_is_refused() -> None:
    company = CompanyFactory()

    with pytest.raises(ValidationError, match="Anybody has a mail address there"):
        change_company(person=admin_of(company), company=company, domain="gmail.com")


def test_people_join_by_mail_address() -> None:
    company = CompanyFactory(domain="acme.example")
    admin_of(company)
    person = person_at("acme.example")

    membership = join_company(person=person, company=company)

    assert (membership.role, membership.proved_by) == ("member", "mail")
    assert join_company(person=person, company=company) == membership


def test_who_joins_a_company_that_nobody_looks_after_does() -> None:
    company = CompanyFactory(domain="acme.example")
    first, second = (join_company(person=person_at("acme.example"), company=company) for _ in range(2))

    assert (first.role, second.role) == ("admin", "member")


def test_who_has_no_such_address_is_told_what_to_do(mallory: User) -> None:
    with pytest.raises(PermissionDenied, match=r"mail address of acme\.example\. Add yours in Settings"):
        join_company(person=mallory, company=CompanyFactory(domain="acme.example"))


def test_nobody_joins_before_the_domain_is_proved() -> None:
    company = CompanyFactory(is_proved=False, domain="acme.example")

    with pytest.raises(PermissionDenied, match="Nobody has shown yet"):
        join_company(person=person_at("acme.example"), company=company)


def test_members_leave_and_the_company_stays() -> None:
    company = CompanyFactory()
    admin = admin_of(company)
    member = MembershipFactory(company=company).person

    with pytest.raises(ValidationError, match=f"such as @{member.username}"):
        leave_company(person=admin, company=company)
    for _ in range(2):
        leave_company(person=member, company=company)
    leave_company(person=admin, company=company)

    assert not Membership.objects.exists()
    assert Company.objects.exists()


def test_role_changes_hands() -> None:
    company = CompanyFactory()
    admin = admin_of(company)
    membership = MembershipFactory(company=company)

    change_role(person=admin, membership=membership, role="admin")
    leave_company(person=admin, company=company)

    own = Membership.objects.get()
    with pytest.raises(ValidationError, match="Somebody has to"):
        change_role(person=own.person, membership=own, role="member")
    with pytest.raises(ValidationError, match="no such role"):
        change_role(person=own.person, membership=own, role="owner")


def test_members_are_removed_by_who_looks_after_the_company() -> None:
    company = CompanyFactory()
    admin = admin_of(company)
    membership = MembershipFactory(company=company)

    for _ in range(2):
        remove_member(person=admin, membership=membership)

    own = Membership.objects.get()
    with pytest.raises(ValidationError, match="leave the company instead"):
        remove_member(person=admin, membership=own)
    membership.pk = 0
    with pytest.raises(ValidationError, match="no member any more"):
        change_role(person=admin, membership=membership, role="admin")


def test_who_was_taken_out_comes_back_only_when_let_in(mallory: User) -> None:
    company = CompanyFactory(domain="acme.example")
    admin = admin_of(company)
    person = person_at("acme.example")
    remove_member(person=admin, membership=join_company(person=person, company=company))

    with pytest.raises(PermissionDenied, match="taken out"):
        join_company(person=person, company=company)
    removal = Removal.objects.get()
    with pytest.raises(PermissionDenied, match="look after"):
        let_in_again(person=mallory, removal=removal)
    for _ in range(2):
        let_in_again(person=admin, removal=removal)

    assert join_company(person=person, company=company).role == "member"


def test_who_left_may_come_back() -> None:
    company = CompanyFactory(domain="acme.example")
    admin_of(company)
    person = person_at("acme.example")
    join_company(person=person, company=company)

    leave_company(person=person, company=company)

    assert join_company(person=person, company=company)


def test_old_record_makes_nobody_an_admin_again() -> None:
    company = CompanyFactory()
    admin = admin_of(company)
    other = MembershipFactory(company=company, role=ADMIN)
    tokens = [company_token(company, other.person)]

    other = change_role(person=admin, membership=other, role="member")
    tokens.append(company_token(Company.objects.get(), other.person))
    change_role(person=admin, membership=other, role="member")
    tokens.append(company_token(Company.objects.get(), other.person))
    remove_member(person=admin, membership=other)
    tokens.append(company_token(Company.objects.get(), other.person))

    assert tokens[1] == tokens[2]
    assert len(set(tokens)) == 3


@pytest.mark.parametrize("end", ["change", "unprove"])
def test_what_a_record_of_the_domain_proved_ends_with_it(end: str) -> None:
    company = CompanyFactory(domain="old.example")
    admin = admin_of(company)
    EmailAddress.objects.create(user=admin, email="a@new.example", verified=True)
    stacks = [
        StackFactory(company=company, repository="acme/a", proved_at=company.proved_at, proved_by=way)
        for way in ("dns", "file")
    ]
    for stack in stacks:
        item = ItemFactory(stack=stack, tier=Tier.PROVED)
        EvidenceFactory(item=item, source="repository", repository="acme/a")

    if end == "change":
        change_company(person=admin, company=company, domain="new.example")
    else:
        unprove_company(company=company)
        prove_company(company=company, way=ProvedBy.DNS)

    assert list(Item.objects.order_by("pk").values_list("tier", "stack__proved_by")) == [
        ("verified", ""),
        ("proved", "file"),
    ]
    check_counts()


def test_members_and_strangers_change_nothing(mallory: User) -> None:
    company = CompanyFactory()
    admin = Membership.objects.get(person=admin_of(company))
    MembershipFactory(company=company, person=mallory)
    attempts: list[Callable[[], Any]] = [
        lambda: change_company(person=mallory, company=company, name="Mine"),
        lambda: change_role(person=mallory, membership=admin, role="member"),
        lambda: remove_member(person=mallory, membership=admin),
    ]

    for attempt in attempts:
        with pytest.raises(PermissionDenied, match="who look after the company"):
            attempt()


def test_oldest_member_looks_after_a_company_whose_last_admin_is_gone() -> None:
    company = CompanyFactory()
    admin = admin_of(company)
    MembershipFactory(company=company, person=UserFactory(is_active=False))
    oldest, other = MembershipFactory.create_batch(2, company=company)

    assert remove_members(memberships=Membership.objects.filter(person=admin)) == 1

    assert Membership.objects.get(role=ADMIN) == oldest
    assert remove_members(memberships=Membership.objects.filter(pk=other.pk)) == 1


def test_domain_is_proved_once(alice: User) -> None:
    CompanyFactory(domain="acme.example")
    other = create_company(person=alice, name="Acme", domain="else.example")
    Company.objects.filter(pk=other.pk).update(domain="ACME.example")

    with pytest.raises(ValidationError, match="Another company"):
        prove_company(company=other, way=ProvedBy.DNS)

    assert Stack.objects.count() == 0
