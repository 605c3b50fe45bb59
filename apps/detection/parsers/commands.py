"""What a shell script starts and installs. No shell: what it would take to run to be known is left out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from apps.detection.parsers.images import read_image
from apps.detection.sights import Kind, Scope, Sight

# A script longer than this is no list of commands but a program; the rest of it is left out.
MAX_SCRIPT_CHARACTERS = 200_000
# "sh -c" within "sh -c".
MAX_SHELLS_DEEP = 3
# Of one command; what stands further behind names no program and is one of very many packages.
MAX_WORDS = 300
# Programs that start one another in one command: "sudo env uv run python -m pytest" has five.
MAX_CHAIN = 8

_TOKEN = re.compile(
    r"""
      (?P<text>'[^']*+'|"(?:\\.|[^"\\])*+")
    | (?P<redirection>\d*[<>]&[\d-]*|&>>?)
    | (?P<stop>&&|\|\|?|;;?|&|\$\(|[`(){}\n])
    | (?P<word>(?:\$\{[^}]{0,200}\}|\\.|[^\s'"&|;()`{}])++)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT = re.compile(r"(^|\s)#.*")
_HERE_DOCUMENT = re.compile(r"<<-?\s*(['\"]?)([A-Za-z_]\w*)\1")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_NAME = re.compile(r"@?[A-Za-z0-9_][\w.+-]*")

_KEYWORDS = frozenset(
    ["if", "then", "else", "elif", "do", "while", "until", "!", "time", "case", "in", "fi", "done", "esac"]
)
# They start what stands behind them and their options.
_WRAPPERS = frozenset(
    [
        "sudo",
        "exec",
        "env",
        "nohup",
        "xargs",
        "command",
        "nice",
        "timeout",
        "dumb-init",
        "tini",
        "gosu",
        "su-exec",
        "cross-env",
        "dotenv",
        "retry",
        "watch",
        "npx",
        "bunx",
        "uvx",
        "php",
        "python",
        "python3",
        "node",
        "ruby",
        "deno",
        "tsx",
        "ts-node",
        "xvfb-run",
        "dotenvx",
        "concurrently",
        "catchsegv",
        "chroot",
        "stdbuf",
    ]
)
_WITH_USER = frozenset(["gosu", "su-exec"])
# Options of wrappers and runners with a value behind them.
_WITH_VALUE = frozenset(
    ["-u", "-g", "-n", "--user", "--group", "--with", "--python", "--extra", "--package", "-p"]
)
# They do so with one of these words between, for some of them optional.
_RUNNERS = {
    "uv": ("run",),
    "poetry": ("run",),
    "pipenv": ("run",),
    "pdm": ("run",),
    "hatch": ("run",),
    "rye": ("run",),
    "pipx": ("run",),
    "conda": ("run",),
    "bundle": ("exec",),
    "npm": ("exec", "run", "x"),
    "pnpm": ("exec", "run", "dlx", ""),
    "yarn": ("exec", "run", "dlx", ""),
    "bun": ("run", "x", ""),
    "doppler": ("run",),
    "op": ("run",),
    "mise": ("exec", "x"),
    "composer": ("exec",),
}
_SHELLS = frozenset(["sh", "bash", "ash", "dash", "zsh"])

# What installs packages of an ecosystem: the word that says so, and the type of their package URLs; "" for the
# system's own.
_INSTALLERS = {
    "pip": (("install",), "pypi"),
    "pip3": (("install",), "pypi"),
    "pipx": (("install",), "pypi"),
    "npm": (("install", "i", "add"), "npm"),
    "pnpm": (("add", "install", "i"), "npm"),
    "yarn": (("add",), "npm"),
    "gem": (("install",), "gem"),
    "cargo": (("install", "binstall"), "cargo"),
    "go": (("install",), "golang"),
    "apt-get": (("install",), ""),
    "apt": (("install",), ""),
    "apk": (("add",), ""),
    "dnf": (("install",), ""),
    "microdnf": (("install",), ""),
    "yum": (("install",), ""),
    "brew": (("install",), ""),
}
# They are called wherever something is fetched: what the project itself uses shows in a manifest or lock file of it.
_MANAGERS = frozenset(
    [
        "npm",
        "npx",
        "pnpm",
        "yarn",
        "corepack",
        "gem",
        "bundle",
        "bundler",
        "pip",
        "pip3",
        "pipx",
        "composer",
        "brew",
    ]
)
# PHP's extensions are named as its database adapters are.
_PHP_INSTALLERS = frozenset(
    ["pecl", "docker-php-ext-install", "docker-php-ext-enable", "install-php-extensions"]
)
_PACKAGE = re.compile(r"@?[A-Za-z0-9][\w./+-]*?(?=$|==|=|>=|<|~=|\[|@|:)")


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its arguments, of what could be told; `line` counts from 0 within the script."""

    words: tuple[str, ...]
    line: int

    @property
    def name(self) -> str:
        return self.words[0]


def read_commands(script: str, *, shells: int = MAX_SHELLS_DEEP) -> Iterator[Command]:
    """Each program that the script starts, in order; of "uv run pytest" first uv, then pytest."""
    words: list[str] = []
    begun = 0
    line = 0
    place = 0
    text = (
        _without_here_documents(script[:MAX_SCRIPT_CHARACTERS]).replace("\\\n", " \v").replace("$(nproc)", "")
    )
    for match in _TOKEN.finditer(text):
        line += text.count("\n", place, match.start()) + text.count("\v", place, match.start())
        place = match.start()
        if match["redirection"]:
            continue
        if match["stop"]:
            yield from _commands_of(words, begun, shells)
            words = []
            continue
        if not words:
            begun = line
        if match["text"] and words and words[-1].endswith("="):
            words[-1] += "_"
        else:
            words.append(match[0])
    yield from _commands_of(words, begun, shells)


def _without_here_documents(script: str) -> str:
    """The script with comments and the bodies of here-documents emptied, each line in its place."""
    lines = []
    end = ""
    for line in script.split("\n"):
        if end:
            if line.strip() == end:
                end = ""
            lines.append("")
            continue
        # Inside of a continued command a comment line does not end it.
        kept = (
            "\\"
            if line.lstrip().startswith("#") and lines and lines[-1].endswith("\\")
            else _COMMENT.sub("", line)
        )
        lines.append(kept.rstrip())
        if found := _HERE_DOCUMENT.search(kept):
            end = found[2]
    return "\n".join(lines)


def _commands_of(words: list[str], line: int, shells: int) -> Iterator[Command]:
    """The programs of one simple command: those that start another, and that."""
    words = [word for word in words if word != "\v"][:MAX_WORDS]
    chain = MAX_CHAIN
    while words and chain:
        word = words[0]
        if _ASSIGNMENT.match(word) or word in _KEYWORDS or word.startswith(("-", "$", "<", ">")):
            words = words[1:]
            continue
        if word[0] in "'\"":
            # A quoted name is one as well: ["sh", "-c"] of a JSON form, "$PYTHON" is not.
            word = word[1:-1]
        name = word.rpartition("/")[2]
        if not _NAME.fullmatch(name):
            return
        chain -= 1
        arguments = [part[1:-1] if part[0] in "'\"" else part for part in words[1:]]
        yield Command((name, *arguments), line)
        if name in _SHELLS:
            if (
                shells
                and any(re.fullmatch("-[a-z]*c", part) for part in arguments[:3])
                and (script := _script_of(words))
            ):
                for inner in read_commands(script, shells=shells - 1):
                    yield Command(inner.words, line + inner.line)
                return
            words = words[1:]
        elif name in _WRAPPERS:
            words = words[2 if name in _WITH_USER else 1 :]
        elif name in _RUNNERS:
            plain = [index for index, part in enumerate(words) if index and not part.startswith("-")]
            if plain and words[plain[0]] in _RUNNERS[name]:
                words = words[plain[0] + 1 :]
            elif plain and "" in _RUNNERS[name]:
                words = words[plain[0] :]
            else:
                return
        else:
            return
        # What wrappers take before the program: options, times ("timeout 30"), modules ("python -m").
        while words and (
            words[0].startswith(("-", "$", '"$')) or words[0].replace(".", "").rstrip("smh").isdigit()
        ):
            words = words[2 if words[0] in _WITH_VALUE else 1 :]


def _script_of(words: list[str]) -> str:
    for word in words:
        if word[0] in "'\"":
            return word[1:-1].replace('\\"', '"')
    return ""


def installed_by(command: Command) -> Iterator[tuple[str, str]]:
    """(type, name) of what the command installs; type "" for the system's own packages, "php" for PHP's extensions."""
    if command.name in _PHP_INSTALLERS:
        for word in command.words[1:]:
            if word != "install" and re.fullmatch(r"[A-Za-z]\w*(-[\w.]+)?", word):
                yield "php", word.partition("-")[0].lower()
        return
    verbs, kind = _INSTALLERS.get(command.name, ((), ""))
    rest = [word for word in command.words[1:] if not word.startswith(("-", "$"))]
    if command.words[:3] == ("uv", "pip", "install") or command.words[:3] == ("uv", "tool", "install"):
        rest, kind = rest[2:], "pypi"
    elif rest and rest[0] in verbs:
        rest = rest[1:]
    else:
        return
    after_option = {
        following
        for option, following in zip(command.words, command.words[1:], strict=False)
        if option
        in ("-r", "-t", "-c", "--requirement", "--virtual", "--prefix", "--target", "-v", "--version")
    }
    for word in rest:
        if word in after_option or word.startswith((".", "/")) or "://" in word:
            continue
        if found := _PACKAGE.match(word):
            yield kind, module_of(found[0]) if kind == "golang" else found[0]


def module_of(package: str) -> str:
    """The module of a Go program's path: github.com/bufbuild/buf of github.com/bufbuild/buf/cmd/buf."""
    if package.startswith("github.com/"):
        return "/".join(package.split("/")[:3])
    return package.partition("/cmd/")[0]


def sights_of(
    script: str,
    path: str,
    first_line: int | None,
    *,
    scope: Scope,
    confidence: float,
    seen: set[tuple[str, str]] | None = None,
) -> Iterator[Sight]:
    """What a script starts, at `confidence`, and what it installs and runs in containers, at a little less.

    `seen` keeps what was told of this file already: each name is told once.
    """
    seen = set() if seen is None else seen
    for command in read_commands(script):
        line = first_line + command.line if first_line else None
        names = [command.name]
        if command.name in ("docker", "dotnet") and len(command.words) > 1 and command.words[1].isalpha():
            names.append(f"{command.name}-{command.words[1]}")
        for name in names:
            if ("", name) not in seen:
                seen.add(("", name))
                sure = min(confidence, MENTIONED) if name in _MANAGERS else confidence
                yield Sight(Kind.COMMAND, name, path, line, scope=scope, confidence=sure)
        for kind, name in installed_by(command):
            if (kind or "system", name) in seen:
                continue
            seen.add((kind or "system", name))
            if kind == "php":
                # A driver is built in for each database that might be used.
                yield Sight(Kind.SCHEME, name, path, line, scope=scope, confidence=MENTIONED)
            elif kind:
                sure = min(confidence, MENTIONED) if name in _MANAGERS else confidence
                yield Sight(Kind.PACKAGE, name, path, line, type=kind, scope=scope, confidence=sure)
            else:
                yield Sight(Kind.COMMAND, name, path, line, scope=scope, confidence=MENTIONED)
        if command.name in ("docker", "podman") and (image := _image_of(command)):
            found = read_image(image)
            if found and ("docker", found.name) not in seen:
                seen.add(("docker", found.name))
                yield found.sight(path, line, scope=scope, confidence=confidence)


# Of what is installed for some purpose that the file does not tell.
MENTIONED = 0.4

# Options of `docker run` that stand alone; those without "=" that are not among them have a value.
_DOCKER_FLAGS = frozenset(
    [
        "-d",
        "-i",
        "-t",
        "-it",
        "-ti",
        "--rm",
        "--detach",
        "--interactive",
        "--tty",
        "--init",
        "--privileged",
        "-dit",
        "-itd",
        "-q",
    ]
)


def _image_of(command: Command) -> str:
    """The image of "docker run" and "docker pull", "" if it is neither."""
    if len(command.words) < 3 or command.words[1] not in ("run", "pull"):
        return ""
    words = iter(command.words[2:])
    for word in words:
        if not word.startswith("-"):
            return word
        if word not in _DOCKER_FLAGS and "=" not in word:
            next(words, None)
    return ""
