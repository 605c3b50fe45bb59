"""Pipelines of many systems, and pre-commit."""

import pytest

from apps.detection.sights import Kind, Scope, Sight, UnreadableError
from tests.detection.reading import names, read


def packages(sights: list[Sight]) -> list[str]:
    return [
        f"{sight.line} {sight.type}/{sight.name}@{sight.version}"
        for sight in sights
        if sight.kind == Kind.PACKAGE
    ]


def runtimes(sights: list[Sight]) -> dict[str, str]:
    return {sight.name: sight.version for sight in sights if sight.kind == Kind.RUNTIME}


WORKFLOW = """\
on: [push]
env:
  CACHE: redis://localhost
jobs:
  test:
    runs-on: ubuntu-latest
    container: node:22
    services:
      db: {image: "postgres:16"}
    steps:
      - uses: actions/checkout@v4
      # - uses: docker/login-action@v3
      - uses: codecov/codecov-action@0123456789012345678901234567890123456789 # v5.1
      - uses: github/codeql-action/init@main
      - uses: actions/setup-python@v5
        with: {python-version: "3.12"}
      - uses: actions/setup-go@v5
        with: {go-version: "${{ matrix.go }}"}
      - uses: erlef/setup-beam@v1
        with: {otp-version: "27.1", elixir-version: "1.17"}
      - uses: dtolnay/rust-toolchain@1.80
      - uses: docker://ghcr.io/a/b:1
      - uses: ./.github/actions/own
      - run: |
          pip install tox
          uv run pytest
      - uses: actions/github-script@v7
        with:
          script: |
            mysql.connect()
      - run: [odd]
  shared:
    uses: owner/flows/.github/workflows/ci.yml@v1
"""


def test_workflow_tells_actions_images_runtimes_and_commands() -> None:
    sights = read(".github/workflows/ci.yml", WORKFLOW)

    assert packages(sights) == [
        "11 githubactions/actions/checkout@4",
        "13 githubactions/codecov/codecov-action@5.1",
        "14 githubactions/github/codeql-action@",
        "15 githubactions/actions/setup-python@5",
        "17 githubactions/actions/setup-go@5",
        "19 githubactions/erlef/setup-beam@1",
        "21 githubactions/dtolnay/rust-toolchain@1.80",
        "22 docker/ghcr.io/a/b@1",
        "27 githubactions/actions/github-script@7",
        "7 docker/library/node@22",
        "9 docker/library/postgres@16",
        "25 pypi/tox@",
    ]
    assert runtimes(sights) == {
        "python": "3.12",
        "go": "",
        "elixir": "1.17",
        "erlang": "27.1",
        "rust": "1.80",
    }
    assert names(sights, Kind.COMMAND) == ["pip", "uv", "pytest", "odd"]
    assert names(sights, Kind.SCHEME) == ["redis"]
    assert {sight.scope for sight in sights} == {Scope.DEVELOPMENT}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "jobs: [a]",
        "jobs: {a: 1, b: [2], c: {steps: x}, d: {steps: [1, {uses: [x]}]}}",
        "jobs:",
        "a",
    ],
)
def test_workflow_of_odd_forms_tells_nothing(text: str) -> None:
    assert read(".github/workflows/odd.yaml", text) == []


def test_each_workflow_of_a_folder_is_read() -> None:
    for name in ("a.yml", "b.yaml"):
        assert names(read(f".github/workflows/{name}", "jobs: {a: {steps: [{uses: a/b@v1}]}}")) == ["a/b"]


@pytest.mark.parametrize(
    ("name", "is_sure"), [("ci.yml", True), ("test-docs.yml", False), ("publish.yml", False)]
)
def test_runtime_of_a_workflow_beside_the_tests_is_a_mention(name: str, *, is_sure: bool) -> None:
    text = "jobs: {a: {steps: [{uses: actions/setup-go@v5}]}}"

    runtime = next(sight for sight in read(f".github/workflows/{name}", text) if sight.kind == Kind.RUNTIME)

    assert (runtime.confidence >= 0.5) is is_sure


def test_action_of_its_own_tells_what_it_is_made_of() -> None:
    composite = "runs:\n  using: composite\n  steps:\n    - uses: actions/cache@v4\n    - run: make\n"

    assert names(read(".github/actions/own/action.yml", composite)) == ["actions/cache"]
    assert names(read("action.yml", composite), Kind.COMMAND) == ["make"]
    assert runtimes(read("action.yaml", "runs: {using: node20, main: index.js}")) == {"node": "20"}


def test_gitlab_tells_images_services_and_scripts_behind_references() -> None:
    text = """\
default:
  image: !reference [.setup, image]
.setup: &setup
  script:
    - bundle install
test:
  <<: *setup
  image: {name: "ruby:3.3", entrypoint: [""]}
  services: ["postgres:16", {name: "redis:7", alias: cache}]
  script:
    - !reference [.setup, script]
    - bundle exec rspec
---
deploy: {image: alpine, script: kubectl apply -f x}
"""
    sights = read(".gitlab-ci.yml", text)

    assert sorted(packages(sights)) == [
        "14 docker/library/alpine@",
        "8 docker/library/ruby@3.3",
        "9 docker/library/postgres@16",
        "9 docker/library/redis@7",
    ]
    assert {"bundle", "rspec", "kubectl"} <= set(names(sights, Kind.COMMAND))


def test_circle_tells_orbs_images_and_steps() -> None:
    text = """\
version: 2.1
orbs:
  node: circleci/node@5.2
  codecov: codecov/codecov@4.0
  own: {jobs: {}}
jobs:
  test:
    docker:
      - image: cimg/ruby:3.3
      - image: cimg/postgres:16.2
    steps:
      - checkout
      - run: bundle exec rake
      - run: {name: x, command: yarn jest}
"""
    sights = read(".circleci/config.yml", text)

    assert names(sights, Kind.RESOURCE) == ["circleci/node", "codecov/codecov"]
    assert runtimes(sights) == {"node": ""}
    assert packages(sights) == ["9 docker/library/ruby@3.3", "10 docker/library/postgres@16.2"]
    assert names(sights, Kind.COMMAND) == ["bundle", "rake", "yarn", "jest"]


@pytest.mark.parametrize(
    ("path", "text", "images", "programs"),
    [
        (
            ".woodpecker.yml",
            "steps:\n  test:\n    image: golang:1.24\n    commands: [go test]\n",
            ["library/golang"],
            ["go"],
        ),
        (".woodpecker/a.yaml", "services: [{name: db, image: mysql}]", ["library/mysql"], []),
        (
            ".drone.yml",
            "kind: pipeline\nsteps: [{name: a, image: node, commands: [npm ci]}]\n---\nkind: secret",
            ["library/node"],
            ["npm"],
        ),
        (
            "bitbucket-pipelines.yml",
            "image: python:3\npipelines: {default: [{step: {script: [tox]}}]}",
            ["library/python"],
            ["tox"],
        ),
        (".buildkite/pipeline.yml", "steps: [{command: make, plugins: [x]}]", [], ["make"]),
        (
            "cloudbuild.yaml",
            "steps: [{name: 'gcr.io/cloud-builders/docker', args: [build]}, x]",
            ["gcr.io/cloud-builders/docker"],
            [],
        ),
        ("appveyor.yml", "build_script: [msbuild]\nimage: Visual Studio 2022", [], ["msbuild"]),
    ],
)
def test_other_systems_tell_images_and_programs(
    path: str, text: str, images: list[str], programs: list[str]
) -> None:
    sights = read(path, text)

    assert names(sights) == images
    assert names(sights, Kind.COMMAND) == programs


def test_azure_tells_tasks_and_their_runtimes() -> None:
    text = """\
resources: {containers: [{container: db, image: "postgres:16"}]}
steps:
  - task: UsePythonVersion@0
    inputs: {versionSpec: "3.12"}
  - task: Docker@2
  - script: pytest
  - bash: |
      mvn verify
"""
    sights = read("azure-pipelines.yml", text)

    assert names(sights, Kind.RESOURCE) == ["UsePythonVersion", "Docker"]
    assert runtimes(sights) == {"python": "3.12"}
    assert names(sights) == ["library/postgres"]
    assert names(sights, Kind.COMMAND) == ["pytest", "mvn"]


def test_travis_tells_language_services_and_scripts() -> None:
    sights = read(
        ".travis.yml", "language: node_js\nnode_js: ['18', '20']\nservices: [redis-server]\nscript: gulp\n"
    )

    assert runtimes(sights) == {"node": "18"}
    assert names(sights, Kind.COMMAND) == ["gulp", "redis-server"]


def test_jenkinsfile_tells_images_tools_and_scripts_but_not_comments() -> None:
    text = """\
pipeline {
  agent { docker { image 'maven:3.9' } }
  tools { jdk 'jdk17'
    nodejs 'node' }
  // agent { docker { image 'mysql' } }
  stages {
    stage('x') { steps {
      sh 'mvn verify'
      sh '''
        docker run redis:7 true
      '''
      script { docker.image("postgres:16").inside { sh "psql" } }
      /* sh 'ant' */
    } }
  }
}
"""
    sights = read("ci/Jenkinsfile", text)

    assert packages(sights) == [
        "2 docker/library/maven@3.9",
        "12 docker/library/postgres@16",
        "10 docker/library/redis@7",
    ]
    assert names(sights, Kind.RUNTIME) == ["java", "node"]
    assert names(sights, Kind.COMMAND) == ["mvn", "docker", "docker-run", "psql"]


def test_pre_commit_tells_repositories_and_hooks() -> None:
    text = """\
repos:
  - repo: https://github.com/astral-sh/ruff-pre-commit
    rev: v0.9.1
    hooks: [{id: ruff-format}, {id: [odd]}, odd]
  # - repo: https://github.com/psf/black
  - repo: git@github.com:antonbabenko/pre-commit-terraform.git
    rev: v1.96
    hooks: [{id: terraform_fmt}]
  - repo: https://github.com/pre-commit/pre-commit-hooks
    hooks: [{id: check-yaml}]
  - repo: local
    hooks:
      - {id: own, entry: poetry run mypy, language: system}
  - repo: 3
  - odd
"""
    sights = read(".pre-commit-config.yaml", text)

    assert packages(sights) == [
        "2 github/astral-sh/ruff-pre-commit@0.9.1",
        "6 github/antonbabenko/pre-commit-terraform@1.96",
        "9 github/pre-commit/pre-commit-hooks@",
    ]
    assert names(sights, Kind.COMMAND) == [
        "ruff-format",
        "ruff",
        "terraform_fmt",
        "terraform",
        "poetry",
        "mypy",
    ]
    assert read(".pre-commit-config.yaml", "repos: {a: b}") == []


def test_pipeline_that_is_no_yaml_is_said_so() -> None:
    with pytest.raises(UnreadableError):
        read(".github/workflows/x.yml", "jobs:\n\ta: b")
