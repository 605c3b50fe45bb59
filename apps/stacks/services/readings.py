"""Readings: what was found is kept, compared with a stack, reviewed and published."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import check_takes_part
from apps.core.folding import one_line
from apps.core.jobs import ring_on_commit
from apps.core.locks import hold_lock
from apps.detection.sights import Finding, Kind, Report, Scope
from apps.detection.sources import from_database
from apps.stacks import names
from apps.stacks.models import Evidence, Item, Reading, Stack
from apps.stacks.permissions import check_edits, check_publishes
from apps.stacks.services.items import add, drop, note_version
from apps.stacks.services.stacks import repository_name
from apps.stacks.services.tiers import LEAST_CONFIDENCE, end_proof, set_tiers
from apps.stacks.services.usage import counting_usage, lock_owner
from apps.stacks.versions import is_exact, plain, says_the_same
from apps.tools.models import Package, Tool

# A push each quarter of an hour, all day long; a robot stops here.
READINGS_A_DAY = 100
# Twenty places of each of a hundred tools: more is a lock file's inventory.
MAX_FINDINGS = 2000
MAX_UNREAD = 200
MAX_UNKNOWN = 500
# Places of one tool that a stack keeps.
MAX_EVIDENCE = 10

_WIDTHS = {"tool": 60, "name": 200, "path": 300, "purl": 300, "version": 60, "reason": 300}
# Versions of these are those of the tool itself; a package of a tool that also has an image is mostly its client.
_RUNNING = frozenset([Kind.RUNTIME, Kind.RESOURCE])
# The catalogue's word for what is closed: a service, nearly always.
PROPRIETARY = "LicenseRef-Proprietary"
_CHANGES = ("added", "upgraded", "gone", "same")


@transaction.atomic
def store_reading(
    *,
    person: User,
    report: Report,
    source: str,
    stack: Stack | None = None,
    repository: str = "",
    commit: str = "",
) -> Reading:
    """Keep what was found as a reading that is ready. `findings` are dicts with the fields of `Finding`, at most
    `MAX_FINDINGS` (the direct and sure ones first), `unread` dicts with path and reason, `unknown` strings.

    `repository`: owner/name that the files are of, where the sender says so. Raises `ValidationError`,
    `PermissionDenied`.
    """
    columns = report_columns(report)
    return _create(person, stack, source=source, repository=repository, commit=commit[:40], **columns)


def read_names(*, person: User, text: str, stack: Stack | None = None) -> Reading:
    """A pasted list of names, one a line, or separated by commas, or Markdown with links: a reading of these tools.

    What no tool is called stands in `unknown`. Raises `ValidationError`, `PermissionDenied`.
    """
    try:
        found = names.split_names(text)
    except ValueError:
        raise ValidationError(f"Paste at most {names.MAX_CHARACTERS:,} characters.", code="limit") from None
    if not found:
        raise ValidationError("Write the names of tools, one a line or separated by commas.", code="empty")
    knowledge = from_database()
    slugs: dict[str, str] = {}
    unknown: list[str] = []
    for name in found:
        slug = knowledge.named(name)
        if slug:
            slugs.setdefault(slug, name)
        else:
            unknown.append(name)
    findings = [{"tool": slug, "name": _plain(name, "name")} for slug, name in slugs.items()]
    unknown = [_plain(name, "name") for name in unknown]
    return _create(person, stack, source=Reading.Source.NAMES, findings=findings, unknown=unknown)


@transaction.atomic
def ask_for_reading(*, person: User, repository: str, stack: Stack | None = None) -> Reading:
    """Have a worker read a public repository: `owner/name` or its address at github.com.

    The same one under way is answered again. Raises `ValidationError` with words. Rings
    `apps.stacks.tasks.read_due_repositories`.
    """
    repository = repository_name(repository)
    with hold_lock(f"readings of {person.pk}"):
        same = Reading.objects.filter(
            person=person, stack=stack, repository__iexact=repository, due_at__isnull=False
        )
        reading = same.first()
        if reading is None:
            if not repository:
                raise ValidationError({"repository": "Name a repository, such as pallets/flask."})
            reading = _create(
                person,
                stack,
                source=Reading.Source.REPOSITORY,
                repository=repository,
                state=Reading.State.WAITING,
                due_at=timezone.now(),
            )
    ring_on_commit("apps.stacks.tasks.read_due_repositories")
    return reading


def report_columns(report: Report) -> dict[str, list[Any]]:
    """What a report becomes in the columns of a reading: bounded, and without what PostgreSQL does not store."""
    wanted = sorted(
        report.findings,
        key=lambda one: (not one.is_direct, -one.confidence, one.tool, one.path, one.line or 0),
    )
    return {
        "findings": [_as_dict(finding) for finding in wanted[:MAX_FINDINGS]],
        "unread": [
            {"path": _plain(one.path, "path"), "reason": _plain(one.reason, "reason")}
            for one in report.unread[:MAX_UNREAD]
        ],
        "unknown": [_plain(one, "purl") for one in report.unknown[:MAX_UNKNOWN]],
    }


@dataclass(slots=True)
class Row:
    """A line of the review: what a reading says of a tool beside what the stack says."""

    tool: Tool
    # "added", "upgraded" (to whichever other version), "gone" (the stack has it with evidence of such files, the
    # reading does not), "same": the evidence is brought up to date.
    change: str
    item: Item | None = None
    # Plain, "" if unknown; `before` is the stack's.
    version: str = ""
    before: str = ""
    scope: str = ""
    # None for names that somebody wrote.
    findings: list[Finding] = field(default_factory=list)
    # Chosen unless the person says otherwise: not for what is minor, transitive or merely mentioned.
    is_chosen: bool = True


def compare_reading(reading: Reading, stack: Stack | None) -> list[Row]:
    """The review's rows: added, upgraded, gone, same, each by layer and name. Four queries, whatever the number.

    Tools that the catalogue does not list, or no more, are left out.
    """
    found = _findings(reading)
    items = _items(stack) if stack is not None else {}
    listed = Tool.objects.listed().with_function().filter(slug__in=found)
    tools = {tool.slug: tool for tool in listed}
    have_clients = _with_clients(tools.values())
    rows = [
        _row(tool, found[slug], items.get(tool.pk), has_clients=tool.pk in have_clients)
        for slug, tool in tools.items()
    ]
    if stack is not None:
        seen = {finding.path for findings in found.values() for finding in findings}
        unread = {one["path"] for one in reading.unread}
        # Where lists were cut short, or GitHub's own was, what is missing may have been there.
        is_whole = (
            len(reading.findings) < MAX_FINDINGS and len(reading.unread) < MAX_UNREAD and "" not in unread
        )
        rows += [
            Row(item.tool, "gone", item, before=item.version, scope=item.scope)
            for item in items.values()
            # What the catalogue lists no more can't be found, though it may be there.
            if is_whole
            and item.tool.slug not in tools
            and item.tool.is_listed
            and _is_gone(item, reading, seen, unread)
        ]
    rows.sort(key=lambda row: (_CHANGES.index(row.change), *_place(row.tool)))
    return rows


@transaction.atomic
def publish_reading(
    *,
    person: User,
    reading: Reading,
    stack: Stack,
    tools: Iterable[str],
    versions: Mapping[str, str] | None = None,
    seen_version: int | None = None,
) -> Stack:
    """Bring `stack` to what the reading says of the chosen `tools` (slugs): adds, upgrades, drops those gone.

    `versions`: what the person says instead of what was read, by slug.
    Of those that the stack has already the evidence is brought up to date. In one transaction; a reading is published
    once, a second time is success without effect. Answers the stack as it is now. Raises `ValidationError`,
    `PermissionDenied`.
    """
    check_takes_part(person)
    check_publishes(person, reading)
    check_edits(person, stack)
    # Then the reading, then the stack: in the order in which who deletes a stack takes them.
    lock_owner(stack)
    locked_reading = Reading.objects.select_for_update(no_key=True).filter(pk=reading.pk).first()
    if locked_reading is None:
        raise ValidationError("This reading is too old: have it read again.", code="gone")
    reading = locked_reading
    if reading.state == Reading.State.PUBLISHED:
        return Stack.objects.get(pk=stack.pk)
    if reading.state != Reading.State.READY:
        raise ValidationError("This reading is not ready to be published.", code="state")
    chosen = set(tools)
    with counting_usage(stack, seen_version=seen_version, is_change=False) as locked:
        if _is_outdated(reading, locked):
            raise ValidationError(
                "The stack says already what a newer reading of this repository found. Have it read again.",
                code="old",
            )
        rows = compare_reading(reading, locked)
        for row in rows:
            row.version = _plain((versions or {}).get(row.tool.slug, row.version), "version")
        # Badges and exports show the evidence, which is new in any case. But a build that finds each hour what it found
        # before shall not keep its stack on top of those that changed.
        locked.version += 1
        if _publish(locked, reading, rows, chosen, person):
            locked.changed_at = timezone.now()
        reading.state, reading.stack = Reading.State.PUBLISHED, locked
        reading.save(update_fields=["state", "stack"])
    return locked


def _is_outdated(reading: Reading, stack: Stack) -> bool:
    """Whether a newer reading of the stack's repository was published."""
    return (
        reading.source == Reading.Source.REPOSITORY
        and reading.repository.lower() == stack.repository.lower()
        and stack.read_at is not None
        and stack.read_at > reading.created_at
    )


def _publish(stack: Stack, reading: Reading, rows: list[Row], chosen: set[str], person: User) -> bool:
    """Whether the stack says something else now: other tools, versions or tiers, or which repository it is of."""
    picked = [row for row in rows if row.tool.slug in chosen]
    is_change = any(row.change in ("added", "gone") for row in picked)
    for row in picked:
        if row.change == "gone" and row.item:
            drop(row.item, person=person)
    new = {row.tool.pk: row for row in picked if row.change == "added"}
    for item in add(stack, [row.tool for row in new.values()], person=person):
        row = new[item.tool_id]
        row.item = item
    kept = [row for row in picked if row.item and row.change != "gone"]
    for row in kept:
        assert row.item is not None  # noqa: S101 - those without were left out above
        if row.version and row.version != row.item.version and not _is_vaguer(row.version, row.item.version):
            before, row.item.version = row.item.version, row.version
            note_version(row.item, before, person=person)
            is_change = True
        if row.change == "added" and row.scope:
            row.item.scope = row.scope
    Item.objects.bulk_update([row.item for row in kept if row.item], ["version", "scope"], batch_size=500)
    if reading.source != Reading.Source.NAMES:
        _replace_evidence(reading, kept)
    if reading.source == Reading.Source.REPOSITORY:
        if not stack.repository:
            stack.repository = reading.repository
            is_change = True
        changed = {"repository", "commit", "read_at"}
        if stack.repository.lower() == reading.repository.lower():
            stack.commit, stack.read_at = reading.commit, reading.created_at
            if stack.github_id is not None and stack.github_id != reading.github_id:
                # Another repository has the name now, perhaps somebody else's.
                changed |= end_proof(stack)
        stack.save(update_fields=changed)
    return bool(set_tiers(stack)) or is_change


def _replace_evidence(reading: Reading, rows: Collection[Row]) -> None:
    """Put the findings of each row in the place of what such files showed before."""
    stale: list[int] = []
    fresh: list[Evidence] = []
    for row in rows:
        assert row.item is not None  # noqa: S101 - by the caller
        places = {
            (one.path, one.purl, one.name): one
            for one in sorted(row.findings, key=lambda one: (one.is_direct, one.confidence))
        }
        kept = list(reversed(places.values()))[:MAX_EVIDENCE]
        seen = {one.path for one in row.findings}
        was = list(row.item.evidence.all()) if row.change != "added" else []
        gone = [one for one in was if (one.path, one.purl, one.name) in places or _is_of(one, reading, seen)]
        stale += [one.pk for one in gone]
        room = max(0, MAX_EVIDENCE - (len(was) - len(gone)))
        fresh += [
            Evidence(
                item=row.item,
                source=reading.source,
                path=one.path,
                line=one.line,
                purl=one.purl,
                name=one.name,
                version=one.version,
                scope=one.scope,
                confidence=one.confidence,
                repository=reading.repository,
                commit=reading.commit,
                # Published it may be days after.
                found_at=reading.created_at,
            )
            # What was just seen goes before what was seen once.
            for one in kept[: max(room, 1)]
        ]
    Evidence.objects.filter(pk__in=stale).delete()
    Evidence.objects.bulk_create(fresh, batch_size=1000)


def _create(person: User, stack: Stack | None, **values: Any) -> Reading:
    check_takes_part(person)
    if stack is not None:
        check_edits(person, stack)
    day = timezone.now() - timedelta(days=1)
    if Reading.objects.of_person(person).filter(created_at__gt=day).count() >= READINGS_A_DAY:
        raise ValidationError(f"{READINGS_A_DAY} readings in a day are enough. Go on tomorrow.", code="limit")
    reading = Reading(person=person, stack=stack, **{"state": Reading.State.READY} | values)
    reading.clean_fields(exclude=["person", "stack", "findings", "unread", "unknown"])
    reading.save()
    return reading


def _plain(text: str, column: str) -> str:
    """On one line, without what PostgreSQL does not store, as long as the column."""
    return one_line(text)[: _WIDTHS[column]]


def _as_dict(finding: Finding) -> dict[str, Any]:
    values = asdict(finding)
    return values | {
        name: _plain(str(values[name]), name) for name in ("tool", "name", "path", "purl", "version")
    }


def _findings(reading: Reading) -> dict[str, list[Finding]]:
    """By the slug of the tool; no findings where somebody wrote the name."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for values in reading.findings:
        findings = found[values["tool"]]
        if "kind" in values:
            findings.append(
                Finding(**values | {"kind": Kind(values["kind"]), "scope": Scope(values["scope"])})
            )
    return found


def _items(stack: Stack) -> dict[int, Item]:
    """The current items, by the id of the tool, with evidence. Two queries."""
    rows = stack.items.current().select_related("tool__function__parent__parent").prefetch_related("evidence")
    return {item.tool_id: _of(item, stack) for item in rows}


def _of(item: Item, stack: Stack) -> Item:
    item.stack = stack
    return item


def _with_clients(tools: Iterable[Tool]) -> set[int]:
    """The ids of those whose packages are clients of it: it is run from an image, or sold as a service."""
    services = {tool.pk for tool in tools if tool.license == PROPRIETARY}
    rows = Package.objects.filter(tool__in=[tool.pk for tool in tools], type="docker")
    return services | set(rows.values_list("tool_id", flat=True))


def _row(tool: Tool, findings: list[Finding], item: Item | None, *, has_clients: bool) -> Row:
    version = _version(findings, has_clients=has_clients)
    before = item.version if item else ""
    change = "same" if not version or says_the_same(before, version) else "upgraded"
    sure = [one for one in findings if one.is_direct and one.confidence >= LEAST_CONFIDENCE]
    scopes = [one.scope for one in sure or findings]
    return Row(
        tool,
        change if item else "added",
        item,
        version=version,
        before=before,
        # The first in the order of the enumeration says most: what runs goes before what builds.
        scope=next((scope.value for scope in Scope if scope in scopes), ""),
        findings=findings,
        is_chosen=not findings or (bool(sure) and not tool.is_minor),
    )


def _version(findings: Iterable[Finding], *, has_clients: bool) -> str:
    """The tool's own version, plain; "" where it is unknown.

    A tool that has an image is a server or a runtime: its packages elsewhere are clients, with versions of their own.
    So are those of a service.
    Of others only one package may say it: which of several is the tool itself nobody knows.
    """
    named = [one for one in findings if one.version and one.confidence >= LEAST_CONFIDENCE]
    own = [one for one in named if one.kind in _RUNNING or one.purl.startswith("pkg:docker/")]
    if not own and not has_clients and len({one.name for one in named}) == 1:
        own = named
    own.sort(key=lambda one: (one.is_direct, is_exact(one.version), one.confidence), reverse=True)
    versions = [plain(one.version) for one in own]
    first = next(filter(None, versions), "")
    # A lock file says the same more exactly than the manifest that is direct.
    return max((one for one in versions if one and says_the_same(one, first)), key=len, default=first)


def _is_vaguer(version: str, before: str) -> bool:
    return says_the_same(version, before) and len(version) < len(before)


def _is_of(evidence: Evidence, reading: Reading, seen: Collection[str]) -> bool:
    """Whether the reading looked where this evidence is from: all of a repository, or the very file that was sent."""
    if evidence.source != reading.source:
        return False
    if reading.source in (Reading.Source.REPOSITORY, Reading.Source.CLI):
        return evidence.repository.lower() == reading.repository.lower()
    return evidence.path in seen


def _is_gone(item: Item, reading: Reading, seen: Collection[str], unread: Collection[str]) -> bool:
    """Whether all that showed the tool was looked at again and shows it no more."""
    evidence = list(item.evidence.all())
    return bool(evidence) and all(_is_of(one, reading, seen) and one.path not in unread for one in evidence)


def _place(tool: Tool) -> tuple[list[int], str]:
    """In the order of the taxonomy: languages and frameworks come before what is built with them."""
    return [node.position for node in tool.function.trail], tool.name.lower()
