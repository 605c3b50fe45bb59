"""The starter catalogue's files: read whole and checked, each by itself and what they say of each other.

Raises `CatalogueError` with every problem of every file. Knows nothing of the database.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.conf import settings

from apps.tools.entries import CatalogueError, Problem, TaxonomyFile, ToolEntry, ToolFile, read_file

CATALOGUE_DIR = Path(settings.BASE_DIR) / "catalogue"

# First parts of addresses under /tools/ that are not tools.
RESERVED_SLUGS = frozenset({"in", "options", "points", "trending"})


def is_reserved(slug: str) -> bool:
    """Whether an address of the site itself, or that of a stackup, would be read in this slug of a tool."""
    return slug in RESERVED_SLUGS or "-vs-" in f"{slug}-"


@dataclass(frozen=True, slots=True)
class SourcedTool:
    """An entry with the file and category that it stands in, and the date that its facts are of."""

    entry: ToolEntry
    file: str
    category: str
    facts_on: date


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The checked content of the taxonomy and of all tool files."""

    taxonomy: TaxonomyFile
    tools: list[SourcedTool]

    @property
    def slugs(self) -> set[str]:
        return {tool.entry.slug for tool in self.tools}


def catalogue_digest(root: Path = CATALOGUE_DIR) -> str:
    """SHA-256 over the names and contents of the catalogue's files."""
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(root)}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def read_catalogue(root: Path = CATALOGUE_DIR) -> Catalogue:
    """Read `taxonomy.toml` and `tools/*.toml` below `root`, and check each entry and what they say of each other."""
    taxonomy = read_file(root / "taxonomy.toml", TaxonomyFile, root)
    functions = {c.slug: set(c.functions) for layer in taxonomy.layer for c in layer.category}
    problems: list[Problem] = []
    tools: list[SourcedTool] = []
    for path in sorted((root / "tools").glob("*.toml")):
        name = str(path.relative_to(root))
        if path.stem not in functions:
            problems.append(
                Problem(name, "", "", f"is named after no category. Known: {', '.join(sorted(functions))}.")
            )
            continue
        try:
            file = read_file(path, ToolFile, root)
        except CatalogueError as error:
            problems += error.problems
            continue
        tools += [SourcedTool(entry, name, path.stem, file.as_of) for entry in file.tool]
    # Without all files, a reference to a tool of a broken one would be called unknown.
    if not problems:
        problems = [*_wrong_functions(tools, functions), *_taken_twice(tools), *_unknown_references(tools)]
    if problems:
        raise CatalogueError(problems)
    return Catalogue(taxonomy=taxonomy, tools=tools)


def _wrong_functions(tools: list[SourcedTool], functions: dict[str, set[str]]) -> Iterable[Problem]:
    for tool in tools:
        if tool.entry.function not in functions[tool.category]:
            home = next((c for c, names in functions.items() if tool.entry.function in names), None)
            advice = (
                f"{tool.entry.function!r} belongs to the category {home!r}: move the entry to tools/{home}.toml."
                if home
                else f"{tool.entry.function!r} is unknown. This category has: "
                f"{', '.join(sorted(functions[tool.category]))}."
            )
            yield Problem(tool.file, tool.entry.slug, "function", advice)


def _taken_twice(tools: list[SourcedTool]) -> Iterable[Problem]:
    addresses: dict[str, SourcedTool] = {}
    packages: dict[str, SourcedTool] = {}
    names: dict[str, SourcedTool] = {}
    for tool in tools:
        for slug in (tool.entry.slug, *tool.entry.aliases):
            if is_reserved(slug):
                yield Problem(
                    tool.file, tool.entry.slug, "slug", f"{slug!r} is an address of the site itself."
                )
            elif slug in addresses:
                other = addresses[slug]
                advice = f"{slug!r} is taken by {other.entry.slug!r} in {other.file}; an address leads to one tool."
                yield Problem(tool.file, tool.entry.slug, "slug or aliases", advice)
            addresses.setdefault(slug, tool)
        for package in tool.entry.packages:
            if package in packages:
                other = packages[package]
                advice = f"{package!r} is a package of {other.entry.slug!r} in {other.file}; it belongs to one tool."
                yield Problem(tool.file, tool.entry.slug, "packages", advice)
            packages.setdefault(package, tool)
        name = tool.entry.name.casefold()
        if name in names:
            advice = (
                f"{tool.entry.name!r} is also the name of {names[name].entry.slug!r}; tell the two apart."
            )
            yield Problem(tool.file, tool.entry.slug, "name", advice)
        names.setdefault(name, tool)


def _unknown_references(tools: list[SourcedTool]) -> Iterable[Problem]:
    known = {tool.entry.slug for tool in tools}
    for tool in tools:
        entry = tool.entry
        if entry.successor and entry.successor not in known:
            yield Problem(tool.file, entry.slug, "successor", f"{entry.successor!r} is no tool's slug.")
        if entry.successor == entry.slug:
            yield Problem(tool.file, entry.slug, "successor", "names the tool itself.")
        for integration in entry.integrations:
            if integration.tool not in known:
                yield Problem(
                    tool.file, entry.slug, "integrations", f"{integration.tool!r} is no tool's slug."
                )
            if integration.tool == entry.slug:
                yield Problem(tool.file, entry.slug, "integrations", "names the tool itself.")
        for slug in entry.detect.implied_by:
            if slug not in known:
                yield Problem(tool.file, entry.slug, "detect", f"implied_by: {slug!r} is no tool's slug.")
            if slug == entry.slug:
                yield Problem(tool.file, entry.slug, "detect", "implied_by: names the tool itself.")
