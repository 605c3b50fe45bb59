"""Bills of materials: CycloneDX 1.2 to 1.7 and SPDX 2.2 and 2.3, as JSON.

Read with pydantic, with the few fields that are needed, and not with cyclonedx-python-lib 11 and spdx-tools 0.8, which
write ours. Measured with 25,000 components on two cores: `Bom.from_json` took 20.9 s and 595 MB for 11.5 MB (here 1.1 s
and 100 MB). spdx-tools took 2.1 s, but refuses a whole document for one wrong field, as producers in use have them
("3.28.0 is not a valid version string" of the licence list).
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

from packageurl import PackageURL
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from apps.detection.parsers.images import read_image
from apps.detection.sights import Kind, Limits, Scope, Sight, Unread, UnreadableError

# What a bill of materials without a dependency graph lists may be there only for something else.
LISTED = 0.6

# Packages of operating systems: what an image is made of, not what somebody chose.
_OF_SYSTEMS = frozenset(
    ["deb", "rpm", "apk", "alpine", "alpm", "ebuild", "apkbuild", "qpkg", "opkg", "swid", "yocto"]
)
_UNKNOWN_VERSIONS = frozenset(["", "UNKNOWN", "NOASSERTION", "NONE", "unspecified", "unknown"])

# What packages of an ecosystem are for, where it is not the program itself.
_SCOPES = {"githubactions": Scope.DEVELOPMENT, "terraform": Scope.DEPLOYMENT, "helm": Scope.DEPLOYMENT}

# Of one document, with properties, references and relationships. An image has some 500 packages with 20 of them each;
# as many as this take half a second and 100 MB.
MAX_OBJECTS = 60_000
# Each is looked up and becomes evidence.
MAX_PACKAGES = 15_000
MAX_PURL = 1_000
# Commas, so values and pairs, of which most are passed over.
MAX_VALUES = 600_000

Element = TypeVar("Element")


def _none_if_wrong(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """One wrong element is no reason to refuse a document."""
    try:
        return handler(value)
    except ValidationError:
        return None


_Lenient = WrapValidator(_none_if_wrong)


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


class _Property(_Model):
    name: str = ""
    value: str | None = None


class _Component(_Model):
    purl: str | None = None
    version: str | None = None
    scope: str | None = None
    ref: str | None = Field(None, alias="bom-ref")
    properties: list[Annotated[_Property | None, _Lenient]] | None = None
    components: list[Annotated["_Component | None", _Lenient]] | None = None


class _Dependency(_Model):
    ref: str = ""
    depends_on: list[str] | None = Field(None, alias="dependsOn")


class _Metadata(_Model):
    component: Annotated[_Component | None, _Lenient] = None


class _CycloneDX(_Model):
    metadata: Annotated[_Metadata | None, _Lenient] = None
    components: list[Annotated[_Component | None, _Lenient]] | None = None
    dependencies: list[Annotated[_Dependency | None, _Lenient]] | None = None


class _Reference(_Model):
    type: str = Field("", alias="referenceType")
    locator: str = Field("", alias="referenceLocator")


class _Package(_Model):
    id: str = Field("", alias="SPDXID")
    version: str | None = Field(None, alias="versionInfo")
    references: list[Annotated[_Reference | None, _Lenient]] | None = Field(None, alias="externalRefs")


class _Relationship(_Model):
    element: str = Field("", alias="spdxElementId")
    type: str = Field("", alias="relationshipType")
    related: str = Field("", alias="relatedSpdxElement")


class _SPDX(_Model):
    packages: list[Annotated[_Package | None, _Lenient]] | None = None
    relationships: list[Annotated[_Relationship | None, _Lenient]] | None = None
    describes: list[str] | None = Field(None, alias="documentDescribes")


class _Head(_Model):
    """What tells the formats apart."""

    format: Any = Field(None, alias="bomFormat")
    cyclonedx: Any = Field(None, alias="specVersion")
    spdx: Any = Field(None, alias="spdxVersion")
    context: Any = Field(None, alias="@context")
    # The answer of GitHub's API, which has the document within.
    sbom: Annotated["_Head | None", _Lenient] = None


class _Wrapped(_Model):
    sbom: _SPDX


@dataclass(slots=True)
class _Part:
    """A package of a bill, of either format."""

    ref: str
    purl: str
    version: str
    scope: Scope | None = None
    is_nested: bool = False


@dataclass(slots=True)
class _Bill:
    parts: list[_Part] = field(default_factory=list)
    # What the bill is of.
    roots: set[str] = field(default_factory=set)
    # From what needs to what is needed.
    needs: dict[str, list[str]] = field(default_factory=dict)
    scopes: dict[str, Scope] = field(default_factory=dict)
    wrong: int = 0


def is_bom(content: bytes) -> bool:
    """Whether a file looks as if it were a bill of materials: to be read with `read_bom`, which says what is wrong."""
    # Producers write what names the format first, or last behind thousands of packages; in XML as its namespace.
    ends = content[:4096] + content[-4096:]
    return any(
        mark in ends
        for mark in (b'"bomFormat"', b'"spdxVersion"', b"cyclonedx.org/schema/bom", b"spdx.org/rdf")
    )


def read_bom(
    content: bytes, *, limits: Limits | None = None, path: str = "bom.json"
) -> tuple[list[Sight], list[Unread]]:
    """The packages that a bill of materials lists, as sights in `path`, and in words what was left out.

    Direct are those that what the bill is of depends on, if it says so; else those that nothing else in it depends on;
    if it knows no dependencies at all, all of them, at a lower confidence. Raises `UnreadableError`.
    """
    limits = limits or Limits()
    if len(content) > limits.bill_bytes:
        raise UnreadableError(f"is larger than {limits.bill_bytes // 1_000_000} MB")
    if content.count(b"{") > MAX_OBJECTS or content.count(b",") > MAX_VALUES:
        raise UnreadableError("holds too many packages to be read at once")
    content = content.removeprefix(b"\xef\xbb\xbf")
    if content.lstrip()[:1] == b"<":
        raise UnreadableError("is XML: export the bill of materials as JSON")
    head = _parsed(_Head, content)
    if head.format == "CycloneDX":
        if not re.fullmatch(r"1\.[2-9]\d*", str(head.cyclonedx)):
            raise UnreadableError(f"is CycloneDX {str(head.cyclonedx)[:20]}: versions 1.2 to 1.7 are read")
        bill = _of_cyclonedx(_parsed(_CycloneDX, content))
    elif spdx := head.spdx or (head.sbom and head.sbom.spdx):
        if spdx not in ("SPDX-2.2", "SPDX-2.3"):
            raise UnreadableError(f"is {str(spdx)[:20]}: SPDX-2.2 and SPDX-2.3 are read")
        bill = _of_spdx(_parsed(_SPDX, content) if head.spdx else _parsed(_Wrapped, content).sbom)
    elif "spdx" in str(head.context):
        raise UnreadableError("is SPDX 3: export the bill of materials as SPDX 2.3 or CycloneDX")
    else:
        raise UnreadableError("is no bill of materials: neither CycloneDX nor SPDX")
    return _sights(bill, path)


Document = TypeVar("Document", bound=BaseModel)


def _parsed(model: type[Document], content: bytes) -> Document:
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            raise UnreadableError("is not JSON, or nested too deep") from None
        place = ".".join(str(part) for part in first["loc"][:3])
        raise UnreadableError(
            f"is no bill of materials: {place or 'its outermost value'} is of a wrong kind"
        ) from None


def _known(elements: Iterable[Element | None] | None, bill: _Bill | None = None) -> list[Element]:
    """Those that could be read."""
    kept = []
    for element in elements or ():
        if element is not None:
            kept.append(element)
        elif bill:
            bill.wrong += 1
    return kept


def _of_cyclonedx(document: _CycloneDX) -> _Bill:
    bill = _Bill()
    waiting = [(component, False) for component in reversed(_known(document.components, bill))]
    while waiting:
        component, is_nested = waiting.pop()
        is_development = component.scope in ("optional", "excluded") or any(
            setting.name.endswith(":package:development") and setting.value == "true"
            for setting in _known(component.properties)
        )
        bill.parts.append(
            _Part(
                component.ref or component.purl or "",
                component.purl or "",
                component.version or "",
                Scope.DEVELOPMENT if is_development else None,
                is_nested,
            )
        )
        waiting += [(inner, True) for inner in reversed(_known(component.components, bill))]
    root = document.metadata.component if document.metadata else None
    if root:
        bill.roots.add(root.ref or root.purl or "")
    for dependency in _known(document.dependencies):
        if dependency.depends_on:
            bill.needs.setdefault(dependency.ref, []).extend(dependency.depends_on)
    return bill


# Kinds of relationships that say "the element is needed by the related", and what for.
_NEEDED_BY = {
    "DEPENDENCY_OF": Scope.RUNTIME,
    "RUNTIME_DEPENDENCY_OF": Scope.RUNTIME,
    "PROVIDED_DEPENDENCY_OF": Scope.RUNTIME,
    "OPTIONAL_DEPENDENCY_OF": Scope.RUNTIME,
    "DEV_DEPENDENCY_OF": Scope.DEVELOPMENT,
    "DEV_TOOL_OF": Scope.DEVELOPMENT,
    "TEST_DEPENDENCY_OF": Scope.DEVELOPMENT,
    "TEST_TOOL_OF": Scope.DEVELOPMENT,
    "BUILD_DEPENDENCY_OF": Scope.BUILD,
    "BUILD_TOOL_OF": Scope.BUILD,
}


def _of_spdx(document: _SPDX) -> _Bill:
    bill = _Bill(roots=set(document.describes or ()))
    for package in _known(document.packages, bill):
        purls = [ref.locator for ref in _known(package.references) if ref.type == "purl"]
        for purl in purls or [""]:
            bill.parts.append(_Part(package.id, purl, package.version or ""))
    for relationship in _known(document.relationships):
        kind, element, related = relationship.type, relationship.element, relationship.related
        if kind == "DESCRIBES":
            bill.roots.add(related)
        elif kind == "DESCRIBED_BY":
            bill.roots.add(element)
        elif kind == "DEPENDS_ON":
            bill.needs.setdefault(element, []).append(related)
        elif kind in _NEEDED_BY:
            bill.needs.setdefault(related, []).append(element)
            bill.scopes[element] = _NEEDED_BY[kind]
    return bill


def _direct(bill: _Bill) -> tuple[set[str], set[str]]:
    """(references that are direct, references of what the bill is of); both empty if it knows no dependencies."""
    if not bill.needs:
        # A bill that describes each of its packages tells nothing about what it is of.
        return set(), bill.roots if len(bill.roots) == 1 else set()
    versioned = {
        part.ref for part in bill.parts if _version(part.version) or "@" in part.purl.partition("?")[0]
    }
    named = {part.ref for part in bill.parts if part.purl}
    roots = {root for root in bill.roots if root in bill.needs}
    if not roots:
        needed = {ref for refs in bill.needs.values() for ref in refs}
        tops = named - needed
        # The module itself, which has no version yet, and not something that it needs.
        roots = {ref for ref in tops if ref in bill.needs and ref not in versioned}
        if not roots:
            return tops, bill.roots
    direct: set[str] = set()
    waiting = [ref for root in roots for ref in bill.needs[root]]
    while waiting:
        ref = waiting.pop()
        if ref in direct or ref in roots:
            continue
        direct.add(ref)
        if ref not in named:
            # A lock file or a folder stands between.
            waiting += bill.needs.get(ref, ())
    return direct, roots | bill.roots


def _sights(bill: _Bill, path: str) -> tuple[list[Sight], list[Unread]]:
    direct, roots = _direct(bill)
    found: dict[tuple[str, str, str], Sight] = {}
    left_out: Counter[str] = Counter()
    left_out["could not be read"] = bill.wrong
    left_out[f"after the first {MAX_PACKAGES:,}"] = max(0, len(bill.parts) - MAX_PACKAGES)
    for part in bill.parts[:MAX_PACKAGES]:
        if part.ref in roots:
            continue
        if not part.purl:
            left_out["without a package URL"] += 1
            continue
        try:
            # One of so many characters would be taken to pieces for nothing.
            purl = PackageURL.from_string(part.purl if len(part.purl) <= MAX_PURL else "")
        except ValueError:
            left_out["with a package URL that is wrong"] += 1
            continue
        if purl.type in _OF_SYSTEMS:
            left_out["of the operating system"] += 1
            continue
        type_, name = _name(purl)
        if not name or purl.type == "generic":
            left_out["of no ecosystem"] += 1
            continue
        version = _version(purl.version or part.version)
        is_direct = part.ref in direct if bill.needs else not part.is_nested
        sight = Sight(
            Kind.PACKAGE,
            name,
            path,
            type=type_,
            version=version,
            scope=part.scope or bill.scopes.get(part.ref) or _SCOPES.get(type_, Scope.RUNTIME),
            is_direct=is_direct,
            confidence=1.0 if bill.needs else LISTED,
        )
        key = (type_, name, version)
        if key not in found or (is_direct and not found[key].is_direct):
            found[key] = sight
    words = [
        f"{count} {'package' if count == 1 else 'packages'} {what}"
        for what, count in left_out.items()
        if count
    ]
    return list(found.values()), [Unread(path, f"left out: {', '.join(words)}")] if words else []


def _name(purl: PackageURL) -> tuple[str, str]:
    """The type and name of a package as sights have them; ("", "") if it has none."""
    name = f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name
    if purl.type in ("docker", "oci"):
        registry = purl.qualifiers.get("repository_url", "") if isinstance(purl.qualifiers, dict) else ""
        if purl.type == "oci":
            name = registry or name
        elif registry:
            name = f"{registry}/{name}"
        image = read_image(re.sub(r"^https?://", "", name))
        return ("docker", image.name) if image else ("", "")
    if purl.type in ("githubactions", "github"):
        # An action in a folder of a repository: github/codeql-action/init.
        parts = name.split("/")
        return purl.type, "/".join(parts[:2]) if len(parts) > 1 else ""
    return {"clojars": "maven"}.get(purl.type, purl.type), name


def _version(text: str) -> str:
    """A version without the wildcards that GitHub writes for ranges: "2.*.*" is "2"."""
    text = text.strip()
    if text in _UNKNOWN_VERSIONS or len(text) > 60:
        return ""
    return re.sub(r"(?:^|[.-])[*xX](?:[.-][*xX])*$", "", text)
