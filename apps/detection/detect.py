"""Files in, evidence out."""

import logging
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from packageurl import PackageURL

from apps.detection.contents import Contents, is_text
from apps.detection.globs import Globs
from apps.detection.knowledge import Knowledge, fold_package
from apps.detection.parsers import PARSERS
from apps.detection.parsers.base import Parser, TextFile, Tree
from apps.detection.paths import clean_path, is_left_out, scope_at, shown_path
from apps.detection.sights import File, Finding, Kind, Limits, Report, Scope, Sight, Unread, UnreadableError

logger = logging.getLogger(__name__)

DEFAULT_LIMITS = Limits()

# Below it something was mentioned, but may well not be in use.
SURE = 0.5
MENTIONED = 0.3

# Of paths alone, as those of source files: they cost little.
MAX_PATHS = 40_000
# "blade.php" has two. Each part of an ending is looked up.
MAX_ENDING_PARTS = 3
# A lock file of a large monorepo has some 5,000 packages, a manifest some 200.
MAX_SIGHTS_PER_FILE = 20_000
# Of manifests, all together: each is looked up and becomes evidence.
MAX_SIGHTS = 20_000
# Of the time there is; the rest is for the paths, and for what is made of what was read.
READING_SHARE = 0.5
# More places of one tool tell nobody anything new.
MAX_PLACES = 20
MAX_UNREAD = 200
MAX_UNKNOWN = 500
# As the columns of the evidence hold.
MAX_NAME = 200
MAX_VERSION = 60

# A language that makes up less of the source files is something on the side, as a script for a release.
MAIN_SHARE = 0.10

_SCOPES = list(Scope)

_PARSERS: Globs[Parser] = Globs(
    (f"**/{pattern}" if "/" in pattern else pattern, parser)
    for parser in PARSERS
    for pattern in parser.patterns
)


def detect(files: Iterable[File], knowledge: Knowledge, *, limits: Limits = DEFAULT_LIMITS) -> Report:
    """The tools that `files` show to be in use, with evidence. Never raises on what the files hold.

    What is not of interest (source code, images) costs nothing but its path. What could not be read stands in
    `Report.unread`.
    """
    folder = _take_in(files, limits)
    # Of this thread's work: a machine that does something else, too, makes no other report.
    deadline = time.thread_time() + limits.seconds * READING_SHARE
    sights = _Sights(knowledge)
    tree = Tree(folder.contents)
    # Manifests before lock files, and what is near the root first: if time runs out, it is at the least telling.
    for path in sorted(folder.contents, key=lambda path: (path.count("/"), path)):
        _read(path, tree, folder, sights, deadline, is_lock=False)
    sights.drop_own()
    for path in sorted(folder.contents, key=lambda path: (path.count("/"), path)):
        _read(path, tree, folder, sights, deadline, is_lock=True)
    found = [
        *sights.resolved(),
        *(Sight(Kind.FILE, path, path, scope=Scope.DEVELOPMENT) for path in sorted(folder.paths)),
    ]
    return _report(found, folder, knowledge)


def report_of(sights: Iterable[Sight], unread: Iterable[Unread], knowledge: Knowledge) -> Report:
    """What sights that came another way stand for, as those out of a bill of materials."""
    return _report(list(sights), _Folder(unread=list(unread)), knowledge)


def is_wanted(path: str) -> bool:
    """Whether the file of this path is one that detection reads.

    It is what the command line sends and the GitHub reading fetches. Source files are not: of those only the path
    counts, for languages.
    """
    clean = clean_path(path)
    return clean is not None and not is_left_out(clean) and has_parser(clean)


def has_parser(path: str) -> bool:
    """Whether a file of this clean path would be read, wherever it stands."""
    return bool(_PARSERS.matches(path))


@dataclass(slots=True)
class _Folder:
    """What came in: all paths that count, the contents and parsers of those to be read, and what can't be read."""

    paths: set[str] = field(default_factory=set)
    contents: Contents = field(default_factory=Contents)
    unread: list[Unread] = field(default_factory=list)
    unread_more: int = 0

    def refuse(self, path: str, reason: str) -> None:
        if len(self.unread) < MAX_UNREAD:
            self.unread.append(Unread(shown_path(path), reason))
        else:
            self.unread_more += 1


def _take_in(files: Iterable[File], limits: Limits) -> _Folder:
    folder = _Folder()
    total = 0
    for file in files:
        path = clean_path(file.path)
        if path is None:
            folder.refuse(
                file.path, "its path is too long, leads out of the folder or holds signs that none should"
            )
            continue
        if path in folder.paths or is_left_out(path):
            continue
        if len(folder.paths) >= MAX_PATHS:
            folder.refuse("", f"there are more than {MAX_PATHS} files: the others were left out")
            break
        folder.paths.add(path)
        parsers = _PARSERS.matches(path)
        if not parsers or not file.content.strip():
            continue
        most = limits.long_file_bytes if any(parser.is_lock for parser in parsers) else limits.file_bytes
        if len(file.content) > most:
            folder.refuse(path, f"is larger than {most:,} bytes")
        elif not is_text(file.content):
            folder.refuse(path, "is not text")
        elif len(folder.contents) >= limits.files:
            folder.refuse(path, f"is more than the {limits.files:,} files that are read")
        elif total + len(file.content) > limits.total_bytes:
            folder.refuse(path, f"is more than the {limits.total_bytes:,} bytes that are read in all")
        else:
            total += len(file.content)
            folder.contents.add(path, file.content)
    return folder


def _read(
    path: str, tree: Tree, folder: _Folder, sights: "_Sights", deadline: float, *, is_lock: bool
) -> None:
    """Let the parsers of a file that are for lock files, or those that are not, add to `sights`."""
    for parser in dict.fromkeys(_PARSERS.matches(path)):
        if parser.is_lock != is_lock:
            continue
        if time.thread_time() > deadline:
            folder.refuse(path, "was left out: reading all files takes too long")
            return
        text = tree.texts[path]
        if "\0" in text:
            folder.refuse(path, "is not text")
            return
        try:
            for sight in islice(parser.parse(TextFile(path, text), tree), MAX_SIGHTS_PER_FILE):
                sights.add(sight, is_lock=is_lock)
                if time.thread_time() > deadline:
                    folder.refuse(path, "was read in part: reading all files takes too long")
                    return
        except UnreadableError as error:
            place = f" (line {error.line})" if error.line else ""
            folder.refuse(path, f"{error.reason}{place}")
        except (RecursionError, MemoryError):
            folder.refuse(path, "is nested too deep or too large")
        except Exception:
            # A mistake of ours must not hide what the other files show.
            logger.exception("A parser failed at %s", path)
            folder.refuse(path, "could not be read")


@dataclass(slots=True)
class _Sights:
    """What the parsers saw, and how lock files and manifests go together."""

    knowledge: Knowledge
    seen: list[Sight] = field(default_factory=list)
    own: set[tuple[str, str]] = field(default_factory=set)
    # Of the project as a whole, without who made it: its images are called so, too.
    own_names: set[str] = field(default_factory=set)
    # Of lock files: by folder, then by type and name.
    locked: dict[str, dict[tuple[str, str], Sight]] = field(default_factory=dict)
    # (type, folder) where a manifest stands in the folder or below.
    covered: set[tuple[str, str]] = field(default_factory=set)
    direct: set[tuple[str, str]] = field(default_factory=set)

    def add(self, sight: Sight, *, is_lock: bool) -> None:
        name = sight.name.strip()
        if not name or len(name) > MAX_NAME or not name.isprintable():
            return
        if not is_lock and len(self.seen) >= MAX_SIGHTS:
            return
        if sight.kind not in (Kind.PACKAGE, Kind.OWN):
            self.seen.append(sight)
            return
        key = sight.type, fold_package(sight.type, name)
        if sight.kind == Kind.OWN:
            self.own.add(key)
            if "/" not in sight.path and not name.startswith("@"):
                self.own_names.add(key[1].rpartition("/")[2])
        if is_lock:
            if sight.kind == Kind.PACKAGE:
                self._add_locked(sight, key)
            return
        folder = sight.path
        while folder:
            folder = folder.rpartition("/")[0]
            if (sight.type, folder) in self.covered:
                break
            self.covered.add((sight.type, folder))
        if sight.kind == Kind.PACKAGE:
            self.seen.append(sight)
            self.direct.add(key)

    def _add_locked(self, sight: Sight, key: tuple[str, str]) -> None:
        folder = sight.path.rpartition("/")[0]
        # Without a manifest those that stand for no tool would say nothing, and there may be many.
        is_covered = (sight.type, folder) in self.covered
        if key not in self.direct and (
            is_covered or not (sight.is_direct or self.knowledge.tools_for(sight))
        ):
            return
        versions = self.locked.setdefault(folder, {})
        if key not in versions or (sight.is_direct and not versions[key].is_direct):
            versions[key] = sight

    def drop_own(self) -> None:
        """Take away what the manifests say is made here."""
        self.seen = [sight for sight in self.seen if sight.kind != Kind.PACKAGE or not self._is_own(sight)]

    def _is_own(self, sight: Sight) -> bool:
        name = fold_package(sight.type, sight.name)
        owner, _, last = name.rpartition("/")
        is_image = sight.type == "docker" and owner != "library"
        return (sight.type, name) in self.own or (is_image and last in self.own_names)

    def resolved(self) -> Iterator[Sight]:
        """The manifests' sights with versions of the lock files, and the lock files' own where no manifest is."""
        for sight in self.seen:
            locked = self._lock_of(sight) if sight.kind == Kind.PACKAGE else None
            yield replace(sight, version=locked.version) if locked and locked.version else sight
        for folder, sights in self.locked.items():
            for key, sight in sights.items():
                if (sight.type, folder) not in self.covered and key not in self.own:
                    yield sight

    def _lock_of(self, sight: Sight) -> Sight | None:
        key = sight.type, fold_package(sight.type, sight.name)
        folder = sight.path
        while folder:
            folder = folder.rpartition("/")[0]
            if folder in self.locked and key in self.locked[folder]:
                return self.locked[folder][key]
        return None


def _report(sights: list[Sight], folder: _Folder, knowledge: Knowledge) -> Report:
    findings: dict[str, dict[tuple[str, ...], Finding]] = {}
    unknown: set[str] = set()
    # Files that are there for a tool are not source code.
    configured: set[str] = set(folder.contents)

    def keep(finding: Finding) -> None:
        places = findings.setdefault(finding.tool, {})
        key = finding.path, finding.purl, finding.name
        if key not in places or _rank(finding) < _rank(places[key]):
            places[key] = finding

    for sight in sights:
        slugs = knowledge.tools_for(sight)
        purl = _purl(sight) if sight.kind == Kind.PACKAGE and (slugs or sight.is_direct) else ""
        if not slugs and purl and sight.confidence >= SURE:
            unknown.add(purl)
        if slugs and sight.kind == Kind.FILE:
            configured.add(sight.path)
        for slug in slugs:
            keep(_finding(slug, sight, purl, knowledge))
    for sight in _languages(folder.paths - configured, knowledge):
        for slug in knowledge.tools_for(sight):
            keep(_finding(slug, sight, "", knowledge))
    best = {slug: min(places.values(), key=_rank) for slug, places in findings.items()}
    sure = {slug for slug, finding in best.items() if _is_sure(finding)}
    for slug in sorted(sure):
        for implied in sorted(knowledge.implied([slug]) - sure):
            # The version is that of what implies it.
            keep(replace(best[slug], tool=implied, version=""))
    ranked = {
        slug: sorted(places.values(), key=_rank)[:MAX_PLACES] for slug, places in sorted(findings.items())
    }
    unread = sorted(folder.unread, key=lambda one: (one.path, one.reason))
    if folder.unread_more:
        unread.append(Unread("", f"and {folder.unread_more} more"))
    return Report(
        tools=tuple(
            slug
            for slug, places in ranked.items()
            if _is_sure(places[0])
            and not knowledge.tools[slug].is_minor
            and not (knowledge.tools[slug].is_umbrella and _is_one_part(slug, findings, knowledge))
        ),
        findings=tuple(finding for places in ranked.values() for finding in places),
        unread=tuple(unread),
        unknown=tuple(sorted(unknown)[:MAX_UNKNOWN]),
    )


def _is_sure(finding: Finding) -> bool:
    return finding.is_direct and finding.confidence >= SURE


def _is_one_part(
    umbrella: str, findings: dict[str, dict[tuple[str, ...], Finding]], knowledge: Knowledge
) -> bool:
    """Whether a single service of a cloud is all that speaks for it: files in S3 make nobody a user of AWS at large."""
    own = {place for place, finding in findings[umbrella].items() if _is_sure(finding)}
    parts = 0
    for slug in knowledge.tools[umbrella].implied_by:
        places = {place for place, finding in findings.get(slug, {}).items() if _is_sure(finding)}
        parts += bool(places)
        own -= places
    return parts == 1 and not own


def _rank(finding: Finding) -> tuple[object, ...]:
    """The best evidence first: direct and sure, with a version, of the product itself, near the root."""
    return (
        not finding.is_direct,
        -finding.confidence,
        _SCOPES.index(finding.scope),
        not finding.version,
        finding.path.count("/"),
        finding.path,
        finding.line or 0,
        finding.name,
    )


def _finding(slug: str, sight: Sight, purl: str, knowledge: Knowledge) -> Finding:
    scope = scope_at(sight.path, sight.scope)
    if sight.kind == Kind.FILE and knowledge.tools[slug].scope:
        scope = Scope(knowledge.tools[slug].scope)
    return Finding(
        tool=slug,
        kind=sight.kind,
        name=sight.name,
        path=sight.path,
        line=sight.line,
        purl=purl,
        version=sight.version[:MAX_VERSION],
        scope=scope,
        confidence=sight.confidence,
        is_direct=sight.is_direct,
    )


def _purl(sight: Sight) -> str:
    """The package URL without version; "" for a name that none can be made of."""
    namespace, _, name = fold_package(sight.type, sight.name).rpartition("/")
    try:
        return PackageURL(sight.type, namespace or None, name).to_string()
    except ValueError:
        return ""


def _languages(paths: set[str], knowledge: Knowledge) -> Iterator[Sight]:
    """A sight for each ending of source files, sure where its languages make up a fair share of them."""
    firsts: dict[str, str] = {}
    counts: Counter[str] = Counter()
    known: dict[str, str] = {}
    for path in sorted(paths, key=lambda path: (path.count("/"), path)):
        written = ".".join(path.rpartition("/")[2].lower().split(".")[1:][-MAX_ENDING_PARTS:])
        if written not in known:
            known[written] = _known_ending(written, knowledge)
        if ending := known[written]:
            firsts.setdefault(ending, path)
            counts[ending] += 1
    of_tool: Counter[str] = Counter()
    for ending, count in counts.items():
        for slug in knowledge.tools_for(Sight(Kind.EXTENSION, ending, "")):
            of_tool[slug] += count
    for ending, path in firsts.items():
        slugs = knowledge.tools_for(Sight(Kind.EXTENSION, ending, path))
        share = max(of_tool[slug] for slug in slugs) / counts.total()
        yield Sight(Kind.EXTENSION, ending, path, confidence=1.0 if share >= MAIN_SHARE else MENTIONED)


def _known_ending(ending: str, knowledge: Knowledge) -> str:
    """The longest part of `ending` that stands for a language, "blade.php" before "php"; "" if none does."""
    while ending and not knowledge.tools_for(Sight(Kind.EXTENSION, ending, "")):
        ending = ending.partition(".")[2]
    return ending
