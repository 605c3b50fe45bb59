import json

import pytest

from apps.detection.parsers.base import TextFile, Tree
from apps.detection.parsers.javascript import PARSERS
from apps.detection.sights import Kind, Scope, Sight, UnreadableError


def sights(path: str, text: str, **others: str) -> list[Sight]:
    """What the parser of the file at `path` sees; `others` are further files, with _ for dots and __ for slashes."""
    name = path.rpartition("/")[2]
    parser = next(parser for parser in PARSERS if name in parser.patterns)
    tree = {key.replace("__", "/").replace("_", "."): content for key, content in others.items()}
    return list(parser.parse(TextFile(path, text), Tree({path: text, **tree})))


def packages(found: list[Sight]) -> dict[str, str]:
    return {sight.name: sight.version for sight in found if sight.kind == Kind.PACKAGE}


def runtimes(found: list[Sight]) -> dict[str, tuple[str, Scope]]:
    return {sight.name: (sight.version, sight.scope) for sight in found if sight.kind == Kind.RUNTIME}


def package_json(**content: object) -> str:
    return json.dumps(content, indent=1)


def test_package_json_gives_packages_with_scope_and_line() -> None:
    found = sights(
        "a/package.json",
        package_json(
            dependencies={"react": "^19"},
            devDependencies={"vite": "6"},
            optionalDependencies={"fsevents": "2"},
        ),
    )
    assert [
        (s.name, s.version, s.scope, s.line, s.type, s.is_direct) for s in found if s.kind == Kind.PACKAGE
    ] == [
        ("react", "^19", Scope.RUNTIME, 3, "npm", True),
        ("vite", "6", Scope.DEVELOPMENT, 6, "npm", True),
        ("fsevents", "2", Scope.RUNTIME, 9, "npm", True),
    ]


def test_package_json_tells_its_own_name() -> None:
    assert sights("package.json", package_json(name="@acme/shop"))[0] == Sight(
        Kind.OWN, "@acme/shop", "package.json", type="npm"
    )


def test_package_json_without_name_is_read() -> None:
    assert packages(sights("package.json", package_json(dependencies={"react": "19"}))) == {"react": "19"}


@pytest.mark.parametrize(
    ("written", "name", "version"),
    [
        ("npm:preact@^10", "preact", "^10"),
        ("npm:@preact/compat@1", "@preact/compat", "1"),
        ("npm:preact", "preact", ""),
        ("github:facebook/react", "react", ""),
        ("git+https://github.com/x/react.git#v1", "react", ""),
        ("https://x/react.tgz", "react", ""),
        ("latest", "react", "latest"),
    ],
)
def test_package_json_reads_aliases_and_addresses(written: str, name: str, version: str) -> None:
    assert packages(sights("package.json", package_json(dependencies={"react": written}))) == {name: version}


@pytest.mark.parametrize(
    "dependencies",
    [
        {"@types/react": "19"},
        {"@acme/ui": "workspace:*"},
        {"left": "file:../left"},
        {"left": "link:../left"},
        {"not a name": "1"},
        {"": "1"},
    ],
)
def test_package_json_passes_over_types_and_what_is_its_own(dependencies: dict[str, str]) -> None:
    assert packages(sights("package.json", package_json(dependencies=dependencies))) == {}


@pytest.mark.parametrize(
    ("others", "written", "version"),
    [
        ({"pnpm-workspace_yaml": "catalog:\n  react: ^19.1.0\n"}, "catalog:", "^19.1.0"),
        ({"pnpm-workspace_yaml": "catalog:\n  react: ^19.1.0\n"}, "catalog:default", "^19.1.0"),
        ({"pnpm-workspace_yaml": "catalogs:\n  old:\n    react: 17.0.2\n"}, "catalog:old", "17.0.2"),
        ({"_yarnrc_yml": "catalog:\n  react: 18\n"}, "catalog:", "18"),
        ({"package_json": '{"catalog": {"react": "18.3"}}'}, "catalog:", "18.3"),
        ({"package_json": '{"workspaces": {"catalogs": {"old": {"react": "16"}}}}'}, "catalog:old", "16"),
        ({"pnpm-workspace_yaml": "catalog: [\n"}, "catalog:", ""),
        ({"package_json": "{"}, "catalog:", ""),
        ({}, "catalog:", ""),
    ],
)
def test_package_json_looks_versions_up_in_catalogs(
    others: dict[str, str], written: str, version: str
) -> None:
    found = sights("apps/web/package.json", package_json(dependencies={"react": written}), **others)
    assert packages(found) == {"react": version}


def test_package_json_reads_an_optional_peer_as_a_mention() -> None:
    found = sights(
        "package.json",
        package_json(
            peerDependencies={"react": "19", "vue": "3"}, peerDependenciesMeta={"vue": {"optional": True}}
        ),
    )
    assert {s.name: s.confidence >= 0.5 for s in found if s.kind == Kind.PACKAGE} == {
        "react": True,
        "vue": False,
    }


def test_package_json_reads_runtimes_and_package_managers() -> None:
    text = package_json(
        engines={"node": ">=22", "npm": ">=10", "vscode": "^1"},
        packageManager="pnpm@9.1.0+sha512.abc",
        volta={"yarn": "4.0.0", "extends": "../package.json"},
    )
    assert runtimes(sights("package.json", text)) == {
        "node": (">=22", Scope.RUNTIME),
        "yarn": ("4.0.0", Scope.BUILD),
        "pnpm": ("9.1.0", Scope.BUILD),
    }


def test_package_json_reads_engines_of_development() -> None:
    text = package_json(
        devEngines={"runtime": {"name": "node", "version": "22"}, "packageManager": {"name": "bun"}}
    )
    assert runtimes(sights("package.json", text)) == {
        "node": ("22", Scope.RUNTIME),
        "bun": ("", Scope.RUNTIME),
    }


def test_package_json_reads_the_commands_of_scripts() -> None:
    text = package_json(
        scripts={
            "start": "NODE_ENV=production pm2 start",
            "build:css": "tailwindcss -i a -o b && rm -rf c",
            "deploy": "flyctl deploy",
            "db": "docker compose up",
            "odd": 1,
        }
    )
    found = {s.name: s for s in sights("package.json", text) if s.kind == Kind.COMMAND}
    assert {
        name: found[name].scope for name in ("pm2", "tailwindcss", "flyctl", "docker", "docker-compose")
    } == {
        "pm2": Scope.RUNTIME,
        "tailwindcss": Scope.BUILD,
        "flyctl": Scope.DEPLOYMENT,
        "docker": Scope.DEVELOPMENT,
        "docker-compose": Scope.DEVELOPMENT,
    }
    assert found["flyctl"].line == 5


@pytest.mark.parametrize(
    ("content", "others", "names"),
    [
        ({"dependencies": {"react": "19"}}, {}, {"node", "javascript"}),
        ({"scripts": {"a": "b"}}, {}, {"node", "javascript"}),
        ({"dependencies": {"typescript": "5"}}, {}, {"node"}),
        ({"dependencies": {"react": "19"}}, {"b__tsconfig_json": "{}"}, {"node"}),
        ({"dependencies": {"react": "19"}}, {"package_json": "{}"}, {"node"}),
        (
            {"dependencies": {"react": "19"}},
            {"b__package_json": package_json(devDependencies={"typescript": "5"})},
            {"node"},
        ),
        ({"dependencies": {"typescript": "5"}, "packageManager": "bun@1.2"}, {}, {"bun"}),
        ({"name": "marker"}, {}, set()),
    ],
)
def test_package_json_stands_for_node_and_javascript_by_custom(
    content: dict[str, object], others: dict[str, str], names: set[str]
) -> None:
    assert runtimes(sights("a/package.json", package_json(**content), **others)).keys() == names


@pytest.mark.parametrize("text", ["[]", "1", "{", "null"])
def test_package_json_that_is_none_says_so(text: str) -> None:
    with pytest.raises(UnreadableError):
        sights("package.json", text)


def test_catalogs_say_nothing_by_themselves() -> None:
    assert sights("pnpm-workspace.yaml", "catalog:\n  react: 19\n") == []


def test_deno_json_reads_imports_and_tasks() -> None:
    found = sights(
        "deno.jsonc",
        """{
          // ours
          "name": "@acme/api",
          "imports": {
            "hono": "npm:hono@^4", "@std/fs": "jsr:@std/fs@1", "x": "./x.ts", "@types/y": "npm:@types/y",
            "bare": "npm:/zod",
          },
          "tasks": {"dev": "deno run -A main.ts", "up": {"command": "docker compose up"}, "odd": 1},
        }""",
    )
    assert packages(found) == {"hono": "^4", "@std/fs": "1", "zod": ""}
    assert {"deno", "docker"} <= {sight.name for sight in found if sight.kind == Kind.COMMAND}
    assert found[0].kind == Kind.OWN


def test_bower_json_reads_packages() -> None:
    assert packages(sights("bower.json", package_json(dependencies={"jquery": "~2.1"}, name="x"))) == {
        "jquery": "~2.1"
    }


def locked(found: list[Sight]) -> dict[str, tuple[str, bool, Scope]]:
    return {sight.name: (sight.version, sight.is_direct, sight.scope) for sight in found}


def test_npm_lock_tells_direct_from_transitive() -> None:
    text = package_json(
        packages={
            "": {"dependencies": {"react": "^19"}, "devDependencies": {"vite": "6", "typescript": "5"}},
            "packages/ui": {"dependencies": {"zod": "4"}},
            "node_modules/react": {"version": "19.1.0", "resolved": "https://x", "dependencies": {"y": "1"}},
            "node_modules/vite": {"version": "6.0.1", "dev": True, "integrity": "sha512"},
            "node_modules/zod": {"version": "4.0.0"},
            "node_modules/esbuild": {"version": "0.25.0", "dev": True},
            "node_modules/vite/node_modules/esbuild": {"version": "0.1.0"},
            "node_modules/ui": {"link": True},
            "node_modules/@types/node": {"version": "22"},
            "node_modules/alias": {"version": "1", "name": "real"},
            "node_modules/odd": 1,
        }
    )
    assert locked(sights("package-lock.json", text)) == {
        "react": ("19.1.0", True, Scope.RUNTIME),
        "vite": ("6.0.1", True, Scope.DEVELOPMENT),
        "zod": ("4.0.0", True, Scope.RUNTIME),
        "esbuild": ("0.25.0", False, Scope.DEVELOPMENT),
        "real": ("1", False, Scope.RUNTIME),
    }


def test_npm_lock_of_the_first_version_names_none_direct() -> None:
    text = package_json(
        lockfileVersion=1,
        dependencies={
            "react": {"version": "16.1.0"},
            "jest": {"version": "24", "dev": True},
            "@types/x": {},
            "y": 1,
        },
    )
    assert locked(sights("npm-shrinkwrap.json", text)) == {
        "react": ("16.1.0", False, Scope.RUNTIME),
        "jest": ("24", False, Scope.DEVELOPMENT),
    }


def test_npm_lock_that_is_none_says_so() -> None:
    with pytest.raises(UnreadableError):
        sights("package-lock.json", "[]")


PNPM_9 = """\
lockfileVersion: '9.0'

importers:

  .:
    devDependencies:
      '@biomejs/biome':
        specifier: ^2
        version: 2.0.0
  apps/web:
    dependencies:
      '@acme/ui':
        specifier: workspace:*
        version: link:../ui
      react:
        specifier: 'catalog:'
        version: 19.1.0(typescript@5.8.2)
      '@types/react':
        specifier: ^19
        version: 19.0.1
      aliased:
        specifier: npm:real@1
        version: real@1.2.3
    dependenciesMeta:
      x:
        version: 9.9.9

packages:

  '@biomejs/biome@2.0.0':
    resolution: {integrity: sha512-x}
    engines: {node: '>=14'}

  scheduler@0.26.0:
    resolution: {integrity: sha512-y}

snapshots:

  other@1.0.0: {}
"""


def test_pnpm_lock_reads_importers_and_packages() -> None:
    assert locked([s for s in sights("pnpm-lock.yaml", PNPM_9) if s.is_direct]) == {
        "@biomejs/biome": ("2.0.0", True, Scope.DEVELOPMENT),
        "react": ("19.1.0", True, Scope.RUNTIME),
        "real": ("1.2.3", True, Scope.RUNTIME),
    }
    assert [s.name for s in sights("pnpm-lock.yaml", PNPM_9) if not s.is_direct] == [
        "@biomejs/biome",
        "scheduler",
    ]


PNPM_5 = """\
lockfileVersion: 5.4
specifiers:
  react: ^18
dependencies:
  react: 18.2.0_abc
packages:

  /loose-envify/1.4.0:
    dev: false
"""
PNPM_6 = """\
lockfileVersion: '6.0'
# x
dependencies:
  react:
    specifier: ^18
    version: 18.2.0(a@1)
packages:

  /loose-envify@1.4.0(b@2):
    dev: false
"""


@pytest.mark.parametrize(
    "text",
    [
        PNPM_5,
        PNPM_6,
    ],
)
def test_pnpm_lock_reads_older_forms(text: str) -> None:
    assert locked(sights("pnpm-lock.yaml", text)) == {
        "react": ("18.2.0", True, Scope.RUNTIME),
        "loose-envify": ("1.4.0", False, Scope.RUNTIME),
    }


YARN_1 = """\
# yarn lockfile v1


"@babel/core@^7.0.0", "@babel/core@^7.1.0":
  version "7.26.0"
  resolved "https://registry.example/core.tgz"
  dependencies:
    version "1"

react@^17.0.1, react@^17.0.2:
  version "17.0.2"

react@^19:
  version "19.1.0"

"@types/react@^19":
  version "19.0.0"
"""
YARN_4 = """\
__metadata:
  version: 8
  cacheKey: 10

"@babel/core@npm:^7.0.0, @babel/core@npm:^7.1.0":
  version: 7.26.0
  resolution: "@babel/core@npm:7.26.0"

"react@npm:^19":
  version: 19.1.0

"shop@workspace:.":
  version: 0.0.0-use.local
  resolution: "shop@workspace:."
"""


@pytest.mark.parametrize("text", [YARN_1, YARN_4])
def test_yarn_lock_tells_direct_by_the_range_of_the_manifest(text: str) -> None:
    manifest = package_json(dependencies={"react": "^19"})
    found = sights("yarn.lock", text, package_json=manifest, broken__package_json="{")
    assert {(s.name, s.version, s.is_direct) for s in found} - {("react", "17.0.2", False)} == {
        ("@babel/core", "7.26.0", False),
        ("react", "19.1.0", True),
    }


def test_yarn_lock_reads_aliases() -> None:
    assert [s.name for s in sights("yarn.lock", '"a@npm:real@^1":\n  version "1.0.0"\n')] == ["real"]


def test_bun_lock_reads_workspaces_and_packages() -> None:
    text = """{
      "lockfileVersion": 1,
      "workspaces": {
        "": {"name": "shop", "dependencies": {"react": "^19"}, "devDependencies": {"vite": "6"}},
        "packages/ui": {"name": "@acme/ui"},
        "odd": 1,
      },
      "packages": {
        "react": ["react@19.1.0", "", {}, "sha512"],
        "vite": ["vite@6.0.1", "", {}, "sha512"],
        "esbuild": ["esbuild@0.25.0", "", {}, "sha512"],
        "vite/esbuild": ["esbuild@0.1.0", "", {}, "sha512"],
        "@acme/ui": ["@acme/ui@workspace:packages/ui"],
        "odd": [],
      },
    }"""
    assert locked(sights("bun.lock", text)) == {
        "react": ("19.1.0", True, Scope.RUNTIME),
        "vite": ("6.0.1", True, Scope.DEVELOPMENT),
        "esbuild": ("0.25.0", False, Scope.RUNTIME),
    }
