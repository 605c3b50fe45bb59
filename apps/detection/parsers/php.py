"""PHP: composer.json and composer.lock."""

from collections.abc import Iterator

from apps.detection.parsers.base import Parser, TextFile, Tree, load_json
from apps.detection.parsers.places import Places
from apps.detection.parsers.tables import items, table, word
from apps.detection.sights import Kind, Scope, Sight

# "ext-redis" shows that PHP can talk to Redis, and little more.
EXTENSION = 0.5

_KINDS = (("require", Scope.RUNTIME), ("require-dev", Scope.DEVELOPMENT))


def parse_composer(file: TextFile, tree: Tree) -> Iterator[Sight]:
    data = table(load_json(file.text))
    places = Places(file.text)
    if own := word(data.get("name")):
        yield Sight(Kind.OWN, own, file.path, type="composer")
    version, version_line = "", None
    for key, scope in _KINDS:
        places.seek(f'"{key}"')
        for name, value in table(data, key).items():
            line = places.line(name)
            if name.lower() in ("php", "php-64bit"):
                version, version_line = version or word(value)[:100], version_line or line
            elif name.lower().startswith("ext-"):
                adapter = name.lower().removeprefix("ext-").removeprefix("pdo_").removeprefix("pdo-")
                yield Sight(Kind.SCHEME, adapter, file.path, line, scope=scope, confidence=EXTENSION)
            elif "/" in name:
                yield Sight(Kind.PACKAGE, name, file.path, line, "composer", word(value)[:100], scope)
    if data:
        yield Sight(Kind.RUNTIME, "php", file.path, version_line, version=version)


def parse_composer_lock(file: TextFile, tree: Tree) -> Iterator[Sight]:
    data = table(load_json(file.text))
    places = Places(file.text)
    for key, scope in (("packages", Scope.RUNTIME), ("packages-dev", Scope.DEVELOPMENT)):
        places.seek(f'"{key}"')
        for entry in items(data.get(key)):
            if name := word(table(entry).get("name")):
                version = word(table(entry).get("version"))[:100]
                line = places.line(f'"name": "{name}"')
                yield Sight(Kind.PACKAGE, name, file.path, line, "composer", version, scope, is_direct=False)


PARSERS = (
    Parser(("composer.json",), parse_composer),
    Parser(("composer.lock",), parse_composer_lock, is_lock=True),
)
