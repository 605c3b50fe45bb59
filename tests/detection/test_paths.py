import pytest

from apps.detection.paths import clean_path, is_left_out, scope_at, shown_path
from apps.detection.sights import Scope


@pytest.mark.parametrize(
    ("path", "clean"),
    [
        ("a/b.txt", "a/b.txt"),
        ("./a//b.txt", "a/b.txt"),
        ("a\\b.txt", "a/b.txt"),
        ("ä/ö.txt", "ä/ö.txt"),
        ("", None),
        (".", None),
        ("/etc/passwd", None),
        ("\\\\host\\share", None),
        ("C:\\a.txt", None),
        ("../a", None),
        ("a/../../b", None),
        ("a\0b", None),
        ("a\nb", None),
        ("a\udcffb", None),
        ("a" * 301, None),
    ],
)
def test_clean_path_takes_only_what_stays_below_the_root(path: str, clean: str | None) -> None:
    assert clean_path(path) == clean


def test_shown_path_can_be_printed_and_kept() -> None:
    assert shown_path("a\0\udcff\n" + "b" * 999).encode() == ("a���" + "b" * 296).encode()


@pytest.mark.parametrize(
    "path",
    [
        "node_modules/react/package.json",
        "a/node_modules/b/package.json",
        "vendor/github.com/x/go.mod",
        "lib/vendors/jquery/bower.json",
        "third_party/x/Cargo.toml",
        ".venv/lib/x/setup.py",
        "dist/package.json",
        "examples/app/package.json",
        "docs/examples/package.json",
        "tests/fixtures/package.json",
        "internal/testdata/go.mod",
        "{{cookiecutter.slug}}/pyproject.toml",
        "packages/create-app/templates/react/package.json",
        "x.egg-info/requires.txt",
        "Benchmarks/package.json",
    ],
)
def test_vendored_and_sample_folders_are_left_out(path: str) -> None:
    assert is_left_out(path)


@pytest.mark.parametrize(
    "path",
    [
        "package.json",
        "apps/vendor/package.json",
        "build/Dockerfile",
        "vendor.json",
        "examples.toml",
        "charts/app/templates/deployment.yaml",
        ".gitlab/ci/templates/build.yml",
        "tests/e2e/package.json",
        ".github/workflows/ci.yml",
    ],
)
def test_what_a_project_runs_is_not_left_out(path: str) -> None:
    assert not is_left_out(path)


@pytest.mark.parametrize(
    ("path", "scope", "there"),
    [
        ("package.json", Scope.RUNTIME, Scope.RUNTIME),
        ("tests/e2e/package.json", Scope.RUNTIME, Scope.DEVELOPMENT),
        ("docs/requirements.txt", Scope.RUNTIME, Scope.DEVELOPMENT),
        ("docs/Dockerfile", Scope.DEPLOYMENT, Scope.DEPLOYMENT),
        ("src/tests.csproj", Scope.RUNTIME, Scope.RUNTIME),
    ],
)
def test_scope_at_knows_tests_and_documentation(path: str, scope: Scope, there: Scope) -> None:
    assert scope_at(path, scope) == there


def test_clean_path_refuses_very_many_folders() -> None:
    assert clean_path("a/" * 39 + "b")
    assert clean_path("a/" * 40 + "b") is None
