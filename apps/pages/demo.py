"""The demo content's files: read whole and checked, each by itself and what they say of each other.

`demo/` holds people, stacks and threads as TOML. Raises `CatalogueError` with every problem of every file: file, entry,
field and what to write instead. Knows nothing of the database.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from django.conf import settings
from django.core.exceptions import ValidationError
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from apps.accounts.models import BIO_CHARACTERS
from apps.accounts.usernames import USERNAME_PATTERN
from apps.advice.limits import MAX_CHOSEN, MAX_RECOMMENDED, MAX_TOOLS
from apps.advice.models import (
    MAX_BODY_CHARACTERS,
    MAX_COMMENT_CHARACTERS,
    MAX_CONTEXT_CHARACTERS,
    MAX_OUTCOME_CHARACTERS,
    MAX_REPLY_CHARACTERS,
    MAX_TITLE_CHARACTERS,
    MIN_TITLE_CHARACTERS,
    PostTool,
)
from apps.advice.models import MAX_WHY_CHARACTERS as MAX_REJECTED_CHARACTERS
from apps.stacks.dates import check_date, is_before
from apps.stacks.models import MAX_DESCRIPTION_CHARACTERS, MAX_WHY_CHARACTERS
from apps.tools.entries import SLUG_PATTERN, CatalogueError, Problem, read_file

DEMO_DIR = Path(settings.BASE_DIR) / "demo"

# Nothing happens before or after: the dates stay behind us whenever it is loaded.
FIRST = datetime(2025, 2, 1, tzinfo=UTC)
LAST = datetime(2026, 11, 15, 23, 59, 59, tzinfo=UTC)
# On one post or reply: fewer than there are people, so that each vote is somebody's.
MAX_VOTES = 30


def _in_time(value: datetime) -> datetime:
    if not FIRST <= value <= LAST:
        raise ValueError(f"{value:%Y-%m-%d} is not between {FIRST:%Y-%m-%d} and {LAST:%Y-%m-%d}.")
    return value


def _known_day(value: str) -> str:
    try:
        check_date(value, today=LAST.date())
    except ValidationError as error:
        raise ValueError(f"{value!r}: {error.messages[0]}") from None
    return value


Moment = Annotated[AwareDatetime, AfterValidator(_in_time)]
Day = Annotated[str, AfterValidator(_known_day)]
Slug = Annotated[str, StringConstraints(pattern=rf"^{SLUG_PATTERN}$", max_length=60)]
Username = Annotated[str, StringConstraints(pattern=rf"^{USERNAME_PATTERN}$", min_length=3, max_length=30)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80)]
Votes = Annotated[int, Field(ge=0, le=MAX_VOTES)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PersonEntry(_Entry):
    username: Username
    name: Annotated[Line, StringConstraints(min_length=1)]
    title: Line = ""
    company: Line = ""
    place: Line = ""
    bio: Annotated[str, StringConstraints(min_length=1, max_length=BIO_CHARACTERS)]
    joined: AwareDatetime
    # Whom `make run` names as one to sign in as.
    login: Literal["member", "moderator", ""] = ""
    # Tools and people that they follow.
    tools: Annotated[tuple[Slug, ...], Field(min_length=5, max_length=25)]
    people: Annotated[tuple[Username, ...], Field(min_length=3, max_length=12)]


class PeopleFile(_Entry):
    people: tuple[PersonEntry, ...]


class ItemEntry(_Entry):
    tool: Slug
    why: Annotated[str, StringConstraints(max_length=MAX_WHY_CHARACTERS)] = ""
    version: Annotated[str, StringConstraints(max_length=60)] = ""
    # The version before, and when it changed.
    was: Annotated[str, StringConstraints(max_length=60)] = ""
    upgraded: Day = ""
    scope: Literal["runtime", "development", "build", "deployment"] = "runtime"
    stage: Literal["trial", "in_use", "leaving"] = "in_use"
    since: Annotated[str, StringConstraints(min_length=4), AfterValidator(_known_day)]
    until: Day = ""
    replaced_by: Slug | None = None
    why_not: Annotated[str, StringConstraints(max_length=MAX_WHY_CHARACTERS)] = ""


class StackEntry(_Entry):
    owner: Username
    slug: Slug
    name: Annotated[Line, StringConstraints(min_length=1)]
    kind: Literal["product", "service", "library", "personal"]
    description: Annotated[str, StringConstraints(min_length=1, max_length=MAX_DESCRIPTION_CHARACTERS)]
    at: Moment
    items: Annotated[tuple[ItemEntry, ...], Field(min_length=8)]


class StacksFile(_Entry):
    stacks: tuple[StackEntry, ...]


class CommentEntry(_Entry):
    author: Username
    at: Moment
    body: Annotated[str, StringConstraints(min_length=1, max_length=MAX_COMMENT_CHARACTERS)]


class ReplyEntry(_Entry):
    author: Username
    at: Moment
    body: Annotated[str, StringConstraints(min_length=1, max_length=MAX_REPLY_CHARACTERS)]
    recommends: Annotated[tuple[Slug, ...], Field(max_length=MAX_RECOMMENDED)] = ()
    up: Votes = 0
    down: Votes = 0
    accepted: bool = False
    comments: tuple[CommentEntry, ...] = ()


class OutcomeEntry(_Entry):
    after_days: Literal[30, 90, 365]
    at: Moment
    verdict: Literal["good", "mixed", "bad", "open"]
    chosen: Slug | None = None
    text: Annotated[str, StringConstraints(max_length=MAX_OUTCOME_CHARACTERS)] = ""


class RejectedEntry(_Entry):
    tool: Slug
    why: Annotated[str, StringConstraints(max_length=MAX_REJECTED_CHARACTERS)] = ""


class ThreadEntry(_Entry):
    kind: Literal["advice", "decision"]
    author: Username
    at: Moment
    title: Annotated[str, StringConstraints(min_length=MIN_TITLE_CHARACTERS, max_length=MAX_TITLE_CHARACTERS)]
    body: Annotated[str, StringConstraints(min_length=1, max_length=MAX_BODY_CHARACTERS)]
    about: Annotated[tuple[Slug, ...], Field(max_length=MAX_TOOLS)] = ()
    options: Annotated[tuple[Slug, ...], Field(max_length=MAX_TOOLS)] = ()
    chosen: Annotated[tuple[Slug, ...], Field(max_length=MAX_CHOSEN)] = ()
    rejected: Annotated[tuple[RejectedEntry, ...], Field(max_length=MAX_TOOLS)] = ()
    since: Day = ""
    again: Literal["yes", "no", "early", ""] = ""
    # "owner/slug" of a stack of the author.
    stack: str = ""
    team_size: Literal["1", "2-5", "6-20", "21-100", "100+", ""] = ""
    stage: Literal["learning", "idea", "building", "live", "moving", ""] = ""
    scale: Annotated[str, StringConstraints(max_length=MAX_CONTEXT_CHARACTERS)] = ""
    constraints: Annotated[str, StringConstraints(max_length=MAX_CONTEXT_CHARACTERS)] = ""
    up: Votes = 0
    down: Votes = 0
    comments: tuple[CommentEntry, ...] = ()
    replies: tuple[ReplyEntry, ...] = ()
    outcomes: tuple[OutcomeEntry, ...] = ()

    @property
    def roles(self) -> list[tuple[str, str, str]]:
        """The tools that it names: slug, role and why."""
        roles = PostTool.Role
        return [
            *((slug, roles.ABOUT.value, "") for slug in self.about),
            *((slug, roles.OPTION.value, "") for slug in self.options),
            *((slug, roles.CHOSEN.value, "") for slug in self.chosen),
            *((entry.tool, roles.REJECTED.value, entry.why) for entry in self.rejected),
        ]


class ThreadsFile(_Entry):
    threads: tuple[ThreadEntry, ...]


@dataclass(frozen=True, slots=True)
class Demo:
    """The checked content of all files; threads in the order of their dates."""

    people: tuple[PersonEntry, ...]
    stacks: tuple[StackEntry, ...]
    threads: Sequence[ThreadEntry]


def demo_digest(root: Path = DEMO_DIR) -> str:
    """SHA-256 over the names and contents of the files."""
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.toml")):
        digest.update(f"{path.relative_to(root)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def read_demo(root: Path, tools: Collection[str]) -> Demo:
    """Read `people.toml`, `stacks.toml` and `threads/*.toml` below `root`; `tools` are the slugs that there are.

    Raises `CatalogueError`.
    """
    people = read_file(root / "people.toml", PeopleFile, root).people
    stacks = read_file(root / "stacks.toml", StacksFile, root).stacks
    problems: list[Problem] = []
    # With the file and number of each, for the problems.
    threads: list[tuple[str, str, ThreadEntry]] = []
    for path in sorted((root / "threads").glob("*.toml")):
        name = str(path.relative_to(root))
        try:
            entries = read_file(path, ThreadsFile, root).threads
        except CatalogueError as error:
            problems += error.problems
            continue
        threads += [(name, f"threads {number}", entry) for number, entry in enumerate(entries, 1)]
    joined = {person.username: person.joined for person in people}
    problems += _wrong_people(people, tools)
    problems += _wrong_stacks(stacks, joined, tools)
    owned = {f"{stack.owner}/{stack.slug}": stack.owner for stack in stacks}
    for name, number, thread in threads:
        wrong = [*_wrong_thread(thread, joined, owned, tools), *_wrong_replies(thread, joined, tools)]
        problems += [Problem(name, f"{number} ({thread.title[:40]})", field, text) for field, text in wrong]
    if problems:
        raise CatalogueError(problems)
    return Demo(people, stacks, sorted((thread for _, _, thread in threads), key=lambda thread: thread.at))


# What is wrong: the field, and what to do.
Wrong = Iterator[tuple[str, str]]


def _unknown(slugs: Iterable[str | None], tools: Collection[str], field: str) -> Wrong:
    for slug in slugs:
        if slug is not None and slug not in tools:
            yield field, f"the catalogue has no tool {slug!r}."


def _twice(values: Iterable[str], field: str) -> Wrong:
    for value, count in Counter(values).items():
        if count > 1:
            yield field, f"{value!r} stands there {count} times."


def _wrong_people(people: Sequence[PersonEntry], tools: Collection[str]) -> Iterator[Problem]:
    names = {person.username for person in people}
    for field, text in _twice((person.username for person in people), "username"):
        yield Problem("people.toml", "", field, text)
    for person in people:
        wrong = [
            *_unknown(person.tools, tools, "tools"),
            *_twice(person.tools, "tools"),
            *_twice(person.people, "people"),
            *(("people", f"{name!r} is nobody here.") for name in person.people if name not in names),
        ]
        if person.username in person.people:
            wrong.append(("people", "nobody follows themselves."))
        if person.joined >= FIRST:
            wrong.append(("joined", f"must be before {FIRST:%Y-%m-%d}, when things begin to happen."))
        for field, text in wrong:
            yield Problem("people.toml", person.username, field, text)


def _wrong_stacks(
    stacks: Sequence[StackEntry], joined: Collection[str], tools: Collection[str]
) -> Iterator[Problem]:
    for field, text in _twice((f"{stack.owner}/{stack.slug}" for stack in stacks), "slug"):
        yield Problem("stacks.toml", "", field, text)
    for stack in stacks:
        name = f"{stack.owner}/{stack.slug}"
        if stack.owner not in joined:
            yield Problem("stacks.toml", name, "owner", f"{stack.owner!r} is nobody here.")
        current = (item.tool for item in stack.items if not item.until)
        for field, text in _twice(current, "items"):
            yield Problem("stacks.toml", name, field, text)
        for item in stack.items:
            for field, text in _wrong_item(item, stack, tools):
                yield Problem("stacks.toml", f"{name}, {item.tool}", field, text)


def _wrong_item(item: ItemEntry, stack: StackEntry, tools: Collection[str]) -> Wrong:
    yield from _unknown([item.tool, item.replaced_by], tools, "tool")
    if item.until and is_before(item.until, item.since):
        yield "until", "it ended before it began."
    if (item.replaced_by or item.why_not) and not item.until:
        yield "until", "say when it ended."
    if bool(item.was) != bool(item.upgraded) or (item.was and (not item.version or item.until)):
        yield "was", "give version, was and upgraded together, of a tool that is in use."
    elif item.upgraded and is_before(item.upgraded, item.since):
        yield "upgraded", "it was upgraded before it began."
    if item.replaced_by == item.tool:
        yield "replaced_by", "is the tool itself."
    elif item.replaced_by is not None:
        begins = [other.since for other in stack.items if other.tool == item.replaced_by]
        if not begins:
            yield "replaced_by", f"the stack has no {item.replaced_by!r}."
        elif all(is_before(item.until, since) for since in begins):
            yield "replaced_by", f"{item.replaced_by!r} came only after it had ended."


def _wrong_thread(
    thread: ThreadEntry, joined: Collection[str], owned: dict[str, str], tools: Collection[str]
) -> Wrong:
    slugs = [slug for slug, _, _ in thread.roles]
    yield from _unknown(slugs, tools, "tools")
    yield from _twice(slugs, "tools")
    if thread.author not in joined:
        yield "author", f"{thread.author!r} is nobody here."
    if thread.kind == "advice":
        if not (thread.about or thread.options):
            yield "about", "name a tool that it is about, or that is considered."
        if thread.chosen or thread.rejected or thread.since or thread.again or thread.stack:
            yield "kind", "chosen, rejected, since, again and stack are of decisions."
    else:
        if not thread.chosen:
            yield "chosen", "name what was chosen."
        if thread.about or thread.options or thread.team_size or thread.stage or thread.outcomes:
            yield "kind", "about, options, team_size, stage and outcomes are of advice."
        if thread.scale or thread.constraints:
            yield "kind", "scale and constraints are of advice."
    if thread.stack and owned.get(thread.stack) != thread.author:
        yield "stack", f"{thread.stack!r} is no stack of the author."
    yield from _wrong_votes(thread.up, thread.down, "up")
    yield from _wrong_comments(thread.comments, thread.at, joined, "comments")
    yield from _twice((str(outcome.after_days) for outcome in thread.outcomes), "outcomes")
    for outcome in thread.outcomes:
        yield from _unknown([outcome.chosen], tools, "outcomes")
        if outcome.at < thread.at + timedelta(days=outcome.after_days):
            yield "outcomes", f"is told before {outcome.after_days} days were over."


def _wrong_replies(thread: ThreadEntry, joined: Collection[str], tools: Collection[str]) -> Wrong:
    before = thread.at
    for number, reply in enumerate(thread.replies, 1):
        place = f"replies {number}"
        yield from _unknown(reply.recommends, tools, place)
        yield from _twice(reply.recommends, place)
        yield from _wrong_votes(reply.up, reply.down, place)
        yield from _wrong_comments(reply.comments, reply.at, joined, place)
        if reply.author not in joined:
            yield place, f"{reply.author!r} is nobody here."
        if reply.at <= before:
            yield place, "must be later than the thread and the reply before."
        before = reply.at
    accepted = [reply for reply in thread.replies if reply.accepted]
    if len(accepted) > 1 or (accepted and thread.kind != "advice"):
        yield "replies", "one reply can be accepted, of a thread that asks for advice."


def _wrong_votes(up: int, down: int, field: str) -> Wrong:
    if up + down > MAX_VOTES:
        yield field, f"up and down are {up + down} votes: at most {MAX_VOTES} together."


def _wrong_comments(
    comments: Sequence[CommentEntry], after: datetime, joined: Collection[str], field: str
) -> Wrong:
    for comment in comments:
        if comment.author not in joined:
            yield field, f"{comment.author!r} is nobody here, who comments."
        if comment.at <= after:
            yield field, "a comment must be later than what it is on and the comment before."
        after = comment.at
