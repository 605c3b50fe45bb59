"""Where knowledge comes from: the database, or the files of the starter catalogue."""

from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.db.models import Count, Max

from apps.detection.knowledge import Knowledge, KnownTool, fold_package
from apps.tools.catalogue import CATALOGUE_DIR, read_catalogue
from apps.tools.models import Package, Tool, ToolAlias

RULES = ("files", "prefixes", "extensions", "commands", "schemes", "runtimes", "resources", "implied_by")


# Of this process: what the tools were like when the knowledge was made, and that. Replaced as one.
_kept: tuple[tuple[Any, ...], Knowledge] | None = None


def from_database() -> Knowledge:
    """Of the listed tools. Kept in the process while no tool changed, which a small query tells."""
    global _kept
    state = _state()
    if _kept is None or _kept[0] != state:
        _kept = state, _read_database()
    return _kept[1]


def _state() -> tuple[Any, ...]:
    """What differs after any change of a tool or the rows around it: services and the admin set `changed_at`."""
    return tuple(Tool.objects.listed().aggregate(Count("pk"), Max("pk"), Max("changed_at")).values())


def _read_database() -> Knowledge:
    aliases: dict[int, list[str]] = {}
    for tool, slug in ToolAlias.objects.order_by("slug").values_list("tool_id", "slug"):
        aliases.setdefault(tool, []).append(slug)
    packages: dict[int, list[tuple[str, str]]] = {}
    for tool, type_, name in Package.objects.values_list("tool_id", "type", "name"):
        packages.setdefault(tool, []).append((type_, fold_package(type_, name)))
    return Knowledge.of(
        _tool(slug, name, aliases.get(pk, ()), packages.get(pk, ()), is_minor, rules)
        for pk, slug, name, is_minor, rules in Tool.objects.listed().values_list(
            "pk", "slug", "name", "is_minor", "detection"
        )
    )


@lru_cache(maxsize=1)
def from_files(folder: Path = CATALOGUE_DIR) -> Knowledge:
    """Of the catalogue's files, for where no database is; read once in a process. Raises `CatalogueError`."""
    tools = []
    for sourced in read_catalogue(folder).tools:
        entry = sourced.entry
        packages = [_package(purl) for purl in entry.packages]
        rules = entry.detect.model_dump(exclude_defaults=True)
        tools.append(_tool(entry.slug, entry.name, entry.aliases, packages, entry.minor, rules))
    return Knowledge.of(tools)


def _package(purl: str) -> tuple[str, str]:
    """Type and folded name out of a package URL as `entries.Package` writes it: without version and the like."""
    type_, _, name = purl.removeprefix("pkg:").partition("/")
    return type_, fold_package(type_, unquote(name))


def _tool(
    slug: str, name: str, aliases: Any, packages: Any, is_minor: bool, rules: dict[str, Any]
) -> KnownTool:
    return KnownTool(
        slug=slug,
        name=name,
        aliases=tuple(aliases),
        is_minor=is_minor,
        packages=frozenset(packages),
        scope=rules.get("scope") or "",
        is_umbrella=bool(rules.get("umbrella")),
        **{rule: tuple(rules.get(rule, ())) for rule in RULES},
    )
