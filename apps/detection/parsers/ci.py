"""Pipelines of continuous integration, and what looks after dependencies and commits."""

import re
from collections.abc import Collection, Iterator
from typing import Any

from apps.detection.parsers import commands, images, walks, yamls
from apps.detection.parsers.addresses import read_schemes
from apps.detection.parsers.base import Lines, Parser, TextFile, Tree
from apps.detection.parsers.tables import items, table
from apps.detection.sights import Kind, Scope, Sight

# What a pipeline calls and sets up serves the project, though it may be a mere means.
CALLED = 0.5
SET_UP = 0.6
IN_USE = 0.8
# What publishes pages or looks after issues may be written in a language of its own.
ASIDE = 0.4
_ASIDE = re.compile(
    r"(docs?|documentation|copyright|licen[cs]es?|labels?|labeler|stale|release|publish|changelog|translations?|crowdin"
    r"|l10n|i18n|dependabot|renovate|bot|triage|issues?)(?![a-z])",
    re.IGNORECASE,
)

# Actions that set up a runtime, where it is not what their name says behind "setup-".
_RUNTIME_OF_ACTION = {
    "erlef/setup-beam": ("elixir", "erlang"),
    "erlef/setup-elixir": ("elixir",),
    "dtolnay/rust-toolchain": ("rust",),
    "actions-rs/toolchain": ("rust",),
    "actions-rust-lang/setup-rust-toolchain": ("rust",),
    "subosito/flutter-action": ("flutter",),
    "coursier/setup-action": ("scala",),
    "haskell-actions/setup": ("haskell",),
    "haskell/actions": ("haskell",),
    "graalvm/setup-graalvm": ("java",),
    "delaguardo/setup-clojure": ("clojure",),
}
_VERSION_INPUTS = {"erlang": ("otp-version",), "rust": ("toolchain",), "haskell": ("ghc-version",)}
_ACTION = re.compile(r"([A-Za-z0-9-]+/[A-Za-z0-9._-]+)(/[^@]*)?@(\S+)")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)")

# Keys whose values are lines of a shell, over all systems.
_SCRIPTS = frozenset(
    [
        *("run", "script", "scripts", "before_script", "after_script", "command", "commands", "cmds"),
        *("before_install", "install", "after_success", "before_deploy", "deploy", "inlineScript"),
        *("bash", "pwsh", "powershell", "before_test", "test_script", "build_script"),
    ]
)


def _version(text: object) -> str:
    """A version as it stands, without "v"; "" for an expression, a range of several, or none."""
    found = _VERSION.match(text) if isinstance(text, str) else None
    return found[1] if found else ""


class _Pipeline:
    """Sights of a file, each name once."""

    def __init__(self, file: TextFile) -> None:
        self.file = file
        self.seen: set[tuple[str, str]] = set()

    def sight(
        self,
        kind: Kind,
        name: str,
        line: int | None,
        confidence: float,
        *,
        type: str = "",  # noqa: A002
        version: str = "",
    ) -> Iterator[Sight]:
        if name and (f"{kind} {type}", name) not in self.seen:
            self.seen.add((f"{kind} {type}", name))
            yield Sight(
                kind,
                name,
                self.file.path,
                line,
                type=type,
                version=version,
                scope=Scope.DEVELOPMENT,
                confidence=confidence,
            )

    def image(self, value: Any) -> Iterator[Sight]:
        """An image: its name, or a map with it."""
        if isinstance(value, dict):
            value = value.get("name") or value.get("image")
        if isinstance(value, str) and (found := images.read_image(value)):
            yield from self.sight(
                Kind.PACKAGE, found.name, yamls.line_of(value), IN_USE, type="docker", version=found.version
            )

    def script(self, value: Any) -> Iterator[Sight]:
        for text in walks.strings(value):
            yield from commands.sights_of(
                text,
                self.file.path,
                walks.first_line(text),
                scope=Scope.DEVELOPMENT,
                confidence=CALLED,
                seen=self.seen,
            )

    def runtime(self, name: str, version: object, line: int | None) -> Iterator[Sight]:
        confidence = ASIDE if _ASIDE.search(self.file.path.rpartition("/")[2]) else SET_UP
        yield from self.sight(Kind.RUNTIME, name, line, confidence, version=_version(version))

    def walk(
        self,
        document: Any,
        *,
        scripts: Collection[str] = _SCRIPTS,
        images_at: Collection[str] = ("image", "container"),
    ) -> Iterator[Sight]:
        """What all systems write alike: images and scripts under one of the keys named, and addresses."""
        for key, value in walks.pairs(document):
            if key in images_at and not isinstance(value, list):
                yield from self.image(value)
            elif key in scripts:
                yield from self.script(value)
            elif isinstance(value, str) and "://" in value and len(value) < 1000:
                for scheme, _ in read_schemes(value):
                    yield from self.sight(Kind.SCHEME, scheme, yamls.line_of(value), CALLED)


def _github(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """Workflows, and actions that are made of others."""
    document = yamls.load(file.text)
    pipeline = _Pipeline(file)
    lines = file.text.split("\n")
    for key, value in walks.pairs(table(document)):
        if key == "uses" and isinstance(value, str):
            yield from _action(pipeline, value, lines)
    for step in _steps(document):
        yield from _set_up(pipeline, step)
    runs = table(document, "runs")
    if isinstance(using := runs.get("using"), str) and (found := re.fullmatch(r"node(\d+)", using)):
        yield from pipeline.sight(Kind.RUNTIME, "node", yamls.line_of(using), IN_USE, version=found[1])
    if table(document, "jobs") or runs:
        # "script" is JavaScript there.
        yield from pipeline.walk(
            {"jobs": document.get("jobs"), "runs": runs, "env": document.get("env")}, scripts=("run",)
        )


def _steps(document: Any) -> Iterator[dict[Any, Any]]:
    groups = [*table(document, "jobs").values(), table(document, "runs")]
    for group in groups:
        for step in items(table(group).get("steps")):
            if isinstance(step, dict):
                yield step


def _action(pipeline: _Pipeline, uses: str, lines: list[str]) -> Iterator[Sight]:
    if uses.startswith("docker://"):
        yield from pipeline.image(uses)
    match = _ACTION.fullmatch(uses.strip())
    # A workflow of another repository is no action.
    if match is None or (match[2] or "").startswith("/.github/workflows/"):
        return
    line = yamls.line_of(uses)
    version = "" if _COMMIT.fullmatch(match[3]) else _version(match[3])
    if not version and line and (comment := re.search(r"#\s*(\S+)", lines[line - 1])):
        # Who pins a commit writes the version behind it.
        version = _version(comment[1])
    yield from pipeline.sight(Kind.PACKAGE, match[1], line, IN_USE, type="githubactions", version=version)


def _set_up(pipeline: _Pipeline, step: dict[Any, Any]) -> Iterator[Sight]:
    uses = step.get("uses")
    match = _ACTION.fullmatch(uses.strip()) if isinstance(uses, str) else None
    if match is None:
        return
    action = match[1].lower()
    runtimes = _RUNTIME_OF_ACTION.get(action, ())
    if not runtimes and (named := re.search(r"/setup-([a-z0-9]+)$", action)):
        runtimes = (named[1],)
    inputs = table(step, "with")
    for runtime in runtimes:
        names = (f"{runtime}-version", *_VERSION_INPUTS.get(runtime, ()), "version")
        version = next((inputs[name] for name in names if name in inputs), "")
        if action == "dtolnay/rust-toolchain":
            version = version or match[3]
        yield from pipeline.runtime(runtime, version, yamls.line_of(uses))


def _gitlab(file: TextFile, tree: Tree) -> Iterator[Sight]:
    pipeline = _Pipeline(file)
    for document in yamls.load_all(file.text):
        yield from pipeline.walk(document)
        for key, value in walks.pairs(document):
            if key == "services":
                for service in items(value):
                    yield from pipeline.image(service)


def _circle(file: TextFile, tree: Tree) -> Iterator[Sight]:
    pipeline = _Pipeline(file)
    document = yamls.load(file.text)
    yield from pipeline.walk(document)
    for orb in table(document, "orbs").values():
        # Orbs have no type of package URLs; those of CircleCI itself are named after what they set up.
        if isinstance(orb, str) and (match := re.fullmatch(r"([\w-]+/([\w-]+))@(\S+)", orb)):
            line, version = yamls.line_of(orb), _version(match[3])
            yield from pipeline.sight(Kind.RESOURCE, match[1], line, IN_USE, version=version)
            if match[1].startswith("circleci/"):
                yield from pipeline.sight(Kind.RUNTIME, match[2], line, SET_UP)


def _steps_of_others(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """Woodpecker, Drone, Buildkite, Cirrus, AppVeyor, Bitbucket, Google Cloud Build: images and scripts are enough."""
    pipeline = _Pipeline(file)
    for document in yamls.load_all(file.text):
        yield from pipeline.walk(document)
        if file.path.rpartition("/")[2].startswith("cloudbuild"):
            for step in items(table(document).get("steps")):
                yield from pipeline.image(table(step))


# Azure's tasks that set up a runtime, and the input with its version.
_AZURE_RUNTIMES = {
    "nodetool": ("node", "versionSpec"),
    "usenode": ("node", "version"),
    "usepythonversion": ("python", "versionSpec"),
    "usedotnet": ("dotnet", "version"),
    "gotool": ("go", "version"),
    "userubyversion": ("ruby", "versionSpec"),
    "javatoolinstaller": ("java", "versionSpec"),
}


def _azure(file: TextFile, tree: Tree) -> Iterator[Sight]:
    pipeline = _Pipeline(file)
    document = yamls.load(file.text)
    # A "container" is one of its resources by name.
    yield from pipeline.walk(document, images_at=("image",))
    for task, inputs in _tasks(document):
        name, _, version = task.partition("@")
        line = yamls.line_of(task)
        yield from pipeline.sight(Kind.RESOURCE, name, line, IN_USE, version=_version(version))
        if name.lower() in _AZURE_RUNTIMES:
            runtime, key = _AZURE_RUNTIMES[name.lower()]
            yield from pipeline.runtime(runtime, inputs.get(key), line)


def _tasks(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict):
        if isinstance(task := value.get("task"), str):
            yield task, table(value, "inputs")
        for inner in value.values():
            yield from _tasks(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _tasks(inner)


def _travis(file: TextFile, tree: Tree) -> Iterator[Sight]:
    pipeline = _Pipeline(file)
    document = table(yamls.load(file.text))
    yield from pipeline.walk(document)
    for language in walks.strings(document.get("language")):
        version = document.get(language)
        name = language.replace("node_js", "node")
        yield from pipeline.runtime(name, next(walks.strings(version), ""), yamls.line_of(language))
    for service in walks.strings(document.get("services")):
        yield from pipeline.sight(Kind.COMMAND, service, yamls.line_of(service), SET_UP)


_GROOVY_COMMENT = re.compile(r"(?<!:)//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_JENKINS_IMAGE = re.compile(r"""(?:\bimage\s+|docker\.image\s*\(\s*|\bdocker\s+)(['"])([^'"\n]+)\1""")
_JENKINS_TOOL = re.compile(r"""(?:^|\{)[ \t]*(jdk|maven|gradle|nodejs|go|ant)[ \t]+['"]""", re.MULTILINE)
_JENKINS_SCRIPT = re.compile(
    r"""\b(?:sh|bat|pwsh|powershell)\s*(?:\(\s*)?(?:script:\s*)?(?:'''(.*?)'''|\"""(.*?)\"""|'([^'\n]*)'|"([^"\n]*)")""",
    re.DOTALL,
)


def _jenkins(file: TextFile, tree: Tree) -> Iterator[Sight]:
    pipeline = _Pipeline(file)
    text = _GROOVY_COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), file.text)
    lines = Lines(text)
    for match in _JENKINS_IMAGE.finditer(text):
        if found := images.read_image(match[2]):
            yield from pipeline.sight(
                Kind.PACKAGE,
                found.name,
                lines.at(match.start(2)),
                IN_USE,
                type="docker",
                version=found.version,
            )
    for match in _JENKINS_TOOL.finditer(text):
        name = {"jdk": "java", "nodejs": "node"}.get(match[1], match[1])
        yield from pipeline.sight(Kind.RUNTIME, name, lines.at(match.start(1)), SET_UP)
    for match in _JENKINS_SCRIPT.finditer(text):
        yield from commands.sights_of(
            next(group for group in match.groups() if group is not None),
            file.path,
            lines.at(match.start()),
            scope=Scope.DEVELOPMENT,
            confidence=CALLED,
            seen=pipeline.seen,
        )


_REPOSITORY = re.compile(
    r"(?:https?://|git@|ssh://git@)(?:www\.)?github\.com[/:]([\w.-]+/[\w.-]+?)(?:\.git)?/?"
)


def _pre_commit(file: TextFile, tree: Tree) -> Iterator[Sight]:
    pipeline = _Pipeline(file)
    for repository in items(table(yamls.load(file.text)).get("repos")):
        repository = table(repository)
        address = repository.get("repo")
        match = _REPOSITORY.fullmatch(address) if isinstance(address, str) else None
        version = _version(repository.get("rev"))
        if match:
            yield from pipeline.sight(
                Kind.PACKAGE, match[1], yamls.line_of(address), 1.0, type="github", version=version
            )
        for hook in items(repository.get("hooks")):
            hook = table(hook)
            name = hook.get("id")
            if isinstance(entry := hook.get("entry"), str) and address in ("local", "meta"):
                yield from pipeline.script(entry)
            elif isinstance(name, str) and match and match[1] != "pre-commit/pre-commit-hooks":
                # "ruff-format" is ruff's, "terraform_fmt" terraform's.
                for word in dict.fromkeys((name, re.split(r"[-_]", name)[0])):
                    yield from pipeline.sight(Kind.COMMAND, word, yamls.line_of(name), IN_USE)


PARSERS = (
    Parser((".github/workflows/*.yml", ".github/workflows/*.yaml", "action.yml", "action.yaml"), _github),
    Parser((".gitea/workflows/*.yml", ".gitea/workflows/*.yaml", ".forgejo/workflows/*.yml"), _github),
    Parser(
        (".gitlab-ci.yml", ".gitlab-ci.yaml", "*.gitlab-ci.yml", ".gitlab/**/*.yml", ".gitlab-ci/**/*.yml"),
        _gitlab,
    ),
    Parser((".circleci/*.yml", ".circleci/*.yaml"), _circle),
    Parser(
        (
            ".woodpecker.yml",
            ".woodpecker.yaml",
            ".woodpecker/*.yml",
            ".woodpecker/*.yaml",
            ".drone.yml",
            "bitbucket-pipelines.yml",
            ".buildkite/*.yml",
            ".buildkite/*.yaml",
            ".cirrus.yml",
            "appveyor.yml",
            ".appveyor.yml",
            "cloudbuild*.yaml",
            "cloudbuild*.yml",
        ),
        _steps_of_others,
    ),
    Parser(
        (
            "azure-pipelines*.yml",
            "azure-pipelines*.yaml",
            ".azure-pipelines/**/*.yml",
            ".azure/pipelines/*.yml",
            ".azuredevops/**/*.yml",
            ".pipelines/**/*.yml",
        ),
        _azure,
    ),
    Parser((".travis.yml",), _travis),
    Parser(("Jenkinsfile", "Jenkinsfile.*", "*.Jenkinsfile", "*.jenkinsfile"), _jenkins),
    Parser((".pre-commit-config.yaml", ".pre-commit-config.yml"), _pre_commit),
)
