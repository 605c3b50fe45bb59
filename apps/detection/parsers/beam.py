"""Elixir, Erlang, Gleam: mix.exs and rebar.config, read as text and never run; mix.lock; gleam.toml."""

import re
from collections.abc import Iterator
from itertools import islice

from apps.detection.parsers.base import Lines, Parser, TextFile, Tree
from apps.detection.parsers.places import MAX_LINES_OF_LOCK, Places, numbered
from apps.detection.parsers.ruby import without_comment
from apps.detection.parsers.tables import load_partly, table, word
from apps.detection.sights import Kind, Scope, Sight

# Characters of one dependency that are looked at.
MAX_ENTRY = 500

# The same of a list of dependencies, and how many lists.
MAX_LIST = 20_000
MAX_LISTS = 10

_DEPENDENCY = re.compile(r"""\{\s{0,50}:(\w+)\s{0,50},\s{0,50}(?="|\w+:|\[)""")
_REQUIREMENT = re.compile(r'"([~<>=! ]{0,4}\d[^"\n]{0,80})"')
_PLACED = re.compile(r"\b(?:path|in_umbrella)\s?:")
_FROM_REPOSITORY = re.compile(r"\b(?:git|github|gitlab|hex|organization|repo)\s?:")
_ONLY = re.compile(r"\bonly\s?:\s?(\[[^\[\]]*\]|:\w+)")
_HEX = re.compile(r"\bhex\s?:\s?:(\w+)")
_APP = re.compile(r"\bapp: :(\w+)")
_ELIXIR = re.compile(r"""\belixir: "([^"\n]{1,60})\"""")


def parse_mix(file: TextFile, tree: Tree) -> Iterator[Sight]:
    text = "\n".join(without_comment(line[:1_000]) for _, line in numbered(file.text))
    lines = Lines(text)
    if match := _APP.search(text):
        yield Sight(Kind.OWN, match[1], file.path, type="hex")
    for match in _DEPENDENCY.finditer(text):
        # Up to the end of the tuple: braces in it do not occur.
        entry = text[match.end() : match.end() + MAX_ENTRY].partition("}")[0]
        requirement = _REQUIREMENT.match(entry)
        name, line = match[1], lines.at(match.start(1))
        if _PLACED.search(entry):
            yield Sight(Kind.OWN, name, file.path, type="hex")
        elif requirement or _FROM_REPOSITORY.search(entry):
            if other := _HEX.search(entry):
                name = other[1]
            version = requirement[1].strip() if requirement else ""
            yield Sight(Kind.PACKAGE, name, file.path, line, "hex", version, _scope(entry))
    version_match = _ELIXIR.search(text)
    yield Sight(
        Kind.RUNTIME,
        "elixir",
        file.path,
        lines.at(version_match.start()) if version_match else None,
        version=version_match[1] if version_match else "",
    )


def _scope(entry: str) -> Scope:
    if match := _ONLY.search(entry):
        return Scope.RUNTIME if ":prod" in match[1] else Scope.DEVELOPMENT
    return Scope.DEVELOPMENT if re.search(r"\bruntime\s?:\s?false", entry) else Scope.RUNTIME


_LOCKED = re.compile(r"""\s{0,8}"(\w+)": \{:(?:hex, :(\w+), "([^"]{1,60})"|git,)""")


def parse_mix_lock(file: TextFile, tree: Tree) -> Iterator[Sight]:
    for number, line in numbered(file.text, MAX_LINES_OF_LOCK):
        if match := _LOCKED.match(line):
            name = match[2] or match[1]
            yield Sight(Kind.PACKAGE, name, file.path, number, "hex", match[3] or "", is_direct=False)


_ERLANG_DEPENDENCIES = re.compile(r"\{\s{0,20}(deps|plugins|project_plugins)\s{0,20},\s{0,20}\[")

_ERLANG = re.compile(r"""([\[{])|([\]}])|"[^"\n]*"|\b([a-z]\w*)""")


def parse_rebar(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """The lists of packages in rebar.config: `{cowboy, "2.12.0"}`, `{cowboy, {git, ...}}` or `cowboy`."""
    text = re.sub(r"%[^\n]*", "", file.text)
    # Comments have no line ends in them, so lines stay where they are.
    lines = Lines(text)
    for start in islice(_ERLANG_DEPENDENCIES.finditer(text), MAX_LISTS):
        scope = Scope.RUNTIME if start[1] == "deps" else Scope.BUILD
        braces = 0
        # A name counts at the top of the list, or where it is the first of a tuple there.
        is_first = False
        for token in _ERLANG.finditer(text, start.end(), start.end() + MAX_LIST):
            if token[1]:
                braces += 1
            elif token[2]:
                braces -= 1
                if braces < 0:
                    break
            elif token[3] and (braces == 0 or (braces == 1 and is_first)):
                line = lines.at(token.start())
                yield Sight(Kind.PACKAGE, token[3], file.path, line, "hex", scope=scope)
            is_first = token[0] == "{"
    if file.text.strip():
        yield Sight(Kind.RUNTIME, "erlang", file.path)


def parse_gleam(file: TextFile, tree: Tree) -> Iterator[Sight]:
    data, fault = load_partly(file.text)
    places = Places(file.text)
    if own := word(data.get("name")):
        yield Sight(Kind.OWN, own, file.path, type="hex")
    kinds = (
        ("dependencies", Scope.RUNTIME),
        ("dev-dependencies", Scope.DEVELOPMENT),
        ("dev_dependencies", Scope.DEVELOPMENT),
    )
    for key, scope in kinds:
        places.seek(f"[{key}]")
        for name, value in table(data, key).items():
            line = places.line(name)
            if isinstance(value, str):
                yield Sight(Kind.PACKAGE, name, file.path, line, "hex", word(value)[:100], scope)
            elif "path" in table(value):
                yield Sight(Kind.OWN, name, file.path, type="hex")
    if data:
        yield Sight(Kind.RUNTIME, "gleam", file.path, version=word(data.get("gleam"))[:100])
    if fault is not None:
        raise fault


PARSERS = (
    Parser(("mix.exs",), parse_mix),
    Parser(("mix.lock",), parse_mix_lock, is_lock=True),
    Parser(("rebar.config",), parse_rebar),
    Parser(("gleam.toml",), parse_gleam),
)
