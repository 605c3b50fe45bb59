""".NET: project files of MSBuild, central versions, packages.config, global.json, local tools, Paket."""

import re
from collections.abc import Iterator
from functools import lru_cache
from xml.etree.ElementTree import Element

from apps.detection.parsers.base import Parser, TextFile, Tree, load_json, load_xml
from apps.detection.parsers.places import Places, numbered
from apps.detection.parsers.tables import table, word
from apps.detection.sights import Kind, Scope, Sight, UnreadableError

CENTRAL = "Directory.Packages.props"
SHARED = "Directory.Build.props"

_LANGUAGES = {"csproj": "csharp", "fsproj": "fsharp", "vbproj": "visual-basic"}
_PROJECTS = tuple(f".{ending}" for ending in _LANGUAGES)

# Properties that bring in a framework without naming its package.
_SWITCHES = {
    "UseWPF": "Microsoft.WindowsDesktop.App.WPF",
    "UseWindowsForms": "Microsoft.WindowsDesktop.App.WindowsForms",
    "UseMaui": "Microsoft.Maui.Controls",
}

_TESTS_IN_NAME = re.compile(r"Tests?(?![a-z])|Benchmarks?(?![a-z])|Specs?(?![a-z])")
_PROPERTY = re.compile(r"\$\((\w+)\)")
_FRAMEWORK = re.compile(r"(?:net|netcoreapp|netstandard)(\d[\d.]*)")


def parse_project(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """A project file, or properties that several share."""
    root = load_xml(file.text)
    places = Places(file.text)
    stem, _, ending = file.path.rpartition("/")[2].rpartition(".")
    is_project = f".{ending.lower()}" in _PROJECTS
    properties = _properties_for(file, tree)
    if is_project:
        yield Sight(Kind.OWN, properties.get("PackageId", stem), file.path, type="nuget")
    scope = Scope.RUNTIME
    if _is_test(file.path) or properties.get("IsTestProject", "").lower() == "true":
        scope = Scope.DEVELOPMENT
    yield from _kits(root, file, places, scope)
    versions = _central(file, tree)
    for entry in root.iter():
        if entry.tag in ("PackageReference", "GlobalPackageReference", "DotNetCliToolReference"):
            yield from _package(entry, file, places, scope, versions, properties)
        elif entry.tag == "FrameworkReference" and (name := _named(entry)):
            yield Sight(Kind.PACKAGE, name, file.path, places.line(name), "nuget", scope=scope)
        elif entry.tag in _SWITCHES and (entry.text or "").strip().lower() == "true":
            line = places.line(entry.tag)
            yield Sight(Kind.PACKAGE, _SWITCHES[entry.tag], file.path, line, "nuget", scope=scope)
    if is_project:
        framework = properties.get("TargetFramework") or properties.get("TargetFrameworks", "").split(";")[0]
        version = _FRAMEWORK.match(framework)
        places.seek("<TargetFramework")
        yield Sight(
            Kind.RUNTIME,
            "dotnet",
            file.path,
            places.line(framework) if framework in file.text else None,
            version=version[1] if version else "",
        )
        yield Sight(Kind.RUNTIME, _LANGUAGES[ending.lower()], file.path)


def _is_test(path: str) -> bool:
    folders, _, name = path.rpartition("/")
    return bool(_TESTS_IN_NAME.search(name)) or any(
        part.lower() in ("test", "tests") for part in folders.split("/")
    )


def _kits(root: Element, file: TextFile, places: Places, scope: Scope) -> Iterator[Sight]:
    """The SDKs: Microsoft.NET.Sdk.Web, Aspire.AppHost.Sdk/9.0.0."""
    found = [(kit, "") for kit in root.get("Sdk", "").split(";")]
    found += [(entry.get("Name", ""), entry.get("Version", "")) for entry in root.iter("Sdk")]
    found += [(entry.get("Sdk", ""), "") for entry in root.iter("Import")]
    seen = set()
    for kit, version in found:
        name, _, behind = kit.strip().partition("/")
        if name and name not in seen:
            seen.add(name)
            yield Sight(Kind.PACKAGE, name, file.path, places.line(name), "nuget", version or behind, scope)


def _named(entry: Element) -> str:
    return " ".join((entry.get("Include") or entry.get("Update") or "").split())[:200]


def _package(
    entry: Element,
    file: TextFile,
    places: Places,
    scope: Scope,
    versions: dict[str, str],
    properties: dict[str, str],
) -> Iterator[Sight]:
    written = _named(entry)
    if entry.get("PrivateAssets", entry.findtext("PrivateAssets") or "").strip().lower() == "all":
        scope = Scope.DEVELOPMENT
    # A list is allowed, an expression over items is none.
    for name in written.split(";"):
        name = name.strip()
        if not name or not re.fullmatch(r"[\w.-]+", name):
            continue
        version = next((value for key in ("Version", "VersionOverride") if (value := _said(entry, key))), "")
        version = _filled(version or versions.get(name.lower(), ""), properties)
        yield Sight(Kind.PACKAGE, name, file.path, places.line(name), "nuget", version, scope)


def _said(entry: Element, key: str) -> str:
    return " ".join((entry.get(key) or entry.findtext(key) or "").split())[:100]


def _filled(value: str, properties: dict[str, str]) -> str:
    """`value` with its properties, or "" where one is unknown."""
    filled = _PROPERTY.sub(lambda match: properties.get(match[1], match[0]), value)
    return "" if "$(" in filled else filled[:100]


def _properties_for(file: TextFile, tree: Tree) -> dict[str, str]:
    """Properties of the nearest shared file, and over them those of this one."""
    found: dict[str, str] = {}
    for name in (CENTRAL, SHARED):
        above = tree.nearest(file.path, name)
        if above is not None and above.path != file.path:
            found |= _read(above.text)[0]
    return found | _read(file.text)[0]


def _central(file: TextFile, tree: Tree) -> dict[str, str]:
    """Versions by the lower-case name of the package, as the nearest Directory.Packages.props gives them."""
    above = tree.nearest(file.path, CENTRAL)
    if above is None:
        return {}
    properties, versions = _read(above.text)
    return {name: _filled(version, properties) or version for name, version in versions.items()}


@lru_cache(maxsize=8)
def _read(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Properties, and versions by the lower-case names of packages. Nothing of what cannot be read."""
    try:
        root = load_xml(text)
    except UnreadableError:
        return {}, {}
    properties = {
        entry.tag: " ".join((entry.text or "").split())[:200]
        for group in root.iter("PropertyGroup")
        for entry in group
        # What makes some projects tests says nothing of this one.
        if isinstance(entry.tag, str) and not (entry.tag == "IsTestProject" and entry.get("Condition"))
    }
    versions = {
        _named(entry).lower(): _said(entry, "Version")
        for entry in root.iter("PackageVersion")
        if _named(entry)
    }
    return properties, versions


def parse_central(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """Versions for what the projects below name. Where none of those is here, it must speak for them."""
    root = load_xml(file.text)
    places = Places(file.text)
    properties = _read(file.text)[0]
    folder = file.path[: file.path.rfind("/") + 1]
    is_alone = not any(path.startswith(folder) and path.lower().endswith(_PROJECTS) for path in tree.texts)
    for entry in root.iter():
        if entry.tag == "PackageVersion" and (name := _named(entry)):
            version = _filled(_said(entry, "Version"), properties)
            line = places.line(name)
            yield Sight(Kind.PACKAGE, name, file.path, line, "nuget", version, is_direct=is_alone)
        elif entry.tag == "GlobalPackageReference":
            yield from _package(entry, file, places, Scope.DEVELOPMENT, {}, properties)


def parse_packages_config(file: TextFile, tree: Tree) -> Iterator[Sight]:
    places = Places(file.text)
    for entry in load_xml(file.text).iter("package"):
        if name := entry.get("id", "").strip():
            is_development = entry.get("developmentDependency", "").lower() == "true" or _is_test(file.path)
            scope = Scope.DEVELOPMENT if is_development else Scope.RUNTIME
            version = entry.get("version", "")[:100]
            yield Sight(Kind.PACKAGE, name, file.path, places.line(name), "nuget", version, scope)


def parse_global_json(file: TextFile, tree: Tree) -> Iterator[Sight]:
    data = table(load_json(file.text))
    places = Places(file.text)
    if version := word(table(data, "sdk").get("version")):
        yield Sight(Kind.RUNTIME, "dotnet", file.path, places.line(version), version=version[:100])
    for name, value in table(data, "msbuild-sdks").items():
        yield Sight(Kind.PACKAGE, name, file.path, places.line(name), "nuget", word(value)[:100], Scope.BUILD)


def parse_tools(file: TextFile, tree: Tree) -> Iterator[Sight]:
    places = Places(file.text)
    for name, value in table(load_json(file.text), "tools").items():
        version = word(table(value).get("version"))[:100]
        yield Sight(Kind.PACKAGE, name, file.path, places.line(name), "nuget", version, Scope.DEVELOPMENT)


_PAKET = re.compile(r"nuget ([\w.-]+)(?: (?:[~<>=]{1,2} )?(\d[\w.*-]*))?")


def parse_paket(file: TextFile, tree: Tree) -> Iterator[Sight]:
    scope = Scope.RUNTIME
    for number, content in numbered(file.text):
        line = " ".join(content[:1_000].split())
        if line.startswith("group "):
            name = line.removeprefix("group ")
            is_aside = name.lower() == "build" or bool(_TESTS_IN_NAME.search(name))
            scope = Scope.DEVELOPMENT if is_aside else Scope.RUNTIME
        elif match := _PAKET.match(line):
            yield Sight(Kind.PACKAGE, match[1], file.path, number, "nuget", match[2] or "", scope)


PARSERS = (
    Parser(("*.csproj", "*.fsproj", "*.vbproj", SHARED, "Directory.Build.targets"), parse_project),
    Parser((CENTRAL,), parse_central),
    Parser(("packages.config",), parse_packages_config),
    Parser(("global.json",), parse_global_json),
    Parser(("dotnet-tools.json",), parse_tools),
    Parser(("paket.dependencies",), parse_paket),
)
