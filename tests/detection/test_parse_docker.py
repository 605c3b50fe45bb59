"""Dockerfiles, compose files and development containers."""

import pytest

from apps.detection.sights import Kind, Scope, UnreadableError
from tests.detection.reading import names, read, told


def test_dockerfile_tells_the_bottom_of_each_stage_and_what_is_started() -> None:
    text = """\
# syntax=docker/dockerfile:1
ARG VERSION=3.12
FROM --platform=$BUILDPLATFORM node:24-slim AS assets
RUN npm install -g pnpm && pnpm build
# FROM mysql
FROM python:${VERSION}-slim AS base
FROM base AS final
COPY --from=assets /x /x
COPY --from=ghcr.io/astral-sh/uv:0.5 /uv /bin/
RUN --mount=type=bind,from=composer:2,target=/c true
RUN apt-get update \\
 # a remark

 && apt-get install -y nginx
ENTRYPOINT ["tini", "--"]
CMD ["gunicorn", "shop.wsgi"]
"""
    sights = read("Dockerfile", text)

    assert told(sights) == [
        "3 library/node 24 build",
        "4 pnpm build",
        "6 library/python 3.12 runtime",
        "9 ghcr.io/astral-sh/uv 0.5 build",
        "10 library/composer 2 build",
    ]
    commands = {sight.name: (sight.line, sight.confidence) for sight in sights if sight.kind == Kind.COMMAND}
    assert commands["gunicorn"] == (16, 0.8)
    assert commands["nginx"] == (14, 0.4)
    assert "mysql" not in str(sights)


@pytest.mark.parametrize(
    ("text", "images"),
    [
        ("FROM scratch\nCOPY x x", []),
        ("ARG BASE\nFROM ${BASE}", []),
        ("FROM $X AS a\nFROM a", []),
        ("from ruby as Base\nFROM base", ["library/ruby"]),
        ("FROM", []),
        ("ARG V='16'\nFROM postgres:$V", ["library/postgres"]),
        (
            "# escape=`\nFROM mcr.microsoft.com/windows/nanoserver\nRUN a `\n b",
            ["mcr.microsoft.com/windows/nanoserver"],
        ),
        ("ONBUILD FROM x\nRUN <<EOF\napt-get install -y mysql\nEOF", ["library/x"]),
        ("FROM alpine\nRUN echo \\", ["library/alpine"]),
    ],
)
def test_dockerfile_of_many_forms(text: str, images: list[str]) -> None:
    assert names(read("docker/web.Dockerfile", text)) == images


@pytest.mark.parametrize("path", ["Dockerfile.dev", ".devcontainer/Dockerfile", "test/Containerfile"])
def test_dockerfile_for_development_is_so(path: str) -> None:
    assert {sight.scope for sight in read(path, "FROM ruby AS a\nFROM node\nRUN make\nCMD rails s")} == {
        Scope.DEVELOPMENT
    }


def test_dockerignore_is_not_a_dockerfile() -> None:
    assert read("Dockerfile.dockerignore", "node_modules") == []


def test_dockerfile_with_a_script_below_reads_the_script() -> None:
    sights = read("Dockerfile", "FROM debian\nRUN <<EOF\nset -e\ncurl -O x\nEOF\nCMD nginx -g x\n")

    assert names(sights, Kind.COMMAND) == ["set", "curl", "nginx"]


COMPOSE = """\
x-env: &env
  DATABASE_URL: postgresql+asyncpg://db/shop
  PLAIN: http://x
services:
  web:
    build: .
    image: example/shop
    command: ["celery", "-A", "shop", "worker"]
    environment:
      <<: *env
      URL: !ENV mongodb+srv://x
  db:
    image: docker.io/library/postgres:${PG:-16}-alpine
  # cache: {image: memcached}
  queue: {image: "redis:7@sha256:00", environment: [BROKER=amqp://mq]}
  db2:
    image: postgres
    image: mysql:8
  broken: [1]
  empty:
"""


def test_compose_tells_images_commands_and_addresses() -> None:
    sights = read("deploy/compose.yml", COMPOSE)

    assert told(sights) == [
        "13 library/postgres 16 runtime",
        "15 library/redis 7 runtime",
        "18 library/mysql 8 runtime",
    ]
    assert told(sights, Kind.COMMAND) == ["8 celery runtime"]
    assert sorted(names(sights, Kind.SCHEME)) == ["amqp", "mongodb", "postgresql"]


@pytest.mark.parametrize(
    "path",
    ["docker-compose.yml", "docker/docker-compose.prod.yaml", "compose.override.yaml", "x.compose.yml"],
)
def test_compose_files_of_every_name_are_read(path: str) -> None:
    assert names(read(path, "services: {db: {image: redis}}")) == ["library/redis"]


@pytest.mark.parametrize(
    ("text", "images"),
    [
        ("web:\n  image: redis\n", ["library/redis"]),
        ("services:\n  - web\n", []),
        ("services: redis\n", []),
        ("- image: redis\n", []),
        ("version: '3'\n", []),
        ("", []),
    ],
)
def test_compose_of_odd_forms(text: str, images: list[str]) -> None:
    assert names(read("docker-compose.yml", text)) == images


def test_compose_with_tabs_is_unreadable() -> None:
    with pytest.raises(UnreadableError) as refused:
        read("docker-compose.yml", "services:\n\tweb:\n\t\timage: redis")
    assert refused.value.line == 2


def test_devcontainer_is_what_somebody_likes_to_work_with() -> None:
    text = """{
      // The image.
      "image": "mcr.microsoft.com/devcontainers/python:3.12",
      "features": {"ghcr.io/devcontainers/features/node:1": {}, "./local": {},},
    }"""
    sights = read(".devcontainer/devcontainer.json", text)

    assert [(sight.kind, sight.name, sight.line) for sight in sights] == [
        (Kind.PACKAGE, "mcr.microsoft.com/devcontainers/python", 3),
        (Kind.RUNTIME, "node", 4),
    ]
    assert max(sight.confidence for sight in sights) < 0.5
    assert read("devcontainer.json", "[]") == []
