"""sbt: build.sbt and project/plugins.sbt, read as text and never run."""

import re
from collections.abc import Iterator

from apps.detection.parsers.base import TextFile, Tree
from apps.detection.parsers.jvm.gradle import MAX_LINE, without_comments
from apps.detection.parsers.places import numbered
from apps.detection.sights import Kind, Scope, Sight

_MODULE = re.compile(
    r"""(addSbtPlugin\s?\(\s?)?"([\w.-]+)" %{1,3} "([\w.-]+)" % (?:"([^"]*)"|([A-Za-z_][\w.]*))(?: % "?(\w+))?"""
)
_SETTING = re.compile(r"""\b(?:val|def) (\w+)(?: ?: ?String)? = "([^"]{1,60})\"""")
_SCALA = re.compile(r"""\bscalaVersion :?= (?:"([^"]+)"|([A-Za-z_][\w.]*))""")
_OWN = re.compile(r"""\b(organization|name) := "([^"]+)\"""")


def parse_sbt(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """Packages as written: "%%" and "%%%" stand for the Scala version at the end of the name, which is left out."""
    text = without_comments(file.text)
    lines = [" ".join(line[:MAX_LINE].split()) for _, line in numbered(text)]
    settings = {match[1]: match[2] for line in lines for match in _SETTING.finditer(line)}
    version, version_line = "", None
    own: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        for match in _OWN.finditer(line):
            own.setdefault(match[1], match[2])
        if (scala := _SCALA.search(line)) and not version:
            version, version_line = scala[1] or settings.get((scala[2] or "").rpartition(".")[2], ""), number
        for match in _MODULE.finditer(line):
            scope = (
                Scope.BUILD
                if match[1]
                else Scope.DEVELOPMENT
                if (match[6] or "").lower() == "test"
                else Scope.RUNTIME
            )
            written = match[4] if match[4] is not None else settings.get(match[5].rpartition(".")[2], "")
            yield Sight(
                Kind.PACKAGE, f"{match[2]}/{match[3]}", file.path, number, "maven", written[:100], scope
            )
    if len(own) == 2:
        yield Sight(Kind.OWN, f"{own['organization']}/{own['name']}", file.path, type="maven")
    if text.strip():
        yield Sight(Kind.RUNTIME, "scala", file.path, version_line, version=version)


def parse_sbt_version(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """project/build.properties."""
    for number, line in numbered(file.text):
        key, _, value = line.partition("=")
        if key.strip() == "sbt.version":
            yield Sight(
                Kind.RUNTIME, "sbt", file.path, number, version=value.strip()[:100], scope=Scope.BUILD
            )
