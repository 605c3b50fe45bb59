"""What the catalogue knows that detection needs: from a package, a command or a file's path to a tool.

Made from the database by `sources.from_database` or from the files of `catalogue/` by `sources.from_files`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import unquote

from packaging.utils import canonicalize_name

from apps.core.folding import fold
from apps.detection.globs import Globs
from apps.detection.sights import Kind, Sight


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
    is_umbrella: bool = False
    scope: str = ""


_DOCKER_HUB = re.compile(
    r"^(?:docker\.io|index\.docker\.io|registry-1\.docker\.io|registry\.hub\.docker\.com)/"
)
_SCALA = re.compile(r"_(?:2\.1\d|3)$")
_GO_MAJOR = re.compile(r"/v\d+$|(?<=[a-z0-9])\.v\d+$")


@lru_cache(maxsize=20_000)
def fold_package(type: str, name: str) -> str:  # noqa: A002
    """The one spelling of a package's name: as its ecosystem compares names (pypi: sentry_sdk is sentry-sdk)."""
    name = name.strip().lower()
    match type:
        case "pypi":
            return canonicalize_name(name)
        case "cargo":
            return name.replace("_", "-")
        case "golang":
            # A module's later versions carry theirs in the path.
            return _GO_MAJOR.sub("", name)
        case "docker":
            name = _DOCKER_HUB.sub("", name)
            return name if "/" in name else f"library/{name}"
        case "maven":
            # Packages for Scala end with its version, which sbt adds to the name.
            return _SCALA.sub("", name.replace(":", "/", 1))
        case "githubactions":
            # Actions in a folder of a repository count for it.
            return "/".join(name.split("/")[:2])
        case "terraform":
            return name.removeprefix("registry.terraform.io/").removeprefix("registry.opentofu.org/")
        case "swift":
            return re.sub(r"^(?:https?://)?(?:www\.)?|\.git$", "", name)
    return name


def _fold_name(name: str) -> str:
    """As people write it, without what they leave out: "Node.js" is "nodejs"."""
    return fold(name).replace(" ", "").replace("_", "")


@dataclass(slots=True)
class Knowledge:
    """Look-ups over all tools, made once and used for many repositories."""

    tools: dict[str, KnownTool] = field(default_factory=dict)
    # Slugs by what they are looked up by: (kind, type, name). The type is "" but for packages.
    _exact: dict[tuple[Kind, str, str], tuple[str, ...]] = field(default_factory=dict)
    _files: Globs[str] = field(default_factory=lambda: Globs(()))
    _prefixes: Globs[str] = field(default_factory=lambda: Globs(()))
    _resources: Globs[str] = field(default_factory=lambda: Globs(()))
    _implies: dict[str, list[str]] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, tools: Iterable[KnownTool]) -> "Knowledge":
        knowledge = cls({tool.slug: tool for tool in sorted(tools, key=lambda tool: tool.slug)})
        known = list(knowledge.tools.values())
        exact: dict[tuple[Kind, str, str], list[str]] = {}
        for tool in known:
            for type_, name in tool.packages:
                exact.setdefault((Kind.PACKAGE, type_, name), []).append(tool.slug)
            for kind, names in (
                (Kind.COMMAND, tool.commands),
                (Kind.SCHEME, tool.schemes),
                (Kind.RUNTIME, tool.runtimes),
                (Kind.EXTENSION, tool.extensions),
            ):
                for name in names:
                    exact.setdefault((kind, "", name.lower()), []).append(tool.slug)
            for slug in tool.implied_by:
                knowledge._implies.setdefault(slug, []).append(tool.slug)
        knowledge._exact = {key: tuple(slugs) for key, slugs in exact.items()}
        knowledge._files = Globs((glob, tool.slug) for tool in known for glob in tool.files)
        knowledge._resources = Globs((_as_name(glob), tool.slug) for tool in known for glob in tool.resources)
        knowledge._prefixes = Globs(
            (_as_name(unquote(glob.removeprefix("pkg:"))), tool.slug)
            for tool in known
            for glob in tool.prefixes
        )
        knowledge._names = _names(known)
        return knowledge

    def tools_for(self, sight: Sight) -> tuple[str, ...]:
        """The slugs that a sight stands for, most often one or none. What they imply comes by `implied`.

        A package that one tool names and that begins as another's `prefixes` say stands for both.
        """
        match sight.kind:
            case Kind.FILE:
                found = self._files.matches(sight.name)
            case Kind.PACKAGE:
                name = fold_package(sight.type, sight.name)
                found = [
                    *self._exact.get((Kind.PACKAGE, sight.type, name), ()),
                    *self._prefixes.matches(_as_name(f"{sight.type}/{name}")),
                ]
                if not found and sight.type == "conda":
                    # What conda has of Python's packages it calls as PyPI does.
                    found = list(self._exact.get((Kind.PACKAGE, "pypi", fold_package("pypi", name)), ()))
            case Kind.RESOURCE:
                found = self._resources.matches(_as_name(sight.name))
            case _:
                found = list(self._exact.get((sight.kind, "", sight.name.lower()), ()))
        return tuple(dict.fromkeys(found))

    def implied(self, slugs: Iterable[str]) -> set[str]:
        """The tools that are in use wherever one of `slugs` is (`implied_by`), to the end of the chain."""
        found: set[str] = set()
        waiting = list(slugs)
        while waiting:
            for slug in self._implies.get(waiting.pop(), ()):
                if slug not in found:
                    found.add(slug)
                    waiting.append(slug)
        return found

    def named(self, name: str) -> str | None:
        """The slug of the tool of that name, slug or alias, as people write it ("React.js"); None if there is none."""
        folded = _fold_name(name)
        return self._names.get(folded) or self._names.get(folded.removesuffix("js")) if folded else None


def _as_name(text: str) -> str:
    """For globs: a slash in a package's or resource's name is no folder."""
    return text.replace("/", "\0")


def _names(tools: list[KnownTool]) -> dict[str, str]:
    """Tools by their folded names: a name goes before a slug, a slug before an alias, all before a name less "js"."""
    names: dict[str, str] = {}
    for tool in tools:
        names.setdefault(_fold_name(tool.name), tool.slug)
    for tool in tools:
        names.setdefault(_fold_name(tool.slug), tool.slug)
    for tool in tools:
        for alias in tool.aliases:
            names.setdefault(_fold_name(alias), tool.slug)
    for tool in tools:
        if tool.name.lower().endswith(".js"):
            names.setdefault(_fold_name(tool.name[:-3]), tool.slug)
    return names
