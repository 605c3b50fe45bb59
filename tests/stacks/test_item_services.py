from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from apps.accounts.models import User
from apps.stacks.models import Change, Item, Stack
from apps.stacks.services import items
from apps.stacks.services.items import (
    add_items,
    change_item,
    drop_item,
    erase_item,
    order_items,
    restore_item,
)
from apps.stacks.services.stacks import create_stack
from tests.factories.stacks import EvidenceFactory
from tests.factories.tools import ToolFactory
from tests.stacks.counts import check_counts

TODAY = timezone.now().date().isoformat()


@pytest.fixture
def stack(alice: User) -> Stack:
    return create_stack(person=alice, name="Site")


@pytest.fixture
def item(alice: User, stack: Stack) -> Item:
    """Flask 3.0, since 2024."""
    flask = ToolFactory(name="Flask")
    return add_items(person=alice, stack=stack, tools=[flask], version="3.0", since="2024")[0]


def history(stack: Stack) -> list[tuple[str, ...]]:
    """What changed, oldest first."""
    rows = Change.objects.filter(stack=stack).order_by("id")
    return [
        tuple(filter(None, row))
        for row in rows.values_list("kind", "tool__name", "before", "after", "other__name", "on")
    ]


def test_tools_are_added_with_their_history(alice: User, stack: Stack) -> None:
    tools = [ToolFactory(name="Flask"), ToolFactory(name="Redis")]

    added = add_items(person=alice, stack=stack, tools=tools, why="Small", scope="build", since="2024-05")
    again = add_items(person=alice, stack=stack, tools=[*tools, ToolFactory(name="Celery")])

    assert [(item.tool.name, item.position, item.why, item.scope) for item in added] == [
        ("Flask", 0, "Small", "build"),
        ("Redis", 1, "Small", "build"),
    ]
    assert [(item.tool.name, item.position) for item in again] == [("Celery", 2)]
    assert history(stack) == [
        ("added", "Flask", "2024-05"),
        ("added", "Redis", "2024-05"),
        ("added", "Celery", TODAY),
    ]
    stack.refresh_from_db()
    assert (stack.item_count, stack.version) == (3, 3)
    assert Change.objects.first().by == alice  # type: ignore[union-attr]


def test_adding_what_is_there_changes_nothing(alice: User, stack: Stack, item: Item) -> None:
    assert add_items(person=alice, stack=stack, tools=[item.tool]) == []

    stack.refresh_from_db()
    assert (stack.version, Item.objects.count(), Change.objects.count()) == (2, 1, 1)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"version": "x" * 61}, "version"),
        ({"why": "x" * 1001}, "why"),
        ({"scope": "nowhere"}, "scope"),
        ({"stage": "somehow"}, "stage"),
        ({"since": "soon"}, "since"),
        ({"since": "1900"}, "since"),
    ],
)
def test_wrong_values_are_refused_by_field(
    alice: User, stack: Stack, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        add_items(person=alice, stack=stack, tools=[ToolFactory()], **values)

    assert list(caught.value.message_dict) == [field]
    assert not Item.objects.exists()


def test_tool_that_is_not_listed_is_refused(alice: User, stack: Stack) -> None:
    with pytest.raises(ValidationError, match="Secret can't be added"):
        add_items(person=alice, stack=stack, tools=[ToolFactory(name="Secret", is_listed=False)])


def test_stack_has_an_end(alice: User, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "MAX_ITEMS", 2)
    monkeypatch.setattr(items, "MAX_ITEMS_EVER", 3)
    first, second, third = ToolFactory.create_batch(3)

    with pytest.raises(ValidationError, match="at most 2 tools"):
        add_items(person=alice, stack=stack, tools=[first, second, third])

    kept = add_items(person=alice, stack=stack, tools=[first, second])
    for item in kept:
        drop_item(person=alice, item=item)
    add_items(person=alice, stack=stack, tools=[first])
    with pytest.raises(ValidationError, match="at most 3 tools with those of its past"):
        add_items(person=alice, stack=stack, tools=[second])
    restore_item(person=alice, item=kept[1])
    drop_item(person=alice, item=kept[1])
    with pytest.raises(ValidationError, match="has this tool already"):
        restore_item(person=alice, item=kept[0])


def test_no_more_is_restored_than_there_is_room_for(
    alice: User, stack: Stack, item: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop_item(person=alice, item=item)
    add_items(person=alice, stack=stack, tools=[ToolFactory()])
    monkeypatch.setattr(items, "MAX_ITEMS", 1)

    with pytest.raises(ValidationError, match="at most 1 tools"):
        restore_item(person=alice, item=item)


@pytest.mark.parametrize(
    ("version", "changes"),
    [
        ("3.1", [("upgraded", "Flask", "3.0", "3.1", TODAY)]),
        ("2.9", [("downgraded", "Flask", "3.0", "2.9", TODAY)]),
        ("3.0.4", []),
        ("", []),
    ],
)
def test_another_version_is_history(
    alice: User, stack: Stack, item: Item, version: str, changes: list[tuple[str, ...]]
) -> None:
    changed = change_item(person=alice, item=item, values={"version": version, "why": "Because"})

    assert (changed.version, changed.why) == (version, "Because")
    assert history(stack)[1:] == changes


def test_versions_of_one_day_are_one_step(alice: User, stack: Stack, item: Item) -> None:
    for version in ("3.5", "3.1"):
        change_item(person=alice, item=item, values={"version": version})
    assert history(stack)[1:] == [("upgraded", "Flask", "3.0", "3.1", TODAY)]

    change_item(person=alice, item=item, values={"version": "3.0"})
    assert history(stack)[1:] == []


def test_version_of_another_day_is_a_step_of_its_own(alice: User, stack: Stack, item: Item) -> None:
    change_item(person=alice, item=item, values={"version": "3.1"})
    Change.objects.filter(kind="upgraded").update(on="2025-02-01")

    change_item(person=alice, item=item, values={"version": "4"})

    assert [row[0] for row in history(stack)] == ["added", "upgraded", "upgraded"]


def test_another_stage_is_history_and_another_begin_corrects_it(
    alice: User, stack: Stack, item: Item
) -> None:
    change_item(person=alice, item=item, values={"stage": "leaving", "since": "2023-02"})

    assert history(stack) == [
        ("added", "Flask", "2023-02"),
        ("stage", "Flask", "in_use", "leaving", TODAY),
    ]

    change_item(person=alice, item=item, values={"since": ""})
    assert history(stack)[0] == ("added", "Flask", TODAY)


def test_current_item_has_no_end_to_change(alice: User, item: Item) -> None:
    with pytest.raises(ValidationError) as caught:
        change_item(person=alice, item=item, values={"until": "2025", "tier": "proved"})

    assert sorted(caught.value.message_dict) == ["tier", "until"]


def test_dropped_tool_is_history(alice: User, stack: Stack, item: Item) -> None:
    dropped = drop_item(person=alice, item=item, until="2025-06", why_not="Too small")
    again = drop_item(person=alice, item=item, until="2026")

    assert (dropped.until, dropped.why_not, dropped.is_current) == ("2025-06", "Too small", False)
    assert again.pk == dropped.pk
    assert history(stack)[1:] == [("dropped", "Flask", "2025-06")]
    check_counts()


def test_dropped_tool_ends_today_if_nothing_else_is_said(alice: User, item: Item) -> None:
    assert drop_item(person=alice, item=item).until == TODAY


def test_replaced_tool_is_followed_by_the_other(alice: User, stack: Stack, item: Item) -> None:
    django = ToolFactory(name="Django")

    drop_item(person=alice, item=item, until="2025-06", replaced_by=django)

    assert history(stack)[1:] == [
        ("replaced", "Flask", "Django", "2025-06"),
        ("added", "Django", "2025-06"),
    ]
    assert stack.items.current().get().since == "2025-06"
    check_counts()


def test_tool_in_its_place_begins_unknown_when_the_end_was_merely_noticed(alice: User, item: Item) -> None:
    drop_item(person=alice, item=item, replaced_by=ToolFactory())

    assert item.stack.items.current().get().since == ""


def test_tool_in_its_place_that_is_there_stays_as_it_is(alice: User, stack: Stack, item: Item) -> None:
    (other,) = add_items(person=alice, stack=stack, tools=[ToolFactory(name="Django")], since="2020")

    drop_item(person=alice, item=item, until="2025", replaced_by=other.tool)

    assert stack.items.current().get().since == "2020"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"until": "2023"}, "until"),
        ({"until": "2031"}, "until"),
        ({"why_not": "x" * 1001}, "why_not"),
    ],
)
def test_wrong_end_is_refused(alice: User, item: Item, values: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        drop_item(person=alice, item=item, **values)

    assert list(caught.value.message_dict) == [field]


def test_tool_is_not_replaced_by_itself(alice: User, item: Item) -> None:
    with pytest.raises(ValidationError, match="another tool"):
        drop_item(person=alice, item=item, replaced_by=item.tool)


def test_end_is_corrected_with_its_history(alice: User, stack: Stack, item: Item) -> None:
    drop_item(person=alice, item=item, until="2025")
    django = ToolFactory(name="Django")

    past = change_item(
        person=alice, item=item, values={"until": "2025-03", "why_not": "Grew", "replaced_by": django}
    )

    assert (past.until, past.replaced_by, past.why_not) == ("2025-03", django, "Grew")
    assert history(stack)[1:] == [
        ("replaced", "Flask", "Django", "2025-03"),
        ("added", "Django", "2025-03"),
    ]
    change_item(person=alice, item=item, values={"replaced_by": None})
    assert history(stack)[1] == ("dropped", "Flask", "2025-03")
    with pytest.raises(ValidationError, match="have it back in use"):
        change_item(person=alice, item=item, values={"until": ""})


def test_words_of_a_past_item_bring_nothing_back(alice: User, stack: Stack, item: Item) -> None:
    django = ToolFactory(name="Django")
    drop_item(person=alice, item=item, until="2025", replaced_by=django)
    drop_item(person=alice, item=stack.items.current().get())

    change_item(person=alice, item=item, values={"why_not": "Grew"})

    assert not stack.items.current().exists()


def test_dropping_is_undone(alice: User, stack: Stack, item: Item) -> None:
    drop_item(person=alice, item=item, until="2025", why_not="A mistake", replaced_by=ToolFactory())

    back = restore_item(person=alice, item=item)
    restore_item(person=alice, item=item)

    assert (back.until, back.why_not, back.replaced_by) == ("", "", None)
    assert [row[:2] for row in history(stack)] == [
        ("added", "Flask"),
        ("added", Item.objects.last().tool.name),
    ]  # type: ignore[union-attr]
    check_counts()


def test_tool_that_comes_back_has_a_row_of_its_own(alice: User, stack: Stack, item: Item) -> None:
    drop_item(person=alice, item=item, until="2025")

    (new,) = add_items(person=alice, stack=stack, tools=[item.tool])

    assert new.pk != item.pk
    with pytest.raises(ValidationError, match="has this tool already"):
        restore_item(person=alice, item=item)
    erase_item(person=alice, item=item)
    assert history(stack) == [("added", "Flask", TODAY)]


def test_erased_tool_was_never_there(alice: User, stack: Stack, item: Item) -> None:
    EvidenceFactory(item=item)
    gone = Item.objects.get(pk=item.pk)

    erase_item(person=alice, item=item)
    erase_item(person=alice, item=gone)

    assert history(stack) == []
    with pytest.raises(ValidationError, match="taken out of the stack meanwhile"):
        change_item(person=alice, item=gone, values={"why": "Because"})
    check_counts()


def test_items_are_ordered_as_named(alice: User, stack: Stack, item: Item) -> None:
    others = add_items(person=alice, stack=stack, tools=ToolFactory.create_batch(3))
    one, two, three = (other.pk for other in others)

    order_items(person=alice, stack=stack, ids=[three, one, three, 0])

    assert list(stack.items.values_list("pk", flat=True)) == [three, one, item.pk, two]
    assert list(stack.items.values_list("position", flat=True)) == [0, 1, 2, 3]


def test_strangers_change_nothing(mallory: User, item: Item) -> None:
    stack = item.stack
    for attempt in (
        lambda: add_items(person=mallory, stack=stack, tools=[ToolFactory()]),
        lambda: change_item(person=mallory, item=item, values={"why": "Mine"}),
        lambda: drop_item(person=mallory, item=item),
        lambda: restore_item(person=mallory, item=item),
        lambda: erase_item(person=mallory, item=item),
        lambda: order_items(person=mallory, stack=stack, ids=[item.pk]),
    ):
        with pytest.raises(PermissionDenied, match="Only its owner"):
            attempt()

    assert Item.objects.get().is_current


def test_change_of_a_stack_that_changed_meanwhile_is_refused(alice: User, stack: Stack, item: Item) -> None:
    for attempt in (
        lambda: add_items(person=alice, stack=stack, tools=[ToolFactory()], seen_version=1),
        lambda: change_item(person=alice, item=item, values={"why": "Mine"}, seen_version=1),
        lambda: drop_item(person=alice, item=item, seen_version=1),
        lambda: erase_item(person=alice, item=item, seen_version=1),
        lambda: order_items(person=alice, stack=stack, ids=[item.pk], seen_version=1),
    ):
        with pytest.raises(ValidationError, match="changed this stack meanwhile"):
            attempt()

    order_items(person=alice, stack=stack, ids=[item.pk], seen_version=2)
    assert Stack.objects.get().version == 3


def test_since_of_tomorrow_is_taken_for_who_lives_in_the_east(alice: User, stack: Stack) -> None:
    tomorrow = (timezone.now() + timedelta(days=1)).date().isoformat()

    (item,) = add_items(person=alice, stack=stack, tools=[ToolFactory()], since=tomorrow)

    assert item.since == tomorrow
    assert drop_item(person=alice, item=item).until == tomorrow
