"""pyproject.toml: PEP 621, dependency groups, Poetry, uv, PDM, Hatch, pixi; Pipfile."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from apps.detection.parsers.base import TextFile, Tree, load_json
from apps.detection.parsers.groups import scope_of
from apps.detection.parsers.places import Places
from apps.detection.parsers.python.requirements import language, package, packages
from apps.detection.parsers.tables import load_partly, table, word, words
from apps.detection.sights import Kind, Scope, Sight

# Tools, groups or environments of one file: each is looked for from the top.
MAX_TABLES = 100

# Tables of [tool] that are no program of that name.
_NOT_TOOLS = frozenset(["", "distutils"])

# Groups of PEP 735 are for people who work on the project, unless they say that they are not.
_RUNNING = re.compile(r"prod|deploy|main|server|runtime")


def parse_pyproject(file: TextFile, tree: Tree) -> Iterator[Sight]:
    data, fault = load_partly(file.text)
    places = Places(file.text)
    project, tools = table(data, "project"), table(data, "tool")
    poetry = table(tools, "poetry")
    for own in (word(project.get("name")), word(poetry.get("name"))):
        if own:
            yield Sight(Kind.OWN, own, file.path, type="pypi")
    # Members of a workspace and folders beside are made here, whatever they are called.
    for name, source in table(tools, "uv", "sources").items():
        if isinstance(source, dict) and (source.get("workspace") or "path" in source):
            yield Sight(Kind.OWN, name, file.path, type="pypi")
    yield from _project(project, file, places)
    places.seek("[dependency-groups]")
    for group, members in table(data, "dependency-groups").items():
        scope = scope_of(group)
        if scope is Scope.RUNTIME and not _RUNNING.search(group):
            scope = Scope.DEVELOPMENT
        yield from packages(words(members), file, places, scope)
    places.seek("[build-system]")
    yield from packages(words(table(data, "build-system").get("requires")), file, places, Scope.BUILD)
    yield from _poetry(poetry, file, places)
    yield from _other_managers(tools, file, places)
    for name in islice(tools, MAX_TABLES):
        if (command := name.replace("_", "-")) not in _NOT_TOOLS:
            line = places.seek(f"[tool.{name}]", f"[tool.{name}.", f"[tool.{name}")
            yield Sight(Kind.COMMAND, command, file.path, line, scope=Scope.DEVELOPMENT)
    if fault is not None:
        raise fault


def _project(project: dict[str, Any], file: TextFile, places: Places) -> Iterator[Sight]:
    if not project:
        return
    places.seek("\nrequires-python")
    version = word(project.get("requires-python"))
    yield language(file.path, version, places.line(version))
    places.seek("\ndependencies")
    yield from packages(words(project.get("dependencies")), file, places)
    extras = table(project, "optional-dependencies")
    places.seek("[project.optional-dependencies]", "optional-dependencies")
    for extra, requirements in extras.items():
        yield from packages(words(requirements), file, places, scope_of(extra))


def _poetry(poetry: dict[str, Any], file: TextFile, places: Places) -> Iterator[Sight]:
    groups = [("tool.poetry.dependencies", Scope.RUNTIME, table(poetry, "dependencies"))]
    groups.append(("tool.poetry.dev-dependencies", Scope.DEVELOPMENT, table(poetry, "dev-dependencies")))
    for name, group in islice(table(poetry, "group").items(), MAX_TABLES):
        scope = scope_of(name)
        groups.append((f"tool.poetry.group.{name}.dependencies", scope, table(group, "dependencies")))
    for heading, scope, dependencies in groups:
        places.seek(f"[{heading}]")
        for name, value in dependencies.items():
            line = places.line(name)
            # A list has one table for each platform or Python.
            first = value[0] if isinstance(value, list) and value else value
            version = (
                word(first.get("version") or first.get("tag")) if isinstance(first, dict) else word(first)
            )
            if name == "python":
                yield language(file.path, version, line)
            elif isinstance(first, dict) and "path" in first:
                yield Sight(Kind.OWN, name, file.path, type="pypi")
            elif isinstance(first, (str, dict)):
                extras = ",".join(words(first.get("extras"))) if isinstance(first, dict) else ""
                yield from package(f"{name}[{extras}]", file.path, line, scope, version=version)


def _other_managers(tools: dict[str, Any], file: TextFile, places: Places) -> Iterator[Sight]:
    """What uv, PDM, Rye, Hatch and pixi keep in tables of their own."""
    for manager in ("uv", "rye"):
        places.seek(f"[tool.{manager}]")
        yield from packages(
            words(table(tools, manager).get("dev-dependencies")), file, places, Scope.DEVELOPMENT
        )
    places.seek("[tool.pdm.dev-dependencies]")
    for requirements in table(tools, "pdm", "dev-dependencies").values():
        yield from packages(words(requirements), file, places, Scope.DEVELOPMENT)
    for name, environment in islice(table(tools, "hatch", "envs").items(), MAX_TABLES):
        places.seek(f"[tool.hatch.envs.{name}]", "[tool.hatch.envs")
        for key in ("dependencies", "extra-dependencies"):
            yield from packages(words(table(environment).get(key)), file, places, Scope.DEVELOPMENT)
    for kind, key in (("conda", "dependencies"), ("pypi", "pypi-dependencies")):
        places.seek(f"[tool.pixi.{key}]")
        for name, value in table(tools, "pixi", key).items():
            if kind == "conda" and name == "python":
                yield language(file.path, value, places.line(name))
            elif not (isinstance(value, dict) and "path" in value):
                version = word(value.get("version")) if isinstance(value, dict) else word(value)
                yield Sight(Kind.PACKAGE, name, file.path, places.line(name), kind, version)


def parse_pipfile(file: TextFile, tree: Tree) -> Iterator[Sight]:
    data, fault = load_partly(file.text)
    places = Places(file.text)
    places.seek("[requires]")
    version = word(
        table(data, "requires").get("python_version") or table(data, "requires").get("python_full_version")
    )
    yield language(file.path, version, places.line(version))
    for key, scope in (("packages", Scope.RUNTIME), ("dev-packages", Scope.DEVELOPMENT)):
        places.seek(f"[{key}]")
        for name, value in table(data, key).items():
            line = places.line(name)
            if isinstance(value, dict) and "path" in value:
                continue
            version = (
                word(value.get("version") or value.get("ref")) if isinstance(value, dict) else word(value)
            )
            extras = ",".join(words(value.get("extras"))) if isinstance(value, dict) else ""
            yield from package(f"{name}[{extras}]", file.path, line, scope, version=version)
    if fault is not None:
        raise fault


def parse_pipfile_lock(file: TextFile, tree: Tree) -> Iterator[Sight]:
    data = load_json(file.text)
    places = Places(file.text)
    for key, scope in (("default", Scope.RUNTIME), ("develop", Scope.DEVELOPMENT)):
        places.seek(f'"{key}"')
        for name, value in table(data, key).items():
            version = word(table(value).get("version")).removeprefix("==")
            yield from package(name, file.path, places.line(name), scope, version=version, is_direct=False)
