import pytest

from apps.detection.parsers.base import TextFile, Tree
from apps.detection.parsers.runtimes import PARSERS
from apps.detection.sights import Kind, Scope, Sight


def sights(path: str, text: str) -> list[Sight]:
    parser = next(parser for parser in PARSERS if path in parser.patterns)
    return list(parser.parse(TextFile(path, text), Tree({})))


@pytest.mark.parametrize(
    ("path", "text", "name", "version", "line"),
    [
        (".nvmrc", "v22.1.0\n", "node", "22.1.0", 1),
        (".nvmrc", "lts/*\n", "node", "", 1),
        (".python-version", "# ours\n3.13\n3.12\n", "python", "3.13", 2),
        (".ruby-version", "ruby-3.4.1", "ruby", "ruby-3.4.1", 1),
        (".go-version", "1.24", "go", "1.24", 1),
        (".sdkmanrc", "# x\njava=21.0.2-tem\n", "java", "21.0.2-tem", 2),
    ],
)
def test_version_files_name_a_runtime(path: str, text: str, name: str, version: str, line: int) -> None:
    assert sights(path, text) == [Sight(Kind.RUNTIME, name, path, line, version=version, scope=Scope.RUNTIME)]


@pytest.mark.parametrize("path", [".nvmrc", ".tool-versions", ".sdkmanrc", "mise.toml"])
def test_empty_files_name_nothing(path: str) -> None:
    assert sights(path, "# nothing\n\n") == []


def test_tool_versions_name_runtimes_and_programs() -> None:
    found = sights(".tool-versions", "nodejs 22.1.0\nterraform 1.9.0 # infra\nelixir ref:abc\nruby\n")
    assert [(s.kind, s.name, s.version, s.scope, s.line) for s in found] == [
        (Kind.RUNTIME, "nodejs", "22.1.0", Scope.RUNTIME, 1),
        (Kind.RUNTIME, "terraform", "1.9.0", Scope.DEVELOPMENT, 2),
        (Kind.COMMAND, "terraform", "1.9.0", Scope.DEVELOPMENT, 2),
        (Kind.RUNTIME, "elixir", "", Scope.RUNTIME, 3),
        (Kind.RUNTIME, "ruby", "", Scope.RUNTIME, 4),
    ]


def test_mise_names_runtimes_packages_and_programs() -> None:
    found = sights(
        "mise.toml",
        """
[env]
node = "no tool"
[tools]
go = "1.24"
node = ["22", "20"]
"npm:prettier" = "3.1.0"
"pipx:black[jupyter]" = { version = "24.1" }
"aqua:golangci/golangci-lint" = "latest"
odd = 1
""",
    )
    assert {(s.kind, s.type, s.name, s.version) for s in found} >= {
        (Kind.RUNTIME, "", "go", "1.24"),
        (Kind.RUNTIME, "", "node", "22"),
        (Kind.PACKAGE, "npm", "prettier", "3.1.0"),
        (Kind.PACKAGE, "pypi", "black", "24.1"),
        (Kind.COMMAND, "", "golangci-lint", ""),
    }
    assert [s.line for s in found if s.name == "node"] == [6]
