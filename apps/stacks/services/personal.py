"""What this app holds of a person: for their export, and when their account is closed."""

from typing import Any

from django.db import transaction
from django.db.models import F

from apps.accounts.models import User
from apps.stacks.models import (
    Change,
    Company,
    Evidence,
    Item,
    Membership,
    ProofCheck,
    Reading,
    Removal,
    Stack,
)
from apps.stacks.services.companies import remove_members
from apps.stacks.services.usage import erase

Rows = list[dict[str, Any]]

_STACK = (
    "id", "name", "slug", "description", "kind", "link", "visibility", "repository", "commit", "read_at", "proved_at",
    "proved_by", "is_hidden", "created_at", "changed_at",
)  # fmt: skip
_ITEM = (
    "why", "version", "scope", "stage", "since", "until", "why_not", "position", "tier", "created_at",
)  # fmt: skip
_EVIDENCE = (
    "source", "path", "line", "purl", "name", "version", "scope", "confidence", "repository", "commit", "found_at",
)  # fmt: skip


def export_stacks(person: User) -> Rows:
    """The person's own stacks, with items, and evidence in these. Three queries."""
    stacks = list(Stack.objects.filter(person=person).order_by("id").values(*_STACK))
    items = Item.objects.filter(stack__person=person).order_by("stack", "position", "id")
    named = items.values(
        "id", "stack_id", *_ITEM, tool_slug=F("tool__slug"), replaced_by_slug=F("replaced_by__slug")
    )
    evidence: dict[int, Rows] = {}
    for row in Evidence.objects.filter(item__stack__person=person).values("item_id", *_EVIDENCE):
        evidence.setdefault(row.pop("item_id"), []).append(row)
    held: dict[int, Rows] = {}
    for row in named:
        row["evidence"] = evidence.get(row.pop("id"), [])
        held.setdefault(row.pop("stack_id"), []).append(row)
    return [stack | {"items": held.get(stack["id"], [])} for stack in stacks]


def export_changes(person: User) -> Rows:
    """What the person changed in stacks, their own and those of companies."""
    rows = Change.objects.filter(by=person).order_by("id")
    columns = ("kind", "before", "after", "on", "created_at")
    return [
        dict(row) for row in rows.values("stack_id", "stack__name", "tool__slug", "other__slug", *columns)
    ]


def export_memberships(person: User) -> Rows:
    rows = Membership.objects.filter(person=person).order_by("id")
    return [
        dict(row) for row in rows.values("company__name", "company__slug", "role", "proved_by", "created_at")
    ]


def export_removals(person: User) -> Rows:
    """The companies that took the person out."""
    rows = Removal.objects.filter(person=person).order_by("id")
    return [dict(row) for row in rows.values("company__name", "company__slug", "created_at")]


def export_companies(person: User) -> Rows:
    """The companies that the person entered."""
    rows = Company.objects.filter(created_by=person).order_by("id")
    return [
        dict(row)
        for row in rows.values("name", "slug", "description", "website", "domain", "proved_at", "created_at")
    ]


def export_readings(person: User) -> Rows:
    rows = Reading.objects.filter(person=person).order_by("id")
    columns = (
        "source",
        "repository",
        "commit",
        "state",
        "findings",
        "unread",
        "unknown",
        "error",
        "created_at",
    )
    return [dict(row) for row in rows.values("stack_id", *columns)]


def export_proof_checks(person: User) -> Rows:
    rows = ProofCheck.objects.filter(person=person).order_by("id")
    columns = ("way", "said", "is_found", "created_at", "checked_at")
    return [dict(row) for row in rows.values("company__slug", "stack_id", *columns)]


def leave(person: User) -> None:
    """Delete the stacks of an account that is being closed, with their counts; take it out of companies, which stay."""
    for stack in Stack.objects.filter(person=person).order_by("pk"):
        with transaction.atomic():
            erase(stack)
    remove_members(memberships=Membership.objects.filter(person=person), may_return=True)
