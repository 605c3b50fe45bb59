"""What happened around tools and people, as events: made by a worker of rows that are due. Read by selectors.py.

A post and a reply are an event each. What one person changed of a public stack within a day (UTC) is one; that a tool
was replaced by another is one of its own. A change of a stack that is not public makes none: when the stack comes into
public view for the first time, `note_shared` makes one event of all that it runs.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import CharField, Q, QuerySet, Value
from django.utils import timezone

from apps.advice.models import Post, PostTool, Recommendation, Reply
from apps.core.jobs import ring
from apps.core.locks import hold_lock
from apps.pages.models import Event, EventSubject
from apps.stacks.models import Change, Stack

# Rows taken in one transaction, which holds their locks for a fraction of a second.
BATCH = 500
# In one run, so that it stays below a task's time limit; what is left rings again.
MAX_BATCHES = 50
# So long a change waits: what is added and taken away again in one sitting is no news.
SITTING = timedelta(minutes=2)
# Of a stack and day, the first so many: more is an import, of which a reader sees the first few and how many more.
MAX_CHANGES = 30


@dataclass(slots=True)
class _New:
    """An event to be, and what it is about."""

    event: Event
    tools: set[int] = field(default_factory=set)
    person: int | None = None


def gather() -> int:
    """Make events of posts, replies and changes of stacks that are due; answers how many rows were done. For a worker.

    Rows that somebody else holds wait for the next run. Killed at any time nothing is lost, and nothing doubled: an
    event and that its row is done are written together.
    """
    done = 0
    for _ in range(MAX_BATCHES):
        some = _gather_some()
        if not some:
            return done
        done += some
    ring("apps.pages.tasks.gather_feed")
    return done


@transaction.atomic
def _gather_some() -> int:
    # One at a time, so that the ids of events, by which the feed goes, rise with time.
    with hold_lock("feed"):
        due: dict[str, list[int]] = defaultdict(list)
        for kind, pk in _oldest_due():
            due[kind].append(pk)
        posts, replies = _claim_posts(due["post"], due["reply"])
        changes = _claim_changes(due["change"])
        new = [*_of_posts(posts), *_of_replies(replies), *_of_changes(changes)]
        _save(sorted(new, key=lambda one: one.event.created_at))
        for model, rows in ((Post, posts), (Reply, replies), (Change, changes)):
            model._default_manager.filter(pk__in=[row.pk for row in rows]).update(is_feed_due=False)
    return len(posts) + len(replies) + len(changes)


def _oldest_due() -> Iterable[tuple[str, int]]:
    """What is due of all kinds, as kind and id, oldest first."""

    def due(rows: QuerySet[Any], kind: str) -> QuerySet[Any, Any]:
        oldest = rows.filter(is_feed_due=True).order_by("created_at", "id")
        return oldest.values_list(Value(kind, CharField()), "id", "created_at")[:BATCH]

    changes = due(Change.objects.filter(created_at__lte=timezone.now() - SITTING), "change")
    rows = due(Post.objects.all(), "post").union(due(Reply.objects.all(), "reply"), changes, all=True)
    return [(kind, pk) for kind, pk, _ in rows.order_by("created_at")[:BATCH]]


def _claim_posts(posts: list[int], replies: list[int]) -> tuple[list[Post], list[Reply]]:
    """Lock those that nobody else holds: posts before their replies, as all who write to them do."""
    parents = Reply.objects.filter(pk__in=replies).values("post")
    locked = Post.objects.select_for_update(no_key=True, skip_locked=True)
    held = {post.pk: post for post in locked.filter(Q(pk__in=posts) | Q(pk__in=parents))}
    free = Reply.objects.select_for_update(no_key=True, skip_locked=True).filter(is_feed_due=True)
    return (
        [post for post in held.values() if post.is_feed_due],
        list(free.filter(pk__in=replies, post__in=held)),
    )


def _claim_changes(changes: list[int]) -> list[Change]:
    """Lock those that nobody else holds, and their stacks before them."""
    stacks = Stack.objects.select_for_update(no_key=True, skip_locked=True)
    held = {
        stack.pk: stack
        for stack in stacks.filter(pk__in=Change.objects.filter(pk__in=changes).values("stack"))
    }
    free = Change.objects.select_for_update(no_key=True, skip_locked=True).filter(is_feed_due=True)
    rows = list(free.filter(pk__in=changes, stack__in=held).order_by("created_at", "id"))
    for row in rows:
        row.stack = held[row.stack_id]
    return rows


def _of_posts(posts: list[Post]) -> list[_New]:
    """One that was edited is due again, for its tools may be others."""
    tools = _tools_of([post.pk for post in posts])
    known = {event.post_id: event for event in Event.objects.filter(kind=Event.Kind.POST, post__in=posts)}
    return [
        _New(
            known.get(post.pk)
            or Event(kind=Event.Kind.POST, actor_id=post.author_id, post=post, created_at=post.created_at),
            tools[post.pk],
            post.author_id,
        )
        for post in posts
    ]


def _of_replies(replies: list[Reply]) -> list[_New]:
    tools = _tools_of([reply.post_id for reply in replies])
    recommended: dict[int, set[int]] = defaultdict(set)
    rows = Recommendation.objects.filter(reply__in=replies).order_by()
    for reply_id, tool in rows.values_list("reply", "tool"):
        recommended[reply_id].add(tool)
    known = {event.reply_id: event for event in Event.objects.filter(reply__in=replies)}
    return [
        _New(
            known.get(reply.pk)
            or Event(
                kind=Event.Kind.REPLY,
                actor_id=reply.author_id,
                post_id=reply.post_id,
                reply=reply,
                created_at=reply.created_at,
            ),
            tools[reply.post_id] | recommended[reply.pk],
            reply.author_id,
        )
        for reply in replies
    ]


def _tools_of(posts: list[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for post, tool in PostTool.objects.filter(post__in=posts).order_by().values_list("post", "tool"):
        found[post].add(tool)
    return found


def _of_changes(changes: list[Change]) -> list[_New]:
    """Moves, and what one person changed of a stack in a day; what comes later that day joins its event."""
    public = set(
        Stack.objects.public().filter(pk__in={row.stack_id for row in changes}).values_list("pk", flat=True)
    )
    changes = [row for row in changes if row.stack_id in public]
    # That its successor was added is said with the move.
    moves = [row for row in changes if row.kind == Change.Kind.REPLACED]
    said = {(row.stack_id, row.other_id, _day(row.created_at)) for row in moves}
    days: dict[tuple[int, date, int | None], list[Change]] = defaultdict(list)
    for row in changes:
        is_said = row.kind == Change.Kind.ADDED and (row.stack_id, row.tool_id, _day(row.created_at)) in said
        if row.kind != Change.Kind.REPLACED and not is_said:
            days[row.stack_id, _day(row.created_at), row.by_id].append(row)
    known = {
        (event.stack_id, event.day, event.actor_id): event
        for event in Event.objects.filter(
            kind=Event.Kind.STACK, stack__in={key[0] for key in days}, day__in={key[1] for key in days}
        )
    }
    new = [_of_move(row) for row in moves]
    for key, rows in days.items():
        event = known.get(key) or _of_stack(rows[0].stack, at=rows[0].created_at, actor=rows[0].by_id)
        more = rows[: MAX_CHANGES - len(event.changes)]
        event.changes += [row.pk for row in more]
        new.append(_New(event, {row.tool_id for row in more}, rows[0].by_id or rows[0].stack.person_id))
    return new


def _of_move(row: Change) -> _New:
    event = Event(
        kind=Event.Kind.MOVE, actor_id=row.by_id, stack=row.stack, changes=[row.pk], created_at=row.created_at
    )
    tools = {pk for pk in (row.tool_id, row.other_id) if pk}
    return _New(event, tools, row.by_id or row.stack.person_id)


def _of_stack(stack: Stack, *, at: datetime, actor: int | None) -> Event:
    return Event(kind=Event.Kind.STACK, actor_id=actor, stack=stack, day=_day(at), created_at=at)


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()


def _save(events: list[_New]) -> None:
    """Write them in their order, or what was added to them."""
    known = [one.event for one in events if one.event.pk]
    Event.objects.bulk_update(known, ["changes"])
    EventSubject.objects.filter(event__in=[event for event in known if event.post_id]).delete()
    Event.objects.bulk_create(one.event for one in events if not one.event.pk)
    # Of a day that goes on, some are there already.
    EventSubject.objects.bulk_create(
        (
            subject
            for one in events
            for subject in (
                *(EventSubject(event=one.event, tool_id=tool) for tool in sorted(one.tools)),
                *([EventSubject(event=one.event, person_id=one.person)] if one.person else []),
            )
        ),
        ignore_conflicts=True,
    )


def note_shared(stack: Stack) -> None:
    """The stack came into public view, with tools: the first time that is news. Called in the transaction that did it.

    What was changed of it before is said by that, so it is due no more.
    """
    if Event.objects.filter(stack=stack).exists():
        return
    rows = stack.changes.filter(kind=Change.Kind.ADDED, item__until="").order_by("item__position", "id")
    first = list(rows[:MAX_CHANGES])
    event = _of_stack(stack, at=timezone.now(), actor=stack.person_id)
    event.changes = [row.pk for row in first]
    _save([_New(event, {row.tool_id for row in first}, stack.person_id)])
    stack.changes.filter(is_feed_due=True).update(is_feed_due=False)
