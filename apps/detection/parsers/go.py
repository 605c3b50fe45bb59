"""Go: go.mod and go.work. go.sum says nothing that is not there."""

import re
from collections.abc import Iterator

from apps.detection.parsers.base import Parser, TextFile, Tree
from apps.detection.parsers.places import numbered
from apps.detection.sights import Kind, Scope, Sight

# Characters of a program's path; each folder of it may be a module.
MAX_TOOL = 300

_DIRECTIVE = re.compile(
    r"(module|go|toolchain|require|replace|exclude|retract|tool|use|godebug|ignore)\b\s*(.*)"
)


def parse_go_mod(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """Modules as required; `// indirect` ones are direct, and for development, where a `tool` directive names them."""
    required: list[tuple[str, str, int, bool]] = []
    tools: list[str] = []
    version, version_line = "", None
    for number, directive, words, comment in _directives(file.text):
        if directive == "module" and words:
            yield Sight(Kind.OWN, words[0], file.path, type="golang")
        elif directive == "go" and words:
            version, version_line = words[0], number
        elif directive == "tool" and words and len(words[0]) <= MAX_TOOL:
            tools.append(words[0])
        elif directive == "require" and words:
            required.append(
                (words[0], words[1] if len(words) > 1 else "", number, comment.startswith("indirect"))
            )
        elif directive == "replace" and words and words[-1].startswith((".", "/")):
            yield Sight(Kind.OWN, words[0], file.path, type="golang")
    wanted = {part for tool in tools for part in _parents(tool)}
    for name, locked, number, is_indirect in required:
        is_tool = name in wanted
        scope = Scope.DEVELOPMENT if is_tool and is_indirect else Scope.RUNTIME
        is_direct = is_tool or not is_indirect
        yield Sight(Kind.PACKAGE, name, file.path, number, "golang", locked, scope, is_direct)
    yield Sight(Kind.RUNTIME, "go", file.path, version_line, version=version)


def _parents(package: str) -> Iterator[str]:
    """The path of a package and of all modules that it could be of."""
    while package:
        yield package
        package = package.rpartition("/")[0]


def _directives(text: str) -> Iterator[tuple[int, str, list[str], str]]:
    """Line, directive, its words and the comment, also for each line of a directive in brackets."""
    block = ""
    for number, content in numbered(text):
        statement, _, comment = content.partition("//")
        statement, comment = statement.strip(), comment.strip()
        if not statement:
            continue
        if statement == ")":
            block = ""
        elif block:
            yield number, block, _unquoted(statement), comment
        elif match := _DIRECTIVE.match(statement):
            if match[2] == "(":
                block = match[1]
            else:
                yield number, match[1], _unquoted(match[2]), comment


def _unquoted(statement: str) -> list[str]:
    return [word.strip('"`') for word in statement.split()]


def parse_go_work(file: TextFile, tree: Tree) -> Iterator[Sight]:
    for number, directive, words, _ in _directives(file.text):
        if directive == "go" and words:
            yield Sight(Kind.RUNTIME, "go", file.path, number, version=words[0])


PARSERS = (Parser(("go.mod",), parse_go_mod), Parser(("go.work",), parse_go_work))
