"""A stack as its exports see it: plain values, no database."""

from dataclasses import dataclass
from datetime import datetime

from packageurl import PackageURL


@dataclass(frozen=True, slots=True)
class ExportedItem:
    """A tool that the stack runs. All but the first two may be "" or empty."""

    # Of the tool in the catalogue.
    name: str
    slug: str
    website: str = ""
    # Names for people, such as "Data", "Data stores", "Databases".
    layer: str = ""
    category: str = ""
    function: str = ""
    # Of the tool as the stack runs it.
    version: str = ""
    # An SPDX expression.
    license: str = ""
    # Package URLs without version.
    packages: tuple[str, ...] = ()
    # A value of `Scope`.
    scope: str = "runtime"
    # "2024", "2024-04" or "2024-04-01".
    since: str = ""
    # "claimed", "verified", "proved".
    tier: str = "claimed"
    # Paths of the files that show it.
    evidence: tuple[str, ...] = ()

    @property
    def is_closed(self) -> bool:
        return self.license.startswith("LicenseRef-")

    @property
    def purls(self) -> tuple[PackageURL, ...]:
        """Its packages, with the version where there is one package that it can be of."""
        found = []
        for text in self.packages:
            try:
                purl = PackageURL.from_string(text)
            except ValueError:
                continue
            version = self.version if len(self.packages) == 1 else ""
            found.append(PackageURL(purl.type, purl.namespace, purl.name, version or None))
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class ExportedStack:
    """A stack and what it runs now, in the order of its page. `address` is its page's; `changed_at` has a zone."""

    name: str
    owner: str
    address: str
    changed_at: datetime
    # Markdown, as its owner wrote it.
    description: str = ""
    items: tuple[ExportedItem, ...] = ()
