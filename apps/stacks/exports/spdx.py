"""A stack as a bill of materials in SPDX 2.3.

spdx-tools and the list of licences are imported when they are first needed: that takes a process longer than all else
that it imports for its pages, and few processes ever write such a file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from packageurl import PackageURL

from apps.stacks.exports.stack import ExportedItem, ExportedStack

if TYPE_CHECKING:
    from boolean import Expression
    from license_expression import Licensing
    from spdx_tools.spdx.model import Document, Package, SpdxNoAssertion

_ROOT = "SPDXRef-Stack"


def spdx_document(stack: ExportedStack) -> Document:
    """The stack as a document of spdx-tools: its validator finds nothing wrong with it."""
    from spdx_tools.spdx import model as spdx

    serial = uuid5(NAMESPACE_URL, f"{stack.address} {stack.changed_at.isoformat()}")
    packages = [package for item in stack.items for package in _packages(item)]
    return spdx.Document(
        spdx.CreationInfo(
            spdx_version="SPDX-2.3",
            spdx_id="SPDXRef-DOCUMENT",
            name=_line(stack.name),
            document_namespace=f"https://spdx.org/spdxdocs/stack-{serial}",
            # To the second, in UTC, as the format wants it.
            created=stack.changed_at.astimezone(UTC).replace(microsecond=0, tzinfo=None),
            creators=[
                spdx.Actor(spdx.ActorType.TOOL, "stackshare"),
                spdx.Actor(spdx.ActorType.ORGANIZATION, _actor(stack.owner)),
            ],
        ),
        packages=[
            spdx.Package(
                _ROOT,
                _line(stack.name),
                spdx.SpdxNoAssertion(),
                files_analyzed=False,
                homepage=_homepage(stack.address),
                primary_package_purpose=spdx.PackagePurpose.APPLICATION,
            ),
            *packages,
        ],
        relationships=[
            spdx.Relationship("SPDXRef-DOCUMENT", spdx.RelationshipType.DESCRIBES, _ROOT),
            *(
                spdx.Relationship(_ROOT, spdx.RelationshipType.DEPENDS_ON, package.spdx_id)
                for package in packages
            ),
        ],
    )


def write_spdx(stack: ExportedStack) -> str:
    """SPDX 2.3 as JSON. The same stack always gives the same text."""
    from spdx_tools.spdx.jsonschema.document_converter import DocumentConverter

    return json.dumps(DocumentConverter().convert(spdx_document(stack)), indent=2, ensure_ascii=False)


def _packages(item: ExportedItem) -> Iterator[Package]:
    from spdx_tools.spdx import model as spdx

    purls: tuple[PackageURL | None, ...] = item.purls or (None,)
    for number, purl in enumerate(purls):
        yield spdx.Package(
            f"SPDXRef-{item.slug}-{number + 1}" if number else f"SPDXRef-{item.slug}",
            f"{purl.namespace}/{purl.name}"
            if purl and purl.namespace
            else purl.name
            if purl
            else _line(item.name),
            spdx.SpdxNoAssertion(),
            version=_line(item.version) or None if purl is None or purl.version else None,
            files_analyzed=False,
            homepage=_homepage(item.website),
            license_declared=_license(item.license),
            license_concluded=spdx.SpdxNoAssertion(),
            comment=_comment(item),
            external_references=[
                spdx.ExternalPackageRef(
                    spdx.ExternalPackageRefCategory.PACKAGE_MANAGER, "purl", purl.to_string()
                )
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
    from license_expression import get_spdx_licensing

    return get_spdx_licensing()


@lru_cache(maxsize=500)
def _license(expression: str) -> Expression | SpdxNoAssertion:
    """No assertion for what is not on the list of licences: a reference needs its text in the document."""
    from license_expression import ExpressionError
    from spdx_tools.spdx.model import SpdxNoAssertion

    if not expression or "LicenseRef-" in expression:
        return SpdxNoAssertion()
    try:
        return _licensing().parse(expression, validate=True)
    except ExpressionError:
        return SpdxNoAssertion()


def _homepage(address: str) -> str | SpdxNoAssertion:
    from spdx_tools.spdx.model import SpdxNoAssertion
    from spdx_tools.spdx.validation.uri_validators import validate_url

    return address if address and not validate_url(address) else SpdxNoAssertion()


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _actor(name: str) -> str:
    """What stands in parentheses would be taken for a mail address."""
    return _line(name).replace("(", "[").replace(")", "]")
