"""setup.cfg, setup.py, tox.ini and noxfile.py. What is Python is read as syntax and never run."""

import ast
import re
import warnings
from collections.abc import Iterator
from configparser import Error as ConfigError
from configparser import RawConfigParser

from apps.detection.parsers.base import TextFile, Tree
from apps.detection.parsers.groups import scope_of
from apps.detection.parsers.places import Places
from apps.detection.parsers.python.requirements import language, package, packages
from apps.detection.parsers.tables import word
from apps.detection.sights import Kind, Scope, Sight, UnreadableError

# Characters. Of syntax, Python makes objects of five hundred times its size, at half a megabyte a second.
MAX_SCRIPT_LENGTH = 100_000

# Lines. What configparser takes for its complaints about wrong ones grows with the square of their number.
MAX_CONFIG_LINES = 5_000

# Each is looked for from the top.
MAX_SECTIONS = 100

# Strings and lists looked at for one argument.
MAX_STRINGS = 2_000

_KEYS = (
    ("install_requires", Scope.RUNTIME),
    ("tests_require", Scope.DEVELOPMENT),
    ("setup_requires", Scope.BUILD),
)

# Tools whose settings may stand in tox.ini.
_IN_TOX = frozenset(
    ["pytest", "flake8", "mypy", "isort", "pycodestyle", "pydocstyle", "pylint", "coverage:run"]
)


# Sections of setup.cfg that are setuptools' own; of the others most are called as their tool is.
_SETUPTOOLS = re.compile(
    r"metadata$|options|files$|global$|egg_info$|sdist|bdist|aliases$|build|install|develop$|wheel$|easy_install|upload|entry"
)


def parse_setup_cfg(file: TextFile, tree: Tree) -> Iterator[Sight]:
    config = _read_config(file.text)
    places = Places(file.text)
    own = config.get("metadata", "name", fallback=None)
    if own:
        yield Sight(Kind.OWN, word(own), file.path, type="pypi")
    if config.has_section("options"):
        version = word(config.get("options", "python_requires", fallback=""))
        places.seek("\npython_requires")
        yield language(file.path, version, places.line(version))
    for key, scope in _KEYS:
        places.seek(f"\n{key}")
        yield from packages((config.get("options", key, fallback="") or "").split("\n"), file, places, scope)
    if config.has_section("options.extras_require"):
        places.seek("[options.extras_require]")
        for extra, value in config.items("options.extras_require"):
            yield from packages((value or "").split("\n"), file, places, scope_of(extra))
    for section in config.sections()[:MAX_SECTIONS]:
        name = section.removeprefix("tool:").partition(":")[0].partition(".")[0].split("-")[0].strip()
        if name and not _SETUPTOOLS.match(section):
            yield Sight(Kind.COMMAND, name, file.path, places.seek(f"[{section}"), scope=Scope.DEVELOPMENT)


_SPACES = re.compile(r"(?<=\S)[^\S\n]++")


def _read_config(text: str) -> RawConfigParser:
    if text.count("\n") > MAX_CONFIG_LINES:
        raise UnreadableError(f"has more than {MAX_CONFIG_LINES:,} lines")
    config = RawConfigParser(strict=False, allow_no_value=True)
    try:
        # For a run of spaces within a line the reader takes a time that grows with its square.
        config.read_string(_SPACES.sub(" ", text))
    except ConfigError as error:
        line = getattr(error, "lineno", None)
        if line is None and getattr(error, "errors", None):
            line = error.errors[0][0]  # type: ignore[attr-defined]
        raise UnreadableError("is not a file of sections and settings", line) from None
    return config


def parse_setup_py(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """What a setup.py gives to `setup()`, as far as it stands there as plain lists and strings."""
    plain: dict[str, ast.expr] = {}
    call: ast.Call | None = None
    for node in ast.walk(_syntax(file)):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            plain.setdefault(node.targets[0].id, node.value)
        elif isinstance(node, ast.Call) and _called(node) == "setup" and node.keywords:
            call = call or node
    if call is None:
        return
    given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    for _, own in _strings(given.get("name"), plain):
        yield Sight(Kind.OWN, own, file.path, type="pypi")
    versions = _strings(given.get("python_requires"), plain) or [(call.lineno, "")]
    yield language(file.path, versions[0][1], versions[0][0])
    for key, scope in _KEYS:
        for line, requirement in _strings(given.get(key), plain):
            yield from package(requirement, file.path, line, scope)
    extras = _resolved(given.get("extras_require"), plain)
    if isinstance(extras, ast.Dict):
        for extra, value in zip(extras.keys, extras.values, strict=True):
            scope = scope_of("-".join(name for _, name in _strings(extra, plain)))
            for line, requirement in _strings(value, plain):
                yield from package(requirement, file.path, line, scope)


def _syntax(file: TextFile) -> ast.Module:
    if len(file.text) > MAX_SCRIPT_LENGTH:
        raise UnreadableError("is too long for a script of settings")
    try:
        with warnings.catch_warnings():
            # Odd escapes in other people's strings are not our concern.
            warnings.simplefilter("ignore")
            return ast.parse(file.text)
    except SyntaxError as error:
        raise UnreadableError("is not Python", error.lineno) from None
    except (ValueError, RecursionError, MemoryError):
        raise UnreadableError("is not Python that can be read") from None


def _called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _resolved(node: ast.expr | None, plain: dict[str, ast.expr]) -> ast.expr | None:
    return plain.get(node.id) if isinstance(node, ast.Name) else node


def _strings(node: ast.expr | None, plain: dict[str, ast.expr]) -> list[tuple[int, str]]:
    """The strings, with their lines, of a string, a list, a name for one or a sum of those."""
    found: list[tuple[int, str]] = []
    waiting: list[ast.expr | None] = [node]
    # A name that stands for itself would never end.
    for _ in range(MAX_STRINGS):
        if not waiting:
            break
        inner = _resolved(waiting.pop(), plain)
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            found.append((inner.lineno, inner.value))
        elif isinstance(inner, (ast.List, ast.Tuple, ast.Set)):
            waiting.extend(reversed(inner.elts))
        elif isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add):
            waiting.extend([inner.right, inner.left])
        elif isinstance(inner, ast.Starred):
            waiting.append(inner.value)
    return found


# --- tox, nox

_FACTOR = re.compile(r"^[\w{},!. -]+:\s+(?=[A-Za-z])")


def parse_tox(file: TextFile, tree: Tree) -> Iterator[Sight]:
    config = _read_config(file.text)
    places = Places(file.text)
    for section in config.sections()[:MAX_SECTIONS]:
        if section.startswith("testenv"):
            places.seek(f"[{section}]")
            value = config.get(section, "deps", fallback="") or ""
            plain = (_FACTOR.sub("", line.strip()) for line in value.split("\n"))
            yield from packages(plain, file, places, Scope.DEVELOPMENT)
        elif section in _IN_TOX:
            yield Sight(Kind.COMMAND, section, file.path, places.seek(f"[{section}"), scope=Scope.DEVELOPMENT)


def parse_noxfile(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """What the sessions of nox install by name."""
    for node in ast.walk(_syntax(file)):
        if isinstance(node, ast.Call) and _called(node) == "install":
            for argument in node.args:
                for line, requirement in _strings(argument, {}):
                    if not requirement.startswith(("-", ".")):
                        yield from package(requirement, file.path, line, Scope.DEVELOPMENT)
