"""A stack as a bill of materials in CycloneDX."""

from collections.abc import Iterator
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.exception.model import InvalidUriException
from cyclonedx.model import ExternalReference, ExternalReferenceType, Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.component_evidence import ComponentEvidence, Occurrence
from cyclonedx.model.contact import OrganizationalEntity
from cyclonedx.model.dependency import Dependency
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from apps.stacks.exports.stack import ExportedItem, ExportedStack

# The last version that most consumers read.
DEFAULT_VERSION = "1.6"
VERSIONS = {
    "1.4": SchemaVersion.V1_4,
    "1.5": SchemaVersion.V1_5,
    "1.6": SchemaVersion.V1_6,
    "1.7": SchemaVersion.V1_7,
}

_licenses = LicenseFactory()


def write_cyclonedx(stack: ExportedStack, *, version: str = DEFAULT_VERSION) -> str:
    """CycloneDX as JSON of one of `VERSIONS`, else `KeyError`. The same stack always gives the same text.

    A tool is a component for each of its packages, or one without a package URL if it has none.
    """
    root = Component(
        name=stack.name,
        type=ComponentType.APPLICATION,
        bom_ref="stack",
        external_references=_references(stack.address),
    )
    bom = Bom(
        serial_number=uuid5(NAMESPACE_URL, f"{stack.address} {stack.changed_at.isoformat()}"),
        metadata=BomMetaData(
            component=root, timestamp=stack.changed_at, supplier=OrganizationalEntity(name=stack.owner)
        ),
    )
    components = [component for item in stack.items for component in _components(item)]
    bom.components = components
    # Not by `register_dependency`, which looks through all that there are for each.
    needed = [Dependency(component.bom_ref) for component in components]
    bom.dependencies = [Dependency(root.bom_ref, needed), *needed]
    return make_outputter(bom, OutputFormat.JSON, VERSIONS[version]).output_as_string(indent=2)


def _components(item: ExportedItem) -> Iterator[Component]:
    purls: tuple[PackageURL | None, ...] = item.purls or (None,)
    for number, purl in enumerate(purls):
        yield Component(
            name=purl.name if purl else item.name,
            group=purl.namespace if purl else None,
            version=item.version if purl is None or purl.version else None,
            type=ComponentType.LIBRARY if purl else ComponentType.APPLICATION,
            bom_ref=f"{item.slug}-{number + 1}" if number else item.slug,
            purl=purl,
            scope=ComponentScope.REQUIRED if item.scope == "runtime" else ComponentScope.OPTIONAL,
            licenses=[_licenses.make_from_string(item.license)] if item.license else (),
            external_references=_references(item.website),
            evidence=_evidence(item, f"{item.slug}-{number + 1}"),
            properties=[
                Property(name=f"stackshare:{name}", value=value)
                for name, value in (
                    ("tool", item.slug),
                    ("name", item.name),
                    ("layer", item.layer),
                    ("category", item.category),
                    ("function", item.function),
                    ("scope", item.scope),
                    ("since", item.since),
                    ("tier", item.tier),
                )
                if value
            ],
        )


def _evidence(item: ExportedItem, ref: str) -> ComponentEvidence | None:
    if not item.evidence:
        return None
    # Without references of their own they would stand in another order each time.
    return ComponentEvidence(
        occurrences=[
            Occurrence(location=path, bom_ref=f"{ref}-file-{number:04}")
            for number, path in enumerate(dict.fromkeys(item.evidence), 1)
        ]
    )


def _references(address: str) -> list[ExternalReference]:
    try:
        return [ExternalReference(type=ExternalReferenceType.WEBSITE, url=XsUri(address))] if address else []
    except InvalidUriException:
        return []
