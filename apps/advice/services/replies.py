"""Replies and comments: adding, editing, removing. Locks as in `services.posts`."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import check_takes_part
from apps.advice.limits import EDIT_LIMIT, FIRST_DAY_COMMENTS, FIRST_DAY_REPLIES, REPLY_LIMIT
from apps.advice.models import (
    MAX_COMMENT_CHARACTERS,
    MAX_REPLY_CHARACTERS,
    Comment,
    Draft,
    Post,
    Recommendation,
    Reply,
)
from apps.advice.permissions import check_edits, check_removes, check_restores
from apps.advice.rendering import render
from apps.advice.services import telling
from apps.advice.services.earning import tell_earning
from apps.advice.services.fields import clean_body, clean_recommended
from apps.advice.services.pace import check_first_day, check_links, check_pace
from apps.advice.services.rows import keep_revision, lock_post, set_removed, show_again, touch
from apps.tools.models import Tool

Said = TypeVar("Said", Reply, Comment)


@transaction.atomic
def add_reply(
    *, author: User, post: Post, body: str, tools: Sequence[Tool] = (), at: datetime | None = None
) -> Reply:
    """Answer a thread, recommending `tools`; the draft of it goes. The same words by the same person twice are one.

    `at`: when it was written, if not now (demo content): then there are no limits, and nobody is told. Raises
    `ValidationError` by field (body, tools), `PermissionDenied`.
    """
    check_takes_part(author)
    body = clean_body(body, MAX_REPLY_CHARACTERS)
    tools = clean_recommended(tools)
    if at is None:
        check_links(author, body)
        check_pace(author, "reply", REPLY_LIMIT)
    thread = _lock_shown_post(post.pk)
    equal = thread.replies.filter(author=author, body=body, removed_at=None).first()
    if equal is None and at is None:
        check_first_day(author, Reply.objects.all(), FIRST_DAY_REPLIES, "replies")
    # After its person, as who saves it locks them.
    Draft.objects.filter(person=author, post=thread, kind=Draft.Kind.REPLY).delete()
    if equal:
        return equal
    rendered = render(body)
    reply = Reply.objects.create(
        author=author,
        post=thread,
        body=body,
        html=rendered.html,
        tool=tools[0] if tools else thread.tool,
        created_at=at or timezone.now(),
    )
    _add_recommendations(reply, tools)
    _count_replies(thread, at)
    if at is None:
        telling.tell_of_reply(reply)
        telling.tell_mentioned(reply, rendered.people)
    return reply


@transaction.atomic
def edit_reply(*, editor: User, reply: Reply, body: str, tools: Sequence[Tool] = ()) -> Reply:
    """Change a reply; what it said is kept. Nothing changed is success. Raises as above."""
    check_takes_part(editor)
    thread = _lock_shown_post(reply.post_id)
    row = Reply.objects.select_for_update(no_key=True).get(pk=reply.pk)
    check_edits(editor, row)
    before = [one.tool for one in row.recommendations.select_related("tool")]
    body = clean_body(body, MAX_REPLY_CHARACTERS)
    tools = clean_recommended(tools, known=frozenset(tool.pk for tool in before))
    if (body, tools) == (row.body, before):
        return row
    check_links(editor, body)
    check_pace(editor, "edit", EDIT_LIMIT)
    keep_revision(row, editor, details=_details(before))
    former_id, row.tool = row.tool_id, tools[0] if tools else thread.tool
    # The feed finds it by its tools.
    row.is_feed_due |= tools != before
    _reword(row, thread, body, "tool", "is_feed_due")
    if tools != before:
        row.recommendations.all().delete()
        _add_recommendations(row, tools)
    if row.tool_id != former_id:
        tell_earning([row.author_id], [former_id, row.tool_id])
    return row


@transaction.atomic
def remove_reply(*, remover: User, reply: Reply) -> None:
    """Take a reply away, so that it can be restored; an accepted one is no longer. Done twice is success.

    Raises `PermissionDenied`.
    """
    check_takes_part(remover)
    thread = lock_post(reply.post_id)
    row = Reply.objects.select_for_update(no_key=True).get(pk=reply.pk)
    if row.removed_at is None:
        check_removes(remover, row)
        set_removed(row, remover)
        if thread.accepted_id == row.pk:
            thread.accepted, thread.accepted_at = None, None
            thread.save(update_fields=["accepted", "accepted_at"])
        _count_replies(thread)
        tell_earning([row.author_id], [row.tool_id])
        telling.take_back(row)


@transaction.atomic
def restore_reply(*, restorer: User, reply: Reply) -> None:
    """Who removed it, or a moderator, shows it again. Done twice is success. Raises `PermissionDenied`."""
    check_takes_part(restorer)
    thread = lock_post(reply.post_id)
    row = Reply.objects.select_for_update(no_key=True).get(pk=reply.pk)
    if row.removed_at is not None:
        check_restores(restorer, row)
        show_again(row)
        _count_replies(thread)
        tell_earning([row.author_id], [row.tool_id])


@transaction.atomic
def add_comment(
    *, author: User, post: Post, reply: Reply | None = None, body: str, at: datetime | None = None
) -> Comment:
    """Remark on a thread, or on a reply in it. The same words by the same person twice are one. Raises as above."""
    check_takes_part(author)
    body = clean_body(body, MAX_COMMENT_CHARACTERS)
    if at is None:
        check_links(author, body)
        check_pace(author, "comment", REPLY_LIMIT)
    thread = _lock_shown_post(post.pk)
    # Nobody removes it meanwhile: that takes the lock of the thread.
    if reply is not None and not thread.replies.filter(pk=reply.pk, removed_at=None).exists():
        raise PermissionDenied("This reply was removed.")
    equal = thread.comments.filter(author=author, reply=reply, body=body, removed_at=None).first()
    if equal:
        return equal
    if at is None:
        check_first_day(author, Comment.objects.all(), FIRST_DAY_COMMENTS, "comments")
    rendered = render(body)
    comment = Comment.objects.create(
        author=author,
        post=thread,
        reply=reply,
        body=body,
        html=rendered.html,
        created_at=at or timezone.now(),
    )
    _touch(thread, at)
    if at is None:
        telling.tell_of_comment(comment)
        telling.tell_mentioned(comment, rendered.people)
    return comment


@transaction.atomic
def edit_comment(*, editor: User, comment: Comment, body: str) -> Comment:
    """Change a comment; what it said is kept. Nothing changed is success. Raises as above."""
    check_takes_part(editor)
    thread = _lock_shown_post(comment.post_id)
    row = Comment.objects.select_for_update(no_key=True).get(pk=comment.pk)
    check_edits(editor, row)
    body = clean_body(body, MAX_COMMENT_CHARACTERS)
    if body != row.body:
        check_links(editor, body)
        check_pace(editor, "edit", EDIT_LIMIT)
        keep_revision(row, editor)
        _reword(row, thread, body)
    return row


@transaction.atomic
def remove_comment(*, remover: User, comment: Comment) -> None:
    """Take a comment away, so that it can be restored. Done twice is success. Raises `PermissionDenied`."""
    check_takes_part(remover)
    thread = lock_post(comment.post_id)
    row = Comment.objects.select_for_update(no_key=True).get(pk=comment.pk)
    if row.removed_at is None:
        check_removes(remover, row)
        set_removed(row, remover)
        _touch(thread)
        telling.take_back(row)


@transaction.atomic
def restore_comment(*, restorer: User, comment: Comment) -> None:
    """Who removed it, or a moderator, shows it again. Done twice is success. Raises `PermissionDenied`."""
    check_takes_part(restorer)
    thread = lock_post(comment.post_id)
    row = Comment.objects.select_for_update(no_key=True).get(pk=comment.pk)
    if row.removed_at is not None:
        check_restores(restorer, row)
        show_again(row)
        _touch(thread)


def _lock_shown_post(pk: int) -> Post:
    """The thread, locked. Raises `PermissionDenied` where it is removed."""
    post = lock_post(pk)
    if post.removed_at is not None:
        raise PermissionDenied("This thread was removed.")
    return post


def _reword(row: Said, thread: Post, body: str, *changed: str) -> None:
    """Give a locked row other words, and save what else is `changed`."""
    rendered = render(body)
    row.body, row.html, row.edited_at = body, rendered.html, timezone.now()
    row.save(update_fields=["body", "html", "edited_at", *changed])
    _touch(thread)
    telling.tell_mentioned(row, rendered.people)


def details_of(reply: Reply) -> dict[str, str]:
    """In words what the reply says beside its text, as a revision keeps it. One query."""
    return _details(one.tool for one in reply.recommendations.select_related("tool"))


def _details(recommended: Iterable[Tool]) -> dict[str, str]:
    names = ", ".join(tool.name for tool in recommended)
    return {"Recommends": names} if names else {}


def _add_recommendations(reply: Reply, tools: Sequence[Tool]) -> None:
    Recommendation.objects.bulk_create(
        Recommendation(reply=reply, tool=tool, position=position) for position, tool in enumerate(tools)
    )


def _count_replies(thread: Post, at: datetime | None = None) -> None:
    """Bring the count of a locked thread in line, and note that something was said in it."""
    thread.reply_count = thread.replies.filter(removed_at=None).count()
    touch(thread, at)
    thread.save(update_fields=["reply_count", "changed_at"])


def _touch(thread: Post, at: datetime | None = None) -> None:
    touch(thread, at)
    thread.save(update_fields=["changed_at"])
