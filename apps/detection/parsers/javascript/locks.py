"""Lock files of npm, pnpm, yarn and bun. Those that are no JSON are read by their lines: YAML would take too long."""

import re
from collections.abc import Iterator
from typing import Any

from apps.detection.parsers.base import TextFile, Tree, each_line, load_json
from apps.detection.parsers.tables import items, table, word
from apps.detection.sights import Kind, Scope, Sight, UnreadableError

_SECTIONS = {
    "dependencies": Scope.RUNTIME,
    "devDependencies": Scope.DEVELOPMENT,
    "optionalDependencies": Scope.RUNTIME,
}


def _sight(
    file: TextFile, name: str, version: str, scope: Scope, *, is_direct: bool, line: int | None = None
) -> Sight:
    return Sight(Kind.PACKAGE, name, file.path, line, "npm", version, scope, is_direct)


def _wanted(document: dict[str, Any]) -> dict[str, Scope]:
    """The names that a package.json, or its copy in a lock file, asks for."""
    return {
        name: scope for section, scope in reversed(_SECTIONS.items()) for name in table(document, section)
    }


def _slim(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of a lock file; of an installed package what is asked for alone, as all would fill the memory."""
    found = dict(pairs)
    if "resolved" in found or "integrity" in found:
        return {key: found[key] for key in ("name", "version", "dev") if key in found}
    return found


def parse_npm_lock(file: TextFile, tree: Tree) -> Iterator[Sight]:
    document = load_json(file.text, hook=_slim)
    if not isinstance(document, dict):
        raise UnreadableError("is not an object, as a lock file is")
    packages = table(document, "packages")
    if not packages:
        yield from _first_npm_lock(document, file)
        return
    wanted: dict[str, Scope] = {}
    for path, package in packages.items():
        # The project itself and the members of its workspace.
        if "node_modules/" not in path and isinstance(package, dict):
            for name, scope in _wanted(package).items():
                wanted.setdefault(name, scope)
    for path, package in packages.items():
        name = path.removeprefix("node_modules/")
        if name == path or "node_modules/" in name or not isinstance(package, dict) or package.get("link"):
            continue
        if name.startswith("@types/"):
            continue
        scope = wanted.get(name, Scope.DEVELOPMENT if package.get("dev") is True else Scope.RUNTIME)
        real = word(package.get("name")) or name
        yield _sight(file, real, word(package.get("version")), scope, is_direct=name in wanted)


def _first_npm_lock(document: dict[str, Any], file: TextFile) -> Iterator[Sight]:
    """Of npm before version 7: which ones are direct it does not say."""
    for name, package in table(document, "dependencies").items():
        if isinstance(package, dict) and not name.startswith("@types/"):
            scope = Scope.DEVELOPMENT if package.get("dev") is True else Scope.RUNTIME
            yield _sight(file, name, word(package.get("version")), scope, is_direct=False)


# As the three forms of the file have it: react@18.2.0, /react@18.2.0(peer@1), /react/18.2.0.
_PNPM_PACKAGE = re.compile(r"  '?/?(?P<name>(?:@[^/@\s']+/)?[^/@\s']+)[@/](?P<version>\d[^(:\s']*+)[^:]*+:")
_PNPM_KEY = re.compile(r"(?P<indent> *)'?(?P<name>[^'\s:]+)'?:(?: +(?P<value>\S.*))?$")


def parse_pnpm_lock(file: TextFile, tree: Tree) -> Iterator[Sight]:
    part = section = name = ""
    level = 0
    for number, line in each_line(file.text):
        if not line or line.startswith("#"):
            continue
        if line[0] != " ":
            part = line.partition(":")[0]
            # Without a workspace the project's own sections stand at the top.
            section, level = (part, 0) if part in _SECTIONS else ("", 2)
            continue
        if part == "packages":
            if (match := _PNPM_PACKAGE.match(line)) and not match["name"].startswith("@types/"):
                yield _sight(file, match["name"], match["version"], Scope.RUNTIME, is_direct=False)
            continue
        if part != "importers" and part not in _SECTIONS:
            continue
        if (match := _PNPM_KEY.match(line)) is None:
            continue
        indent, key, value = len(match["indent"]), match["name"], match["value"] or ""
        if part == "importers" and indent <= 4:
            section = key if indent == 4 else ""
        elif section in _SECTIONS:
            if indent == level + (4 if level else 2):
                name = key
                if value:
                    yield from _pnpm_direct(file, name, value, section, number)
            elif key == "version":
                yield from _pnpm_direct(file, name, value, section, number)


def _pnpm_direct(file: TextFile, name: str, version: str, section: str, line: int) -> Iterator[Sight]:
    version = re.split(r"[(_]", version.strip("'\""))[0]
    if not version.startswith(("link:", "file:", "workspace:")) and not name.startswith("@types/"):
        # "npm:" names: the one that is really installed stands in the version.
        alias = re.match(r"/?((?:@[^/@]+/)?[^/@]+)[@/](\d.*)$", version)
        name, version = (alias[1], alias[2]) if alias else (name, version)
        yield _sight(file, name, version, _SECTIONS[section], is_direct=True, line=line)


_YARN_KEYS = re.compile(r'(?<![^\s",])"?((?:@[^/@\s"]+/)?[^/@\s",]+)@([^",]*)"?')
_YARN_VERSION = re.compile(r'  "?version"?:? "?([^"\s]+)"?$')


def parse_yarn_lock(file: TextFile, tree: Tree) -> Iterator[Sight]:
    wanted = _asked_for(file, tree)
    keys: list[tuple[str, str]] = []
    begun = 0
    for number, line in each_line(file.text):
        if line and line[0] not in " #" and line.endswith(":"):
            keys, begun = _YARN_KEYS.findall(line[:2000].removesuffix(":")), number
        elif keys and (match := _YARN_VERSION.match(line)):
            yield from _yarn_package(file, keys, match[1], wanted, begun)
            keys = []


def _yarn_package(
    file: TextFile, keys: list[tuple[str, str]], version: str, wanted: dict[tuple[str, str], Scope], line: int
) -> Iterator[Sight]:
    ranges = {(name, range_.removeprefix("npm:")) for name, range_ in keys}
    name, first = keys[0]
    if (
        first.startswith(("workspace:", "portal:", "link:"))
        or name.startswith("@types/")
        or name == "__metadata"
    ):
        return
    if alias := re.match(r"npm:((?:@[^/@]+/)?[^/@]+)@", first):
        name = alias[1]
    asked = [wanted[key] for key in ranges if key in wanted]
    yield _sight(file, name, version, asked[0] if asked else Scope.RUNTIME, is_direct=bool(asked), line=line)


# All of a workspace, which are read again for each lock file: 1,000 members have some 2 MB.
MAX_MANIFESTS_CHARACTERS = 3_000_000


def _asked_for(file: TextFile, tree: Tree) -> dict[tuple[str, str], Scope]:
    """(name, range) that the package.json beside the lock file and those below ask for."""
    folder = file.path.rpartition("/")[0]
    asked: dict[tuple[str, str], Scope] = {}
    left = MAX_MANIFESTS_CHARACTERS
    for manifest in tree.named("package.json"):
        if not folder or manifest.path.startswith(f"{folder}/"):
            left -= len(manifest.text)
            if left < 0:
                break
            try:
                document = load_json(manifest.text)
            except UnreadableError:
                continue
            for section, scope in _SECTIONS.items():
                for name, version in table(document, section).items():
                    asked.setdefault((name, word(version).removeprefix("npm:")), scope)
    return asked


def parse_bun_lock(file: TextFile, tree: Tree) -> Iterator[Sight]:
    document = table(load_json(file.text))
    wanted: dict[str, Scope] = {}
    for package in table(document, "workspaces").values():
        for name, scope in _wanted(package if isinstance(package, dict) else {}).items():
            wanted.setdefault(name, scope)
    for key, package in table(document, "packages").items():
        name, _, version = word(next(iter(items(package)), None)).rpartition("@")
        # A key with the name of another package before it: one more version, for that one.
        if name and (key == name or key in wanted) and ":" not in version and not name.startswith("@types/"):
            yield _sight(file, name, version, wanted.get(key, Scope.RUNTIME), is_direct=key in wanted)
