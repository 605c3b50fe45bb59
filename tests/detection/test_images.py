"""One spelling for the names of images."""

import pytest

from apps.detection.parsers.images import read_image


@pytest.mark.parametrize(
    ("reference", "name", "version"),
    [
        ("postgres", "library/postgres", ""),
        ("postgres:16-alpine", "library/postgres", "16"),
        ("postgres:latest", "library/postgres", ""),
        ("docker.io/library/postgres:15.2", "library/postgres", "15.2"),
        ("docker.io/postgres@sha256:0123", "library/postgres", ""),
        ("index.docker.io/library/redis", "library/redis", ""),
        ("public.ecr.aws/docker/library/node:20", "library/node", "20"),
        ("bitnami/postgresql:14", "library/postgres", "14"),
        ("bitnamilegacy/redis", "library/redis", ""),
        ("bitnami/kubectl", "bitnami/kubectl", ""),
        ("arm64v8/redis", "library/redis", ""),
        ("cimg/node:18.1", "library/node", "18.1"),
        ("cimg/base:stable", "cimg/base", ""),
        ("ghcr.io/owner/name:v1.2.3-x", "ghcr.io/owner/name", "1.2.3"),
        ("registry.example:5000/team/app:1", "registry.example:5000/team/app", "1"),
        (
            "docker.elastic.co/elasticsearch/elasticsearch:8.1.0",
            "docker.elastic.co/elasticsearch/elasticsearch",
            "8.1.0",
        ),
        ("${REGISTRY:-docker.io}/redis:${V:-7}", "library/redis", "7"),
        ("redis:${V}", "library/redis", ""),
        ("postgres:${V:?say which}", "library/postgres", ""),
        ("node:{{ .Values.tag }}", "library/node", ""),
        ("$CI_DEPENDENCY_PROXY_GROUP_IMAGE_PREFIX/node:20", "library/node", "20"),
        ("docker://alpine:3.20", "library/alpine", "3.20"),
        (" POSTGRES ", "library/postgres", ""),
    ],
)
def test_read_image_gives_one_spelling(reference: str, name: str, version: str) -> None:
    found = read_image(reference)

    assert found
    assert (found.name, found.version) == (name, version)


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "scratch",
        "${IMAGE}",
        "${{ matrix.image }}",
        "{{ .Values.image }}",
        "localhost:5000/x",
        "a b",
        "/",
        ":",
        "@",
        "x" * 600,
        "${REGISTRY}/app",
    ],
)
def test_read_image_gives_none_where_the_name_is_hidden(reference: str) -> None:
    assert read_image(reference) is None


def test_read_image_knows_given_values() -> None:
    found = read_image("$BASE:${VERSION}", {"BASE": "ruby", "VERSION": "3.4.4"})

    assert found
    assert (found.name, found.version) == ("library/ruby", "3.4.4")
