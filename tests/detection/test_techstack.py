"""StackShare's techstack.yml 0.1."""

import pytest

from apps.detection.knowledge import Knowledge, KnownTool
from apps.detection.sights import Limits, UnreadableError
from apps.detection.techstack import is_techstack, package_address, read_techstack

KNOWLEDGE = Knowledge.of(
    [
        KnownTool("react", "React", ("reactjs",), packages=frozenset([("npm", "react")])),
        KnownTool("flask", "Flask", packages=frozenset([("pypi", "flask")])),
        KnownTool("nodejs", "Node.js", runtimes=("node",)),
        KnownTool("python", "Python"),
        KnownTool("lodash", "Lodash", is_minor=True, packages=frozenset([("npm", "lodash")])),
    ]
)

TECHSTACK = b"""\
repo_name: owner/shop
version: 0.1
requested_by: a person
tools:
- name: React.js
  description: a text that is somebody's
  version: 18.2.0
  detection_source: web/package.json
  last_updated_by: A Name
- name: Node.js
  detection_source: Dockerfile
- name: Python
  detection_source: Repo Metadata
- name: flask
  version: 3.10
  package_url: https://pypi.org/project/Flask
  detection_source: requirements.txt
- name: Node
- name: lodash
  package_url: https://www.npmjs.com/lodash
- name: '@scope/own'
  package_url: https://www.npmjs.com/package/@scope/own
- name: Some Tool
- name: Some Tool
- name: ''
- odd
- {name: [x]}
"""


def test_read_techstack_leads_names_and_packages_to_tools() -> None:
    report = read_techstack(TECHSTACK, KNOWLEDGE)

    assert report.tools == ("flask", "nodejs", "react")
    assert sorted((one.tool, one.name, one.path, one.version) for one in report.findings) == [
        ("flask", "flask", "requirements.txt", "3.10"),
        ("lodash", "lodash", "techstack.yml", ""),
        ("nodejs", "Node", "techstack.yml", "")
        if KNOWLEDGE.named("Node")
        else ("nodejs", "Node.js", "Dockerfile", ""),
        *([("nodejs", "Node.js", "Dockerfile", "")] if KNOWLEDGE.named("Node") else []),
        ("python", "Python", "techstack.yml", ""),
        ("react", "React.js", "web/package.json", "18.2.0"),
    ]
    assert report.unknown == ("pkg:npm/%40scope/own", "Some Tool")


def test_texts_and_persons_are_never_kept() -> None:
    assert not {"A Name", "a person", "a text"} & set(repr(read_techstack(TECHSTACK, KNOWLEDGE)).split("'"))
    assert "somebody" not in repr(read_techstack(TECHSTACK, KNOWLEDGE))


def test_metadata_of_the_repository_is_low_evidence() -> None:
    confidence = {one.tool: one.confidence for one in read_techstack(TECHSTACK, KNOWLEDGE).findings}

    assert confidence["python"] < 0.5 <= confidence["nodejs"]


def test_too_many_tools_are_left_out_with_words() -> None:
    report = read_techstack(b"tools:\n" + b"- {name: x}\n" * 2001, KNOWLEDGE)

    assert report.unread[0].reason == "left out: the tools after the first 2,000"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no list"),
        (b"tools: 3", "no list"),
        (b"- a", "no list"),
        (b"a: [", "not YAML"),
        (b"x" * 99, "larger"),
    ],
)
def test_what_is_no_techstack_is_refused_with_words(content: bytes, words: str) -> None:
    with pytest.raises(UnreadableError) as refused:
        read_techstack(content, KNOWLEDGE, limits=Limits(file_bytes=90))

    assert words in refused.value.reason


@pytest.mark.parametrize(
    ("address", "purl"),
    [
        ("https://rubygems.org/gems/rails", "pkg:gem/rails"),
        ("https://packagist.org/packages/laravel/framework", "pkg:composer/laravel/framework"),
        ("https://packagist.org/laravel/framework", "pkg:composer/laravel/framework"),
        ("https://mvnrepository.com/artifact/org.a/b", "pkg:maven/org.a/b"),
        ("https://www.nuget.org/packages/Moq", "pkg:nuget/moq"),
        ("pkg:npm/%40a/b@1", "pkg:npm/%40a/b"),
        ("https://example.org/x", "X"),
        ("https://[", "X"),
        ("https://pypi.org/", "X"),
    ],
)
def test_addresses_of_packages_are_read(address: str, purl: str) -> None:
    content = f"tools: [{{name: X, package_url: '{address}'}}]".encode()

    assert read_techstack(content, KNOWLEDGE).unknown == (purl,)


def test_package_address_is_read_again() -> None:
    assert package_address("pypi", "flask") == "https://pypi.org/project/flask"
    assert package_address("docker", "library/redis") == ""


@pytest.mark.parametrize(
    ("path", "expected"),
    [("techstack.yml", True), ("a/TechStack.yaml", True), ("shop.techstack.yml", True), ("stack.yml", False)],
)
def test_techstack_is_known_by_its_name(path: str, *, expected: bool) -> None:
    assert is_techstack(path) is expected
