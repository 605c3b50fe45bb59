"""A stack as a bill of materials in SPDX 2.3."""

import json
import re
from collections.abc import Iterator
from datetime import UTC
from functools import lru_cache
from uuid import NAMESPACE_URL, uuid5

from boolean import Expression
from license_expression import ExpressionError, Licensing, get_spdx_licensing
from packageurl import PackageURL
from spdx_tools.spdx.jsonschema.document_converter import DocumentConverter
from spdx_tools.spdx.model import (
    Actor,
    ActorType,
    CreationInfo,
    Document,
    ExternalPackageRef,
    ExternalPackageRefCategory,
    Package,
    PackagePurpose,
    Relationship,
    RelationshipType,
    SpdxNoAssertion,
)
from spdx_tools.spdx.validation.uri_validators import validate_url

from apps.stacks.exports.stack import ExportedItem, ExportedStack

_ROOT = "SPDXRef-Stack"


def spdx_document(stack: ExportedStack) -> Document:
    """The stack as a document of spdx-tools: its validator finds nothing wrong with it."""
    serial = uuid5(NAMESPACE_URL, f"{stack.address} {stack.changed_at.isoformat()}")
    packages = [package for item in stack.items for package in _packages(item)]
    return Document(
        CreationInfo(
            spdx_version="SPDX-2.3",
            spdx_id="SPDXRef-DOCUMENT",
            name=_line(stack.name),
            document_namespace=f"https://spdx.org/spdxdocs/stack-{serial}",
            # To the second, in UTC, as the format wants it.
            created=stack.changed_at.astimezone(UTC).replace(microsecond=0, tzinfo=None),
            creators=[
                Actor(ActorType.TOOL, "stackshare"),
                Actor(ActorType.ORGANIZATION, _actor(stack.owner)),
            ],
        ),
        packages=[
            Package(
                _ROOT,
                _line(stack.name),
                SpdxNoAssertion(),
                files_analyzed=False,
                homepage=_homepage(stack.address),
                primary_package_purpose=PackagePurpose.APPLICATION,
            ),
            *packages,
        ],
        relationships=[
            Relationship("SPDXRef-DOCUMENT", RelationshipType.DESCRIBES, _ROOT),
            *(Relationship(_ROOT, RelationshipType.DEPENDS_ON, package.spdx_id) for package in packages),
        ],
    )


def write_spdx(stack: ExportedStack) -> str:
    """SPDX 2.3 as JSON. The same stack always gives the same text."""
    return json.dumps(DocumentConverter().convert(spdx_document(stack)), indent=2, ensure_ascii=False)


def _packages(item: ExportedItem) -> Iterator[Package]:
    purls: tuple[PackageURL | None, ...] = item.purls or (None,)
    for number, purl in enumerate(purls):
        yield Package(
            f"SPDXRef-{item.slug}-{number + 1}" if number else f"SPDXRef-{item.slug}",
            f"{purl.namespace}/{purl.name}"
            if purl and purl.namespace
            else purl.name
            if purl
            else _line(item.name),
            SpdxNoAssertion(),
            version=_line(item.version) or None if purl is None or purl.version else None,
            files_analyzed=False,
            homepage=_homepage(item.website),
            license_declared=_license(item.license),
            license_concluded=SpdxNoAssertion(),
            comment=_comment(item),
            external_references=[
                ExternalPackageRef(ExternalPackageRefCategory.PACKAGE_MANAGER, "purl", purl.to_string())
            ]
            if purl
            else [],
        )


def _comment(item: ExportedItem) -> str:
    parts = [f"Tool: {item.name}", f"Scope: {item.scope}", f"Evidence: {item.tier}"]
    if item.since:
        parts.append(f"Since: {item.since}")
    return "; ".join([*parts, *(f"File: {path}" for path in item.evidence)])


@lru_cache(maxsize=1)
def _licensing() -> Licensing:
    """The list of licences; reading it takes a third of a second, once a process."""
    return get_spdx_licensing()


@lru_cache(maxsize=500)
def _license(expression: str) -> Expression | SpdxNoAssertion:
    """No assertion for what is not on the list of licences: a reference needs its text in the document."""
    if not expression or "LicenseRef-" in expression:
        return SpdxNoAssertion()
    try:
        return _licensing().parse(expression, validate=True)
    except ExpressionError:
        return SpdxNoAssertion()


def _homepage(address: str) -> str | SpdxNoAssertion:
    return address if address and not validate_url(address) else SpdxNoAssertion()


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _actor(name: str) -> str:
    """What stands in parentheses would be taken for a mail address."""
    return _line(name).replace("(", "[").replace(")", "]")
