"""What people hand in, whatever it is: files of a project, archives of such, bills of materials, techstack.yml."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from apps.detection.archives import ArchiveError, read_archive
from apps.detection.boms import is_bom, read_bom
from apps.detection.detect import DEFAULT_LIMITS, detect, report_of
from apps.detection.knowledge import Knowledge
from apps.detection.sights import File, Report, Sight, Unread, UnreadableError
from apps.detection.techstack import FROM_METADATA, is_techstack, read_techstack
from apps.stacks.models import Reading
from apps.stacks.uploads import is_archive

# Bills and lists that come at once: more are somebody's collection, and each takes time to read.
MAX_BILLS = 10
# Of all that come at once: a bill as large as can be takes a second.
MAX_BILLS_BYTES = 10_000_000
MAX_LISTS_BYTES = 1_000_000


def read_files(files: Sequence[File], knowledge: Knowledge, *, is_dropped: bool = True) -> tuple[Report, str]:
    """What is found in `files`, and as what: the source of a reading. Never raises on what the files hold.

    Archives are opened, and what is in them is read as if it had come by itself. Bills of materials are known by what
    they hold, a techstack.yml by its name; where nothing else came, the reading is one of them.
    `is_dropped`: by a browser, which sends them below the name of a folder.
    """
    given = _sorted(files)
    bills = _read_bills(given, knowledge)
    lists = _read_lists(given, knowledge)
    parts = [*bills, *lists]
    if given.project or not parts:
        parts.append(detect(_apart(given.project) if is_dropped else given.project, knowledge))
    source = Reading.Source.UPLOAD
    if not given.project and (bills or lists):
        source = Reading.Source.SBOM if bills else Reading.Source.TECHSTACK
    return _joined([Report(unread=tuple(given.unread)), *parts]), source


@dataclass(slots=True)
class _Given:
    """What came, by what it is."""

    project: list[File] = field(default_factory=list)
    bills: list[File] = field(default_factory=list)
    lists: list[File] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)


def _sorted(files: Iterable[File]) -> _Given:
    given = _Given()
    room = DEFAULT_LIMITS.total_bytes
    for file in files:
        if is_archive(file.path):
            room -= sum(len(one.content) for one in _open(file, room, given))
        elif is_techstack(file.path):
            given.lists.append(file)
        elif file.path.lower().endswith((".json", ".xml", ".cdx", ".spdx")) and is_bom(file.content):
            given.bills.append(file)
        else:
            given.project.append(file)
    given.bills = _first(given.bills, MAX_BILLS_BYTES, given)
    given.lists = _first(given.lists, MAX_LISTS_BYTES, given)
    return given


def _first(files: list[File], room: int, given: _Given) -> list[File]:
    """As many of `files` as are read at once."""
    kept = []
    for number, file in enumerate(files):
        room -= len(file.content)
        if number >= MAX_BILLS:
            given.unread.append(Unread(file.path, f"is one of more than {MAX_BILLS}"))
        # What is too large by itself is told so by its reader.
        elif room < 0 and number:
            given.unread.append(Unread(file.path, "is too much together with the others: send it by itself"))
        else:
            kept.append(file)
    return kept


def _open(archive: File, room: int, given: _Given) -> list[File]:
    """Put what is in `archive` to the project, at most `room` bytes of it. What is a bill there is one of its files."""
    try:
        inner, problems = read_archive(
            archive.path, archive.content, limits=replace(DEFAULT_LIMITS, total_bytes=room)
        )
    except ArchiveError as error:
        given.unread.append(Unread(archive.path, str(error)))
        return []
    given.project += inner
    given.unread += problems
    return inner


def _read_bills(given: _Given, knowledge: Knowledge) -> list[Report]:
    sights: list[Sight] = []
    unread: list[Unread] = []
    for file in given.bills:
        try:
            some, problems = read_bom(file.content, path=file.path)
        except UnreadableError as error:
            unread.append(Unread(file.path, error.reason))
            continue
        sights += some
        unread += problems
    return [report_of(sights, unread, knowledge)] if given.bills else []


def _read_lists(given: _Given, knowledge: Knowledge) -> list[Report]:
    reports = []
    is_alone = not given.project and not given.bills
    for file in given.lists:
        try:
            report = read_techstack(file.content, knowledge)
            reports.append(report if is_alone else _as_mentions(report, file.path))
        except UnreadableError as error:
            reports.append(Report(unread=(Unread(file.path, error.reason),)))
    return reports


def _as_mentions(report: Report, path: str) -> Report:
    """What a list names that came with other files: they make its word no evidence, nor do the files that it names."""
    return replace(
        report,
        tools=(),
        findings=tuple(
            replace(one, path=path, line=None, confidence=min(one.confidence, FROM_METADATA))
            for one in report.findings
        ),
    )


def _joined(reports: Sequence[Report]) -> Report:
    return Report(
        tools=tuple(sorted({tool for report in reports for tool in report.tools})),
        findings=tuple(dict.fromkeys(one for report in reports for one in report.findings)),
        unread=tuple(one for report in reports for one in report.unread),
        unknown=tuple(dict.fromkeys(one for report in reports for one in report.unknown)),
    )


def _apart(files: Sequence[File]) -> list[File]:
    """`files` without the folder that all stand in, and those of one path in folders of their own: a browser sends the
    names alone of files that were not chosen by their folder."""
    tops = {file.path.partition("/")[0] if "/" in file.path else "" for file in files}
    top = f"{tops.pop()}/" if len(tops) == 1 and "" not in tops and len(files) > 1 else ""
    seen: dict[str, int] = {}
    result = []
    for file in files:
        path = file.path.removeprefix(top)
        seen[path] = number = seen.get(path, 0) + 1
        result.append(replace(file, path=path if number == 1 else f"{number}/{path}"))
    return result
