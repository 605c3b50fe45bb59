"""Dockerfiles, compose files and development containers."""

import json
import re
from collections.abc import Iterator
from typing import Any

from apps.detection.parsers import commands, images, yamls
from apps.detection.parsers.addresses import read_schemes
from apps.detection.parsers.base import Parser, TextFile, Tree, load_json
from apps.detection.parsers.places import Places
from apps.detection.parsers.tables import items, table, word
from apps.detection.sights import Kind, Scope, Sight

# What an image starts is what it is for; what its making calls may be a mere means.
STARTED = 0.8
CALLED = 0.5
# Addresses in settings: of what is in use, or of what might be.
ADDRESSED = 0.6
# A development container holds what somebody likes to work with, often more than the project needs.
AT_HAND = 0.3

# Folders and names of files that are for development alone.
_FOR_DEVELOPMENT = re.compile(
    r"(^|[/._-])(dev|devcontainer|development|test|tests|testing|ci|e2e|local)([/._-]|$)", re.IGNORECASE
)

_INSTRUCTION = re.compile(r"\s*(?:ONBUILD\s+)?([A-Za-z]+)\s+(.*)", re.DOTALL)
_ESCAPE = re.compile(r"#\s*escape\s*=\s*`", re.IGNORECASE)
_FLAG = re.compile(r"(?<![\w-])--([a-z-]++)=(\S++)\s*+")
_ARGUMENT = re.compile(r"""\b(\w++)=("[^"]*+"|'[^']*+'|\S*+)""")
_HEREDOC = re.compile(r"<<-?(['\"]?)([A-Za-z_]\w*)\1")


def scope_of(path: str, otherwise: Scope = Scope.RUNTIME) -> Scope:
    """Development where the file's path says so: compose.dev.yml, .devcontainer/Dockerfile."""
    return Scope.DEVELOPMENT if _FOR_DEVELOPMENT.search(path) else otherwise


def _instructions(text: str) -> Iterator[tuple[str, str, int]]:
    """(instruction in capitals, the rest without comments but with its line ends, line) of a Dockerfile."""
    escape = "`" if _ESCAPE.match(text) else "\\"
    lines = iter(enumerate(text.split("\n"), 1))
    for number, line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        parts = [line.rstrip()]
        while parts[-1].endswith(escape):
            parts[-1] = parts[-1][: -len(escape)] + "\\"
            following = next(lines, None)
            if following is None:
                break
            # Comments and empty lines do not end an instruction.
            stripped = following[1].strip()
            parts.append("\\" if not stripped or stripped.startswith("#") else following[1].rstrip())
            if parts[-1] == "\\":
                parts[-1] = escape
        end = _HEREDOC.search(parts[-1])
        while end and (following := next(lines, None)):
            if following[1].strip() == end[2]:
                break
            parts.append(following[1])
        if match := _INSTRUCTION.match("\n".join(parts)):
            yield match[1].upper(), match[2], number


def _words(rest: str) -> str:
    """CMD and ENTRYPOINT as a shell's line, from either of their forms."""
    try:
        parsed = json.loads(rest.replace("\\\n", " "))
    except ValueError:
        return rest
    if not isinstance(parsed, list):
        return rest
    return " ".join(f'"{part}"' if " " in part else part for part in parsed if isinstance(part, str))


def _dockerfile(file: TextFile, tree: Tree) -> Iterator[Sight]:
    if file.path.endswith(".dockerignore"):
        return
    instructions = list(_instructions(file.text))
    last = max((number for number, (name, _, _) in enumerate(instructions) if name == "FROM"), default=-1)
    final = scope_of(file.path)
    scope = Scope.BUILD
    arguments: dict[str, str] = {}
    stages: set[str] = set()
    seen: set[tuple[str, str]] = set()
    kept = _kept_stages(instructions)
    stage = -1
    for number, (name, rest, line) in enumerate(instructions):
        # "RUN <<EOF": the script stands below.
        flags = dict(_FLAG.findall(rest.split("\n")[0]))
        plain = _FLAG.sub("", rest)
        if name == "ARG":
            for key, value in _ARGUMENT.findall(plain):
                value = images.substitute(value.strip("\"'"), arguments)
                arguments.setdefault(key, value[: images.MAX_REFERENCE_CHARACTERS])
        elif name == "FROM":
            stage += 1
            scope = (
                final
                if number == last or stage in kept
                else Scope.DEVELOPMENT
                if final is Scope.DEVELOPMENT
                else Scope.BUILD
            )
            words = plain.split()
            if not words:
                continue
            if images.substitute(words[0], arguments).lower() not in stages:
                found = images.read_image(words[0], arguments)
                if found:
                    yield found.sight(file.path, line, scope=scope, confidence=0.9)
            if len(words) > 2 and words[1].lower() == "as":
                stages.add(words[2].lower())
        elif name in ("COPY", "RUN"):
            source = flags.get("from") or _mounted_from(flags.get("mount", ""))
            if source.lower() not in stages and not source.isdigit():
                found = images.read_image(source, arguments)
                if found:
                    yield found.sight(file.path, line, scope=Scope.BUILD, confidence=CALLED)
        if name in ("CMD", "ENTRYPOINT"):
            yield from commands.sights_of(
                _words(plain), file.path, line, scope=scope, confidence=STARTED, seen=seen
            )
        elif name == "RUN":
            script = images.substitute(_heredoc_body(plain) or _words(plain), arguments)
            yield from commands.sights_of(
                script,
                file.path,
                line,
                scope=Scope.BUILD if final is not Scope.DEVELOPMENT else final,
                confidence=CALLED,
                seen=seen,
            )


def _kept_stages(instructions: list[tuple[str, str, int]]) -> set[int]:
    """The numbers of the stages that the last one is built on: their images are at the bottom of it."""
    stages: dict[str, int] = {}
    bases: list[str] = []
    for name, rest, _ in instructions:
        if name == "FROM" and (words := _FLAG.sub("", rest).split()):
            bases.append(words[0].lower())
            if len(words) > 2 and words[1].lower() == "as":
                stages.setdefault(words[2].lower(), len(bases) - 1)
    kept: set[int] = set()
    number = len(bases) - 1
    while number >= 0 and number not in kept:
        kept.add(number)
        number = stages.get(bases[number], -1)
    return kept


def _mounted_from(mount: str) -> str:
    found = re.search(r"(?:^|,)from=([^,\s]+)", mount)
    return found[1] if found else ""


def _heredoc_body(rest: str) -> str:
    first, _, body = rest.partition("\n")
    return f"\n{body}" if _HEREDOC.match(first.strip()) else ""


def _compose(file: TextFile, tree: Tree) -> Iterator[Sight]:
    document = yamls.load(file.text)
    scope = scope_of(file.path)
    services = table(document, "services")
    if not services and isinstance(document, dict) and "version" not in document:
        # The first version of the format had services at the top.
        services = {
            name: value for name, value in document.items() if isinstance(value, dict) and "image" in value
        }
    seen: set[tuple[str, str]] = set()
    for service in services.values():
        service = table(service)
        image = service.get("image")
        # With "build" it is the name that the project's own image gets.
        if isinstance(image, str) and not service.get("build") and (found := images.read_image(image)):
            yield found.sight(file.path, yamls.line_of(image), scope=scope)
        for key in ("command", "entrypoint"):
            value = service.get(key)
            script = (
                value
                if isinstance(value, str)
                else " ".join(part for part in items(value) if isinstance(part, str))
            )
            line = yamls.line_of(value) or yamls.line_of(next(iter(items(value)), None))
            yield from commands.sights_of(script, file.path, line, scope=scope, confidence=STARTED, seen=seen)
        for scheme, line in _addresses(service.get("environment"), seen):
            yield Sight(Kind.SCHEME, scheme, file.path, line, scope=scope, confidence=ADDRESSED)


def _addresses(environment: Any, seen: set[tuple[str, str]]) -> Iterator[tuple[str, int | None]]:
    """The schemes of addresses in a map or a list of variables."""
    values = environment.values() if isinstance(environment, dict) else items(environment)
    for value in values:
        if isinstance(value, str):
            for scheme, _ in read_schemes(value):
                if ("scheme", scheme) not in seen:
                    seen.add(("scheme", scheme))
                    yield scheme, yamls.line_of(value)


def _devcontainer(file: TextFile, tree: Tree) -> Iterator[Sight]:
    document = load_json(file.text)
    places = Places(file.text)
    image = word(table(document).get("image"))
    if found := images.read_image(image):
        yield found.sight(file.path, places.line(image), scope=Scope.DEVELOPMENT, confidence=AT_HAND)
    for feature in table(document, "features"):
        # The features of the specification itself are named after what they install: .../features/node:1.
        if match := re.fullmatch(r"(ghcr\.io/[\w./-]+/([\w-]+))(?::[\w.-]+)?", feature):
            line = places.line(feature)
            yield Sight(Kind.RUNTIME, match[2], file.path, line, scope=Scope.DEVELOPMENT, confidence=AT_HAND)


PARSERS = (
    Parser(
        (
            "Dockerfile",
            "Dockerfile.*",
            "Dockerfile-*",
            "*.Dockerfile",
            "Containerfile",
            "Containerfile.*",
        ),
        _dockerfile,
    ),
    Parser(
        (
            "docker-compose*.yml",
            "docker-compose*.yaml",
            "compose*.yml",
            "compose*.yaml",
            "*.compose.yml",
            "*.compose.yaml",
            "docker-stack*.yml",
        ),
        _compose,
    ),
    Parser(("devcontainer.json", ".devcontainer.json"), _devcontainer),
)
