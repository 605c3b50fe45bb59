"""What the database itself refuses."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.stacks.models import Adoption, Stack
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
    SimilarStackFactory,
    StackFactory,
    UsedWithFactory,
)
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db


def _same(factory: Any, *names: str, **values: Any) -> Callable[[], Any]:
    """Two rows of the same `names`, as of the first."""

    def both() -> None:
        first = factory(**values)
        factory(**values | {name: getattr(first, name) for name in names})

    return both


def _similar_to_itself() -> None:
    stack = StackFactory()
    SimilarStackFactory(stack=stack, other=stack)


def _used_with_itself() -> None:
    tool = ToolFactory()
    UsedWithFactory(tool=tool, other=tool)


def _replaced_by_itself() -> None:
    tool = ToolFactory()
    ItemFactory(tool=tool, replaced_by=tool, until="2024")


def _adoption_twice() -> None:
    row = AdoptionFactory()
    Adoption.objects.bulk_create([Adoption(tool=row.tool, month=row.month, claimed=1, verified=0, proved=0)])


NOW = timezone.now()

BROKEN: dict[str, Callable[[], Any]] = {
    "company slug": _same(CompanyFactory, "slug"),
    "company_domain_unique": lambda: [CompanyFactory(domain=domain) for domain in ("a.example", "A.example")],
    "company_proof_whole, without way": lambda: CompanyFactory(proved_by=""),
    "company_proof_whole, without time": lambda: CompanyFactory(proved_at=None, proved_by="dns"),
    "membership_unique": _same(MembershipFactory, "company", "person"),
    "stack_one_owner, none": lambda: StackFactory(person=None),
    "stack_one_owner, two": lambda: StackFactory(company=CompanyFactory(), person=UserFactory()),
    "stack_of_person_unique": _same(StackFactory, "person", "slug"),
    "stack_of_company_unique": lambda: [StackFactory(company=one, slug="a") for one in [CompanyFactory()] * 2],
    "stack_slug_form": lambda: StackFactory(slug="Not so"),
    "stack_proof_whole, without way": lambda: StackFactory(proved_at=NOW, repository="a/b"),
    "stack_proof_whole, without time": lambda: StackFactory(proved_by="file", repository="a/b"),
    "stack_proof_whole, of nothing": lambda: StackFactory(proved_at=NOW, proved_by="file"),
    "item_current_unique": _same(ItemFactory, "stack", "tool"),
    "item_replaced_is_past": lambda: ItemFactory(replaced_by=ToolFactory()),
    "item_replaced_by_another": _replaced_by_itself,
    "evidence_unique": _same(EvidenceFactory, "item", "path"),
    "reading_due_is_open": lambda: ReadingFactory(due_at=NOW),
    "proofcheck_of_one, none": lambda: ProofCheckFactory(company=None),
    "proofcheck_of_one, two": lambda: ProofCheckFactory(stack=StackFactory()),
    "similarstack_unique": _same(SimilarStackFactory, "stack", "other"),
    "similarstack_rank_unique": _same(SimilarStackFactory, "stack", "rank"),
    "similarstack_is_another": _similar_to_itself,
    "usedwith_unique": _same(UsedWithFactory, "tool", "other"),
    "usedwith_rank_unique": _same(UsedWithFactory, "tool", "rank"),
    "usedwith_is_another": _used_with_itself,
    "adoption": _adoption_twice,
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_database_refuses_what_breaks_its_promises(name: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        BROKEN[name]()


def test_database_takes_what_only_looks_like_it() -> None:
    CompanyFactory(domain="a.example")
    CompanyFactory(domain="a.example", is_proved=False)
    StackFactory(slug="a", person=StackFactory(slug="b").person)
    item = ItemFactory(until="2020")
    ItemFactory(stack=item.stack, tool=item.tool, until="2024")
    ItemFactory(stack=item.stack, tool=item.tool)

    assert Stack.objects.count() == 3


def test_rows_say_what_they_are() -> None:
    stack = StackFactory(name="Site", person=UserFactory(username="ann", name="Ann"))
    of_company = StackFactory(company=CompanyFactory(name="Acme"))
    evidence = EvidenceFactory(path="a", line=3)

    assert (str(stack), stack.owner, stack.owner_slug, stack.owner_name) == (
        "Site",
        stack.person,
        "ann",
        "Ann",
    )
    assert (of_company.owner, of_company.owner_slug, of_company.owner_name) == (
        of_company.company, "acme", "Acme",
    )  # fmt: skip
    assert stack.get_absolute_url() == f"/stacks/ann/{stack.slug}/"
    assert of_company.company.get_absolute_url() == "/companies/acme/"
    assert str(evidence) == "a:3"
    assert str(EvidenceFactory(path="a", line=None)) == "a"
    for factory in (
        CompanyFactory, MembershipFactory, ItemFactory, ChangeFactory, ReadingFactory, ProofCheckFactory,
        SimilarStackFactory, UsedWithFactory,
    ):  # fmt: skip
        assert str(factory())
    assert str(Adoption(tool_id=1, month=NOW.date())).startswith("1 ")
