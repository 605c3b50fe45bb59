"""What a stack runs: adding, changing, dropping, replacing, ordering. Each keeps the history and the counts."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import check_takes_part
from apps.core.folding import one_line
from apps.stacks.dates import check_date, is_before
from apps.stacks.models import Change, Item, Stack
from apps.stacks.permissions import check_edits
from apps.stacks.problems import problems_of
from apps.stacks.services.usage import counting_usage
from apps.stacks.versions import is_lower, says_the_same
from apps.tools.models import Tool

# A stack with more is an inventory.
MAX_ITEMS = 300
# With its history: so many a stack can drop and add in many years.
MAX_ITEMS_EVER = 1500
# What a person sets of a current item, and of a past one too.
FIELDS = ("why", "version", "scope", "stage", "since")
PAST_FIELDS = ("until", "why_not", "replaced_by")

_ENDS = (Change.Kind.DROPPED, Change.Kind.REPLACED)


@transaction.atomic
def add_items(
    *, person: User, stack: Stack, tools: Iterable[Tool], seen_version: int | None = None, **values: Any
) -> list[Item]:
    """The stack runs `tools` from now on; those that it runs already are left as they are. Answers the new items.

    `values`: why, version, scope, stage, since, of all of them. A tool that it ran before gets a new item.
    `seen_version`: refuse if the stack is no longer of this version. Raises `ValidationError`, `PermissionDenied`.
    """
    check_takes_part(person)
    check_edits(person, stack)
    wanted = {tool.pk: tool for tool in tools}
    if not wanted.keys() - _current_ids(stack):
        return []
    with counting_usage(stack, seen_version=seen_version) as locked:
        return add(locked, wanted.values(), person=person, **values)


def add(stack: Stack, tools: Iterable[Tool], *, person: User, **values: Any) -> list[Item]:
    """As `add_items`, of a stack that is locked by `counting_usage`; asks for no permission."""
    current = _current_ids(stack)
    new = {tool.pk: tool for tool in tools if tool.pk not in current}
    if missing := [tool.name for tool in new.values() if not tool.is_listed]:
        raise ValidationError(f"{', '.join(missing[:3])} can't be added: the catalogue does not list it.")
    if len(current) + len(new) > MAX_ITEMS:
        raise ValidationError(f"A stack has at most {MAX_ITEMS} tools.", code="limit")
    if stack.items.count() + len(new) > MAX_ITEMS_EVER:
        raise ValidationError(
            f"A stack has at most {MAX_ITEMS_EVER} tools with those of its past.", code="limit"
        )
    last = stack.items.aggregate(last=Max("position"))["last"]
    first = 0 if last is None else last + 1
    items = [
        Item(stack=stack, tool=tool, position=first + at, **values) for at, tool in enumerate(new.values())
    ]
    for item in items[:1]:
        # They have the same values.
        _check(item)
    for item in items[1:]:
        item.version = items[0].version
    Item.objects.bulk_create(items)
    Change.objects.bulk_create(_change(item, Change.Kind.ADDED, person, on=item.since) for item in items)
    return items


@transaction.atomic
def change_item(
    *, person: User, item: Item, values: Mapping[str, Any], seen_version: int | None = None
) -> Item:
    """Change why, version, scope, stage, since, or of a past item until, why_not and replaced_by too.

    A version or stage that changes is history. `replaced_by` is a `Tool` or None. `seen_version`: refuse if the stack
    is no longer of this version. Raises `ValidationError` by field, `PermissionDenied`.
    """
    check_takes_part(person)
    check_edits(person, item.stack)
    with counting_usage(item.stack, seen_version=seen_version) as locked:
        item = _again(item, locked)
        allowed = FIELDS if item.is_current else (*FIELDS, *PAST_FIELDS)
        if wrong := values.keys() - set(allowed):
            raise ValidationError(dict.fromkeys(sorted(wrong), "This can't be changed here."))
        version, stage, other = item.version, item.stage, item.replaced_by
        was_past = not item.is_current
        for name, value in values.items():
            setattr(item, name, value)
        _check(item)
        if was_past and item.is_current:
            raise ValidationError({"until": "Say when it ended, or have it back in use."})
        item.save(update_fields=set(values))
        note_version(item, version, person=person)
        if stage != item.stage:
            _change(item, Change.Kind.STAGE, person, before=stage, after=item.stage).save()
        if "since" in values:
            on = item.since or _day_of(item)
            item.changes.filter(kind=Change.Kind.ADDED).update(on=on)
        if was_past:
            _mend_end(item)
            if item.replaced_by is not None and item.replaced_by != other:
                add(locked, [item.replaced_by], person=person, since=_begin(item))
    return item


def note_version(item: Item, before: str, *, person: User) -> None:
    """Keep in the history that the version was `before`, if it is another one now and not the same more exactly."""
    if not before or says_the_same(before, item.version):
        return
    today = _today()
    versions = (Change.Kind.UPGRADED, Change.Kind.DOWNGRADED)
    last = item.changes.filter(kind__in=versions, on=today, by=person).order_by("-id").first()
    if last is not None:
        # Two in one day are one: the first was mistyped, or of a branch.
        before = last.before
        last.delete()
        if says_the_same(before, item.version):
            return
    kind = Change.Kind.DOWNGRADED if is_lower(item.version, before) else Change.Kind.UPGRADED
    _change(item, kind, person, before=before, after=item.version).save()


@transaction.atomic
def drop_item(
    *,
    person: User,
    item: Item,
    until: str = "",
    why_not: str = "",
    replaced_by: Tool | None = None,
    seen_version: int | None = None,
) -> Item:
    """The stack runs it no more: `until` is today if not said. The tool that replaced it is added if it is not there.

    Dropped twice is success. `seen_version`: refuse if the stack is no longer of this version. Raises `ValidationError`
    by field, `PermissionDenied`.
    """
    check_takes_part(person)
    check_edits(person, item.stack)
    if not Item.objects.current().filter(pk=item.pk).exists():
        return item
    with counting_usage(item.stack, seen_version=seen_version) as locked:
        item = _again(item, locked)
        if item.is_current:
            drop(item, person=person, until=until, why_not=why_not, replaced_by=replaced_by)
    return item


def drop(
    item: Item, *, person: User, until: str = "", why_not: str = "", replaced_by: Tool | None = None
) -> None:
    """As `drop_item`, of a current item of a stack that is locked by `counting_usage`; asks for no permission."""
    # Who began it today in the east did so tomorrow.
    item.until = until or max(_today(), item.since)
    item.why_not, item.replaced_by = why_not, replaced_by
    _check(item)
    item.save(update_fields=["until", "why_not", "replaced_by"])
    kind = Change.Kind.REPLACED if replaced_by else Change.Kind.DROPPED
    _change(item, kind, person, on=item.until, other=replaced_by).save()
    if replaced_by is not None:
        add(item.stack, [replaced_by], person=person, since=_begin(item))


@transaction.atomic
def restore_item(*, person: User, item: Item, seen_version: int | None = None) -> Item:
    """Undo `drop_item`, but for a tool that came in its place: that stays. Raises `ValidationError`."""
    check_takes_part(person)
    check_edits(person, item.stack)
    with counting_usage(item.stack, seen_version=seen_version) as locked:
        item = _again(item, locked)
        if item.is_current:
            return item
        current = _current_ids(locked)
        if item.tool_id in current:
            raise ValidationError("The stack has this tool already.", code="unique")
        if len(current) >= MAX_ITEMS:
            raise ValidationError(f"A stack has at most {MAX_ITEMS} tools.", code="limit")
        item.until, item.why_not, item.replaced_by = "", "", None
        item.save(update_fields=["until", "why_not", "replaced_by"])
        item.changes.filter(kind__in=_ENDS).delete()
    return item


@transaction.atomic
def erase_item(*, person: User, item: Item, seen_version: int | None = None) -> None:
    """It was never there: an error. Takes its history along. Done twice is success."""
    check_takes_part(person)
    check_edits(person, item.stack)
    if not Item.objects.filter(pk=item.pk).exists():
        return
    with counting_usage(item.stack, seen_version=seen_version) as locked:
        locked.items.filter(pk=item.pk).delete()


@transaction.atomic
def order_items(*, person: User, stack: Stack, ids: list[int], seen_version: int | None = None) -> None:
    """Give the current items named this order; others of the stack keep theirs, after them. Other ids are left out."""
    check_takes_part(person)
    check_edits(person, stack)
    with counting_usage(stack, seen_version=seen_version) as locked:
        items = {item.pk: item for item in locked.items.order_by("position", "id")}
        named = [items[pk] for pk in dict.fromkeys(ids) if pk in items and items[pk].is_current]
        chosen = {item.pk for item in named}
        order = named + [item for item in items.values() if item.pk not in chosen]
        moved = [item for position, item in enumerate(order) if item.position != position]
        for position, item in enumerate(order):
            item.position = position
        Item.objects.bulk_update(moved, ["position"], batch_size=500)


def _current_ids(stack: Stack) -> set[int]:
    return set(stack.items.current().values_list("tool_id", flat=True))


def _again(item: Item, stack: Stack) -> Item:
    """The row as it is now that its stack is locked."""
    found = stack.items.select_related("tool", "replaced_by").filter(pk=item.pk).first()
    if found is None:
        raise ValidationError("This tool was taken out of the stack meanwhile.", code="gone")
    found.stack = stack
    return found


def _check(item: Item) -> None:
    """Bring the values into form; raise `ValidationError` by field."""
    item.version = one_line(item.version)
    problems = problems_of(item, exclude=["stack", "tool", "position", "replaced_by"])
    today = timezone.now().date()
    for name in ("since", "until"):
        if name not in problems:
            try:
                check_date(getattr(item, name), today=today)
            except ValidationError as error:
                problems[name] = [error]
    if not problems and item.until and is_before(item.until, item.since):
        problems["until"] = [ValidationError("It ended before it began.")]
    if item.replaced_by is not None and item.replaced_by.pk == item.tool_id:
        problems["replaced_by"] = [ValidationError("Choose another tool than the one that was replaced.")]
    if problems:
        raise ValidationError(problems)


def _change(item: Item, kind: Change.Kind, person: User, *, on: str = "", **values: Any) -> Change:
    return Change(
        item=item,
        stack_id=item.stack_id,
        tool_id=item.tool_id,
        kind=kind,
        on=on or _today(),
        by=person,
        **values,
    )


def _mend_end(item: Item) -> None:
    """Have the history say of a past item's end what the item says."""
    kind = Change.Kind.REPLACED if item.replaced_by_id else Change.Kind.DROPPED
    item.changes.filter(kind__in=_ENDS).update(on=item.until, other=item.replaced_by, kind=kind)


def _begin(item: Item) -> str:
    """Since when there is what came in the place of a past item: its end, if that was said."""
    return "" if item.until == _today() else item.until


def _day_of(item: Item) -> str:
    return item.created_at.date().isoformat()


def _today() -> str:
    return timezone.now().date().isoformat()
