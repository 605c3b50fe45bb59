"""What detection works with: files in; sights, findings and what could not be read out. No database, no network.

A *sight* is what a parser saw in a file: a package, an image, a command. A *finding* is a sight that stands for a
tool of the catalogue. `apps/detection/knowledge.py` leads from one to the other, always by ecosystem and name.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Scope(StrEnum):
    """What a tool is there for."""

    RUNTIME = "runtime"
    DEVELOPMENT = "development"
    BUILD = "build"
    DEPLOYMENT = "deployment"


class Kind(StrEnum):
    """What a sight names, and so which part of a tool's entry it is looked up in."""

    # A package of an ecosystem, an image, an action: `type` and `name` of a package URL.
    PACKAGE = "package"
    # A program that is started: gunicorn in a Procfile, psql in a script.
    COMMAND = "command"
    # The scheme of an address, or the name of a database adapter: postgres, redis, mysql2.
    SCHEME = "scheme"
    # A language or runtime by the name that version managers use: node, python, golang.
    RUNTIME = "runtime"
    # A resource or service of a platform: aws_s3_bucket, AWS::S3::Bucket, heroku-postgresql.
    RESOURCE = "resource"
    # The file itself, by its path.
    FILE = "file"
    # The ending of source files.
    EXTENSION = "extension"
    # A package that is made here, named as for PACKAGE: the project itself, a member of its workspace. Not evidence:
    # it takes sights of the same package away.
    OWN = "own"


@dataclass(frozen=True, slots=True)
class File:
    """A file as it came. `path` is relative to the root, with slashes."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Sight:
    """What a parser saw. `line` counts from 1; None: not of a line. `version` as written, "" if none."""

    kind: Kind
    name: str
    path: str
    line: int | None = None
    # Of a package: the type of its package URL.
    type: str = ""
    version: str = ""
    scope: Scope = Scope.RUNTIME
    # False: brought along by another package, or pinned in a lock file alone.
    is_direct: bool = True
    # How sure it is that what is named is in use: 1.0 declared; 0.3 a mere mention, as in .env.example.
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Finding:
    """Evidence for a tool: `tool` is its slug; `purl` is "" for what is no package."""

    tool: str
    kind: Kind
    name: str
    path: str
    line: int | None
    purl: str
    version: str
    scope: Scope
    confidence: float
    is_direct: bool


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that could not be read, wholly or in part, and why, in words for its owner."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """What detection says.

    `tools`: the slugs worth naming, sorted; minor, transitive and merely mentioned ones are in `findings` alone.
    `unknown`: direct packages that the catalogue does not know, as package URLs without version, for moderators.
    """

    tools: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    unread: tuple[Unread, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what is read: nothing above them is parsed. Bytes and seconds."""

    file_bytes: int = 1_000_000
    # Lock files are long; those of the largest workspaces have some 4 MB.
    long_file_bytes: int = 5_000_000
    # Bills of materials, of images above all, are longer still.
    bill_bytes: int = 10_000_000
    total_bytes: int = 50_000_000
    files: int = 5_000
    # Of brackets in JSON, of indentation in YAML, of elements in XML.
    depth: int = 60
    seconds: float = 1.8


@dataclass(slots=True)
class UnreadableError(Exception):
    """A parser could not read a file; `reason` says why in words for its owner."""

    reason: str
    line: int | None = field(default=None)
