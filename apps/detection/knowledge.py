"""What the catalogue knows that detection needs: from a package, a command or a file's path to a tool.

Made from the database by `sources.from_database` or from the files of `catalogue/` by `sources.from_files`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from apps.detection.sights import Sight


@dataclass(frozen=True, slots=True)
class KnownTool:
    """A tool's entry as far as it matters here. The rules are those of `apps.tools.entries.DetectionEntry`."""

    slug: str
    name: str
    aliases: tuple[str, ...] = ()
    is_minor: bool = False
    # (type, name) of package URLs, folded as `fold_package` does.
    packages: frozenset[tuple[str, str]] = frozenset()
    files: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()
    runtimes: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    implied_by: tuple[str, ...] = ()
    scope: str = ""


def fold_package(type: str, name: str) -> str:  # noqa: A002
    """The one spelling of a package's name: as its ecosystem compares names (pypi: sentry_sdk is sentry-sdk)."""
    raise NotImplementedError


@dataclass(slots=True)
class Knowledge:
    """Look-ups over all tools, made once and used for many repositories."""

    tools: dict[str, KnownTool] = field(default_factory=dict)

    @classmethod
    def of(cls, tools: Iterable[KnownTool]) -> "Knowledge":
        raise NotImplementedError

    def tools_for(self, sight: Sight) -> tuple[str, ...]:
        """The slugs that a sight stands for, most often one or none. What they imply comes by `implied`."""
        raise NotImplementedError

    def implied(self, slugs: Iterable[str]) -> set[str]:
        """The tools that are in use wherever one of `slugs` is (`implied_by`), to the end of the chain."""
        raise NotImplementedError

    def named(self, name: str) -> str | None:
        """The slug of the tool of that name, slug or alias, as people write it ("React.js"); None if there is none."""
        raise NotImplementedError
