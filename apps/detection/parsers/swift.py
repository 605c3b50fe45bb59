"""Swift and Apple's platforms: Package.swift, Xcode projects, CocoaPods, Carthage. Programs are never run."""

import re
from collections.abc import Iterator

from apps.detection.parsers.base import Lines, Parser, TextFile, Tree, load_json
from apps.detection.parsers.jvm.gradle import without_comments
from apps.detection.parsers.places import MAX_LINES_OF_LOCK, Places, numbered
from apps.detection.parsers.ruby import statements
from apps.detection.parsers.tables import items, table, word
from apps.detection.sights import Kind, Scope, Sight

# Of one `.package(...)` or one entry of an Xcode project: characters looked at behind the address.
MAX_ENTRY = 300

_ADDRESS = re.compile(r"(?:https?://|ssh://|git://)?(?:\w+@)?([\w.-]+)[/:]([\w.-]+/[\w./-]+?)(?:\.git)?/?")
_TOOLS_VERSION = re.compile(r"//\s*swift-tools-version\s*:\s*(\d[\d.]*)")
_PACKAGE = re.compile(
    r"""\.package\(\s{0,100}(?:name:\s{0,20}"[^"]{0,100}",\s{0,100})?(url|id):\s{0,20}"([^"\s]{1,300})\""""
)
_REQUIREMENT = re.compile(
    r"""(?:from|exact|branch|revision)\s{0,5}:\s{0,5}"([^"\s]{1,100})"|\.exact\("([^"]{1,100})"\)|"(\d[\w.-]{0,50})"\s?\.\.[.<]"""
)


def repository(address: str) -> str:
    """The name of a package by its repository's address: "github.com/vapor/vapor"; "" for what is no such address."""
    match = _ADDRESS.fullmatch(address.strip()[:MAX_ENTRY])
    return f"{match[1].lower()}/{match[2]}" if match else ""


def parse_package(file: TextFile, tree: Tree) -> Iterator[Sight]:
    version = _TOOLS_VERSION.match(file.text)
    yield Sight(Kind.RUNTIME, "swift", file.path, 1, version=version[1] if version else "")
    text = without_comments(file.text)
    lines = Lines(text)
    for match in _PACKAGE.finditer(text):
        behind = text[match.end() : match.end() + MAX_ENTRY].partition(".package(")[0]
        found = _REQUIREMENT.search(behind)
        version_found = (found[1] or found[2] or found[3]) if found else ""
        # Ids of a registry, "vapor.vapor", name no repository.
        if match[1] == "url" and (name := repository(match[2])):
            line = lines.at(match.start(2))
            yield Sight(Kind.PACKAGE, name, file.path, line, "swift", version_found)


def parse_resolved(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """Package.resolved in all of its formats: every package, asked for or not."""
    data = table(load_json(file.text))
    places = Places(file.text)
    for entry in items(data.get("pins")) or items(table(data, "object").get("pins")):
        address = word(table(entry).get("location") or table(entry).get("repositoryURL"))
        if name := repository(address):
            version = word(table(entry, "state").get("version"))[:100]
            line = places.line(address)
            yield Sight(Kind.PACKAGE, name, file.path, line, "swift", version, is_direct=False)


_REMOTE = re.compile(r"isa = XCRemoteSwiftPackageReference;\s{0,20}repositoryURL = \"?([^\s\";]{1,300})")
_MINIMUM = re.compile(r"(?:minimumVersion|version|branch) = \"?([^\s\";]{1,60})")
_SWIFT = re.compile(r"SWIFT_VERSION = \"?(\d[\d.]{0,10})")


def parse_xcode(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """project.pbxproj of Xcode."""
    lines = Lines(file.text)
    for match in _REMOTE.finditer(file.text):
        version = _MINIMUM.search(file.text[match.end() : match.end() + MAX_ENTRY])
        if name := repository(match[1]):
            line = lines.at(match.start(1))
            yield Sight(Kind.PACKAGE, name, file.path, line, "swift", version[1] if version else "")
    if language := _SWIFT.search(file.text):
        yield Sight(Kind.RUNTIME, "swift", file.path, lines.at(language.start()), version=language[1])


_POD = re.compile(r"""pod[\s(]\s?["']([\w.+/-]+)["'](?:\s?,\s?["']((?:[~<>=]{1,2}\s?)?\d[\w.-]*)["'])?(.*)""")
_TARGET = re.compile(r"""target\s?\(?["']([^"']+)["']""")


def parse_podfile(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """Pods without what is behind the slash: "Firebase/Auth" is a part of Firebase. Pods of folders are made here."""
    scope = Scope.RUNTIME
    for line, statement in statements(file.text):
        if match := _TARGET.match(statement):
            scope = Scope.DEVELOPMENT if re.search(r"Tests?\b", match[1]) else Scope.RUNTIME
        elif match := _POD.match(statement):
            name = match[1].partition("/")[0]
            if re.search(r":path\b|\bpath:", match[3]):
                yield Sight(Kind.OWN, name, file.path, type="cocoapods")
            else:
                yield Sight(Kind.PACKAGE, name, file.path, line, "cocoapods", match[2] or "", scope)


_LOCKED = re.compile(r"""  - "?([\w.+-]+)(?:/[^\s(]*)? \((\d[^()\s]{0,60})\)""")


def parse_podfile_lock(file: TextFile, tree: Tree) -> Iterator[Sight]:
    seen = set()
    for number, line in numbered(file.text, MAX_LINES_OF_LOCK):
        if (match := _LOCKED.match(line)) and match[1] not in seen:
            seen.add(match[1])
            yield Sight(Kind.PACKAGE, match[1], file.path, number, "cocoapods", match[2], is_direct=False)


_CARTHAGE = re.compile(r"""(github|git) "([^"\s]{1,300})"(?:\s{1,5}(?:[~<>=]{1,2}\s?)?"?([\w.-]{1,60}))?""")


def parse_cartfile(file: TextFile, tree: Tree) -> Iterator[Sight]:
    scope = Scope.DEVELOPMENT if file.path.endswith("private") else Scope.RUNTIME
    for number, line in numbered(file.text):
        if match := _CARTHAGE.match(line.strip()[:MAX_ENTRY]):
            address = match[2] if "://" in match[2] or match[1] == "git" else f"https://github.com/{match[2]}"
            if name := repository(address):
                yield Sight(Kind.PACKAGE, name, file.path, number, "swift", match[3] or "", scope)


PARSERS = (
    Parser(("Package.swift", "Package@swift-*.swift"), parse_package),
    Parser(("Package.resolved",), parse_resolved, is_lock=True),
    Parser(("project.pbxproj",), parse_xcode),
    Parser(("Podfile",), parse_podfile),
    Parser(("Podfile.lock",), parse_podfile_lock, is_lock=True),
    Parser(("Cartfile", "Cartfile.private"), parse_cartfile),
)
