"""Where it runs and how it is started: files of hosting platforms, Procfiles, Makefiles."""

import re
from collections.abc import Iterator
from itertools import islice

from apps.detection.parsers import commands, images, walks, yamls
from apps.detection.parsers.base import Lines, Parser, TextFile, Tree, each_line, load_json, load_toml
from apps.detection.parsers.docker import scope_of
from apps.detection.parsers.places import MAX_LINES, Places
from apps.detection.parsers.tables import items, table, word, words
from apps.detection.sights import Kind, Scope, Sight

# What a platform starts is what runs; what it or make calls may be a mere means.
STARTED = 0.9
CALLED = 0.5
ASIDE = 0.4
NAMED = 0.8

# Lines of a Procfile; nobody starts that many.
MAX_PROCESSES = 1000


def _started(script: str, file: TextFile, line: int | None, seen: set[tuple[str, str]]) -> Iterator[Sight]:
    yield from commands.sights_of(
        script, file.path, line, scope=scope_of(file.path), confidence=STARTED, seen=seen
    )


def _called(script: str, file: TextFile, line: int | None, seen: set[tuple[str, str]]) -> Iterator[Sight]:
    yield from commands.sights_of(script, file.path, line, scope=Scope.BUILD, confidence=CALLED, seen=seen)


def _resource(name: str, file: TextFile, line: int | None, confidence: float = 1.0) -> Sight:
    return Sight(Kind.RESOURCE, name, file.path, line, scope=Scope.DEPLOYMENT, confidence=confidence)


def _procfile(file: TextFile, tree: Tree) -> Iterator[Sight]:
    seen: set[tuple[str, str]] = set()
    for number, line in enumerate(file.text.split("\n")[:MAX_PROCESSES], 1):
        if match := re.match(r"([\w-]+):\s*(\S.*)", line):
            yield from _started(match[2], file, number, seen)


def _app_json(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """Heroku's; Expo has a file of the same name."""
    document = table(load_json(file.text))
    places = Places(file.text)
    if "expo" in document:
        yield Sight(Kind.PACKAGE, "expo", file.path, places.line("expo"), "npm")
        return
    if {"addons", "buildpacks", "formation", "stack"} & document.keys():
        yield _resource("heroku", file, None)
    seen: set[tuple[str, str]] = set()
    for addon in items(document.get("addons")):
        yield from _addon(addon if isinstance(addon, str) else table(addon).get("plan"), file, places)
    for buildpack in items(document.get("buildpacks")):
        address = word(table(buildpack).get("url") or buildpack)
        if name := re.sub(r"^https://github\.com/|\.git$|^urn:buildpack:", "", address):
            yield _resource(name, file, places.line(address), NAMED)
    for script in table(document, "scripts").values():
        if isinstance(script, str):
            yield from _started(script, file, places.line(script), seen)


def _addon(plan: object, file: TextFile, places: Places | None = None) -> Iterator[Sight]:
    """An add-on of Heroku by its name: "heroku-postgresql:mini"."""
    if isinstance(plan, str) and (name := plan.partition(":")[0].strip()):
        yield _resource(name, file, places.line(plan) if places else yamls.line_of(plan))


def _heroku_yml(file: TextFile, tree: Tree) -> Iterator[Sight]:
    document = yamls.load(file.text)
    seen: set[tuple[str, str]] = set()
    for addon in items(table(document, "setup").get("addons")):
        yield from _addon(table(addon).get("plan"), file)
    for process in table(document, "run").values():
        command = table(process).get("command", process)
        for text in walks.strings(command):
            yield from _started(text, file, yamls.line_of(text), seen)


def _fly(file: TextFile, tree: Tree) -> Iterator[Sight]:
    document = load_toml(file.text)
    places = Places(file.text)
    seen: set[tuple[str, str]] = set()
    image = word(table(document, "build").get("image"))
    if found := images.read_image(image):
        yield found.sight(file.path, places.line(image), scope=Scope.RUNTIME, confidence=NAMED)
    for buildpack in words(table(document, "build").get("buildpacks")):
        yield _resource(buildpack, file, places.line(buildpack), NAMED)
    scripts = [*table(document, "processes").values(), table(document, "deploy").get("release_command")]
    for script in scripts:
        if isinstance(script, str):
            yield from _started(script, file, places.line(script), seen)


# What Render runs as a service of its own, and the scheme of its addresses.
_RENDER_SERVICES = {"redis": "redis", "keyvalue": "redis"}


def _render(file: TextFile, tree: Tree) -> Iterator[Sight]:
    document = yamls.load(file.text)
    seen: set[tuple[str, str]] = set()
    for database in items(table(document).get("databases")):
        line = yamls.line_of(next(iter(table(database)), None))
        yield Sight(Kind.SCHEME, "postgres", file.path, line)
    for service in items(table(document).get("services")):
        service = table(service)
        kind, runtime = service.get("type"), service.get("runtime") or service.get("env")
        if isinstance(kind, str) and kind in _RENDER_SERVICES:
            yield Sight(Kind.SCHEME, _RENDER_SERVICES[kind], file.path, yamls.line_of(kind))
        if isinstance(runtime, str) and runtime not in ("docker", "image", "static"):
            yield Sight(Kind.RUNTIME, str(runtime), file.path, yamls.line_of(runtime), confidence=NAMED)
        image = table(service, "image").get("url")
        if isinstance(image, str) and (found := images.read_image(image)):
            yield found.sight(file.path, yamls.line_of(image), scope=Scope.RUNTIME)
        for key, read in (("startCommand", _started), ("dockerCommand", _started), ("buildCommand", _called)):
            for text in walks.strings(service.get(key)):
                yield from read(text, file, walks.first_line(text), seen)


# Vercel's names of frameworks are those of the programs that build them, but for these.
_VERCEL_FRAMEWORKS = {
    "nextjs": "next",
    "nuxtjs": "nuxt",
    "sveltekit": "svelte-kit",
    "create-react-app": "react-scripts",
}


def _vercel(file: TextFile, tree: Tree) -> Iterator[Sight]:
    document = table(load_json(file.text))
    places = Places(file.text)
    seen: set[tuple[str, str]] = set()
    if framework := word(document.get("framework")):
        name = _VERCEL_FRAMEWORKS.get(framework, framework)
        yield Sight(
            Kind.COMMAND, name, file.path, places.line(framework), scope=Scope.BUILD, confidence=NAMED
        )
    uses = [table(build).get("use") for build in items(document.get("builds"))]
    uses += [table(function).get("runtime") for function in table(document, "functions").values()]
    for use in uses:
        if match := re.fullmatch(r"((?:@[\w.-]+/)?[\w.-]+)(?:@([\w.-]+))?", word(use)):
            yield Sight(
                Kind.PACKAGE,
                match[1],
                file.path,
                places.line(match[1]),
                type="npm",
                version=match[2] or "",
                scope=Scope.DEPLOYMENT,
            )
    for key in ("buildCommand", "installCommand", "devCommand"):
        if script := word(document.get(key)):
            yield from _called(script, file, places.line(key), seen)


def _netlify(file: TextFile, tree: Tree) -> Iterator[Sight]:
    document = load_toml(file.text)
    places = Places(file.text)
    seen: set[tuple[str, str]] = set()
    contexts = [table(document, "build"), *map(table, table(document, "context").values())]
    for context in contexts:
        if script := word(context.get("command")):
            yield from _called(script, file, places.line("command"), seen)
        for variable, value in table(context, "environment").items():
            if match := re.fullmatch(r"(NODE|PYTHON|RUBY|GO|PHP|HUGO|BUN)_VERSION", variable):
                yield Sight(
                    Kind.RUNTIME,
                    match[1].lower(),
                    file.path,
                    places.line(variable),
                    version=word(value),
                    scope=Scope.BUILD,
                    confidence=NAMED,
                )
    for plugin in items(document.get("plugins")):
        if name := word(table(plugin).get("package")):
            yield Sight(Kind.PACKAGE, name, file.path, places.line(name), type="npm", scope=Scope.BUILD)


# What a Worker is bound to, by the names of wrangler's settings.
_BINDINGS = frozenset(
    [
        *(
            "kv_namespaces",
            "r2_buckets",
            "d1_databases",
            "durable_objects",
            "queues",
            "ai",
            "vectorize",
            "hyperdrive",
        ),
        *(
            "browser",
            "workflows",
            "containers",
            "analytics_engine_datasets",
            "pages_build_output_dir",
            "images",
        ),
    ]
)


def _wrangler(file: TextFile, tree: Tree) -> Iterator[Sight]:
    document = table(load_toml(file.text) if file.path.endswith(".toml") else load_json(file.text))
    places = Places(file.text)
    for part in (document, *map(table, table(document, "env").values())):
        for name in part:
            if name in _BINDINGS:
                yield _resource(name, file, places.line(name))
    if script := word(table(document, "build").get("command")):
        yield from _called(script, file, places.line("command"), set())


def _railway(file: TextFile, tree: Tree) -> Iterator[Sight]:
    document = table(load_toml(file.text) if file.path.endswith(".toml") else load_json(file.text))
    places = Places(file.text)
    seen: set[tuple[str, str]] = set()
    if builder := word(table(document, "build").get("builder")):
        yield Sight(
            Kind.COMMAND,
            builder.lower(),
            file.path,
            places.line(builder),
            scope=Scope.BUILD,
            confidence=NAMED,
        )
    for script in walks.strings(table(document, "deploy").get("startCommand")):
        yield from _started(script, file, places.line("startCommand"), seen)
    for script in walks.strings(table(document, "build").get("buildCommand")):
        yield from _called(script, file, places.line("buildCommand"), seen)


def _nixpacks(file: TextFile, tree: Tree) -> Iterator[Sight]:
    document = load_toml(file.text)
    places = Places(file.text)
    seen: set[tuple[str, str]] = set()
    for phase in table(document, "phases").values():
        for name in words(table(phase).get("nixPkgs")):
            if match := re.fullmatch(r"([a-z]+)[\d_.-]*", name):
                yield Sight(
                    Kind.RUNTIME, match[1], file.path, places.line(name), scope=Scope.BUILD, confidence=CALLED
                )
        for script in words(table(phase).get("cmds")):
            yield from _called(script, file, places.line(script), seen)
    if script := word(table(document, "start").get("cmd")):
        yield from _started(script, file, places.line("cmd"), seen)


# The services of Firebase by the keys of its file.
_FIREBASE = frozenset(
    ["hosting", "firestore", "functions", "storage", "database", "dataconnect", "apphosting"]
)


def _firebase(file: TextFile, tree: Tree) -> Iterator[Sight]:
    places = Places(file.text)
    for name in table(load_json(file.text)):
        if name in _FIREBASE:
            yield _resource(f"firebase.{name}", file, places.line(name))


def _app_engine(file: TextFile, tree: Tree) -> Iterator[Sight]:
    document = table(yamls.load(file.text))
    runtime = document.get("runtime")
    if isinstance(runtime, str) and (match := re.fullmatch(r"([a-z]+)(\d*)", runtime)):
        line = yamls.line_of(runtime)
        yield _resource("app-engine", file, line)
        name = {"nodejs": "node"}.get(match[1], match[1])
        yield Sight(Kind.RUNTIME, name, file.path, line, version=match[2], confidence=NAMED)
        for script in walks.strings(document.get("entrypoint")):
            yield from _started(script, file, yamls.line_of(script), set())


# $(GO) and $(call lint,...); "$$" is the shell's own sign.
_MAKE_VARIABLE = re.compile(r"(?<!\$)\$(?:\([^()]*\)|\{[^{}]*\})")
_RECIPE = re.compile(r"\t[@+-]*(.*)")


# What kubebuilder and many others have: $(call go-install-tool,$(BUF),github.com/bufbuild/buf/cmd/buf,v1.2.3).
_GO_INSTALL = re.compile(r"\t\s*@?\$\(call\s+go[-_]?(?:install|get)[\w-]*,[^,]*,\s*([\w-]+\.[\w./-]+)")


def _makefile(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """The recipes of make and just. What variables hide is not followed."""
    is_just = "justfile" in file.path.lower()
    # What makes the documentation is not what the program is made with.
    confidence = ASIDE if re.search(r"(^|/)(docs?|documentation)/", file.path) else CALLED
    lines = []
    for number, line in islice(each_line(file.text), MAX_LINES):
        match = re.match(r"[ \t]+[@-]*(.*)", line) if is_just else _RECIPE.match(line)
        lines.append(_MAKE_VARIABLE.sub("$_", match[1]).replace("$$", "$") if match else "")
        if found := _GO_INSTALL.match(line):
            name = commands.module_of(found[1])
            yield Sight(
                Kind.PACKAGE,
                name,
                file.path,
                number,
                type="golang",
                scope=Scope.DEVELOPMENT,
                confidence=confidence,
            )
    yield from commands.sights_of(
        "\n".join(lines), file.path, 1, scope=Scope.DEVELOPMENT, confidence=confidence
    )


def _taskfile(file: TextFile, tree: Tree) -> Iterator[Sight]:
    seen: set[tuple[str, str]] = set()
    for key, value in walks.pairs(yamls.load(file.text)):
        if key in ("cmd", "cmds"):
            for text in walks.strings(value):
                yield from commands.sights_of(
                    text,
                    file.path,
                    walks.first_line(text),
                    scope=Scope.DEVELOPMENT,
                    confidence=CALLED,
                    seen=seen,
                )


def _supervisor(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """The programs of supervisord and of units of systemd."""
    seen: set[tuple[str, str]] = set()
    lines = Lines(file.text)
    for match in re.finditer(
        r"^[ \t]*+(?:command|ExecStart)[ \t]*+=[ \t]*+(\S[^\n]*+)", file.text, re.MULTILINE
    ):
        yield from _started(match[1], file, lines.at(match.start(1)), seen)


PARSERS = (
    Parser(("Procfile", "Procfile.*"), _procfile),
    Parser(("app.json",), _app_json),
    Parser(("heroku.yml",), _heroku_yml),
    Parser(("fly.toml", "fly.*.toml"), _fly),
    Parser(("render.yaml", "render.yml"), _render),
    Parser(("vercel.json", "now.json"), _vercel),
    Parser(("netlify.toml",), _netlify),
    Parser(("wrangler.toml", "wrangler.json", "wrangler.jsonc"), _wrangler),
    Parser(("railway.json", "railway.toml"), _railway),
    Parser(("nixpacks.toml",), _nixpacks),
    Parser(("firebase.json",), _firebase),
    Parser(("app.yaml", "app.yml"), _app_engine),
    Parser(("Makefile", "makefile", "GNUmakefile", "*.mk", "justfile", ".justfile"), _makefile),
    Parser(("Taskfile.yml", "Taskfile.yaml"), _taskfile),
    Parser(("supervisord.conf", "supervisor*.conf", "*.service"), _supervisor),
)
