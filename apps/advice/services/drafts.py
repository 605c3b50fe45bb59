"""Drafts, kept on the server so that they survive a closed tab."""

import re
from collections.abc import Mapping, Sequence

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from apps.accounts.models import User
from apps.accounts.permissions import check_takes_part
from apps.advice.limits import MAX_DRAFT_CHARACTERS, MAX_DRAFTS
from apps.advice.models import Draft, Post

# What a form of ours may call a field: "body", "why-12".
_FIELD = re.compile(r"[a-z][a-z0-9_-]{0,39}")
# Far more than a form of ours has: five tools with a reason each, and a dozen others.
MAX_FIELDS = 40
MAX_VALUES = 20


@transaction.atomic
def save_draft(
    *,
    person: User,
    kind: str,
    data: Mapping[str, Sequence[str]],
    post: Post | None = None,
    draft: Draft | None = None,
) -> Draft | None:
    """Keep what was typed: in `draft`, or in a new one; of a reply there is one for each post.

    A draft that is gone by now is made anew, so that no words are lost; above `MAX_DRAFTS` the oldest goes. Names that
    no form of ours could have are left out. Answers None, and deletes the draft, where every field is empty.
    Raises `ValidationError` above the limit of size, `PermissionDenied`.
    """
    check_takes_part(person)
    if draft and draft.person_id != person.pk:
        raise PermissionDenied("This is somebody else's draft.")
    is_reply = kind == Draft.Kind.REPLY
    kept = _kept(data)
    # One after the other: two tabs of a person.
    User.objects.select_for_update(no_key=True).only("pk").get(pk=person.pk)
    mine = Draft.objects.filter(person=person)
    # Locked: what is published meanwhile takes its draft along.
    there = mine.select_for_update()
    row = (
        there.filter(kind=kind, post=post).first()
        if is_reply
        else there.filter(pk=draft.pk).first()
        if draft
        else None
    )
    if not kept:
        if row:
            row.delete()
        return None
    if row is None:
        surplus = list(mine.order_by("-changed_at", "-id").values_list("pk", flat=True)[MAX_DRAFTS - 1 :])
        mine.filter(pk__in=surplus).delete()
        return Draft.objects.create(person=person, kind=kind, post=post if is_reply else None, data=kept)
    row.kind, row.data = kind, kept
    row.save(update_fields=["kind", "data", "changed_at"])
    return row


def delete_draft(*, person: User, pk: int) -> None:
    """Throw a draft away; one that is gone, or somebody else's, is success."""
    Draft.objects.filter(person=person, pk=pk).delete()


def _kept(data: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """What is worth keeping of a form: nothing if no field has a word."""
    fields = {
        name: [_storable(value) for value in values[:MAX_VALUES]]
        for name, values in data.items()
        if _FIELD.fullmatch(name)
    }
    filled = {name: values for name, values in fields.items() if any(value.strip() for value in values)}
    size = sum(len(name) + sum(map(len, values)) for name, values in filled.items())
    if size > MAX_DRAFT_CHARACTERS or len(filled) > MAX_FIELDS:
        raise ValidationError(
            f"This is too long to be kept as a draft: at most {MAX_DRAFT_CHARACTERS:,} characters.",
            code="too_long",
        )
    return filled


def _storable(text: str) -> str:
    """`text` without what no column of JSON can hold."""
    return text.replace("\0", "").encode(errors="ignore").decode()
