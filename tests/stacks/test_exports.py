"""A stack as files for elsewhere, and back."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from apps.detection.boms import read_bom
from apps.detection.knowledge import Knowledge, KnownTool
from apps.detection.techstack import read_techstack
from apps.stacks.exports import EXPORTS, ExportedItem, ExportedStack, write_cyclonedx
from apps.stacks.exports.cyclonedx import VERSIONS
from apps.stacks.exports.spdx import spdx_document, write_spdx
from apps.stacks.exports.techstack import write_techstack_md, write_techstack_yml

STACK = ExportedStack(
    name="The shop",
    owner="Alice",
    address="https://stacks.example/alice/shop/",
    changed_at=datetime(2026, 11, 1, 12, 30, 0, 5, tzinfo=UTC),
    description="What sells.",
    items=(
        ExportedItem(
            name="PostgreSQL",
            slug="postgresql",
            website="https://www.postgresql.org",
            layer="Application and data",
            category="Data stores",
            function="Databases",
            version="16",
            license="PostgreSQL",
            packages=("pkg:docker/library/postgres",),
            tier="verified",
            evidence=("compose.yml", "ci.yml"),
        ),
        ExportedItem(
            name="Sentry",
            slug="sentry",
            website="https://sentry.io",
            layer="DevOps",
            category="Monitoring",
            function="Errors",
            license="LicenseRef-Proprietary",
            version="9",
            packages=("pkg:npm/%40sentry/node", "pkg:pypi/sentry-sdk", "no purl"),
            scope="development",
            since="2024-04",
        ),
        ExportedItem(
            name="Stripe", slug="stripe", layer="DevOps", license="MIT OR Apache-2.0", website="no address"
        ),
    ),
)

NAMES = {"cyclonedx.json", "spdx.json", "techstack.yml", "techstack.md", "stack.json"}


def test_there_is_an_export_of_each_name() -> None:
    assert EXPORTS.keys() == NAMES
    assert len({export.content_type for export in EXPORTS.values()}) == len(NAMES)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_export_of_the_same_stack_is_the_same(name: str) -> None:
    assert EXPORTS[name].write(STACK) == EXPORTS[name].write(STACK)
    assert EXPORTS[name].write(ExportedStack("a", "b", "https://a.example/", STACK.changed_at))


@pytest.mark.parametrize("version", sorted(VERSIONS))
def test_cyclonedx_is_what_its_schema_says(version: str) -> None:
    text = write_cyclonedx(STACK, version=version)

    assert JsonStrictValidator(SchemaVersion.from_version(version)).validate_str(text) is None
    assert json.loads(text)["specVersion"] == version


def test_cyclonedx_says_of_each_tool_what_we_know() -> None:
    document = json.loads(write_cyclonedx(STACK))

    components = {component["bom-ref"]: component for component in document["components"]}
    assert components.keys() == {"postgresql", "sentry", "sentry-2", "stripe"}
    postgres = components["postgresql"]
    assert (postgres["purl"], postgres["scope"]) == ("pkg:docker/library/postgres@16", "required")
    assert [place["location"] for place in postgres["evidence"]["occurrences"]] == ["compose.yml", "ci.yml"]
    assert {"name": "stackshare:tier", "value": "verified"} in postgres["properties"]
    assert "version" not in components["sentry"]
    assert components["stripe"]["licenses"] == [{"expression": "MIT OR Apache-2.0"}]
    assert document["metadata"]["component"]["name"] == "The shop"
    assert document["metadata"]["timestamp"].startswith("2026-11-01T12:30:00")


def test_spdx_is_valid_and_says_what_it_is_of() -> None:
    document = json.loads(write_spdx(STACK))

    assert validate_full_spdx_document(spdx_document(STACK)) == []
    assert document["spdxVersion"] == "SPDX-2.3"
    packages = {package["SPDXID"]: package for package in document["packages"]}
    assert packages["SPDXRef-postgresql"]["licenseDeclared"] == "PostgreSQL"
    assert packages["SPDXRef-sentry"]["licenseDeclared"] == "NOASSERTION"
    assert packages["SPDXRef-stripe"]["homepage"] == "NOASSERTION"


@pytest.mark.parametrize("write", [write_cyclonedx, write_spdx])
def test_bills_of_materials_are_read_again(write: Any) -> None:
    sights, _ = read_bom(write(STACK).encode())

    assert sorted((sight.type, sight.name, sight.version, sight.is_direct) for sight in sights) == [
        ("docker", "library/postgres", "16", True),
        ("npm", "@sentry/node", "", True),
        ("pypi", "sentry-sdk", "", True),
    ]


def test_techstack_yml_has_the_fields_of_the_format() -> None:
    document = yaml.safe_load(write_techstack_yml(STACK))

    assert document["version"] == 0.1
    assert document["detected_tools_count"] == 3
    assert document["tools"][0] == {
        "name": "PostgreSQL",
        "website_url": "https://www.postgresql.org",
        "version": "16",
        "license": "PostgreSQL",
        "open_source": True,
        "hosted_saas": False,
        "category": "Data stores",
        "sub_category": "Databases",
        "detection_source": "compose.yml",
    }
    assert document["tools"][1]["package_url"] == "https://www.npmjs.com/@sentry/node"
    assert document["tools"][1]["open_source"] is False


def test_markdown_has_a_table_for_each_layer() -> None:
    text = write_techstack_md(STACK)

    html = MarkdownIt("commonmark").enable("table").render(text)
    assert html.count("<table>") == 2
    assert "runs 3 tools, as of 2026-11-01." in html
    assert '<a href="https://www.postgresql.org">PostgreSQL</a>' in html
    assert "<td>verified: compose.yml</td>" in html


def test_stack_json_has_all_fields() -> None:
    document = json.loads(EXPORTS["stack.json"].write(STACK))

    assert document["changed_at"] == "2026-11-01T12:30:00.000005+00:00"
    assert document["items"][0]["evidence"] == ["compose.yml", "ci.yml"]
    assert document["description"] == "What sells."


# Text as a database keeps it: no NUL, no halves of characters.
_texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=20
)
_text = _texts.filter(lambda text: text.strip())


@st.composite
def _stacks(draw: st.DrawFn) -> ExportedStack:
    names = draw(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=5))
    items = [
        ExportedItem(
            name=f"Tool {letter}",
            slug=f"tool-{letter}",
            website=draw(
                st.sampled_from(["", "https://x.example", "javascript:x", "https://x.example/)<b>"])
            ),
            layer=draw(st.sampled_from(["", "Data"])),
            function=draw(_text),
            version=draw(st.sampled_from(["", "1", "3.10", "v2.0-rc1"])),
            license=draw(
                st.sampled_from(
                    ["", "MIT", "LicenseRef-Proprietary", "GPL-3.0-only WITH Classpath-exception-2.0"]
                )
            ),
            packages=(f"pkg:npm/%40scope/{letter}",) if draw(st.booleans()) else (),
            evidence=tuple(draw(st.lists(st.sampled_from(["a/b.json", "Dockerfile"]), unique=True))),
            tier=draw(st.sampled_from(["claimed", "verified", "proved"])),
        )
        for letter in names
    ]
    return ExportedStack(
        draw(_text), draw(_text), "https://stacks.example/a/b/", STACK.changed_at, items=tuple(items)
    )


_KNOWLEDGE = Knowledge.of(
    KnownTool(f"tool-{letter}", f"Tool {letter}", packages=frozenset([("npm", f"@scope/{letter}")]))
    for letter in "abcdefgh"
)


@settings(max_examples=40, deadline=None)
@given(_stacks())
def test_techstack_yml_read_again_is_the_same(stack: ExportedStack) -> None:
    report = read_techstack(write_techstack_yml(stack).encode(), _KNOWLEDGE)

    assert {(one.tool, one.version, one.path) for one in report.findings} == {
        (item.slug, item.version, item.evidence[0] if item.evidence else "techstack.yml")
        for item in stack.items
    }
    assert report.unknown == ()


@settings(max_examples=25, deadline=None)
@given(_stacks())
def test_bills_read_again_have_the_same_packages(stack: ExportedStack) -> None:
    expected = {
        (item.packages[0].rpartition("/")[2], item.version.strip()) for item in stack.items if item.packages
    }

    for write in (write_cyclonedx, write_spdx):
        sights, _ = read_bom(write(stack).encode())
        assert {(sight.name.removeprefix("@scope/"), sight.version) for sight in sights} == expected


@settings(max_examples=15, deadline=None)
@given(_stacks())
def test_any_stack_makes_valid_bills(stack: ExportedStack) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(write_cyclonedx(stack)) is None
    assert validate_full_spdx_document(spdx_document(stack)) == []


@settings(max_examples=60, deadline=None)
@given(_text, _text)
def test_what_people_wrote_is_only_text_in_markdown(name: str, function: str) -> None:
    item = ExportedItem(name=name, slug="x", website="https://x.example", layer="L", function=function)
    stack = ExportedStack(name, name, STACK.address, STACK.changed_at, items=(item,))

    tokens = MarkdownIt("commonmark").enable("table").parse(write_techstack_md(stack))
    inline = [part for token in tokens for part in token.children or ()]
    kinds = {part.type for part in inline}
    links = [part.attrGet("href") for part in inline if part.type == "link_open"]

    assert kinds <= {"text", "text_special", "softbreak", "link_open", "link_close"}
    assert links == [STACK.address, "https://x.example"]
    assert sum(token.type == "tr_open" for token in tokens) == 2
