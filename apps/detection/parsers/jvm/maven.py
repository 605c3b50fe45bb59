"""pom.xml, and Maven's and Gradle's wrappers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import islice
from xml.etree.ElementTree import Element

from apps.detection.parsers.base import TextFile, Tree, load_xml
from apps.detection.parsers.places import Places, numbered
from apps.detection.sights import Kind, Scope, Sight, UnreadableError

# Parents of parents, and properties in properties: more steps than this nobody takes.
MAX_STEPS = 6

_SCOPES = {"test": Scope.DEVELOPMENT}

# Versions for others; the largest bills of materials have some 2,000.
MAX_MANAGED = 5_000

# Where Maven looks for the version of Java.
_JAVA = (
    "maven.compiler.release",
    "maven.compiler.target",
    "maven.compiler.source",
    "java.version",
    "jdk.version",
)

_PROPERTY = re.compile(r"\$\{([\w.-]+)\}")


@dataclass(slots=True)
class Pom:
    """What one pom.xml and its parents in the same tree say. `managed`: versions by "group/artifact"."""

    properties: dict[str, str] = field(default_factory=dict)
    managed: dict[str, str] = field(default_factory=dict)

    def filled(self, value: str) -> str:
        """`value` with its properties; as written where one is unknown."""
        for _ in range(MAX_STEPS):
            filled = _PROPERTY.sub(lambda match: self.properties.get(match[1], match[0]), value)[:200]
            if filled == value:
                break
            value = filled
        return value


def parse_pom(file: TextFile, tree: Tree) -> Iterator[Sight]:
    root = load_xml(file.text)
    if root.tag != "project":
        return
    pom = _with_parents(file, tree)
    places = Places(file.text)
    parent = root.find("parent")
    group = text(root, "groupId") or text(parent, "groupId")
    if own := text(root, "artifactId"):
        yield Sight(Kind.OWN, f"{pom.filled(group)}/{own}", file.path, type="maven")
    if parent is not None:
        name = f"{text(parent, 'groupId')}/{text(parent, 'artifactId')}"
        line = _line(text(parent, "artifactId"), places)
        yield Sight(Kind.PACKAGE, name, file.path, line, "maven", text(parent, "version"), Scope.BUILD)
    languages: dict[str, Sight] = {}
    for part in (root, *root.findall("profiles/profile")):
        for sight in _part(part, pom, file, places):
            yield sight
            if (language := _LANGUAGES.get(sight.name)) and language not in languages:
                languages[language] = Sight(
                    Kind.RUNTIME, language, file.path, sight.line, version=sight.version
                )
    yield from languages.values()
    version = next((value for key in _JAVA if (value := pom.properties.get(key))), "")
    places.seek("<properties>")
    yield Sight(Kind.RUNTIME, "java", file.path, places.line(version), version=pom.filled(version))


# Which packages only those use who write in the language.
_LANGUAGES = {
    "org.jetbrains.kotlin/kotlin-maven-plugin": "kotlin",
    "org.jetbrains.kotlin/kotlin-stdlib": "kotlin",
    "org.jetbrains.kotlin/kotlin-stdlib-jdk8": "kotlin",
    "net.alchim31.maven/scala-maven-plugin": "scala",
    "org.scala-lang/scala-library": "scala",
    "org.scala-lang/scala3-library": "scala",
    "org.codehaus.gmavenplus/gmavenplus-plugin": "groovy",
}


def _part(part: Element, pom: Pom, file: TextFile, places: Places) -> Iterator[Sight]:
    """The dependencies and plugins of a project or of one of its profiles."""
    for path, is_direct in (("dependencies", True), ("dependencyManagement/dependencies", False)):
        places.seek(f"<{path.partition('/')[0]}>")
        for entry in part.findall(f"{path}/dependency"):
            # A bill of materials that is imported is there because something of it is used.
            is_bill = text(entry, "scope") == "import"
            scope = _SCOPES.get(text(entry, "scope"), Scope.RUNTIME)
            yield from _package(entry, pom, file, places, scope, is_direct=is_direct or is_bill)
    for path, is_direct in (("build/plugins", True), ("build/pluginManagement/plugins", False)):
        places.seek(f"<{path.split('/')[1]}>")
        for entry in part.findall(f"{path}/plugin"):
            yield from _package(entry, pom, file, places, Scope.BUILD, is_direct=is_direct)
            for inner in entry.findall("dependencies/dependency"):
                yield from _package(inner, pom, file, places, Scope.BUILD)
            for inner in entry.findall("configuration/annotationProcessorPaths/path"):
                yield from _package(inner, pom, file, places, Scope.BUILD)


def _package(
    entry: Element, pom: Pom, file: TextFile, places: Places, scope: Scope, *, is_direct: bool = True
) -> Iterator[Sight]:
    written = text(entry, "artifactId")
    artifact = pom.filled(written)
    default = "org.apache.maven.plugins" if entry.tag == "plugin" else ""
    group = pom.filled(text(entry, "groupId") or default)
    if group and artifact:
        name = f"{group}/{artifact}"
        version = pom.filled(text(entry, "version")) or pom.managed.get(name, "")
        if "${" in version:
            version = ""
        line = _line(written, places)
        yield Sight(Kind.PACKAGE, name, file.path, line, "maven", version, scope, is_direct)


def _line(artifact: str, places: Places) -> int | None:
    return places.line(f"artifactId>{artifact}") or places.line(artifact)


def text(element: Element | None, path: str) -> str:
    """The text of the element at `path`, on one line; "" if there is none."""
    return " ".join((element.findtext(path) or "").split())[:200] if element is not None else ""


def _with_parents(file: TextFile, tree: Tree) -> Pom:
    """Properties and managed versions of a pom.xml, filled up with those of its parents where they are here."""
    pom = Pom()
    above: TextFile | None = file
    for _ in range(MAX_STEPS):
        if above is None:
            break
        try:
            properties, managed, parent = _said(above.text)
        except UnreadableError:
            break
        for key, value in properties:
            pom.properties.setdefault(key, value)
        for key, value in managed:
            pom.managed.setdefault(key, value)
        above = _beside(above.path, parent, tree) if parent else None
    filled = cache(pom.filled)
    pom.managed = {key: filled(value) for key, value in islice(pom.managed.items(), MAX_MANAGED)}
    return pom


Pairs = tuple[tuple[str, str], ...]


@lru_cache(maxsize=4)
def _said(content: str) -> tuple[Pairs, Pairs, str]:
    """Properties, managed versions and the path of the parent ("" if there is none) of one pom.xml."""
    root = load_xml(content)
    properties = [
        (element.tag, " ".join((element.text or "").split())[:200])
        for element in root.iterfind("properties/*")
        if isinstance(element.tag, str)
    ]
    parent = root.find("parent")
    properties += [(f"project.{key}", text(root, key) or text(parent, key)) for key in ("version", "groupId")]
    managed = [
        (f"{text(entry, 'groupId')}/{text(entry, 'artifactId')}", text(entry, "version"))
        for entry in root.iterfind("dependencyManagement/dependencies/dependency")
    ]
    path = (text(parent, "relativePath") or "../pom.xml") if parent is not None else ""
    return tuple(pair for pair in properties if pair[1]), tuple(pair for pair in managed if pair[1]), path


def _beside(path: str, relative: str, tree: Tree) -> TextFile | None:
    parts = path.split("/")[:-1]
    for part in relative.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    for found in ("/".join(parts), "/".join([*parts, "pom.xml"])):
        if found in tree.texts:
            return TextFile(found, tree.texts[found])
    return None


_DISTRIBUTION = re.compile(
    r"distributionUrl\s*=\s*\S*?/?(?:apache-)?(gradle|maven)-(\d[\w.]*?)(?:-rc-\d+)?-(?:bin|all)\.zip"
)


def parse_wrapper(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """gradle-wrapper.properties and maven-wrapper.properties: which version builds."""
    for number, line in numbered(file.text):
        if match := _DISTRIBUTION.match(line[:500].strip()):
            yield Sight(Kind.RUNTIME, match[1], file.path, number, version=match[2], scope=Scope.BUILD)
