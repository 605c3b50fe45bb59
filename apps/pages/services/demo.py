"""Loading the demo content into the database, and removing it.

What is checked in the files is written as people would have written it, at the dates that the files give: through the
services of stacks and advice where they decide something (HTML, counts, slugs), else as rows. The same files make the
same content. Nobody is told of any of it, but for a few notifications of the people to sign in as.
"""

import random
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.accounts.counters import FOLLOWERS
from apps.accounts.models import PersonFollow, User
from apps.accounts.services.usernames import check_is_free, hold_name
from apps.advice.models import Comment, Outcome, Post, Reply
from apps.advice.rendering import render
from apps.advice.services.posts import Named, publish_post
from apps.advice.services.replies import add_comment, add_reply
from apps.advice.services.telling import tell_of_reply
from apps.core.counters import Counter
from apps.notifications.models import Notification
from apps.notifications.services import forget_told
from apps.pages.demo import (
    LAST,
    CommentEntry,
    Demo,
    ItemEntry,
    PersonEntry,
    ReplyEntry,
    StackEntry,
    ThreadEntry,
)
from apps.pages.models import DemoLoad
from apps.pages.services.feed import gather
from apps.stacks.models import Change, Company, Item, Stack
from apps.stacks.services.adoption import find_companions, measure_adoption
from apps.stacks.services.likeness import rank_due_stacks
from apps.stacks.services.stacks import create_stack
from apps.stacks.services.usage import counting_usage, erase
from apps.stacks.versions import is_lower
from apps.tools.counters import COUNTERS as TOOL_COUNTERS
from apps.tools.models import Point, Tool, ToolFollow
from apps.tools.services.points import take_back_answers
from apps.votes.models import Vote
from apps.votes.services.personal import take_away as take_away_votes
from apps.votes.services.reputation import recompute_earned

# Nobody has a mailbox there, and none is mailed to: apps.core.mail.
DOMAIN = "demo.invalid"
# Whose models the moderator of the demo works with in the admin, as docs/moderating.md says.
_MODERATED = (
    "accounts",
    "advice",
    "comparisons",
    "core",
    "github",
    "notifications",
    "pages",
    "stacks",
    "tools",
    "votes",
)
# Replies that a person to sign in as has not read yet.
_UNREAD = 5
_FOLLOWED_TOOLS = next(counter for counter in TOOL_COUNTERS if counter.field == "follower_count")

Tick = Callable[[], object]


class DemoError(Exception):
    """It cannot be loaded. The message says to a person why."""


@dataclass(slots=True)
class _Cast:
    """Whom and what the entries name."""

    people: dict[str, User]
    tools: dict[str, Tool]
    stacks: dict[str, Stack]


def demo_people() -> QuerySet[User]:
    people: QuerySet[User] = User.objects.filter(is_demo=True).order_by("pk")
    return people


def step_count(demo: Demo) -> int:
    """How often `load` calls `tick`."""
    replies = sum(len(thread.replies) for thread in demo.threads)
    return len(demo.people) + len(demo.stacks) + len(demo.threads) + replies


@transaction.atomic
def load(demo: Demo, *, digest: str, tick: Tick = lambda: None) -> None:
    """Write all of it; there must be none yet. Raises `DemoError` where a name is taken by somebody."""
    cast = _Cast(
        people=_add_people(demo.people, tick),
        tools=Tool.objects.in_bulk(field_name="slug"),
        stacks={},
    )
    _add_follows(demo.people, cast)
    for entry in demo.stacks:
        cast.stacks[f"{entry.owner}/{entry.slug}"] = _add_stack(entry, cast)
        tick()
    _add_threads(demo.threads, cast, tick)
    _tell_logins(demo.people, cast)
    DemoLoad.objects.create(digest=digest)


def catch_up() -> None:
    """Do at once what workers do by and by, or by night, so that pages are whole: the feed, stacks alike, adoption."""
    gather()
    rank_due_stacks()
    measure_adoption()
    find_companions()


# --- People --------------------------------------------------------------------------------------


def _add_people(entries: Sequence[PersonEntry], tick: Tick) -> dict[str, User]:
    people: dict[str, User] = {}
    for entry in entries:
        with hold_name(entry.username):
            try:
                check_is_free(entry.username)
            except ValidationError:
                raise DemoError(f"@{entry.username} is somebody already, or a company.") from None
            people[entry.username] = User.objects.create(
                username=entry.username,
                email=f"{entry.username}@{DOMAIN}",
                # A known password must open nothing on a site that others reach.
                password=make_password((entry.login and settings.DEMO_PASSWORD) or None),
                name=entry.name,
                title=entry.title,
                company=entry.company,
                place=entry.place,
                bio=entry.bio,
                date_joined=entry.joined,
                is_demo=True,
                is_staff=entry.login == "moderator" and bool(settings.DEMO_PASSWORD),
            )
        tick()
    EmailAddress.objects.bulk_create(
        EmailAddress(user=person, email=person.email, verified=True, primary=True)
        for person in people.values()
    )
    moderators = [person for person in people.values() if person.is_staff]
    if moderators:
        rights = Permission.objects.filter(content_type__app_label__in=_MODERATED)
        for person in moderators:
            person.user_permissions.set(rights)
    return people


def _add_follows(entries: Sequence[PersonEntry], cast: _Cast) -> None:
    tools, people = [], []
    for entry in entries:
        person = cast.people[entry.username]
        tools += [ToolFollow(person=person, tool=cast.tools[slug]) for slug in entry.tools]
        people += [PersonFollow(follower=person, person=cast.people[name]) for name in entry.people]
    ToolFollow.objects.bulk_create(tools)
    PersonFollow.objects.bulk_create(people)
    _count(_FOLLOWED_TOOLS, {follow.tool_id for follow in tools})
    _count(FOLLOWERS, {follow.person_id for follow in people})


def _count(counter: Counter, pks: Iterable[int]) -> None:
    """Bring a counter of these rows in line, locked in the order in which all lock them."""
    rows = counter.rows().filter(pk__in=list(pks))
    list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk"))
    rows.update(**{counter.field: counter.actual()})


# --- Stacks --------------------------------------------------------------------------------------


def _add_stack(entry: StackEntry, cast: _Cast) -> Stack:
    """Share a stack at its date, with what happened before, and let happen to it what the entry says came after."""
    owner = cast.people[entry.owner]
    stack = create_stack(
        person=owner, name=entry.name, slug=entry.slug, description=entry.description, kind=entry.kind
    )
    with counting_usage(stack) as locked:
        items = Item.objects.bulk_create(
            Item(
                stack=locked,
                tool=cast.tools[one.tool],
                position=position,
                replaced_by=cast.tools[one.replaced_by] if one.replaced_by else None,
                **one.model_dump(include={"why", "version", "scope", "stage", "since", "until", "why_not"}),
            )
            for position, one in enumerate(entry.items)
        )
        changes = [
            change
            for item, one in zip(items, entry.items, strict=True)
            for change in _changes(item, one, entry)
        ]
        moments: dict[datetime, list[Change]] = defaultdict(list)
        for change in sorted(changes, key=lambda change: change.created_at):
            moments[change.created_at].append(change)
            # What was before it was shared is history, but no news; that it was shared is one.
            is_now = change.kind == Change.Kind.ADDED and not change.item.until
            change.is_feed_due = is_now or change.created_at > entry.at
        Change.objects.bulk_create(change for some in moments.values() for change in some)
        # By moments, of which there are few: creating sets them all to now.
        for moment, some in moments.items():
            locked.changes.filter(pk__in=[change.pk for change in some]).update(created_at=moment)
    Stack.objects.filter(pk=stack.pk).update(created_at=entry.at, changed_at=max(moments))
    return stack


def _changes(item: Item, one: ItemEntry, entry: StackEntry) -> Iterator[Change]:
    """The history of an item, each step at the moment when it was told."""
    kinds = Change.Kind
    steps: list[tuple[str, str, dict[str, Any]]] = [(kinds.ADDED, one.since, {})]
    if one.was:
        kind = kinds.DOWNGRADED if is_lower(one.version, one.was) else kinds.UPGRADED
        steps.append((kind, one.upgraded, {"before": one.was, "after": one.version}))
    if one.until:
        kind = kinds.REPLACED if one.replaced_by else kinds.DROPPED
        steps.append((kind, one.until, {"other": item.replaced_by}))
    for step, on, values in steps:
        told = _told(on, entry)
        yield Change(
            item=item,
            stack_id=item.stack_id,
            tool_id=item.tool_id,
            kind=step,
            on=on,
            by_id=item.stack.person_id,
            created_at=told,
            **values,
        )


def _told(on: str, entry: StackEntry) -> datetime:
    """When something of that day was told here: then, or when the stack was shared.

    Of a month or year some day in it, always the same for a stack, so that a tool goes when its successor comes.
    """
    year, *rest = (int(part) for part in on.split("-"))
    some = random.Random(zlib.crc32(f"{entry.owner}/{entry.slug} {on}".encode()))  # noqa: S311
    chosen = (some.randint(1, 12), some.randint(1, 14))
    month, day = (*rest, *chosen[len(rest) :])
    moment = datetime(year, month, day, some.randint(7, 17), some.randint(0, 59), tzinfo=UTC)
    return min(max(moment, entry.at), LAST)


# --- Threads -------------------------------------------------------------------------------------

# Something that is said at a time.
_Deed = tuple[datetime, Callable[[], None]]


def _add_threads(entries: Sequence[ThreadEntry], cast: _Cast, tick: Tick) -> None:
    """Say all of it in the order of time, so that what is newer has the greater number, as pages expect; then vote."""
    threads = [_Thread(entry, cast, tick) for entry in entries]
    deeds = [deed for thread in threads for deed in thread.deeds()]
    for _, do in sorted(deeds, key=lambda deed: deed[0]):
        do()
    Vote.objects.bulk_create(vote for thread in threads for vote in thread.votes())
    written = [row for thread in threads for row in thread.written()]
    recompute_earned({row.author_id for row in written if row.author_id}, {row.tool_id for row in written})


class _Thread:
    """One thread on its way into the database."""

    def __init__(self, entry: ThreadEntry, cast: _Cast, tick: Tick) -> None:
        self.entry, self.cast, self.tick = entry, cast, tick
        self.post: Post
        self.replies: list[tuple[ReplyEntry, Reply]] = []

    def deeds(self) -> Iterator[_Deed]:
        yield self.entry.at, self._publish
        yield from self._comments(self.entry.comments, None)
        for number, reply in enumerate(self.entry.replies):
            yield reply.at, lambda reply=reply: self._reply(reply)  # type: ignore[misc]
            yield from self._comments(reply.comments, number)

    def written(self) -> list[Post | Reply]:
        return [self.post, *(row for _, row in self.replies)]

    def votes(self) -> Iterator[Vote]:
        """Votes of others, chosen by chance that is always the same; the counters follow."""
        yield from self._votes_on(self.post, self.entry.up, self.entry.down, {"post": self.post})
        for entry, row in self.replies:
            yield from self._votes_on(row, entry.up, entry.down, {"reply": row})

    def _publish(self) -> None:
        entry, cast = self.entry, self.cast
        names = (
            ("since", "again") if entry.kind == "decision" else ("team_size", "stage", "scale", "constraints")
        )
        values: dict[str, Any] = {name: getattr(entry, name) for name in names}
        if entry.stack:
            values["stack"] = cast.stacks[entry.stack]
        self.post = publish_post(
            author=cast.people[entry.author],
            kind=entry.kind,
            title=entry.title,
            body=entry.body,
            tools=[Named(cast.tools[slug], role, why) for slug, role, why in entry.roles],
            values=values,
            at=entry.at,
        )
        for outcome in entry.outcomes:
            row = Outcome.objects.create(
                post=self.post,
                after_days=outcome.after_days,
                answered_at=outcome.at,
                verdict=outcome.verdict,
                chosen=cast.tools[outcome.chosen] if outcome.chosen else None,
                text=outcome.text,
                html=render(outcome.text).html,
            )
            asked = entry.at + timedelta(days=outcome.after_days)
            Outcome.objects.filter(pk=row.pk).update(asked_at=asked)
        self.tick()

    def _reply(self, entry: ReplyEntry) -> None:
        tools = [self.cast.tools[slug] for slug in entry.recommends]
        author = self.cast.people[entry.author]
        reply = add_reply(author=author, post=self.post, body=entry.body, tools=tools, at=entry.at)
        self.replies.append((entry, reply))
        if entry.accepted:
            # Within a day or so, and not later than the last thing that happens.
            accepted_at = min(entry.at + timedelta(hours=20), LAST)
            Post.objects.filter(pk=self.post.pk).update(accepted=reply, accepted_at=accepted_at)
        self.tick()

    def _comments(self, entries: Sequence[CommentEntry], reply: int | None) -> Iterator[_Deed]:
        """Of the thread, or of its reply of that number."""
        for entry in entries:
            yield entry.at, lambda entry=entry: self._comment(entry, reply)  # type: ignore[misc]

    def _comment(self, entry: CommentEntry, reply: int | None) -> None:
        row = None if reply is None else self.replies[reply][1]
        author = self.cast.people[entry.author]
        add_comment(author=author, post=self.post, reply=row, body=entry.body, at=entry.at)

    def _votes_on(self, row: Post | Reply, up: int, down: int, target: dict[str, Any]) -> Iterator[Vote]:
        others = [person for person in self.cast.people.values() if person.pk != row.author_id]
        chance = random.Random(zlib.crc32(row.body.encode()))  # noqa: S311
        for number, voter in enumerate(chance.sample(others, up + down)):
            yield Vote(voter=voter, value=Vote.Value.UP if number < up else Vote.Value.DOWN, **target)
        row.up_count, row.down_count = up, down
        type(row)._default_manager.filter(pk=row.pk).update(up_count=up, down_count=down)


def _tell_logins(entries: Sequence[PersonEntry], cast: _Cast) -> None:
    """Tell those to sign in as of the last replies to them, as if just now, so that their bell shows something."""
    for person in (cast.people[entry.username] for entry in entries if entry.login):
        replies = (
            Reply.objects.filter(post__author=person).exclude(author=person).select_related("post", "author")
        )
        for reply in reversed(replies.order_by("-id")[:_UNREAD]):
            tell_of_reply(reply)
            told = Notification.objects.filter(person=person, url=reply.get_absolute_url())
            told.update(created_at=reply.created_at, is_mail_due=False)


# --- Removal -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Losses:
    """What people who are real would lose with the demo content."""

    replies: int
    comments: int
    votes: int
    follows: int

    @property
    def words(self) -> int:
        """What they wrote."""
        return self.replies + self.comments


def losses() -> Losses:
    """What hangs on the demo content, of people who are real. Four queries."""
    voted = Q(post__author__is_demo=True) | Q(reply__in=_replies()) | Q(point__author__is_demo=True)
    return Losses(
        replies=_replies().exclude(author__is_demo=True).count(),
        comments=_comments().exclude(author__is_demo=True).count(),
        votes=Vote.objects.filter(voted, voter__is_demo=False).count(),
        follows=PersonFollow.objects.filter(person__is_demo=True, follower__is_demo=False).count(),
    )


def _replies() -> QuerySet[Reply]:
    """Those that go: of the demo people, and in their threads."""
    rows: QuerySet[Reply] = Reply.objects.filter(Q(author__is_demo=True) | Q(post__author__is_demo=True))
    return rows


def _comments() -> QuerySet[Comment]:
    rows: QuerySet[Comment] = Comment.objects.filter(
        Q(author__is_demo=True) | Q(post__author__is_demo=True) | Q(reply__author__is_demo=True)
    )
    return rows


@transaction.atomic
def remove(*, tick: Tick = lambda: None) -> None:
    """Delete the demo people with all that is theirs, and all that others said in their threads; counters are right
    after. `tick` is called for each of the people. Done twice is success.
    """
    earned = _replies().filter(author__is_demo=False, up_count__gt=0).values_list("author", "tool")
    authors, tools = {author for author, _ in earned}, {tool for _, tool in earned}
    # Locked before what is in them, as whoever replies does.
    others = Post.objects.filter(pk__in=Reply.objects.filter(author__is_demo=True).values("post"))
    threads = list(
        others.exclude(author__is_demo=True).order_by("pk").select_for_update(no_key=True, of=("self",))
    )
    gone: list[Post | Reply | Comment] = [
        *Post.objects.filter(author__is_demo=True),
        *_replies(),
        *_comments(),
    ]
    forget_told(Notification.objects.filter(url__in=[written.get_absolute_url() for written in gone]))
    for rows in (Post, Reply, Comment, Point):
        rows._default_manager.filter(author__is_demo=True).delete()
    for thread in threads:
        replies = thread.replies.filter(removed_at=None).count()
        accepted_at = (
            thread.accepted_at if Post.objects.filter(pk=thread.pk, accepted__isnull=False).exists() else None
        )
        Post.objects.filter(pk=thread.pk).update(reply_count=replies, accepted_at=accepted_at)
    recompute_earned(authors, tools)
    _remove_stacks()
    _remove_follows()
    for person in demo_people():
        # Of what is not gone with the threads: on tools, pros and cons, and threads of others.
        take_away_votes(person)
        take_back_answers(person=person)
        tick()
    demo_people().delete()
    DemoLoad.objects.filter(removed_at=None).update(removed_at=timezone.now())


def _remove_follows() -> None:
    tools = ToolFollow.objects.filter(person__is_demo=True)
    people = PersonFollow.objects.filter(follower__is_demo=True)
    followed, known = set(tools.values_list("tool", flat=True)), set(people.values_list("person", flat=True))
    tools.delete()
    people.delete()
    _count(_FOLLOWED_TOOLS, followed)
    _count(FOLLOWERS, known)


def _remove_stacks() -> None:
    """Their stacks, and the companies to which nobody else belongs."""
    companies = Company.objects.filter(memberships__person__is_demo=True)
    companies = companies.exclude(memberships__person__is_demo=False).distinct()
    for stack in Stack.objects.filter(Q(person__is_demo=True) | Q(company__in=companies)):
        erase(stack)
    Company.objects.filter(pk__in=list(companies.values_list("pk", flat=True))).delete()
