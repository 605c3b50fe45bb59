"""StackShare's techstack.yml 0.1: a list of tools by name, with the file that each was found in.

Names, versions, licences, addresses of packages and places are read. Descriptions and images are not ours to keep, and
the names of the persons who last changed an entry are nobody's business: they are passed over.
"""

import re
from urllib.parse import unquote, urlsplit

from apps.detection.detect import report_of
from apps.detection.knowledge import Knowledge, fold_package
from apps.detection.parsers import yamls
from apps.detection.parsers.tables import items, table, word
from apps.detection.sights import Finding, Kind, Limits, Report, Scope, Sight, Unread, UnreadableError

# The largest of real ones has some 150.
MAX_TOOLS = 2000
MAX_CHARACTERS = 200

# It was found by a bare name or the file's path, and that detection erred.
NAMED = 0.6
# What GitHub says of a repository: languages of which there may be a single file.
FROM_METADATA = 0.4
METADATA = "Repo Metadata"

# Types of package URLs by a part of the registry's host, and what stands before the name in its addresses.
_REGISTRIES = (
    ("npm", "npm", "package/"),
    ("pypi", "pypi", "project/"),
    ("packagist", "composer", "packages/"),
    ("rubygems", "gem", "gems/"),
    ("nuget", "nuget", "packages/"),
    ("mvnrepository", "maven", "artifact/"),
    ("maven", "maven", "artifact/"),
    ("crates", "cargo", "crates/"),
    ("pkg.go", "golang", ""),
    ("pub.dev", "pub", "packages/"),
    ("hex.pm", "hex", "packages/"),
    ("cocoapods", "cocoapods", "pods/"),
)


def is_techstack(path: str) -> bool:
    return path.rpartition("/")[2].lower() in ("techstack.yml", "techstack.yaml") or path.lower().endswith(
        ".techstack.yml"
    )


def read_techstack(content: bytes, knowledge: Knowledge, *, limits: Limits | None = None) -> Report:
    """What a techstack.yml lists. `unknown`: package URLs, or else names, of what the catalogue does not know.

    A finding's path is the file that the entry says it was found in, "techstack.yml" if it says none.
    Raises `UnreadableError`.
    """
    limits = limits or Limits()
    if len(content) > limits.file_bytes:
        raise UnreadableError(f"is larger than {limits.file_bytes // 1_000_000} MB")
    document = yamls.load(content.removeprefix(b"\xef\xbb\xbf").decode(errors="replace"))
    entries = table(document).get("tools")
    if not isinstance(entries, list):
        raise UnreadableError("is no techstack.yml: it has no list of tools")
    sights: list[Sight] = []
    findings: dict[tuple[str, str], Finding] = {}
    unknown: list[str] = []
    unread = []
    if len(entries) > MAX_TOOLS:
        unread.append(Unread("techstack.yml", f"left out: the tools after the first {MAX_TOOLS:,}"))
    for entry in items(entries)[:MAX_TOOLS]:
        name = word(table(entry).get("name"))[:MAX_CHARACTERS]
        if not name:
            continue
        line = yamls.line_of(table(entry).get("name"))
        source = word(table(entry).get("detection_source"))[:MAX_CHARACTERS]
        is_file = bool(source) and source != METADATA
        path = source if is_file else "techstack.yml"
        confidence = FROM_METADATA if source == METADATA else NAMED
        version = word(table(entry).get("version"))[:60]
        package = _package(word(table(entry).get("package_url")))
        sight = Sight(
            Kind.PACKAGE,
            package[1],
            path,
            None if is_file else line,
            type=package[0],
            version=version,
            confidence=confidence,
        )
        if package[0] and (knowledge.tools_for(sight) or not knowledge.named(name)):
            sights.append(sight)
        elif slug := knowledge.named(name):
            finding = Finding(
                slug,
                Kind.FILE,
                name,
                path,
                sight.line,
                "",
                version,
                Scope.RUNTIME,
                confidence,
                is_direct=True,
            )
            findings.setdefault((slug, path), finding)
        elif name not in unknown:
            unknown.append(name)
    report = report_of(sights, unread, knowledge)
    sure = {slug for slug, _ in findings if not knowledge.tools[slug].is_minor} & {
        finding.tool for finding in findings.values() if finding.confidence >= NAMED
    }
    return Report(
        tools=tuple(sorted({*report.tools, *sure})),
        findings=(*report.findings, *findings.values()),
        unread=report.unread,
        unknown=(*report.unknown, *unknown),
    )


def _package(address: str) -> tuple[str, str]:
    """(type, name) of the package at an address of its registry, or of a package URL; ("", "") for anything else."""
    if match := re.fullmatch(
        r"pkg:([a-z]+)/([^@?#]+(?:@[^/?#]+/[^@?#]+)?)(?:@[^?#]*)?", address[:MAX_CHARACTERS]
    ):
        return match[1], unquote(match[2])
    try:
        parts = urlsplit(address[:MAX_CHARACTERS])
        host, path = parts.hostname or "", unquote(parts.path).strip("/")
    except ValueError:
        return "", ""
    for mark, type_, before in _REGISTRIES:
        if mark in host and path:
            return type_, fold_package(type_, path.removeprefix(before)) if path.removeprefix(before) else ""
    return "", ""


def package_address(type: str, name: str) -> str:  # noqa: A002
    """The address of a package in its registry, as techstack.yml has them; "" for types without one there."""
    hosts = {
        "npm": "https://www.npmjs.com/",
        "pypi": "https://pypi.org/project/",
        "composer": "https://packagist.org/packages/",
        "gem": "https://rubygems.org/gems/",
        "nuget": "https://www.nuget.org/packages/",
        "maven": "https://mvnrepository.com/artifact/",
        "cargo": "https://crates.io/crates/",
        "golang": "https://pkg.go.dev/",
        "pub": "https://pub.dev/packages/",
        "hex": "https://hex.pm/packages/",
    }
    return f"{hosts[type]}{name}" if type in hosts else ""
