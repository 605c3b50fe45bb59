"""The starter catalogue: read and check all of its files, then load them.

Reading raises `CatalogueError` with every problem of every file. Loading is idempotent and keeps what a person
edited: a field named in `Tool.edited_fields` is left alone.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from packageurl import PackageURL

from apps.github.models import Repository
from apps.tools.entries import CatalogueError, Problem, TaxonomyFile, ToolEntry, ToolFile, read_file
from apps.tools.logos import LOGO_DIR
from apps.tools.models import Category, Integration, Package, Point, Tool, ToolAlias, ToolRepository

CATALOGUE_DIR = Path(settings.BASE_DIR) / "catalogue"

# First parts of addresses under /tools/ that are not tools.
RESERVED_SLUGS = frozenset({"in", "options", "trending"})

# Columns of Tool that come straight from an entry.
PLAIN_FIELDS = (
    "name",
    "tagline",
    "description",
    "website",
    "license",
    "language",
    "first_release",
    "status",
    "features",
    "logo",
)


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


@dataclass(slots=True)
class LoadReport:
    """What a load did, in counts of tools; `kept` names the fields of persons' edits that it left alone."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    kept: list[str] = field(default_factory=list)


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
            problems.append(Problem(name, "", "", f"is named after no category. Known: {', '.join(sorted(functions))}."))
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
            if slug in RESERVED_SLUGS or "-vs-" in slug:
                yield Problem(tool.file, tool.entry.slug, "slug", f"{slug!r} is an address of the site itself.")
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
            advice = f"{tool.entry.name!r} is also the name of {names[name].entry.slug!r}; tell the two apart."
            yield Problem(tool.file, tool.entry.slug, "name", advice)
        names.setdefault(name, tool)


def _unknown_references(tools: list[SourcedTool]) -> Iterable[Problem]:
    known = {tool.entry.slug for tool in tools}
    for tool in tools:
        entry = tool.entry
        if entry.successor and entry.successor not in known:
            yield Problem(tool.file, entry.slug, "successor", f"{entry.successor!r} is no tool's slug.")
        for integration in entry.integrations:
            if integration.tool not in known:
                yield Problem(tool.file, entry.slug, "integrations", f"{integration.tool!r} is no tool's slug.")
            if integration.tool == entry.slug:
                yield Problem(tool.file, entry.slug, "integrations", "names the tool itself.")


def load_tools(catalogue: Catalogue, *, tick: Callable[[], object] = lambda: None) -> LoadReport:
    """Bring the database to what the catalogue says. Call it in a transaction; `tick` is called for each tool."""
    functions = _load_taxonomy(catalogue.taxonomy)
    tools, report = _load_rows(catalogue, functions, tick)
    changed = _load_parts(catalogue, tools)
    fresh = {slug for slug, (_, state) in tools.items() if state != "unchanged"}
    Tool.objects.filter(pk__in=[tools[slug][0].pk for slug in changed - fresh]).update(changed_at=timezone.now())
    report.changed += len(changed - fresh)
    report.unchanged -= len(changed - fresh)
    return report


def _load_taxonomy(taxonomy: TaxonomyFile) -> dict[tuple[str, str], Category]:
    """Create or update the nodes; answers the functions by (category, function)."""
    functions: dict[tuple[str, str], Category] = {}
    for layer_at, layer in enumerate(taxonomy.layer):
        layer_node = _node(Category.Level.LAYER, None, layer.slug, layer.name, layer_at, layer.text)
        for category_at, category in enumerate(layer.category):
            node = _node(Category.Level.CATEGORY, layer_node, category.slug, category.name, category_at)
            for function_at, (slug, name) in enumerate(category.functions.items()):
                functions[category.slug, slug] = _node(Category.Level.FUNCTION, node, slug, name, function_at)
    return functions


def _node(
    level: Category.Level, parent: Category | None, slug: str, name: str, position: int, text: str = ""
) -> Category:
    node, created = Category.objects.get_or_create(
        parent=parent, slug=slug, defaults={"level": level, "name": name, "position": position, "text": text}
    )
    if not created and (node.name, node.position, node.text) != (name, position, text):
        node.name, node.position, node.text = name, position, text
        node.save(update_fields=["name", "position", "text"])
    return node


def _load_rows(
    catalogue: Catalogue, functions: dict[tuple[str, str], Category], tick: Callable[[], object]
) -> tuple[dict[str, tuple[Tool, str]], LoadReport]:
    """Create or update the rows of Tool; answers them by slug with "created", "changed" or "unchanged"."""
    report = LoadReport()
    existing = {tool.slug: tool for tool in Tool.objects.all()}
    result: dict[str, tuple[Tool, str]] = {}
    to_create: list[Tool] = []
    to_update: list[Tool] = []
    for sourced in catalogue.tools:
        entry = sourced.entry
        tool = existing.get(entry.slug)
        if tool is None:
            # An entry whose slug was changed names the old one among its aliases.
            tool = next((existing[alias] for alias in entry.aliases if alias in existing), None)
        values = {name: _column(entry, name) for name in PLAIN_FIELDS}
        values |= {
            "slug": entry.slug,
            "function": functions[sourced.category, entry.function],
            "origin": Tool.Origin.CATALOGUE,
            "facts_on": sourced.facts_on,
        }
        if tool is None:
            to_create.append(Tool(**values))
            result[entry.slug] = (to_create[-1], "created")
            report.created += 1
        else:
            if tool.origin == Tool.Origin.IMPORT:
                values["is_listed"] = True
            if _assign(tool, values, report):
                to_update.append(tool)
                result[entry.slug] = (tool, "changed")
                report.changed += 1
            else:
                result[entry.slug] = (tool, "unchanged")
                report.unchanged += 1
        tick()
    Tool.objects.bulk_create(to_create, batch_size=500)
    Tool.objects.bulk_update(
        to_update,
        [*PLAIN_FIELDS, "slug", "function", "origin", "facts_on", "is_listed", "changed_at"],
        batch_size=500,
    )
    _load_successors(catalogue, result, report)
    return result, report


def _column(entry: ToolEntry, name: str) -> object:
    value = getattr(entry, name)
    if name == "features":
        return list(value)
    if name == "logo" and not (LOGO_DIR / f"{value}.svg").exists():
        # Left out for its licence: a monogram stands in.
        return ""
    return "" if value is None else value


def _assign(tool: Tool, values: dict[str, object], report: LoadReport) -> bool:
    """Set what differs, but no field that a person edited; answers whether anything changed."""
    differing = {name: value for name, value in values.items() if getattr(tool, name) != value}
    kept = sorted(name for name in differing if name in tool.edited_fields)
    report.kept += [f"{tool.slug}.{name}" for name in kept]
    differing = {name: value for name, value in differing.items() if name not in kept}
    for name, value in differing.items():
        setattr(tool, name, value)
    # A newer date of the same facts changes nothing that a reader would come back for.
    if differing.keys() - {"facts_on"}:
        tool.changed_at = timezone.now()
    return bool(differing)


def _load_successors(catalogue: Catalogue, tools: dict[str, tuple[Tool, str]], report: LoadReport) -> None:
    changed = []
    for sourced in catalogue.tools:
        tool = tools[sourced.entry.slug][0]
        successor = tools[sourced.entry.successor][0] if sourced.entry.successor else None
        if tool.successor_id != (successor.pk if successor else None):
            if "successor" in tool.edited_fields:
                report.kept.append(f"{tool.slug}.successor")
                continue
            tool.successor = successor
            changed.append(tool)
    Tool.objects.bulk_update(changed, ["successor"])


def _load_parts(catalogue: Catalogue, tools: dict[str, tuple[Tool, str]]) -> set[str]:
    """Bring the rows around each tool to what its entry says; answers the slugs of those that changed."""
    changed: set[str] = set()
    repositories = _repositories(catalogue)
    ids = {slug: tool.pk for slug, (tool, _) in tools.items()}
    for model, part, wanted in (
        (ToolAlias, "aliases", _wanted_aliases),
        (Package, "packages", _wanted_packages),
        (ToolRepository, "repositories", lambda entry: _wanted_repositories(entry, repositories)),
        (Integration, "integrations", lambda entry: _wanted_integrations(entry, ids)),
        (Point, "points", _wanted_points),
    ):
        frozen = {tool.pk for tool, _ in tools.values() if part in tool.edited_fields}
        changed |= _replace_part(catalogue, ids, frozen, model, wanted)
    return changed


def _replace_part(
    catalogue: Catalogue,
    ids: dict[str, int],
    frozen: set[int],
    model: type[ToolAlias | Package | ToolRepository | Integration | Point],
    wanted: Callable[[ToolEntry], list[dict[str, object]]],
) -> set[str]:
    """Delete and create rows of `model` until every tool has those that `wanted` names, columns by name."""
    targets: dict[int, tuple[str, list[dict[str, object]]]] = {}
    columns: tuple[str, ...] = ()
    for sourced in catalogue.tools:
        pk = ids[sourced.entry.slug]
        if pk not in frozen:
            targets[pk] = (sourced.entry.slug, wanted(sourced.entry))
            columns = columns or tuple(targets[pk][1][0]) if targets[pk][1] else columns
    if not columns:
        return set()
    rows = model._default_manager.filter(tool_id__in=targets)
    if model is Point:
        rows = rows.filter(origin=Tool.Origin.CATALOGUE)
    existing: dict[int, dict[tuple[object, ...], int]] = {pk: {} for pk in targets}
    for row_id, tool_id, *values in rows.values_list("id", "tool_id", *columns):
        existing[tool_id][tuple(values)] = row_id
    # An alias or a package that a person gave to another tool stays there.
    elsewhere = set(
        model._default_manager.exclude(tool_id__in=targets).values_list(*columns)
        if model in (ToolAlias, Package)
        else ()
    )
    stale: list[int] = []
    fresh: list[dict[str, object]] = []
    changed: set[str] = set()
    for pk, (slug, values_list) in targets.items():
        keys = {tuple(values.values()): values for values in values_list}
        gone = [row_id for key, row_id in existing[pk].items() if key not in keys]
        new = [
            {"tool_id": pk, **values}
            for key, values in keys.items()
            if key not in existing[pk] and key not in elsewhere
        ]
        if gone or new:
            changed.add(slug)
        stale += gone
        fresh += new
    model._default_manager.filter(pk__in=stale).delete()
    model._default_manager.bulk_create([model(**values) for values in fresh], batch_size=2000)
    return changed


def _repositories(catalogue: Catalogue) -> dict[str, int]:
    """Ids of the repositories that the catalogue names, by lower-case name; creates those that are new."""
    names = {name.lower(): name for sourced in catalogue.tools for name in sourced.entry.repositories}
    known = {r.full_name.lower(): r.pk for r in Repository.objects.named(list(names))}
    created = Repository.objects.bulk_create(
        Repository(full_name=name) for key, name in names.items() if key not in known
    )
    return known | {r.full_name.lower(): r.pk for r in created}


def _wanted_aliases(entry: ToolEntry) -> list[dict[str, object]]:
    return [{"slug": slug} for slug in entry.aliases]


def _wanted_packages(entry: ToolEntry) -> list[dict[str, object]]:
    purls = [PackageURL.from_string(package) for package in entry.packages]
    return [{"type": p.type, "name": f"{p.namespace}/{p.name}" if p.namespace else p.name} for p in purls]


def _wanted_repositories(entry: ToolEntry, repositories: dict[str, int]) -> list[dict[str, object]]:
    return [
        {"repository_id": repositories[name.lower()], "is_primary": at == 0}
        for at, name in enumerate(entry.repositories)
    ]


def _wanted_integrations(entry: ToolEntry, ids: dict[str, int]) -> list[dict[str, object]]:
    return [{"other_id": ids[integration.tool], "kind": integration.kind} for integration in entry.integrations]


def _wanted_points(entry: ToolEntry) -> list[dict[str, object]]:
    return [
        {"kind": kind, "text": point.text, "about": point.about, "position": at, "origin": Tool.Origin.CATALOGUE}
        for kind, points in ((Point.Kind.PRO, entry.pros), (Point.Kind.CON, entry.cons))
        for at, point in enumerate(points)
    ]
