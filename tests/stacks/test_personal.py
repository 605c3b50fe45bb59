"""What stacks hold of a person: in their export, when they leave, while they are locked out."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.services.personal import gather, take_away_all
from apps.core.counters import recount
from apps.stacks.models import Change, Company, Membership, Stack
from apps.stacks.services.companies import create_company
from apps.stacks.services.items import add_items, drop_item
from apps.stacks.services.readings import read_names
from apps.stacks.services.stacks import create_stack
from apps.tools.models import Tool
from tests.factories.stacks import CompanyFactory, EvidenceFactory, MembershipFactory, ProofCheckFactory
from tests.factories.tools import ToolFactory
from tests.stacks.counts import check_counts, said_counts

pytestmark = pytest.mark.django_db


def live(person: User) -> Stack:
    """A stack with one current and one replaced tool, a company, a reading, a check."""
    tool = Tool.objects.filter(slug="next").first() or ToolFactory(name="Next")
    stack = create_stack(person=person, name=f"Site of {person.username}")
    one, _ = add_items(person=person, stack=stack, tools=ToolFactory.create_batch(2), why="Because")
    EvidenceFactory(item=one, path="package.json")
    drop_item(person=person, item=one, replaced_by=tool, why_not="Too small")
    create_company(person=person, name=f"Acme {person.username}", domain="acme.example")
    read_names(person=person, text="Next")
    ProofCheckFactory(company=None, stack=stack, person=person)
    return stack


def test_export_has_what_is_the_persons_alone(
    alice: User, mallory: User, count_queries: Callable[..., Any]
) -> None:
    live(mallory)
    stack = live(alice)

    with count_queries(at_most=60):
        found: dict[str, Any] = json.loads(json.dumps(gather(alice), cls=DjangoJSONEncoder))

    (own,) = found["stacks"]
    assert (own["id"], own["name"]) == (stack.pk, "Site of alice")
    first, second, third = own["items"]
    assert (first["why_not"], first["replaced_by_slug"], second["why"]) == ("Too small", "next", "Because")
    assert [row["path"] for row in first["evidence"]] == ["package.json"]
    assert third["evidence"] == []
    assert [row["kind"] for row in found["stack_changes"]] == ["added", "added", "replaced", "added"]
    assert [row["slug"] for row in found["companies"]] == ["acme-alice"]
    assert [row["company__slug"] for row in found["memberships"]] == ["acme-alice"]
    assert [row["findings"][0]["tool"] for row in found["readings"]] == ["next"]
    assert [row["stack_id"] for row in found["proof_checks"]] == [stack.pk]
    assert "proof_token" not in json.dumps(found)


def test_stacks_go_with_their_person_and_companies_stay(alice: User, mallory: User) -> None:
    kept = live(mallory)
    live(alice)
    shared = CompanyFactory()
    MembershipFactory(company=shared, person=alice, role=Membership.Role.ADMIN)
    heir = MembershipFactory(company=shared, person=mallory)
    of_company = create_stack(person=alice, company=shared, name="Shop")
    add_items(person=alice, stack=of_company, tools=[ToolFactory(slug="shop-tool")])

    for _ in range(2):
        take_away_all(User.objects.get(pk=alice.pk))
    alice.delete()

    assert set(Stack.objects.all()) == {kept, of_company}
    assert Change.objects.get(stack=of_company).by is None
    assert Company.objects.count() == 3
    assert Company.objects.get(slug="acme-alice").created_by is None
    heir.refresh_from_db()
    assert heir.role == Membership.Role.ADMIN
    assert "shop-tool" in said_counts()
    check_counts()
    assert recount() == []


@pytest.mark.parametrize(("action", "counts"), [("lock_out", {}), ("let_in_again", {"one": (1, 0, 0)})])
def test_person_who_is_locked_out_counts_no_more(
    maud_client: Client, alice: User, action: str, counts: dict[str, Any]
) -> None:
    stack = create_stack(person=alice, name="Site")
    add_items(person=alice, stack=stack, tools=[ToolFactory(slug="one")])

    for name in ("lock_out", action):
        data = {"action": name, "_selected_action": [alice.pk]}
        maud_client.post(reverse("admin:accounts_user_changelist"), data)

    assert said_counts() == counts
    check_counts()


def test_person_who_is_locked_out_on_their_own_page_counts_no_more(maud_client: Client, alice: User) -> None:
    stack = create_stack(person=alice, name="Site")
    add_items(person=alice, stack=stack, tools=[ToolFactory()])
    url = reverse("admin:accounts_user_change", args=[alice.pk])
    form = maud_client.get(url).context["adminform"].form
    values = {name: value for name in form.fields if (value := form[name].value()) not in (None, False, [])}
    inlines = {
        f"{prefix}-{name}": "0"
        for prefix in ("emailaddress_set", "former_usernames")
        for name in ("TOTAL_FORMS", "INITIAL_FORMS")
    }

    answer = maud_client.post(url, {k: v for k, v in values.items() if k != "is_active"} | inlines)

    assert answer.status_code == 302, answer.context["errors"]
    assert said_counts() == {}
    check_counts()


def test_username_of_a_company_is_refused_at_sign_up_and_in_the_admin(
    client: Client, maud_client: Client, alice: User
) -> None:
    CompanyFactory(slug="acme")
    data = {"username": "acme", "email": "new@example.org", "password1": "correct horse battery"}

    signed_up = client.post(reverse("account_signup"), data)
    added = maud_client.post(
        reverse("admin:accounts_user_add"), data | {"password2": data["password1"], "usable_password": "true"}
    )

    assert "This username is taken" in signed_up.content.decode()
    assert "This username is taken" in added.content.decode()
    assert not User.objects.filter(username="acme").exists()
