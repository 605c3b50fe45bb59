"""Dart and Flutter: pubspec.yaml and pubspec.lock."""

from collections.abc import Iterator
from typing import Any

from apps.detection.parsers import yamls
from apps.detection.parsers.base import Parser, TextFile, Tree
from apps.detection.parsers.tables import table, word
from apps.detection.sights import Kind, Scope, Sight

_KINDS = (
    ("dependencies", Scope.RUNTIME),
    ("dev_dependencies", Scope.DEVELOPMENT),
)


def parse_pubspec(file: TextFile, tree: Tree) -> Iterator[Sight]:
    data = table(yamls.load(file.text))
    if own := word(data.get("name")):
        yield Sight(Kind.OWN, own, file.path, type="pub")
    environment = table(data, "environment")
    flutter: list[Any] = [environment["flutter"]] if "flutter" in environment else []
    for key, scope in _KINDS:
        for name, value in table(data, key).items():
            kit = word(table(value).get("sdk"))
            if kit == "flutter":
                flutter.append(name)
            elif "path" in table(value):
                yield Sight(Kind.OWN, word(name), file.path, type="pub")
            elif not kit:
                version = word(table(value).get("version") if isinstance(value, dict) else value)
                yield Sight(
                    Kind.PACKAGE, word(name), file.path, yamls.line_of(name), "pub", version[:100], scope
                )
    if flutter:
        version = word(environment.get("flutter"))[:100]
        yield Sight(Kind.RUNTIME, "flutter", file.path, yamls.line_of(flutter[0]), version=version)
    if data:
        kit_version = environment.get("sdk")
        yield Sight(
            Kind.RUNTIME, "dart", file.path, yamls.line_of(kit_version), version=word(kit_version)[:100]
        )


def parse_pubspec_lock(file: TextFile, tree: Tree) -> Iterator[Sight]:
    for name, value in table(yamls.load(file.text), "packages").items():
        entry = table(value)
        if isinstance(name, str) and entry.get("source") in ("hosted", "git"):
            version = word(entry.get("version"))[:100]
            scope = Scope.DEVELOPMENT if entry.get("dependency") == "direct dev" else Scope.RUNTIME
            line = yamls.line_of(name)
            yield Sight(Kind.PACKAGE, word(name), file.path, line, "pub", version, scope, is_direct=False)


PARSERS = (
    Parser(("pubspec.yaml", "pubspec.yml"), parse_pubspec),
    Parser(("pubspec.lock",), parse_pubspec_lock, is_lock=True),
)
