import pytest

from apps.detection.globs import Globs


@pytest.mark.parametrize(
    ("glob", "path", "is_match"),
    [
        ("Dockerfile", "Dockerfile", True),
        ("Dockerfile", "api/dockerfile", True),
        ("Dockerfile", "Dockerfile.dev", False),
        ("vite.config.*", "apps/web/vite.config.ts", True),
        ("vite.config.*", "vite.config", False),
        ("*.csproj", "src/Web/Web.csproj", True),
        ("*.csproj", "src/Web/Web.csproj.user", False),
        ("*compose*.yml", "deploy/docker-compose.prod.yml", True),
        ("compose?.yml", "compose2.yml", True),
        (".eslintrc.[cj]s", ".eslintrc.cjs", False),
        (".eslintrc.[cj]s", ".eslintrc.js", True),
        (".eslintrc.[!j]s", ".eslintrc.js", False),
        ("a[.txt", "a[.txt", True),
        (".circleci/config.yml", ".circleci/config.yml", True),
        (".circleci/config.yml", "sub/.circleci/config.yml", False),
        (".github/workflows/*.yml", ".github/workflows/ci.yml", True),
        (".github/workflows/*.yml", ".github/workflows/old/ci.yml", False),
        ("**/requirements/*.txt", "requirements/base.txt", True),
        ("**/requirements/*.txt", "a/b/requirements/base.txt", True),
        ("**/requirements/*.txt", "requirements.txt", False),
        ("k8s/**", "k8s/a/b.yaml", True),
        ("deploy/**/values.yaml", "deploy/values.yaml", True),
        ("*", "anything", True),
        ("x.*", "a/x.", True),
    ],
)
def test_globs_match_names_and_paths(glob: str, path: str, is_match: bool) -> None:
    assert Globs([(glob, "found")]).matches(path) == (["found"] if is_match else [])


def test_globs_give_the_values_of_all_that_match() -> None:
    globs = Globs(
        [("*.yml", 1), ("ci.yml", 2), (".github/**", 3), ("ci.*", 4), (".github/ci.yml", 5), ("*.toml", 6)]
    )
    assert sorted(globs.matches(".github/ci.yml")) == [1, 2, 3, 4, 5]
