"""Gradle: build scripts in Groovy and Kotlin, read as text and never run; version catalogs."""

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from apps.detection.parsers.base import TextFile, Tree
from apps.detection.parsers.groups import scope_of
from apps.detection.parsers.places import Places, numbered
from apps.detection.parsers.tables import load_partly, table, word, words
from apps.detection.sights import Kind, Scope, Sight, UnreadableError

CATALOG = "gradle/libs.versions.toml"

MERE_PLATFORM = 0.4

# Characters of one line that are looked at.
MAX_LINE = 1_000

_VALUE = r"[A-Za-z0-9_.$\{\}+-]+"
_COORDINATES = re.compile(rf"""["']({_VALUE}):({_VALUE})(?::([^"':@\s]*))?(?:[:@][^"']*)?["']""")
_CONFIGURATION = re.compile(
    r"""["']?\b([A-Za-z_]\w*)["']?\s?\(?\s?(?:(?:platform|enforcedPlatform|testFixtures|project\.dependencies\.platform)\s?\(\s?)?$"""
)
_NAMED_PARTS = re.compile(
    r"""\b([A-Za-z_]\w*)["']?[\s(]{1,3}(?:\[\s?)?group\s?[:=]\s?["']([^"']+)["'],\s?name\s?[:=]\s?["']([^"']+)["'](?:,\s?version\s?[:=]\s?["']?([^"',)\s]+))?"""
)
_CATALOG_USE = re.compile(
    r"""["']?\b([A-Za-z_]\w*)["']?\s?\(?\s?(?:(?:platform|enforcedPlatform|testFixtures)\s?\(\s?)?libs\.([A-Za-z][\w.]*)"""
)
_KOTLIN_USE = re.compile(r"""\b([A-Za-z_]\w*)\s?\(\s?kotlin\s?\(\s?"([\w-]+)"(?:,\s?"([^"]+)")?""")
_PLUGIN = re.compile(r"""^id\s?\(?\s?["']([\w.-]+)["']\s?\)?(?:\s?\.?version\s?\(?\s?["']?([^"')\s]+))?""")
_KOTLIN_PLUGIN = re.compile(r"""^kotlin\s?\(\s?"([\w.-]+)"\s?\)(?:\s?\.?version\s?\(?\s?"?([^")\s]+))?""")
_ALIAS_PLUGIN = re.compile(r"""^alias\s?\(?\s?libs\.plugins\.([\w.]+)""")
_APPLIED = re.compile(r"""^apply\s?\(?\s?plugin\s?[:=]\s?["']([\w.-]+)["']""")
_BARE_PLUGIN = re.compile(r"""^`?(java|java-library|application|groovy|scala|war|kotlin-dsl)`?$""")
_SETTING = re.compile(
    r"""(?:^|\b(?:def|val|const val|ext\.|set\()\s?)["']?([A-Za-z_][\w.]*)["']?\s?[=,]\s?["']([^"'\s$]{1,60})["']"""
)
_JAVA = re.compile(
    r"""(?:JavaLanguageVersion\.of\s?\(|jvmToolchain\s?\(|(?:sourceCompatibility|targetCompatibility)\s?=\s?(?:JavaVersion\.VERSION_)?["']?)\s?(\d[\d._]*)"""
)

_NO_CONFIGURATIONS = frozenset(
    [
        "exclude",
        "module",
        "because",
        "force",
        "substitute",
        "using",
        "with",
        "url",
        "uri",
        "println",
        "include",
        "version",
    ]
)

# Tools that read annotations or build: they do not run with the product.
_BUILDING = re.compile(
    r"annotationProcessor|kapt|ksp|classpath|detektPlugins|coreLibraryDesugaring|lintChecks|compiler",
    re.IGNORECASE,
)

# Plugins that mean a language.
_LANGUAGES = {
    "java": "java",
    "java-library": "java",
    "application": "java",
    "war": "java",
    "groovy": "groovy",
    "scala": "scala",
    "kotlin-dsl": "kotlin",
}


@dataclass(slots=True)
class Catalog:
    """A version catalog: by alias with dots, "group/artifact" and version; bundles name aliases."""

    libraries: dict[str, tuple[str, str]] = field(default_factory=dict)
    plugins: dict[str, tuple[str, str]] = field(default_factory=dict)
    bundles: dict[str, tuple[str, ...]] = field(default_factory=dict)


def parse_build(file: TextFile, tree: Tree) -> Iterator[Sight]:
    text = without_comments(file.text)
    catalog = _catalog_for(file, tree)
    settings = _settings(file, tree, text)
    languages: dict[str, tuple[int, str]] = {}
    java = ""
    configuration = ""
    for number, content in numbered(text):
        line = " ".join(content[:MAX_LINE].split())
        if not line:
            continue
        for sight in _plugins(line, number, file.path, catalog, settings):
            yield sight
            if language := _language_of(sight.name):
                languages.setdefault(language, (number, sight.version))
        if (match := _BARE_PLUGIN.match(line)) or (
            (match := _PLUGIN.match(line) or _APPLIED.match(line)) and match[1] in _LANGUAGES
        ):
            languages.setdefault(_LANGUAGES[match[1]], (number, ""))
        if match := _JAVA.search(line):
            java = java or match[1].replace("_", ".")
            languages.setdefault("java", (number, ""))
        configuration = yield from _dependencies(line, number, file.path, catalog, settings, configuration)
    for language, (number, version) in languages.items():
        # A Kotlin project names the Java that it runs on, and need not have a line of it.
        confidence = MERE_PLATFORM if language == "java" and "kotlin" in languages else 1.0
        version = java if language == "java" else version
        yield Sight(Kind.RUNTIME, language, file.path, number, version=version, confidence=confidence)


def _plugins(
    line: str, number: int, path: str, catalog: Catalog, settings: dict[str, str]
) -> Iterator[Sight]:
    """A plugin is published as a package that is called as the plugin, and leads to the code."""
    name, version = "", ""
    # "plugins { java; id("x") }" on one line.
    for statement in re.split(r"[;{}]", line):
        statement = statement.strip()
        if match := _PLUGIN.match(statement):
            name, version = match[1], match[2] or ""
        elif match := _KOTLIN_PLUGIN.match(statement):
            name, version = f"org.jetbrains.kotlin.{match[1]}", match[2] or ""
        elif match := _ALIAS_PLUGIN.match(statement):
            name, version = catalog.plugins.get(_folded(match[1]), ("", ""))
        elif match := _APPLIED.match(statement):
            name, version = match[1], ""
        else:
            continue
        if "." in name:
            yield plugin(name, _filled(version, settings), path, number)


def plugin(name: str, version: str, path: str, line: int | None, *, is_direct: bool = True) -> Sight:
    package = f"{name}/{name}.gradle.plugin"
    return Sight(Kind.PACKAGE, package, path, line, "maven", version[:100], Scope.BUILD, is_direct)


def _language_of(package: str) -> str:
    name = package.partition("/")[0]
    if name.startswith("org.jetbrains.kotlin.") or name == "kotlin-android":
        return "kotlin"
    return _LANGUAGES.get(name, "")


def _dependencies(
    line: str, number: int, path: str, catalog: Catalog, settings: dict[str, str], last: str
) -> Generator[Sight, None, str]:
    """The packages of a line. Returns the configuration whose list goes on in the next line, or ""."""
    found = ""
    for match in _COORDINATES.finditer(line):
        before = line[max(0, match.start() - 100) : match.start()]
        if configuration := _CONFIGURATION.search(before):
            named = configuration[1]
        else:
            named = (found or last) if not before or before.rstrip().endswith(",") else ""
        if not named or named in _NO_CONFIGURATIONS:
            continue
        found = named
        name = f"{_filled(match[1], settings)}/{_filled(match[2], settings)}"
        yield _package(name, _filled(match[3] or "", settings), named, path, number)
    for match in _NAMED_PARTS.finditer(line):
        if match[1] not in _NO_CONFIGURATIONS:
            name = f"{match[2]}/{match[3]}"
            yield _package(name, _filled(match[4] or "", settings), match[1], path, number)
    for match in _CATALOG_USE.finditer(line):
        alias = _folded(match[2].removesuffix(".get"))
        members = catalog.bundles.get(alias.removeprefix("bundles."), (alias,))
        for member in members:
            if member in catalog.libraries:
                name, version = catalog.libraries[member]
                yield _package(name, version, match[1], path, number)
    for match in _KOTLIN_USE.finditer(line):
        yield _package(f"org.jetbrains.kotlin/kotlin-{match[2]}", match[3] or "", match[1], path, number)
    return found if line.endswith(",") or (last and not found and line.endswith("(")) else ""


def _package(name: str, version: str, configuration: str, path: str, line: int) -> Sight:
    if configuration == "compile":
        scope = Scope.RUNTIME
    elif _BUILDING.search(configuration):
        scope = Scope.BUILD
    else:
        scope = scope_of(configuration)
    return Sight(Kind.PACKAGE, name[:200], path, line, "maven", version[:100], scope)


def without_comments(text: str) -> str:
    """Text of Groovy, Kotlin, Scala or Swift with its comments blanked out; lines stay where they are."""
    return _COMMENTS.sub(lambda match: match[1] or re.sub(r"[^\n]+", " ", match[0]), text)


_COMMENTS = re.compile(
    # What is not closed runs to the end of its line, so that no part is looked through twice.
    r"""("(?:[^"\\\n]|\\[^\n])*+"?|'(?:[^'\\\n]|\\[^\n])*+'?)|//[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z)"""
)


def _settings(file: TextFile, tree: Tree, text: str) -> dict[str, str]:
    """The plain strings that versions may be named by: of this script and of gradle.properties."""
    found: dict[str, str] = {}
    for _, line in numbered(text):
        for match in _SETTING.finditer(line[:MAX_LINE].strip()):
            found.setdefault(match[1].rpartition(".")[2], match[2])
    properties = tree.nearest(file.path, "gradle.properties")
    for _, line in numbered(properties.text) if properties else ():
        key, _, value = line.partition("=")
        if value and not key.startswith("#"):
            found.setdefault(key.strip(), value.strip()[:100])
    return found


_INSERTED = re.compile(r"\$\{?([A-Za-z_][\w.]*)\}?")


def _filled(value: str, settings: dict[str, str]) -> str:
    """`value` with what it inserts; "" where that is unknown."""
    filled = _INSERTED.sub(lambda match: settings.get(match[1].rpartition(".")[2], match[0]), value)
    return settings.get(filled, "" if "$" in filled else filled)


def _folded(alias: str) -> str:
    """Aliases are written with hyphens in the catalog and with dots in scripts."""
    return alias.replace("-", ".").replace("_", ".").lower()


def _catalog_for(file: TextFile, tree: Tree) -> Catalog:
    if "libs." not in file.text:
        return Catalog()
    found = tree.nearest(file.path, CATALOG)
    return _read_catalog(found.text)[0] if found else Catalog()


@lru_cache(maxsize=4)
def _read_catalog(text: str) -> tuple[Catalog, UnreadableError | None]:
    data, fault = load_partly(text)
    versions = {name: _plain_version(value, {}) for name, value in table(data, "versions").items()}
    catalog = Catalog()
    for alias, value in table(data, "libraries").items():
        if name := _module(value):
            catalog.libraries[_folded(alias)] = name, _version(value, versions)
    for alias, value in table(data, "plugins").items():
        name = word(value).partition(":")[0] or word(table(value).get("id"))
        # One without a version is a plugin of the build's own.
        if name and (table(value).get("version") or ":" in word(value)):
            catalog.plugins[_folded(alias)] = name, _version(value, versions)
    for alias, members in table(data, "bundles").items():
        catalog.bundles[_folded(alias)] = tuple(_folded(member) for member in words(members))
    return catalog, fault


def _module(value: Any) -> str:
    module = word(value) or word(table(value).get("module"))
    if module:
        return "/".join(module.split(":")[:2]) if ":" in module else ""
    group, name = word(table(value).get("group")), word(table(value).get("name"))
    return f"{group}/{name}" if group and name else ""


def _version(value: Any, versions: dict[str, str]) -> str:
    if isinstance(value, str):
        return value.rpartition(":")[2] if ":" in value else ""
    return _plain_version(table(value).get("version"), versions)


def _plain_version(value: Any, versions: dict[str, str]) -> str:
    if isinstance(value, str):
        return word(value)
    given = table(value)
    if reference := word(given.get("ref")):
        return versions.get(reference, "")
    return word(given.get("strictly") or given.get("require") or given.get("prefer"))


def parse_catalog(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """What a catalog holds is named by the scripts that use it. What none of those here uses is direct all the same:

    plugins of the build's own, whose source nobody sends, use it.
    """
    catalog, fault = _read_catalog(file.text)
    places = Places(file.text)
    used = _used(tree)
    in_bundles = {
        member for name, members in catalog.bundles.items() if f"bundles.{name}" in used for member in members
    }
    places.seek("[libraries]")
    for alias, (name, version) in catalog.libraries.items():
        line = places.line(name.replace("/", ":")) or places.line(name.rpartition("/")[2])
        scope = scope_of(alias.replace(".", "-"))
        is_direct = alias not in used and alias not in in_bundles
        yield Sight(Kind.PACKAGE, name, file.path, line, "maven", version[:100], scope, is_direct)
    places.seek("[plugins]")
    for alias, (name, version) in catalog.plugins.items():
        is_direct = f"plugins.{alias}" not in used
        yield plugin(name, version, file.path, places.line(name), is_direct=is_direct)
        if language := _language_of(name):
            yield Sight(Kind.RUNTIME, language, file.path, places.line(name), version=version)
    if fault is not None:
        raise fault


_USED = re.compile(r"\blibs\.([A-Za-z][\w.]*)")


def _used(tree: Tree) -> set[str]:
    """The aliases, folded, that build scripts name."""
    found: set[str] = set()
    for path in tree.texts:
        if path.endswith((".gradle", ".gradle.kts")):
            found.update(_folded(alias.removesuffix(".get")) for alias in _USED.findall(tree.texts[path]))
    return found
