"""Bills of materials of several producers, with what each leaves out or adds."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.detection import boms
from apps.detection.boms import is_bom, read_bom
from apps.detection.sights import Limits, Scope, Sight, UnreadableError


def cyclonedx(**parts: Any) -> bytes:
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", **parts}).encode()


def spdx(**parts: Any) -> bytes:
    return json.dumps({"spdxVersion": "SPDX-2.3", **parts}).encode()


def package(id_: str, purl: str, version: str = "") -> dict[str, Any]:
    references = [
        {"referenceType": "cpe23Type", "referenceLocator": "x"},
        {"referenceType": "purl", "referenceLocator": purl},
    ]
    return {"SPDXID": id_, "name": id_, "versionInfo": version, "externalRefs": references if purl else []}


def relation(element: str, kind: str, related: str) -> dict[str, str]:
    return {"spdxElementId": element, "relationshipType": kind, "relatedSpdxElement": related}


def told(sights: list[Sight]) -> list[str]:
    return [
        f"{sight.type}/{sight.name}@{sight.version}{'' if sight.is_direct else '?'} {sight.scope.value}"
        for sight in sights
    ]


def component(purl: str, **more: Any) -> dict[str, Any]:
    return {"type": "library", "bom-ref": purl, "name": "x", "purl": purl, **more}


@pytest.mark.parametrize("version", ["1.4", "1.5", "1.6", "1.7"])
def test_cyclonedx_tells_direct_ones_by_the_graph(version: str) -> None:
    content = cyclonedx(
        specVersion=version,
        metadata={"component": component("pkg:npm/shop@1.0.0")},
        components=[
            component("pkg:npm/%40angular/core@19.0.0", components=[component("pkg:npm/rxjs@7.8.1")]),
            component("pkg:maven/org.a/b@1?type=jar", scope="optional"),
            component(
                "pkg:npm/vitest@3", properties=[{"name": "cdx:npm:package:development", "value": "true"}]
            ),
            {"type": "application", "bom-ref": "lock", "name": "yarn.lock"},
        ],
        dependencies=[
            {"ref": "pkg:npm/shop@1.0.0", "dependsOn": ["lock", "pkg:maven/org.a/b@1?type=jar"]},
            {"ref": "lock", "dependsOn": ["pkg:npm/%40angular/core@19.0.0", "pkg:npm/vitest@3"]},
            {"ref": "pkg:npm/%40angular/core@19.0.0", "dependsOn": ["pkg:npm/rxjs@7.8.1"]},
            {"ref": "pkg:npm/rxjs@7.8.1"},
        ],
    )

    sights, unread = read_bom(content)

    assert told(sights) == [
        "npm/@angular/core@19.0.0 runtime",
        "npm/rxjs@7.8.1? runtime",
        "maven/org.a/b@1 development",
        "npm/vitest@3 development",
    ]
    assert [one.reason for one in unread] == ["left out: 1 package without a package URL"]


def test_cyclonedx_without_a_graph_tells_all_at_less_confidence() -> None:
    content = cyclonedx(
        components=[
            component("pkg:gem/rails@8", components=[component("pkg:gem/rack@3")]),
            component("pkg:gem/rails@8"),
        ]
    )

    sights, unread = read_bom(content, path="sbom/bom.json")

    assert told(sights) == ["gem/rails@8 runtime", "gem/rack@3? runtime"]
    assert {(sight.confidence, sight.path) for sight in sights} == {(0.6, "sbom/bom.json")}
    assert unread == []


def test_cyclonedx_with_a_graph_but_no_root_tells_what_nothing_else_needs() -> None:
    content = cyclonedx(
        components=[component("pkg:gem/rails@8"), component("pkg:gem/rack@3")],
        dependencies=[{"ref": "pkg:gem/rails@8", "dependsOn": ["pkg:gem/rack@3"]}],
    )

    assert told(read_bom(content)[0]) == ["gem/rails@8 runtime", "gem/rack@3? runtime"]


def test_packages_of_the_operating_system_are_counted_in_words() -> None:
    purls = [
        "pkg:deb/debian/bash@5",
        "pkg:apk/alpine/zlib",
        "pkg:rpm/fedora/x",
        "pkg:alpine/a@1",
        "pkg:pypi/flask@3",
    ]
    content = cyclonedx(
        components=[*map(component, purls), component("no purl"), component("pkg:generic/openssl@3"), 3]
    )

    sights, unread = read_bom(content)

    assert told(sights) == ["pypi/flask@3 runtime"]
    (reason,) = (one.reason for one in unread)
    assert reason == (
        "left out: 1 package could not be read, 4 packages of the operating system, 1 package with a package URL "
        "that is wrong, 1 package of no ecosystem"
    )


@pytest.mark.parametrize(
    ("purl", "name"),
    [
        ("pkg:docker/postgres@16.1", "docker/library/postgres@16.1"),
        ("pkg:docker/bitnami/redis", "docker/library/redis@"),
        ("pkg:docker/a/b@1?repository_url=ghcr.io", "docker/ghcr.io/a/b@1"),
        (
            "pkg:oci/nginx@sha256%3A00?repository_url=docker.io/library/nginx",
            "docker/library/nginx@sha256:00",
        ),
        ("pkg:githubactions/docker/login-action@2.%2A.%2A", "githubactions/docker/login-action@2"),
        ("pkg:githubactions/github/codeql-action/init@v3", "githubactions/github/codeql-action@v3"),
        ("pkg:golang/github.com/gin-gonic/gin@v1.10.0", "golang/github.com/gin-gonic/gin@v1.10.0"),
        ("pkg:pypi/sentry_sdk@%2A", "pypi/sentry-sdk@"),
        ("pkg:clojars/ring/ring@1", "maven/ring/ring@1"),
        ("pkg:terraform/hashicorp/aws@5", "terraform/hashicorp/aws@5"),
        ("pkg:npm/a@UNKNOWN", "npm/a@"),
    ],
)
def test_names_are_those_of_sights(purl: str, name: str) -> None:
    sights, _ = read_bom(cyclonedx(components=[component(purl)]))

    assert [f"{sight.type}/{sight.name}@{sight.version}" for sight in sights] == [name]


def test_actions_are_for_development() -> None:
    sights, _ = read_bom(cyclonedx(components=[component("pkg:githubactions/actions/checkout@v4")]))

    assert [sight.scope for sight in sights] == [Scope.DEVELOPMENT]


def _spdx_of(*relations: dict[str, str], **more: Any) -> bytes:
    return spdx(
        packages=[
            package("root", "pkg:github/owner/shop@main"),
            package("flask", "pkg:pypi/flask@3.0.0"),
            package("click", "pkg:pypi/click", "8.1"),
            package("plain", ""),
        ],
        relationships=list(relations),
        **more,
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            _spdx_of(
                relation("SPDXRef-DOCUMENT", "DESCRIBES", "root"),
                relation("root", "DEPENDS_ON", "flask"),
                relation("flask", "DEPENDS_ON", "click"),
            ),
            ["pypi/flask@3.0.0 runtime", "pypi/click@8.1? runtime"],
        ),
        (
            _spdx_of(
                relation("root", "DESCRIBED_BY", "SPDXRef-DOCUMENT"),
                relation("flask", "DEPENDENCY_OF", "root"),
                relation("click", "DEV_DEPENDENCY_OF", "root"),
            ),
            ["pypi/flask@3.0.0 runtime", "pypi/click@8.1 development"],
        ),
        (
            _spdx_of(relation("flask", "DEPENDS_ON", "click"), documentDescribes=["root"]),
            ["pypi/flask@3.0.0 runtime", "pypi/click@8.1? runtime"],
        ),
        (
            _spdx_of(relation("SPDXRef-DOCUMENT", "DESCRIBES", "root")),
            ["pypi/flask@3.0.0 runtime", "pypi/click@8.1 runtime"],
        ),
        (
            _spdx_of(
                relation("SPDXRef-DOCUMENT", "DESCRIBES", "flask"),
                relation("SPDXRef-DOCUMENT", "DESCRIBES", "click"),
            ),
            ["github/owner/shop@main runtime", "pypi/flask@3.0.0 runtime", "pypi/click@8.1 runtime"],
        ),
        (
            # The module itself has no version, and the document describes a folder.
            spdx(
                packages=[
                    package("m", "pkg:golang/a.example/m", "UNKNOWN"),
                    package("n", "pkg:golang/b.example/n@v1"),
                ],
                relationships=[relation("n", "DEPENDENCY_OF", "m"), relation("doc", "DESCRIBES", "folder")],
            ),
            ["golang/b.example/n@v1 runtime"],
        ),
    ],
)
def test_spdx_of_several_producers(content: bytes, expected: list[str]) -> None:
    assert told(read_bom(content)[0]) == expected


def test_the_answer_of_an_api_with_the_document_within_is_read() -> None:
    content = b'{"sbom": ' + spdx(packages=[package("a", "pkg:npm/a@1"), 3, "x"]) + b"}"

    sights, unread = read_bom(content)

    assert told(sights) == ["npm/a@1 runtime"]
    assert unread[0].reason == "left out: 2 packages could not be read"


def test_byte_order_mark_is_passed_over() -> None:
    assert read_bom(b"\xef\xbb\xbf" + cyclonedx(components=[component("pkg:npm/a@1")]))[0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (
            b'{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": '
            + b'[{"components":' * 300
            + b"[]"
            + b"}]" * 300
            + b"}",
            "nested too deep",
        ),
        (b"[]", "outermost value"),
        (b'{"a": 1}', "no bill of materials"),
        (b"<bom xmlns='http://cyclonedx.org/schema/bom/1.5'/>", "XML"),
        (b'{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}', "SPDX 3"),
        (b'{"spdxVersion": "SPDX-1.2"}', "SPDX-2.2 and SPDX-2.3"),
        (b'{"sbom": {"spdxVersion": "SPDX-3.0"}}', "SPDX-2.2 and SPDX-2.3"),
        (b'{"bomFormat": "CycloneDX", "specVersion": "2.0"}', "versions 1.2 to 1.7"),
        (
            b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": {}}',
            "components is of a wrong kind",
        ),
        (b'{"spdxVersion": "SPDX-2.3", "packages": 3}', "packages is of a wrong kind"),
    ],
)
def test_what_is_no_bill_is_refused_with_words(content: bytes, words: str) -> None:
    with pytest.raises(UnreadableError) as refused:
        read_bom(content)

    assert words in refused.value.reason


def test_bill_that_is_too_large_is_refused() -> None:
    with pytest.raises(UnreadableError):
        read_bom(b" " * 11, limits=Limits(bill_bytes=10))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (cyclonedx(), True),
        (spdx(), True),
        (b"<bom xmlns='http://cyclonedx.org/schema/bom/1.5'>", True),
        (b'{"packages": [' + b" " * 9000 + b'], "spdxVersion": "SPDX-2.3"}', True),
        (b'{"name": "shop"}', False),
        (b"", False),
    ],
)
def test_bill_is_known_by_its_content(content: bytes, *, expected: bool) -> None:
    assert is_bom(content) is expected


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["pkg:npm/a@1", "a", "", "pkg:x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "components",
                    "purl",
                    "bom-ref",
                    "ref",
                    "dependsOn",
                    "metadata",
                    "component",
                    "scope",
                    "version",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(_json, _json, _json)
def test_read_bom_takes_whatever_stands_in_it(components: Any, dependencies: Any, metadata: Any) -> None:
    content = cyclonedx(components=components, dependencies=dependencies, metadata=metadata)

    try:
        sights, _ = read_bom(content)
    except UnreadableError:
        sights = []
    assert all(sight.name for sight in sights)


def test_bill_of_too_many_objects_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boms, "MAX_OBJECTS", 3)
    with pytest.raises(UnreadableError, match="too many"):
        read_bom(
            json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{}] * 3}).encode()
        )


def test_packages_beyond_the_first_are_counted_and_endless_ones_are_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(boms, "MAX_PACKAGES", 2)
    components = [{"purl": "pkg:npm/" + "a" * 2_000}, *({"purl": f"pkg:npm/a{at}@1"} for at in range(3))]
    document = {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": components}
    sights, unread = read_bom(json.dumps(document).encode())
    assert [sight.name for sight in sights] == ["a0"]
    assert "2 packages after the first 2" in unread[0].reason
    assert "1 package with a package URL that is wrong" in unread[0].reason
