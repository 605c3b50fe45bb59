"""Rust: Cargo.toml with workspaces, Cargo.lock, rust-toolchain."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from typing import Any

from apps.detection.parsers.base import Parser, TextFile, Tree
from apps.detection.parsers.places import MAX_LINES_OF_LOCK, Places, numbered
from apps.detection.parsers.tables import load_partly, table, word, words
from apps.detection.sights import Kind, Scope, Sight

# "sqlx with the feature postgres": the feature names an adapter, but perhaps of a server that nobody runs.
FEATURE = 0.5

_KINDS = (
    ("dependencies", Scope.RUNTIME),
    ("dev-dependencies", Scope.DEVELOPMENT),
    ("dev_dependencies", Scope.DEVELOPMENT),
    ("build-dependencies", Scope.BUILD),
    ("build_dependencies", Scope.BUILD),
)


def parse_cargo(file: TextFile, tree: Tree) -> Iterator[Sight]:
    data, fault = load_partly(file.text)
    places = Places(file.text)
    package = table(data, "package")
    if own := word(package.get("name")):
        yield Sight(Kind.OWN, own, file.path, type="cargo")
    shared = table(data, "workspace", "dependencies") or _workspace(file, tree)
    if data:
        places.seek("\nrust-version")
        version = word(package.get("rust-version"))
        yield Sight(Kind.RUNTIME, "rust", file.path, places.line(version), version=version)
    for part in (data, *table(data, "target").values()):
        for key, scope in _KINDS:
            if not (crates := table(part, key)):
                continue
            places.seek(f"[{key}]" if part is data else f".{key}]", f"{key}]", f"{key}.")
            yield from _crates(crates, shared, file, places, scope)
    places.seek("[workspace.dependencies]", "workspace.dependencies.")
    # What members share is named by those that use it, if they are here.
    is_alone = sum(path.rpartition("/")[2] == "Cargo.toml" for path in tree.texts) <= 1
    yield from _crates(table(data, "workspace", "dependencies"), {}, file, places, is_direct=is_alone)
    if fault is not None:
        raise fault


def _crates(
    dependencies: dict[str, Any],
    shared: dict[str, Any],
    file: TextFile,
    places: Places,
    scope: Scope = Scope.RUNTIME,
    *,
    is_direct: bool = True,
) -> Iterator[Sight]:
    for alias, value in dependencies.items():
        features = words(table(value).get("features"))
        if isinstance(value, dict) and value.get("workspace"):
            value = shared.get(alias, {})
            features += words(table(value).get("features"))
        name = word(table(value).get("package")) or alias
        line = places.line(alias)
        if isinstance(value, dict) and "path" in value:
            yield Sight(Kind.OWN, name, file.path, type="cargo")
            continue
        if not isinstance(value, (str, dict)):
            continue
        version = word(value.get("version") or value.get("tag")) if isinstance(value, dict) else word(value)
        yield Sight(Kind.PACKAGE, name, file.path, line, "cargo", version[:100], scope, is_direct)
        for feature in features if is_direct else ():
            yield Sight(Kind.SCHEME, feature, file.path, line, scope=scope, confidence=FEATURE)


def _workspace(file: TextFile, tree: Tree) -> dict[str, Any]:
    """The dependencies that the workspace around a member shares."""
    if "workspace" not in file.text:
        return {}
    folder = file.path.rpartition("/")[0]
    while folder:
        above = tree.nearest(folder, "Cargo.toml")
        if above is None:
            break
        if "[workspace" in above.text:
            return _shared(above.text)
        folder = above.path.rpartition("/")[0]
    return {}


@lru_cache(maxsize=4)
def _shared(text: str) -> dict[str, Any]:
    return table(load_partly(text)[0], "workspace", "dependencies")


_LOCKED = re.compile(r'(name|version|source) = "([^"\n]*)"')


def parse_cargo_lock(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """Line by line: lock files are always written alike, and TOML is slow to read."""
    found: dict[str, str] = {}
    start = 0
    for number, line in chain(numbered(file.text, MAX_LINES_OF_LOCK), [(0, "[[")]):
        if line.startswith("["):
            if name := found.get("name"):
                if "source" in found:
                    version = found.get("version", "")[:100]
                    yield Sight(Kind.PACKAGE, name, file.path, start, "cargo", version, is_direct=False)
                else:
                    yield Sight(Kind.OWN, name, file.path, type="cargo")
            found, start = {}, number + 1
        elif match := _LOCKED.match(line):
            found.setdefault(match[1], match[2])


def parse_toolchain(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """rust-toolchain: a table, or in old ones the bare name of a channel."""
    plain = file.text.strip()
    if re.fullmatch(r"[\w.-]{1,60}", plain):
        yield Sight(Kind.RUNTIME, "rust", file.path, 1, version=plain)
        return
    data, fault = load_partly(file.text)
    places = Places(file.text)
    version = word(table(data, "toolchain").get("channel"))
    yield Sight(Kind.RUNTIME, "rust", file.path, places.line(version), version=version)
    if fault is not None:
        raise fault


PARSERS = (
    Parser(("Cargo.toml",), parse_cargo),
    Parser(("Cargo.lock",), parse_cargo_lock, is_lock=True),
    Parser(("rust-toolchain.toml", "rust-toolchain"), parse_toolchain),
)
