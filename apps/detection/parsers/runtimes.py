"""Files of version managers: which runtimes and programs a project is developed with, and in which version."""

import re
from collections.abc import Iterator
from typing import Any

from apps.detection.parsers.base import Parser, TextFile, Tree, load_toml
from apps.detection.parsers.places import Places
from apps.detection.parsers.tables import items, table, word
from apps.detection.sights import Kind, Scope, Sight

_OF_FILE = {
    ".nvmrc": "node",
    ".node-version": "node",
    ".python-version": "python",
    ".ruby-version": "ruby",
    ".java-version": "java",
    ".go-version": "go",
    ".php-version": "php",
    ".phpenv-version": "php",
    ".swift-version": "swift",
    ".terraform-version": "terraform",
    ".opentofu-version": "opentofu",
    ".terragrunt-version": "terragrunt",
    ".bun-version": "bun",
    ".deno-version": "deno",
    ".dvmrc": "deno",
    ".crystal-version": "crystal",
    ".bazelversion": "bazel",
}

# Those in which programs are written; the rest help to build and check them.
_LANGUAGES = frozenset(
    [
        "node",
        "nodejs",
        "python",
        "ruby",
        "java",
        "go",
        "golang",
        "php",
        "swift",
        "rust",
        "elixir",
        "erlang",
        "bun",
        "deno",
    ]
)

# Registries that mise and asdf install from, by the type of their package URLs.
_BACKENDS = {"npm": "npm", "pipx": "pypi", "cargo": "cargo", "gem": "gem", "go": "golang"}

_VERSION = re.compile(r"(?=\D*+\d)[\w.+-]++")


def parse_version_file(file: TextFile, tree: Tree) -> Iterator[Sight]:
    name = _OF_FILE[file.path.rpartition("/")[2].lower()]
    for number, line in enumerate(file.text.split("\n"), 1):
        written = line.partition("#")[0].strip()
        if written:
            yield from _sights(name, [written], file, number)
            return


def parse_tool_versions(file: TextFile, tree: Tree) -> Iterator[Sight]:
    for number, line in enumerate(file.text.split("\n"), 1):
        name, *versions = line.partition("#")[0].split()[:2] or [""]
        if name:
            yield from _sights(name, versions, file, number)


def parse_mise(file: TextFile, tree: Tree) -> Iterator[Sight]:
    document = load_toml(file.text)
    places = Places(file.text)
    places.seek("[tools]")
    for name, written in table(document, "tools").items():
        yield from _sights(name, _written(written), file, places.line(name))


def parse_sdkman(file: TextFile, tree: Tree) -> Iterator[Sight]:
    for number, line in enumerate(file.text.split("\n"), 1):
        name, _, version = line.partition("#")[0].partition("=")
        if name.strip() and version.strip():
            yield from _sights(name.strip(), [version.strip()], file, number)


def _written(value: Any) -> list[str]:
    """The versions out of `"1"`, `["1", "2"]`, `{ version = "1" }`."""
    if isinstance(value, dict):
        value = value.get("version")
    return [word(part) for part in items(value)] if isinstance(value, list) else [word(value)]


def _sights(name: str, versions: list[str], file: TextFile, line: int | None) -> Iterator[Sight]:
    found = _VERSION.fullmatch(versions[0]) if versions else None
    version = found[0].removeprefix("v") if found else ""
    backend, _, package = name.partition(":")
    if package:
        if backend in _BACKENDS:
            yield Sight(
                Kind.PACKAGE,
                package.partition("[")[0],
                file.path,
                line,
                _BACKENDS[backend],
                version,
                Scope.DEVELOPMENT,
            )
        # "aqua:owner/name", "ubi:owner/name": the program goes by the name of its repository.
        name = package.rpartition("/")[2]
    scope = Scope.RUNTIME if name in _LANGUAGES else Scope.DEVELOPMENT
    yield Sight(Kind.RUNTIME, name, file.path, line, version=version, scope=scope)
    if name not in _LANGUAGES:
        yield Sight(Kind.COMMAND, name, file.path, line, version=version, scope=scope)


PARSERS = (
    Parser(tuple(_OF_FILE), parse_version_file),
    Parser((".tool-versions",), parse_tool_versions),
    Parser(("mise.toml", ".mise.toml", "mise/config.toml", ".mise/config.toml", "mise.*.toml"), parse_mise),
    Parser((".sdkmanrc",), parse_sdkman),
)
