"""The catalogue's files as checked Python values.

`catalogue/` holds the starter catalogue as TOML. This module reads one file into pydantic models, or
raises `CatalogueError` with a list of `Problem`s: file, entry, field and what to write instead.
It knows nothing of the database.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from packageurl import PackageURL
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from rapidfuzz import process

from apps.core.folding import fold

Model = TypeVar("Model", bound=BaseModel)

SLUG_PATTERN = r"[a-z0-9]+(?:-[a-z0-9]+)*"

# The ecosystems that a tool may be published in: types of the package-url specification,
# and the two (githubactions, terraform) that its users write although it does not list them yet.
PACKAGE_TYPES = frozenset(
    [
        "bitnami",
        "cargo",
        "cocoapods",
        "composer",
        "conan",
        "conda",
        "cran",
        "docker",
        "gem",
        "github",
        "githubactions",
        "golang",
        "hackage",
        "helm",
        "hex",
        "julia",
        "luarocks",
        "maven",
        "npm",
        "nuget",
        "oci",
        "opam",
        "pub",
        "pypi",
        "swift",
        "terraform",
        "vscode-extension",
    ]
)

# A file larger than this is not a catalogue file. The largest of ours has about 150 KB.
MAX_FILE_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a catalogue file, in words for the person who will mend it."""

    file: str
    entry: str
    field: str
    advice: str

    def __str__(self) -> str:
        place = ": ".join(part for part in (self.file, self.entry, self.field) if part)
        return f"{place}: {self.advice}"


class CatalogueError(Exception):
    """The catalogue was refused; `problems` says why. Nothing was loaded."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def _licence(value: str) -> str:
    try:
        return canonicalize_license_expression(value)
    except InvalidLicenseExpression:
        raise ValueError(
            f"{value!r} is not an SPDX expression. Write one from spdx.org/licenses, such as "
            '"MIT" or "Apache-2.0 OR MIT"; "LicenseRef-Proprietary" for closed software; '
            "or leave the field out if you are not sure."
        ) from None


def _partial_date(value: str) -> str:
    match = re.fullmatch(r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?", value)
    try:
        if match is None:
            raise ValueError
        year, month, day = (int(part or 1) for part in match.groups())
        parsed = date(year, month, day)
    except ValueError:
        raise ValueError(
            f'{value!r} is not a date. Write "2010", "2010-04" or "2010-04-01", as exactly as you know it.'
        ) from None
    if not parsed.year >= 1950 or parsed > datetime.now(tz=UTC).date():
        raise ValueError(f"{value!r} must lie between 1950 and today.")
    return value


def _package(value: str) -> str:
    example = 'Write a package URL without a version, such as "pkg:pypi/flask" or "pkg:npm/%40angular/core".'
    try:
        purl = PackageURL.from_string(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is not a package URL ({error}). {example}") from None
    if purl.type not in PACKAGE_TYPES:
        raise ValueError(
            f"{purl.type!r} is not a package type that we know: {', '.join(sorted(PACKAGE_TYPES))}."
        )
    if purl.version or purl.qualifiers or purl.subpath:
        raise ValueError(f"{value!r} names a version, qualifier or subpath. {example}")
    return purl.to_string()


def _package_prefix(value: str) -> str:
    example = 'Write the beginning of package URLs and a star, such as "pkg:npm/%40aws-sdk/*".'
    match = re.fullmatch(r"pkg:([a-z-]+)/([^\s*?#]{2,150})\*", value)
    if match is None or match[1] not in PACKAGE_TYPES:
        raise ValueError(f"{value!r} is not the beginning of package URLs. {example}")
    return value


def _about(value: str) -> str:
    if not re.search(r"\d", value):
        raise ValueError(
            f'{value!r} names no version or year. Write the one it is about, such as "3.0" or "2024".'
        )
    return value


Slug = Annotated[str, StringConstraints(pattern=rf"^{SLUG_PATTERN}$", max_length=60)]
Licence = Annotated[str, StringConstraints(max_length=120), AfterValidator(_licence)]
PartialDate = Annotated[str, AfterValidator(_partial_date)]
Package = Annotated[str, StringConstraints(max_length=200), AfterValidator(_package)]
RepositoryName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}$")
]
Website = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+\.[^\s]+$", max_length=200)]
About = Annotated[str, StringConstraints(max_length=20), AfterValidator(_about)]
Feature = Annotated[str, StringConstraints(min_length=3, max_length=60)]
CategoryName = Annotated[str, StringConstraints(min_length=1, max_length=80)]
PointText = Annotated[str, StringConstraints(min_length=10, max_length=140)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)


class PointEntry(_Entry):
    """A pro or a con: a statement that a reader can check, and the version or year it is about."""

    text: PointText
    about: About


class IntegrationEntry(_Entry):
    """`tool` is the other tool's slug; `kind` is read from this entry's side."""

    tool: Slug
    kind: Literal["extends", "runs_on", "built_with", "connects_to", "deploys", "monitors"]


Pattern = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\s\\]+$")]
Word = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[^\s/]+$")]


class DetectionEntry(_Entry):
    """By what, beside its packages, a tool is known in a repository. All but `prefixes` and `implied_by` ignore case.

    `files`: globs on the name of a file, or with a slash on its path from the root: "vite.config.*", ".circleci/*.yml".
    `prefixes`: package URLs that end with a star: "pkg:npm/%40aws-sdk/*". `extensions` of source files, without the
    dot. `commands`: programs that are started. `schemes` of addresses and names of database adapters. `runtimes`: names
    that version managers use. `resources` of platforms, stars allowed: "aws_s3_*", "AWS::S3::*", "heroku-postgresql".
    `implied_by`: tools that are never there without this one. `umbrella`: those are its parts, and one of them
    alone does not make it worth naming. `scope`: of what the files show, if not development.
    """

    files: tuple[Pattern, ...] = ()
    prefixes: tuple[Annotated[str, AfterValidator(_package_prefix)], ...] = ()
    extensions: tuple[Word, ...] = ()
    commands: tuple[Word, ...] = ()
    schemes: tuple[Word, ...] = ()
    runtimes: tuple[Word, ...] = ()
    resources: tuple[Pattern, ...] = ()
    implied_by: tuple[Slug, ...] = ()
    umbrella: bool = False
    scope: Literal["runtime", "development", "build", "deployment"] | None = None


class ToolEntry(_Entry):
    """One tool of the catalogue."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    slug: Slug
    function: Slug
    tagline: Annotated[str, StringConstraints(min_length=20, max_length=140)]
    description: Annotated[str, StringConstraints(max_length=4000)] = ""
    website: Website | None = None
    license: Licence | None = None
    language: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None
    first_release: PartialDate | None = None
    status: Literal["active", "deprecated", "archived"] = "active"
    successor: Slug | None = None
    features: Annotated[tuple[Feature, ...], Field(max_length=8)] = ()
    aliases: tuple[Slug, ...] = ()
    packages: tuple[Package, ...] = ()
    repositories: tuple[RepositoryName, ...] = ()
    integrations: tuple[IntegrationEntry, ...] = ()
    logo: Slug | None = None
    # A small part of nearly everything, by which nobody would describe a stack: found, but not named among the tools.
    minor: bool = False
    detect: DetectionEntry = DetectionEntry()
    pros: tuple[PointEntry, ...] = ()
    cons: tuple[PointEntry, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> "ToolEntry":
        if self.slug in self.aliases:
            raise ValueError("aliases: leave the tool's own slug out; aliases are its former or other slugs.")
        for field, values in (
            ("aliases", self.aliases),
            ("packages", self.packages),
            ("features", self.features),
        ):
            if len(set(values)) != len(values):
                raise ValueError(f"{field}: names a value twice; keep one of them.")
        if len({name.lower() for name in self.repositories}) != len(self.repositories):
            raise ValueError("repositories: names a repository twice; keep one of them.")
        if len(set(self.integrations)) != len(self.integrations):
            raise ValueError("integrations: names a tool twice with one kind; keep one of them.")
        for field, points in (("pros", self.pros), ("cons", self.cons)):
            if len({fold(point.text) for point in points}) != len(points):
                raise ValueError(f"{field}: states a thing twice; keep one of them.")
        if self.successor and self.status == "active":
            raise ValueError('status: a tool with a successor is "deprecated" or "archived".')
        return self


class ToolFile(_Entry):
    """`catalogue/tools/<category>.toml`: the tools of one category, written as of `as_of`."""

    as_of: date
    tool: tuple[ToolEntry, ...]


class DifferenceEntry(BaseModel):
    """One numbered difference: a topic, the versions or year it is about, and a text for each tool's slug."""

    model_config = ConfigDict(extra="allow", str_strip_whitespace=True, frozen=True)
    __pydantic_extra__: dict[str, Annotated[str, StringConstraints(min_length=20, max_length=400)]] = Field(
        init=False
    )

    topic: Annotated[str, StringConstraints(min_length=2, max_length=40)]
    about: Annotated[str, StringConstraints(max_length=60), AfterValidator(_about)]

    @property
    def texts(self) -> dict[str, str]:
        """The text of each side, by the tool's slug."""
        return dict(self.__pydantic_extra__)


class ComparisonEntry(_Entry):
    """`catalogue/comparisons/<a>-vs-<b>.toml`: what sets two to four tools apart."""

    as_of: date
    tools: Annotated[tuple[Slug, ...], Field(min_length=2, max_length=4)]
    summary: Annotated[str, StringConstraints(min_length=60, max_length=600)]
    pick: dict[
        Slug,
        Annotated[
            tuple[Annotated[str, StringConstraints(min_length=8, max_length=120)], ...],
            Field(min_length=1, max_length=5),
        ],
    ] = {}
    difference: Annotated[tuple[DifferenceEntry, ...], Field(min_length=1, max_length=10)]

    @model_validator(mode="after")
    def _names_its_tools(self) -> "ComparisonEntry":
        tools = set(self.tools)
        if len(tools) != len(self.tools):
            raise ValueError("tools: names a tool twice.")
        if self.pick and set(self.pick) != tools:
            raise ValueError(f"pick: give one list for each of {', '.join(sorted(tools))}.")
        for difference in self.difference:
            if set(difference.texts) != tools:
                raise ValueError(
                    f"difference {difference.topic!r}: give one text for each of {', '.join(sorted(tools))}, "
                    f"not for {', '.join(sorted(difference.texts)) or 'none'}."
                )
        return self


class RelatedEntry(_Entry):
    """`catalogue/comparisons/related.toml`: further comparisons worth a link, two to four slugs each."""

    stackups: tuple[Annotated[tuple[Slug, ...], Field(min_length=2, max_length=4)], ...]


class CategoryEntry(_Entry):
    slug: Slug
    name: CategoryName
    functions: dict[Slug, CategoryName]


class LayerEntry(_Entry):
    slug: Slug
    name: CategoryName
    text: Annotated[str, StringConstraints(max_length=200)]
    category: tuple[CategoryEntry, ...]


class TaxonomyFile(_Entry):
    """`catalogue/taxonomy.toml`: layers, their categories, and the functions of each."""

    layer: tuple[LayerEntry, ...]

    @model_validator(mode="after")
    def _consistent(self) -> "TaxonomyFile":
        for kind, slugs in (
            ("layer", [layer.slug for layer in self.layer]),
            ("category", [category.slug for layer in self.layer for category in layer.category]),
        ):
            if len(set(slugs)) != len(slugs):
                raise ValueError(f"{kind}: gives a slug twice; each {kind} has one of its own.")
        return self


_ADVICE = {
    "missing": "is missing; add it.",
    "string_pattern_mismatch": "does not have the right form: {pattern}",
    "string_too_short": "is too short: at least {min_length} characters.",
    "string_too_long": "is too long: at most {max_length} characters.",
    "literal_error": "must be one of {expected}.",
    "too_long": "has too many items: at most {max_length}.",
    "too_short": "has too few items: at least {min_length}.",
}
_FORMS = {
    "slug": 'lower-case letters, digits and single hyphens, such as "spring-boot".',
    "repositories": 'write owner/name as on GitHub, such as "pallets/flask".',
    "website": 'write the whole address, such as "https://flask.palletsprojects.com".',
}


def _advice(error: Any, model: type[BaseModel]) -> str:
    """Pydantic's error in words that say what to write instead."""
    location = [str(part) for part in error["loc"]]
    names = {part for part in location if not part.isdigit()}
    context = error.get("ctx", {})
    kind = error["type"]
    if kind == "extra_forbidden":
        close = process.extractOne(location[-1], _field_names(model), score_cutoff=70)
        hint = (
            f"Did you mean {close[0]!r}?"
            if close
            else f"Known fields: {', '.join(sorted(_field_names(model)))}."
        )
        return f"is not a field of the catalogue. {hint}"
    if kind == "value_error":
        return str(context["error"])
    if kind == "string_pattern_mismatch":
        form = next((text for name, text in _FORMS.items() if name in names), _FORMS["slug"])
        return f"{error['input']!r} does not have the right form: {form}"
    if kind in _ADVICE:
        return _ADVICE[kind].format(**context)
    return f"{error['msg']}."


def _field_names(model: type[BaseModel]) -> set[str]:
    names = set(model.model_fields)
    for field in model.model_fields.values():
        for part in getattr(field.annotation, "__args__", ()):
            if isinstance(part, type) and issubclass(part, BaseModel):
                names |= _field_names(part)
    return names


def _place(location: tuple[int | str, ...], document: Any) -> tuple[str, str]:
    """Split pydantic's location into the entry (named by its slug, topic or number) and the field in it."""
    entry, here = "", document
    field: list[str] = []
    for part in location:
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            here = None
        if isinstance(part, int) and isinstance(here, dict):
            name = here.get("slug") or here.get("topic") or here.get("username")
            label = f"{field[-1] if field else 'entry'} {part + 1}" + (f" ({name})" if name else "")
            entry, field = (f"{entry}, {label}" if entry else label), []
        else:
            field.append(str(part))
    return entry, ".".join(field)


def read_file(path: Path, model: type[Model], root: Path) -> Model:
    """Read and check one TOML file.

    Raises `CatalogueError` naming `path` relative to `root`, and everything that is wrong in the file at once.
    """
    name = str(path.relative_to(root))
    if not path.is_file():
        raise CatalogueError([Problem(name, "", "", "is missing; add it.")])
    if path.stat().st_size > MAX_FILE_BYTES:
        raise CatalogueError([Problem(name, "", "", f"is larger than {MAX_FILE_BYTES} bytes; split it.")])
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError([Problem(name, "", "", f"is not valid TOML in UTF-8: {error}.")]) from None
    try:
        return model.model_validate(document)
    except ValidationError as error:
        problems = []
        for item in error.errors(include_url=False):
            entry, field = _place(item["loc"], document)
            problems.append(Problem(name, entry, field, _advice(item, model)))
        raise CatalogueError(problems) from None
