"""What people write themselves: package.json, deno.json, bower.json and the catalogs of versions beside them."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from typing import Any

from apps.detection.parsers import yamls
from apps.detection.parsers.base import TextFile, Tree, load_json
from apps.detection.parsers.commands import sights_of
from apps.detection.parsers.places import Places
from apps.detection.parsers.tables import table, word
from apps.detection.sights import Kind, Scope, Sight, UnreadableError

SECTIONS = {
    "dependencies": Scope.RUNTIME,
    "devDependencies": Scope.DEVELOPMENT,
    "optionalDependencies": Scope.RUNTIME,
    "peerDependencies": Scope.RUNTIME,
}

# What a library works together with if its user has it.
_OPTIONAL_PEER = 0.3
# A script names programs that may be called now and then only, or be there for one person.
_IN_SCRIPT = 0.6
# That a package.json is run by Node.js or is written in JavaScript is most often so.
_BY_CUSTOM = 0.7

MAX_SCRIPTS = 200

_SCRIPT_SCOPES = (
    (re.compile(r"^(start|serve|prod|heroku-)"), Scope.RUNTIME),
    (re.compile(r"^(pre|post)?(build|compile|bundle)|:build$"), Scope.BUILD),
    (re.compile(r"^(pre|post)?(deploy|release|publish)"), Scope.DEPLOYMENT),
)
# The documents in which catalogs may stand, read when first asked for.
Catalogs = Callable[[], list[dict[str, Any]]]

_ELSEWHERE = ("workspace:", "file:", "link:", "portal:")
_ALIAS = re.compile(r"npm:(?P<name>(?:@[^/@]+/)?[^/@]+)(?:@(?P<version>.*))?$")
_PACKAGE_NAME = re.compile(r"(?:@[\w.~-]+/)?[\w.~-]+$")


def parse_package_json(file: TextFile, tree: Tree) -> Iterator[Sight]:
    document = load_json(file.text)
    if not isinstance(document, dict):
        raise UnreadableError("is not an object, as a package.json is")
    places = Places(file.text)
    if name := word(document.get("name")):
        yield Sight(Kind.OWN, name, file.path, type="npm")
    optional = table(document, "peerDependenciesMeta")
    seen: set[str] = set()
    catalogs = cache(lambda: list(_catalog_sources(file, document, tree)))
    for section, scope in SECTIONS.items():
        packages = table(document, section)
        if packages:
            places.seek(f'"{section}"')
        for key, written in packages.items():
            line = places.line(key)
            name, version = _read_requirement(key, word(written), catalogs)
            if not name or name in seen:
                continue
            seen.add(name)
            is_optional = section == "peerDependencies" and table(optional, key).get("optional") is True
            yield Sight(
                Kind.PACKAGE,
                name,
                file.path,
                line,
                "npm",
                version,
                scope,
                confidence=_OPTIONAL_PEER if is_optional else 1.0,
            )
    yield from _runtimes(document, file, places)
    yield from _scripts(table(document, "scripts"), file, places)
    yield from _by_custom(document, seen, file, tree)


def _read_requirement(key: str, written: str, catalogs: Catalogs) -> tuple[str, str]:
    """Name and version of what a line asks for; ("", "") where it is of this project or says nothing by itself."""
    if written.startswith("catalog:"):
        written = _catalog_version(key, written.removeprefix("catalog:").strip(), catalogs)
    if key.startswith("@types/") or written.startswith(_ELSEWHERE) or not _PACKAGE_NAME.match(key):
        return "", ""
    if alias := _ALIAS.match(written):
        key, written = alias["name"], alias["version"] or ""
    # Addresses of archives and repositories are no versions.
    return key, "" if ":" in written or "/" in written else written


def _catalog_version(key: str, name: str, catalogs: Catalogs) -> str:
    """The version that a catalog beside or above the file gives; "" if there is none."""
    for source in catalogs():
        catalog = table(source, "catalogs", name) if name and name != "default" else table(source, "catalog")
        version = word(catalog.get(key) or table(source, "catalogs", "default").get(key))
        if version:
            return version
    return ""


def _catalog_sources(file: TextFile, document: dict[str, Any], tree: Tree) -> Iterator[dict[str, Any]]:
    for name in ("pnpm-workspace.yaml", ".yarnrc.yml"):
        if (other := tree.nearest(file.path, name)) and len(other.text) <= MAX_CATALOG_CHARACTERS:
            try:
                yield table(yamls.load(other.text))
            except UnreadableError:
                continue
    # Bun keeps them in the package.json of the workspace.
    for path in _manifests_above(file.path):
        if path in tree.texts:
            above: Any = document
            if path != file.path:
                text = tree.texts[path]
                if len(text) > MAX_CATALOG_CHARACTERS:
                    continue
                try:
                    above = load_json(text)
                except UnreadableError:
                    continue
            yield table(above)
            yield table(above, "workspaces")


# Of a file with catalogs, which is read again for each package.json that names one.
MAX_CATALOG_CHARACTERS = 50_000


def _manifests_above(path: str) -> Iterator[str]:
    folder = path
    while folder:
        folder = folder.rpartition("/")[0]
        yield f"{folder}/package.json" if folder else "package.json"


def _runtimes(document: dict[str, Any], file: TextFile, places: Places) -> Iterator[Sight]:
    """What runs it and what installs it, where the file says so."""
    named = {name: word(version) for name, version in table(document, "volta").items()}
    named |= {name: word(version) for name, version in table(document, "engines").items() if name in _ENGINES}
    tools = table(document, "devEngines")
    for entry in (table(tools, "runtime"), table(tools, "packageManager")):
        if name := word(entry.get("name")):
            named[name] = word(entry.get("version"))
    manager, _, version = word(document.get("packageManager")).partition("@")
    if manager:
        named[manager] = version.partition("+")[0]
    for name, version in named.items():
        if name in _ENGINES or name == manager:
            scope = Scope.RUNTIME if name in ("node", "bun", "deno") else Scope.BUILD
            places.seek('"packageManager"' if name == manager else '"engines"', '"volta"', '"devEngines"')
            yield Sight(Kind.RUNTIME, name, file.path, places.line(name), version=version, scope=scope)


# Of "engines". What else may stand there says which editor may load an extension, or which npm is too old.
_ENGINES = frozenset({"node", "bun", "deno", "pnpm", "yarn"})


def _scripts(scripts: dict[str, Any], file: TextFile, places: Places) -> Iterator[Sight]:
    seen: set[tuple[str, str]] = set()
    places.seek('"scripts"')
    for key, script in list(scripts.items())[:MAX_SCRIPTS]:
        if not isinstance(script, str):
            continue
        scope = next((scope for pattern, scope in _SCRIPT_SCOPES if pattern.search(key)), Scope.DEVELOPMENT)
        line = places.line(key)
        for sight in sights_of(script, file.path, None, scope=scope, confidence=_IN_SCRIPT, seen=seen):
            if sight.kind != Kind.PACKAGE or sight.type != "npm":
                yield Sight(
                    sight.kind,
                    sight.name,
                    file.path,
                    line,
                    sight.type,
                    sight.version,
                    scope,
                    confidence=sight.confidence,
                )


def _by_custom(document: dict[str, Any], packages: set[str], file: TextFile, tree: Tree) -> Iterator[Sight]:
    """Node.js, and JavaScript where nothing speaks of TypeScript, for a package.json that says none of it."""
    if not packages and not table(document, "scripts"):
        return
    manager = word(document.get("packageManager"))
    if not manager.startswith("bun") and not {"node", "bun"} & table(document, "engines").keys():
        yield Sight(Kind.RUNTIME, "node", file.path, scope=Scope.DEVELOPMENT, confidence=_BY_CUSTOM)
    # Said once of a workspace: by the package.json that has none above it.
    is_top = not any(path in tree.texts for path in _manifests_above(file.path.rpartition("/")[0]))
    if is_top and "typescript" not in packages and not _is_typed(tree):
        yield Sight(Kind.RUNTIME, "javascript", file.path, confidence=_BY_CUSTOM)


def _is_typed(tree: Tree) -> bool:
    """Whether anything in the folder is written in TypeScript, as far as its manifests say."""
    if any(tree.named("tsconfig.json")) or any(tree.named("tsconfig.base.json")):
        return True
    manifests = islice(tree.named("package.json"), MAX_MANIFESTS)
    return any('"typescript"' in manifest.text for manifest in manifests)


# Looked through for TypeScript: a large workspace has as many, and names it in more than one of them.
MAX_MANIFESTS = 100


def parse_beside(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """Nothing by itself: a catalog's packages are in use where a package.json names them."""
    yield from ()


_DENO_PACKAGE = re.compile(r"(?P<type>npm|jsr):/?(?P<name>(?:@[^/@]+/)?[^/@]+)(?:@(?P<version>[^/]+))?")


def parse_deno_json(file: TextFile, tree: Tree) -> Iterator[Sight]:
    document = table(load_json(file.text))
    places = Places(file.text)
    if name := word(document.get("name")):
        yield Sight(Kind.OWN, name, file.path, type="npm")
    places.seek('"imports"')
    for key, address in table(document, "imports").items():
        line = places.line(key)
        if (match := _DENO_PACKAGE.match(word(address))) and not match["name"].startswith("@types/"):
            yield Sight(Kind.PACKAGE, match["name"], file.path, line, "npm", match["version"] or "")
    tasks = {
        key: task if isinstance(task, str) else table(task).get("command")
        for key, task in table(document, "tasks").items()
    }
    yield from _scripts(tasks, file, places)


def parse_bower_json(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """Bower's names are those of npm for what is well known."""
    document = table(load_json(file.text))
    places = Places(file.text)
    for section, scope in SECTIONS.items():
        if packages := table(document, section):
            places.seek(f'"{section}"')
            for name, version in packages.items():
                if _PACKAGE_NAME.match(name):
                    yield Sight(Kind.PACKAGE, name, file.path, places.line(name), "npm", word(version), scope)
