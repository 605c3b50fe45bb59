from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from apps.accounts.models import User
from apps.stacks.models import Change, Item, Membership, ProvedBy, Stack
from apps.stacks.services import stacks
from apps.stacks.services.items import add_items
from apps.stacks.services.stacks import change_stack, copy_stack, create_stack, delete_stack, repository_name
from tests.factories.accounts import UserFactory
from tests.factories.stacks import (
    CompanyFactory,
    EvidenceFactory,
    ItemFactory,
    MembershipFactory,
    StackFactory,
)
from tests.factories.tools import ToolFactory
from tests.stacks.counts import check_counts


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("pallets/flask", "pallets/flask"),
        (" https://github.com/pallets/flask ", "pallets/flask"),
        ("https://www.github.com/pallets/flask/tree/main/src?x=1#top", "pallets/flask"),
        ("github.com/pallets/flask.git", "pallets/flask"),
        ("git@github.com:pallets/flask.git", "pallets/flask"),
        ("ssh://git@github.com/pallets/flask", "pallets/flask"),
        ("https://example.com/pallets/flask", "https://example.com/pallets/flask"),
        ("flask", "flask"),
        ("", ""),
    ],
)
def test_repository_is_named_by_any_of_its_addresses(text: str, name: str) -> None:
    assert repository_name(text) == name


def test_stack_is_created_as_said(alice: User) -> None:
    stack = create_stack(
        person=alice,
        name=" Rider  API ",
        description="Live *sailing* times.",
        kind="service",
        link="https://example.org/",
        visibility="unlisted",
        repository="https://github.com/alice/api",
    )

    stack = Stack.objects.get(pk=stack.pk)
    assert (stack.owner, stack.name, stack.slug) == (alice, "Rider API", "rider-api")
    assert (stack.kind, stack.visibility, stack.repository) == ("service", "unlisted", "alice/api")
    assert (stack.version, stack.item_count, stack.is_counted) == (1, 0, False)
    assert stack.proof_token


@pytest.mark.parametrize(
    ("name", "slugs"),
    [
        ("Site", ["site", "site-2", "site-3"]),
        ("снимок", ["product", "product-2", "product-3"]),
        ("My_site ☃", ["my-site", "my-site-2", "my-site-3"]),
        ("x" * 80, ["x" * 50, f"{'x' * 50}-2", f"{'x' * 50}-3"]),
    ],
)
def test_addresses_are_made_of_the_name(alice: User, name: str, slugs: list[str]) -> None:
    assert [create_stack(person=alice, name=name).slug for _ in slugs] == slugs


def test_two_people_may_have_one_address(alice: User, mallory: User) -> None:
    assert create_stack(person=alice, name="Site").slug == create_stack(person=mallory, name="Site").slug


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " \u200b "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"slug": "Not so"}, "slug"),
        ({"slug": "x" * 61}, "slug"),
        ({"slug": "taken"}, "slug"),
        ({"description": "x" * 4001}, "description"),
        ({"kind": "secret"}, "kind"),
        ({"visibility": "friends"}, "visibility"),
        ({"link": "javascript:alert(1)"}, "link"),
        ({"link": "ftp://example.org/"}, "link"),
        ({"repository": "flask"}, "repository"),
        ({"repository": "https://example.com/a/b"}, "repository"),
        ({"repository": "a/../b"}, "repository"),
    ],
)
def test_wrong_values_are_refused_by_field(alice: User, values: dict[str, str], field: str) -> None:
    stack = create_stack(person=alice, name="Mine")
    create_stack(person=alice, name="Other", slug="taken")

    for attempt in (
        lambda: create_stack(person=alice, **{"name": "Site", **values}),
        lambda: change_stack(person=alice, stack=stack, **values),
    ):
        with pytest.raises(ValidationError) as caught:
            attempt()
        assert list(caught.value.message_dict) == [field]

    assert Stack.objects.count() == 2


def test_unknown_value_is_an_error_of_the_caller(alice: User) -> None:
    with pytest.raises(TypeError, match="No stack has person"):
        change_stack(person=alice, stack=create_stack(person=alice, name="Site"), person_id="1")


def test_members_add_stacks_to_their_company(alice: User, mallory: User) -> None:
    company = CompanyFactory()
    MembershipFactory(company=company, person=alice)

    stack = create_stack(person=alice, company=company, name="Shop")

    assert (stack.company, stack.person, stack.is_counted) == (company, None, True)
    with pytest.raises(PermissionDenied, match="Join the company first"):
        create_stack(person=mallory, company=company, name="Shop")


def test_nobody_has_more_stacks_than_there_is_room_for(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacks, "STACKS_A_DAY", 2)
    create_stack(person=alice, name="Site")
    create_stack(person=alice, name="Site")
    with pytest.raises(ValidationError, match="2 new stacks in a day"):
        create_stack(person=alice, name="Site")

    monkeypatch.setattr(stacks, "MAX_STACKS", 2)
    with pytest.raises(ValidationError, match="room for 2 stacks"):
        create_stack(person=alice, name="Site")


def test_person_who_takes_no_part_creates_nothing(db: None) -> None:
    with pytest.raises(PermissionDenied, match="Verify your e-mail"):
        create_stack(person=UserFactory(verified=False), name="Site")


def test_stack_is_changed_as_said(alice: User) -> None:
    stack = create_stack(person=alice, name="Site", description="Old")

    changed = change_stack(person=alice, stack=stack, name="Shop", slug="", seen_version=1)

    assert (changed.name, changed.slug, changed.description, changed.version) == ("Shop", "shop", "Old", 2)
    with pytest.raises(ValidationError, match="changed this stack meanwhile"):
        change_stack(person=alice, stack=stack, name="Ship", seen_version=1)


def test_stack_keeps_its_own_address(alice: User) -> None:
    stack = create_stack(person=alice, name="Site")

    assert change_stack(person=alice, stack=stack, slug="site").slug == "site"


def test_strangers_change_and_delete_nothing(mallory: User) -> None:
    stack = StackFactory()

    with pytest.raises(PermissionDenied, match="Only its owner"):
        change_stack(person=mallory, stack=stack, name="Mine")
    with pytest.raises(PermissionDenied, match="Only its owner can delete"):
        delete_stack(person=mallory, stack=stack)
    assert Stack.objects.get().name == stack.name


def test_stack_of_a_company_is_deleted_by_who_looks_after_it(alice: User, mallory: User) -> None:
    company = CompanyFactory()
    MembershipFactory(company=company, person=alice, role=Membership.Role.ADMIN)
    MembershipFactory(company=company, person=mallory)
    stack = StackFactory(company=company)

    with pytest.raises(PermissionDenied):
        delete_stack(person=mallory, stack=stack)
    delete_stack(person=alice, stack=stack)

    assert not Stack.objects.exists()


def test_copy_has_the_tools_and_nothing_else(alice: User, mallory: User) -> None:
    stack = create_stack(person=alice, name="Site", description="Mine", repository="alice/site")
    tools = [ToolFactory(), ToolFactory(is_listed=True)]
    items = add_items(person=alice, stack=stack, tools=tools, why="Secret", version="3", scope="build")
    EvidenceFactory(item=items[0])
    ItemFactory(stack=stack, until="2024")
    Item.objects.update(tier="verified")

    copy = copy_stack(person=mallory, stack=stack)

    assert (copy.person, copy.name, copy.visibility) == (mallory, "Site", "private")
    assert (copy.description, copy.repository, copy.item_count) == ("", "", 2)
    rows = copy.items.values_list("tool", "why", "version", "scope", "tier", "position")
    assert list(rows) == [(tool.pk, "", "", "build", "claimed", at) for at, tool in enumerate(tools)]
    assert Change.objects.filter(stack=copy, kind="added", by=mallory).count() == 2
    assert not copy.is_counted


def test_private_stack_is_copied_by_nobody_else(mallory: User) -> None:
    stack = StackFactory(visibility="private")

    with pytest.raises(PermissionDenied, match="can't see"):
        copy_stack(person=mallory, stack=stack)


def test_new_repository_forgets_what_was_read_of_the_old_one(alice: User) -> None:
    stack = create_stack(person=alice, name="Site", repository="alice/site")
    now = timezone.now()
    Stack.objects.update(commit="abc", read_at=now, proved_at=now, proved_by=ProvedBy.FILE)

    change_stack(person=alice, stack=stack, repository="")

    stack.refresh_from_db()
    assert (stack.commit, stack.read_at, stack.proved_at, stack.proved_by) == ("", None, None, "")
    check_counts()


@pytest.mark.parametrize("field", ["name", "description"])
def test_texts_are_taken_as_they_are(alice: User, field: str) -> None:
    values: dict[str, Any] = {"name": "Site", field: "<script>alert(1)</script> & more"}

    assert getattr(create_stack(person=alice, **values), field) == values[field]
