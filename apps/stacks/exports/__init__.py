"""A stack as files for elsewhere: pure functions from `ExportedStack` to text."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC

from apps.stacks.exports.cyclonedx import DEFAULT_VERSION, VERSIONS, write_cyclonedx
from apps.stacks.exports.spdx import write_spdx
from apps.stacks.exports.stack import ExportedItem, ExportedStack
from apps.stacks.exports.techstack import write_techstack_md, write_techstack_yml

__all__ = ["EXPORTS", "Export", "ExportedItem", "ExportedStack", "write_cyclonedx"]


def write_json(stack: ExportedStack) -> str:
    """All fields as they are: the times in ISO 8601, in UTC."""
    document = asdict(stack) | {"changed_at": stack.changed_at.astimezone(UTC).isoformat()}
    return json.dumps(document, indent=2, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Export:
    """A format: its content type, a label for people, what writes it, and in which other versions it does so too."""

    content_type: str
    label: str
    write: Callable[..., str]
    # For `write(stack, version=)`.
    versions: tuple[str, ...] = ()


# By the name of the file.
EXPORTS: dict[str, Export] = {
    "techstack.yml": Export("application/yaml", "techstack.yml 0.1", write_techstack_yml),
    "techstack.md": Export("text/markdown; charset=utf-8", "Markdown", write_techstack_md),
    "cyclonedx.json": Export(
        "application/vnd.cyclonedx+json",
        f"CycloneDX {DEFAULT_VERSION}",
        write_cyclonedx,
        tuple(version for version in VERSIONS if version != DEFAULT_VERSION),
    ),
    "spdx.json": Export("application/spdx+json", "SPDX 2.3", write_spdx),
    "stack.json": Export("application/json", "JSON", write_json),
}
