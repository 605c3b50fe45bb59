"""Ruby: Gemfile, gemspecs, Gemfile.lock. The first two are programs; they are read as text and never run."""

import re
from collections.abc import Iterator

from apps.detection.parsers.base import Parser, TextFile, Tree
from apps.detection.parsers.groups import scope_of
from apps.detection.parsers.places import MAX_LINES_OF_LOCK, numbered
from apps.detection.sights import Kind, Scope, Sight

# A statement may go on over many lines; what is longer than this is none.
MAX_STATEMENT_LINES = 40
MAX_LINE = 1_000

_QUOTED = r"""(?:"([^"\\\n]*)"|'([^'\\\n]*)')"""
_GEM = re.compile(rf"gem[\s(]\s*{_QUOTED}(.*)", re.DOTALL)
_EACH = re.compile(r"%w[\[({<]([^\])}>]*)[\])}>]\.each\b.*\bgem\b", re.DOTALL)
_RUBY = re.compile(rf"ruby[\s(]\s*{_QUOTED}")
_VERSION = re.compile(r"""["']((?:[~<>=!]{1,2}\s*)?\d[\w.\-]*)["']""")
_PLACE = re.compile(r"(?:\bpath:|:path\s*=>)")
_GROUP_OPTION = re.compile(r"(?:\bgroups?:|:groups?\s*=>)\s*(\[[^\[\]]*\]|:\w+|\"\w+\"|'\w+')")
_GROUP_BLOCK = re.compile(r"group[\s(](.*?)\)?\s*do\b", re.DOTALL)
_OPENS = re.compile(
    r"(?:if|unless|case|begin|def|while|until|for|class|module)\b|.*\bdo\s*(?:\|[^|]*\|)?$", re.DOTALL
)
_WORD = re.compile(r"\w+")


def parse_gemfile(file: TextFile, tree: Tree) -> Iterator[Sight]:
    # What the blocks that are open say of what stands in them, the innermost last.
    blocks: list[Scope] = []
    version, version_line = "", None
    for line, statement in statements(file.text):
        if statement == "end" or statement.startswith(("end ", "end.")):
            if blocks:
                blocks.pop()
            continue
        scope = blocks[-1] if blocks else Scope.RUNTIME
        if match := _GEM.match(statement):
            yield _gem(match, file.path, line, scope)
            # `gem "x" do` does not exist; `gem "x" if ...` opens no block.
            continue
        if match := _EACH.match(statement):
            for name in match[1].split():
                yield Sight(Kind.PACKAGE, name, file.path, line, "gem", scope=scope)
        elif match := _RUBY.match(statement):
            version, version_line = match[1] or match[2] or "", line
        if match := _GROUP_BLOCK.match(statement):
            blocks.append(_scope_of_groups(match[1]))
        elif _OPENS.match(statement):
            blocks.append(scope)
    if file.text.strip():
        yield Sight(Kind.RUNTIME, "ruby", file.path, version_line, version=version)


def _gem(match: re.Match[str], path: str, line: int, scope: Scope) -> Sight:
    name, rest = match[1] or match[2] or "", match[3]
    if _PLACE.search(rest):
        return Sight(Kind.OWN, name, path, type="gem")
    if option := _GROUP_OPTION.search(rest):
        scope = _scope_of_groups(option[1])
    versions = []
    # Requirements stand right behind the name, before any option.
    for part in rest.split(",")[1:]:
        version = _VERSION.match(part.strip())
        if version is None:
            break
        versions.append(version[1])
    return Sight(Kind.PACKAGE, name, path, line, "gem", ", ".join(versions)[:100], scope)


def _scope_of_groups(names: str) -> Scope:
    scopes = {scope_of(name) for name in _WORD.findall(names)} or {Scope.RUNTIME}
    return Scope.RUNTIME if Scope.RUNTIME in scopes else Scope.DEVELOPMENT


def statements(text: str) -> Iterator[tuple[int, str]]:
    """Line and text of each statement, without comments; one that goes on over several lines is joined."""
    parts: list[str] = []
    start = 0
    hidden = False
    for number, content in numbered(text):
        if content.startswith("__END__"):
            break
        if content.startswith(("=begin", "=end")):
            hidden = content.startswith("=begin")
            continue
        stripped = "" if hidden else " ".join(without_comment(content[:MAX_LINE]).split())
        if not stripped:
            continue
        if not parts:
            start = number
        parts.append(stripped.removesuffix("\\").rstrip())
        if stripped.endswith((",", "\\", "(", "[", "=>")) and len(parts) < MAX_STATEMENT_LINES:
            continue
        yield start, " ".join(parts)
        parts = []
    if parts:
        yield start, " ".join(parts)


def without_comment(line: str) -> str:
    """A line of Ruby or another language of such quotes and hashes without its comment."""
    if "#" not in line:
        return line
    quote = ""
    escaped = False
    for index, letter in enumerate(line):
        if escaped:
            escaped = False
        elif letter == "\\":
            escaped = True
        elif quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter == "#":
            return line[:index]
    return line


_ADDED = re.compile(rf"\w+\.add_(?:(runtime|development)_)?dependency[\s(]\s*{_QUOTED}(.*)", re.DOTALL)
_NAMED = re.compile(rf"\w+\.name\s*=\s*{_QUOTED}")
_NEEDS_RUBY = re.compile(r"\w+\.required_ruby_version\s*=\s*(.*)", re.DOTALL)


def parse_gemspec(file: TextFile, tree: Tree) -> Iterator[Sight]:
    version, version_line = "", None
    for line, statement in statements(file.text):
        if match := _NAMED.match(statement):
            yield Sight(Kind.OWN, match[1] or match[2] or "", file.path, type="gem")
        elif match := _NEEDS_RUBY.match(statement):
            found = _VERSION.search(match[1])
            version, version_line = found[1] if found else "", line
        elif match := _ADDED.match(statement):
            scope = Scope.DEVELOPMENT if match[1] == "development" else Scope.RUNTIME
            versions = ", ".join(_VERSION.findall(match[4]))[:100]
            yield Sight(Kind.PACKAGE, match[2] or match[3] or "", file.path, line, "gem", versions, scope)
    yield Sight(Kind.RUNTIME, "ruby", file.path, version_line, version=version)


_LOCKED = re.compile(r"    ([A-Za-z0-9][\w.-]*) \(([^()\n]*)\)$")
_WANTED = re.compile(r"  ([A-Za-z0-9][\w.-]*)!?(?: \(|$)")


def parse_gemfile_lock(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """Versions of all gems. What people asked for (DEPENDENCIES) is direct where no Gemfile says so itself."""
    wanted: set[str] = set()
    locked: list[tuple[str, str, int]] = []
    section = ""
    for number, line in numbered(file.text, MAX_LINES_OF_LOCK):
        if line[:1].isalpha():
            section = line.strip()
        elif section == "DEPENDENCIES" and (match := _WANTED.match(line)):
            wanted.add(match[1])
        elif section == "RUBY VERSION" and (version := line.strip().removeprefix("ruby ")):
            yield Sight(Kind.RUNTIME, "ruby", file.path, number, version=re.sub(r"p\d+$", "", version)[:100])
        elif section in ("GEM", "GIT", "PATH") and (match := _LOCKED.match(line)):
            if section == "PATH":
                yield Sight(Kind.OWN, match[1], file.path, type="gem")
            else:
                locked.append((match[1], match[2], number))
    if file.path.removesuffix(".lock") in tree.texts:
        wanted = set()
    for name, version, number in locked:
        yield Sight(Kind.PACKAGE, name, file.path, number, "gem", version, is_direct=name in wanted)


PARSERS = (
    Parser(("Gemfile", "gems.rb"), parse_gemfile),
    Parser(("*.gemspec",), parse_gemspec),
    Parser(("Gemfile.lock", "gems.locked"), parse_gemfile_lock, is_lock=True),
)
