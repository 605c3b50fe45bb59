"""Loading the starter catalogue: brings the database to what the files say.

Idempotent, and keeps what a person edited: a field or part named in `Tool.edited_fields` is left alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Model
from django.utils import timezone
from packageurl import PackageURL

from apps.github.models import Repository
from apps.tools.catalogue import Catalogue
from apps.tools.entries import TaxonomyFile, ToolEntry
from apps.tools.logos import LOGO_DIR
from apps.tools.models import Category, Integration, Package, Tool, ToolAlias, ToolRepository
from apps.tools.services.catalogue_points import load_points

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
    "is_minor",
    "detection",
)


@dataclass(slots=True)
class LoadReport:
    """What a load did, in counts of tools; `kept` names the fields of persons' edits that it left alone."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    kept: list[str] = field(default_factory=list)


def load_tools(catalogue: Catalogue, *, tick: Callable[[], object] = lambda: None) -> LoadReport:
    """Bring the database to what the catalogue says. Call it in a transaction; `tick` is called for each tool."""
    # All at once and by their ids, as who publishes a stack locks those of it: else the two might wait for one another.
    list(Tool.objects.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    functions = _load_taxonomy(catalogue.taxonomy)
    tools, report = _load_rows(catalogue, functions, tick)
    changed = _load_successors(catalogue, tools, report) | _load_parts(catalogue, tools)
    fresh = {slug for slug, (_, state) in tools.items() if state != "unchanged"}
    Tool.objects.filter(pk__in=[tools[slug][0].pk for slug in changed - fresh]).update(
        changed_at=timezone.now()
    )
    report.changed += len(changed - fresh)
    report.unchanged -= len(changed - fresh)
    if report.created:
        _analyze()
    return report


def _analyze() -> None:
    """Tell the database how large the tables are now, for what follows in the same transaction.

    By itself it would look at them some time later, and plan until then as if they were all but empty.
    """
    tables = [
        model._meta.db_table for model in (Tool, Category, Package, Integration, ToolRepository, Repository)
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(tables)}")


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
    existing = {tool.slug: tool for tool in Tool.objects.select_related("function")}
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
    return result, report


def _column(entry: ToolEntry, name: str) -> object:
    if name == "is_minor":
        return entry.minor
    if name == "detection":
        return entry.detect.model_dump(mode="json", exclude_defaults=True)
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


def _load_successors(
    catalogue: Catalogue, tools: dict[str, tuple[Tool, str]], report: LoadReport
) -> set[str]:
    """Set the successors once all tools have their rows; answers the slugs of the tools that changed."""
    changed: dict[str, Tool] = {}
    for sourced in catalogue.tools:
        tool = tools[sourced.entry.slug][0]
        successor = tools[sourced.entry.successor][0] if sourced.entry.successor else None
        if tool.successor_id != (successor.pk if successor else None):
            if "successor" in tool.edited_fields:
                report.kept.append(f"{tool.slug}.successor")
                continue
            tool.successor = successor
            changed[sourced.entry.slug] = tool
    Tool.objects.bulk_update(changed.values(), ["successor"])
    return set(changed)


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows around a tool: the name under which edits of them are kept, their columns, and what an entry wants."""

    name: str
    model: type[Model]
    columns: tuple[str, ...]
    wanted: Callable[[ToolEntry], list[tuple[Any, ...]]]


def _load_parts(catalogue: Catalogue, tools: dict[str, tuple[Tool, str]]) -> set[str]:
    """Bring the rows around each tool to what its entry says; answers the slugs of those that changed."""
    repositories = _repositories(catalogue)
    ids = {slug: tool.pk for slug, (tool, _) in tools.items()}
    parts = [
        _Part("aliases", ToolAlias, ("slug",), lambda entry: [(slug,) for slug in entry.aliases]),
        _Part("packages", Package, ("type", "name"), _wanted_packages),
        _Part(
            "repositories",
            ToolRepository,
            ("repository_id", "is_primary"),
            # Two names may be a former and the present one of the same.
            lambda entry: [
                (pk, at == 0)
                for at, pk in enumerate(
                    dict.fromkeys(repositories[name.lower()] for name in entry.repositories)
                )
            ],
        ),
        _Part(
            "integrations",
            Integration,
            ("other_id", "kind"),
            lambda entry: [(ids[integration.tool], integration.kind) for integration in entry.integrations],
        ),
    ]
    changed = load_points(_unedited("points", catalogue, tools))
    for part in parts:
        changed |= _replace_part(part, _unedited(part.name, catalogue, tools))
    return changed


def _unedited(part: str, catalogue: Catalogue, tools: dict[str, tuple[Tool, str]]) -> dict[int, ToolEntry]:
    """The entries, by the id of their tool, of which no person edited this part."""
    return {
        tools[sourced.entry.slug][0].pk: sourced.entry
        for sourced in catalogue.tools
        if part not in tools[sourced.entry.slug][0].edited_fields
    }


def _replace_part(part: _Part, entries: dict[int, ToolEntry]) -> set[str]:
    """Delete and create rows until every tool, by its id, has those that its entry wants.

    What people added is theirs: an alias or package that they gave to another tool.
    Answers the slugs of the tools that changed.
    """
    rows = part.model._default_manager.all()
    existing: dict[int, dict[tuple[Any, ...], int]] = {pk: {} for pk in entries}
    for row_id, tool_id, *values in rows.filter(tool_id__in=entries).values_list(
        "id", "tool_id", *part.columns
    ):
        existing[tool_id][tuple(values)] = row_id
    elsewhere: set[tuple[Any, ...]] = set()
    if part.model in (ToolAlias, Package):
        elsewhere = set(rows.exclude(tool_id__in=entries).values_list(*part.columns))
    stale: list[int] = []
    fresh: list[Model] = []
    changed: set[str] = set()
    for pk, entry in entries.items():
        wanted = part.wanted(entry)
        gone = [row_id for values, row_id in existing[pk].items() if values not in wanted]
        new = [values for values in wanted if values not in existing[pk] and values not in elsewhere]
        if gone or new:
            changed.add(entry.slug)
        stale += gone
        fresh += [part.model(tool_id=pk, **dict(zip(part.columns, values, strict=True))) for values in new]
    rows.filter(pk__in=stale).delete()
    part.model._default_manager.bulk_create(fresh, batch_size=2000)
    return changed


def _repositories(catalogue: Catalogue) -> dict[str, int]:
    """Ids of the repositories that the catalogue names, by lower-case name; creates those that are new."""
    names = {name.lower(): name for sourced in catalogue.tools for name in sourced.entry.repositories}
    # A file may still use the name that a repository had before it was renamed.
    known = Repository.objects.ids_by_name()
    created = Repository.objects.bulk_create(
        Repository(full_name=name) for key, name in names.items() if key not in known
    )
    return known | {r.full_name.lower(): r.pk for r in created}


def _wanted_packages(entry: ToolEntry) -> list[tuple[Any, ...]]:
    purls = [PackageURL.from_string(package) for package in entry.packages]
    return [(purl.type, f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name) for purl in purls]
