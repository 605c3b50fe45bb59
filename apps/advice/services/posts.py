"""Threads: publishing, editing, removing, accepting a reply.

Locks, in this order: the thread, its replies, people by id, what they were told. Only who holds the lock of a thread
changes what is in it, so that counts and the accepted reply are right.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import check_takes_part
from apps.advice.limits import EDIT_LIMIT, FIRST_DAY_POSTS, POST_LIMIT
from apps.advice.models import MAX_BODY_CHARACTERS, Draft, Post, PostTool, Reply
from apps.advice.permissions import check_accepts, check_edits, check_removes, check_restores
from apps.advice.rendering import render
from apps.advice.services import telling
from apps.advice.services.earning import tell_earning
from apps.advice.services.fields import (
    CHOICES,
    FIELDS,
    clean_body,
    clean_title,
    clean_tools,
    clean_values,
    slug_of,
)
from apps.advice.services.fields import Named as Named
from apps.advice.services.outcomes import AFTER_DAYS
from apps.advice.services.pace import check_first_day, check_links, check_pace
from apps.advice.services.rows import keep_revision, lock_post, set_removed, show_again, touch

Role = PostTool.Role

_LABELS = {
    "team_size": "Team size",
    "stage": "Stage",
    "scale": "Scale",
    "constraints": "Constraints",
    "decide_by": "Decide by",
    "since": "Since",
    "again": "Would choose it again",
}
_ROLE_LABELS = {
    Role.ABOUT: "About",
    Role.OPTION: "Considered",
    Role.CHOSEN: "Chosen",
    Role.REJECTED: "Rejected",
}


@transaction.atomic
def publish_post(
    *,
    author: User,
    kind: str,
    title: str,
    body: str,
    tools: Sequence[Named],
    values: Mapping[str, Any] | None = None,
    draft: Draft | None = None,
    at: datetime | None = None,
) -> Post:
    """Publish a thread; `values`: team_size, stage, scale, constraints, decide_by, or since, again, stack.

    The draft goes with it. The same words by the same person twice are one. `at`: when it was written, if not now
    (demo content): then there are no limits, nobody is told, and nobody asked what became of it. Raises
    `ValidationError` by field (title, body, tools, ...) and `PermissionDenied`, with words for the person.
    """
    check_takes_part(author)
    text = _clean(author, kind, title, body, tools, values or {}, on=at)
    if at is None:
        _check_links(author, text)
        check_pace(author, "post", POST_LIMIT)
    # Who publishes twice at once publishes one after the other.
    User.objects.select_for_update(no_key=True).only("pk").get(pk=author.pk)
    if draft is not None:
        Draft.objects.filter(pk=draft.pk, person=author).delete()
    own = Post.objects.filter(author=author)
    equal = own.shown().filter(kind=kind, title=text.title, body=text.body).first()
    if equal:
        return equal
    if at is None:
        check_first_day(author, own, FIRST_DAY_POSTS, "posts")
    rendered = render(text.body)
    now = at or timezone.now()
    is_asked_after = kind == Post.Kind.ADVICE and at is None
    post = Post.objects.create(
        author=author,
        kind=kind,
        title=text.title,
        slug=slug_of(text.title),
        body=text.body,
        html=rendered.html,
        tool=text.tools[0].tool,
        created_at=now,
        changed_at=now,
        outcome_due_at=now + timedelta(days=AFTER_DAYS[0]) if is_asked_after else None,
        is_telling_due=at is None,
        **text.values,
    )
    _add_tools(post, text.tools)
    if at is None:
        telling.tell_mentioned(post, rendered.people)
    return post


@transaction.atomic
def edit_post(
    *,
    editor: User,
    post: Post,
    title: str,
    body: str,
    tools: Sequence[Named],
    values: Mapping[str, Any] | None = None,
    seen_version: int | None = None,
) -> Post:
    """Change what a thread says; what it said is kept as a `Revision`. Nothing changed is success.

    Fields that `values` lack stay. `seen_version`: refuse (`ValidationError`, code "changed") if it is no longer of
    this version. Raises as above.
    """
    check_takes_part(editor)
    row = lock_post(post.pk)
    check_edits(editor, row)
    before = _text_of(row)
    text = _clean(editor, row.kind, title, body, tools, values or {}, post=row, before=before)
    if text == before:
        return row
    if seen_version is not None and seen_version != row.version:
        raise ValidationError(
            "It was edited meanwhile, by you elsewhere or by a moderator. Look at it as it is now, then edit it again.",
            code="changed",
        )
    _check_links(editor, text)
    check_pace(editor, "edit", EDIT_LIMIT)
    rendered = render(text.body)
    keep_revision(row, editor, title=row.title, details=_details(before))
    row.title, row.slug, row.body, row.html = text.title, slug_of(text.title), text.body, rendered.html
    for name, value in text.values.items():
        setattr(row, name, value)
    former, row.tool = row.tool, text.tools[0].tool
    # The feed finds it by its tools.
    row.is_feed_due |= text.tools != before.tools
    row.version += 1
    row.edited_at = timezone.now()
    touch(row)
    row.save(
        update_fields=[
            "title",
            "slug",
            "body",
            "html",
            "tool",
            "version",
            "edited_at",
            "changed_at",
            "is_feed_due",
            *text.values,
        ]
    )
    if text.tools != before.tools:
        row.post_tools.all().delete()
        _add_tools(row, text.tools)
    if row.tool_id != former.pk:
        _move_to_tool(row, former_id=former.pk)
    telling.tell_mentioned(row, rendered.people)
    return row


@transaction.atomic
def remove_post(*, remover: User, post: Post) -> None:
    """Take a thread away, so that it can be restored: its author while nobody has replied, moderators always.

    Done twice is success. Raises `PermissionDenied`.
    """
    check_takes_part(remover)
    row = lock_post(post.pk)
    if row.removed_at is None:
        check_removes(remover, row)
        set_removed(row, remover)
        tell_earning([row.author_id], [row.tool_id])
        telling.take_back(row)


@transaction.atomic
def restore_post(*, restorer: User, post: Post) -> None:
    """Show a removed thread again: who removed it, or a moderator. Done twice is success. Raises `PermissionDenied`."""
    check_takes_part(restorer)
    row = lock_post(post.pk)
    if row.removed_at is not None:
        check_restores(restorer, row)
        show_again(row)
        tell_earning([row.author_id], [row.tool_id])


@transaction.atomic
def accept_reply(*, person: User, reply: Reply) -> None:
    """Who asked accepts this reply, in place of another; its author is told. Done twice is success.

    Raises `PermissionDenied`; `ValidationError` where the reply is removed.
    """
    check_takes_part(person)
    post = lock_post(reply.post_id)
    check_accepts(person, post)
    row = Reply.objects.select_for_update(no_key=True).get(pk=reply.pk)
    if row.removed_at is not None:
        raise ValidationError("This reply was removed.", code="removed")
    if post.accepted_id == row.pk:
        return
    post.accepted, post.accepted_at = row, timezone.now()
    touch(post)
    post.save(update_fields=["accepted", "accepted_at", "changed_at"])
    telling.tell_of_acceptance(row)


@transaction.atomic
def take_back_acceptance(*, person: User, post: Post) -> None:
    """Who asked accepts none after all. Done twice is success. Raises `PermissionDenied`."""
    check_takes_part(person)
    row = lock_post(post.pk)
    check_accepts(person, row)
    if row.accepted_id is not None:
        row.accepted, row.accepted_at = None, None
        touch(row)
        row.save(update_fields=["accepted", "accepted_at", "changed_at"])


# --- What a thread says --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Text:
    """All that its author says in a thread."""

    title: str
    body: str
    tools: list[Named]
    values: dict[str, Any]


def _clean(
    writer: User,
    kind: str,
    title: str,
    body: str,
    tools: Sequence[Named],
    values: Mapping[str, Any],
    *,
    post: Post | None = None,
    before: _Text | None = None,
    on: datetime | None = None,
) -> _Text:
    """What is kept of it. Raises one `ValidationError` with what is wrong with all fields."""
    if kind not in FIELDS:
        raise ValidationError({"kind": "Choose one of the two."})
    today = (on or timezone.now()).date()
    known = frozenset(one.tool.pk for one in before.tools) if before else frozenset()
    parts: dict[str, Callable[[], Any]] = {
        "title": lambda: clean_title(title),
        "body": lambda: clean_body(body, MAX_BODY_CHARACTERS),
        "tools": lambda: clean_tools(kind, tools, known=known),
        "values": lambda: clean_values(
            kind, values, owner=post.author if post else writer, today=today, post=post
        ),
    }
    found: dict[str, Any] = {}
    problems: dict[str, list[ValidationError]] = {}
    for name, clean in parts.items():
        try:
            found[name] = clean()
        except ValidationError as error:
            problems |= error.error_dict
    if problems:
        raise ValidationError(problems)
    return _Text(**found)


def _text_of(post: Post) -> _Text:
    tools = [Named(row.tool, row.role, row.why) for row in post.post_tools.select_related("tool")]
    values = {name: getattr(post, name) for name in FIELDS[Post.Kind(post.kind)]}
    return _Text(post.title, post.body, tools, values)


def _check_links(writer: User, text: _Text) -> None:
    lines = [text.values.get(name, "") for name in ("scale", "constraints")]
    check_links(writer, text.body, [text.title, *lines, *(one.why for one in text.tools)])


def _add_tools(post: Post, tools: Sequence[Named]) -> None:
    PostTool.objects.bulk_create(
        PostTool(post=post, tool=one.tool, role=one.role, why=one.why, position=position)
        for position, one in enumerate(tools)
    )


def details_of(post: Post) -> dict[str, str]:
    """In words what the thread says beside title and body, as a revision keeps it. One query."""
    return _details(_text_of(post))


def _details(text: _Text) -> dict[str, str]:
    """In words what a revision keeps beside title and body. Not the stack: it may become private."""
    details = {
        label: "; ".join(
            f"{one.tool.name} ({one.why})" if one.why else one.tool.name
            for one in text.tools
            if one.role == role
        )
        for role, label in _ROLE_LABELS.items()
    }
    for name, label in _LABELS.items():
        value: Any = text.values.get(name)
        choices = dict(CHOICES[name].choices) if name in CHOICES else {}
        details[label] = str(choices.get(value, value) or "")
    return {label: words for label, words in details.items() if words}


def _move_to_tool(post: Post, *, former_id: int) -> None:
    """What was written in a locked thread counts for another tool: itself, and replies that recommend none."""
    people = {post.author_id} if post.up_count else set()
    plain = Reply.objects.filter(pk__in=post.replies.filter(recommendations=None).values("pk")).order_by("pk")
    rows = list(plain.select_for_update(no_key=True).values_list("pk", "author_id", "up_count"))
    Reply.objects.filter(pk__in=[pk for pk, _, _ in rows]).update(tool=post.tool)
    # What nobody voted up earns nothing on either.
    people |= {author_id for _, author_id, up_count in rows if up_count}
    tell_earning(people, [former_id, post.tool_id])
