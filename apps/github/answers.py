"""What GitHub sends, and what we take from it. Pure: knows neither HTTP nor a database.

What is not as GitHub describes it is no figure: the repository that it is of tells nothing (`Missed`).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    TypeAdapter,
    ValidationError,
)
from pydantic.alias_generators import to_camel

from apps.github.connection import LONGEST_WAIT, plain, speaks_of_limit

# What GitHub says where a query was more than it computes, and of a repository that it keeps from everybody.
_TOO_MUCH = re.compile(
    r"resource limits|timeout|timed out|something went wrong while executing", re.IGNORECASE
)
BLOCKED = "repository access blocked"
# A column of PostgreSQL holds no such number.
TOO_MANY = 2**31


class Trouble(StrEnum):
    """Why GitHub told nothing of a single repository."""

    NOT_FOUND = "not_found"
    BLOCKED = "blocked"  # 451
    FORBIDDEN = "forbidden"  # its organisation refuses the token or the address
    BROKEN = "broken"  # an error of another kind, of this repository alone


@dataclass(frozen=True, slots=True)
class Seen:
    """A repository as GitHub tells it. None: this way of asking does not tell."""

    node_id: str
    database_id: int
    full_name: str
    stars: int
    forks: int
    watchers: int | None
    open_issues: int | None
    is_archived: bool
    is_disabled: bool
    is_fork: bool
    is_mirror: bool
    began_at: datetime
    pushed_at: datetime | None
    license: str
    language: str
    # "": it has none. None: not told.
    latest_release: str | None
    latest_release_at: datetime | None


@dataclass(frozen=True, slots=True)
class Missed:
    """A repository of which GitHub told nothing."""

    trouble: Trouble
    reason: str


@dataclass(frozen=True, slots=True)
class Rate:
    """What is left of the hour: points of GraphQL, requests of REST. `cost` of this request, in the same."""

    quota: int
    remaining: int
    reset_at: datetime
    cost: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What GitHub said of each repository asked for, by what it was asked with: an owner/name or a node id."""

    of: Mapping[str, Seen | Missed]
    rate: Rate | None


@dataclass(frozen=True, slots=True)
class Week:
    """The stars that a repository got in the week from `starts_on` and still has."""

    starts_on: date
    stars: int


@dataclass(frozen=True, slots=True)
class Weeks:
    """A page of the star history, newest week first; `next_page` is None on the last one."""

    weeks: Sequence[Week]
    next_page: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in a commit: its path, the id of what it holds, and its size in bytes."""

    path: str
    oid: str
    size: int


@dataclass(frozen=True, slots=True)
class About:
    """Which repository it is that has a name now, and where its owner says that more is told of it."""

    database_id: int
    is_private: bool
    # The address of a page, or what its owner typed in the place of one; "" for none.
    homepage: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of the last commit of a default branch, without links and submodules; not all of them if truncated."""

    commit: str
    entries: Sequence[Entry]
    is_truncated: bool


# --- What GitHub sends ------------------------------------------------------------------------------


def _is_text(value: object) -> object:
    # pydantic takes a number for seconds since 1970.
    if not isinstance(value, str):
        raise ValueError("a time is a string")
    return value


def _storable(value: str) -> str:
    # PostgreSQL stores no NUL and no half of a pair of surrogates.
    if "\0" in value:
        raise ValueError("a NUL")
    value.encode()
    return value


_Text = Annotated[StrictStr, AfterValidator(_storable)]
_Short = Annotated[_Text, Field(max_length=60)]
_Id = Annotated[StrictInt, Field(ge=1, lt=2**63)]
_Count = Annotated[StrictInt, Field(ge=0, lt=TOO_MANY)]
_Time = Annotated[
    AwareDatetime,
    BeforeValidator(_is_text),
    Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC)),
]
# As the constraint of Repository.full_name.
_FullName = Annotated[StrictStr, Field(max_length=141, pattern=r"^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$")]
_NodeId = Annotated[_Text, Field(min_length=1, max_length=100)]
_Tag = Annotated[_Text, Field(max_length=255)]


class _Graph(BaseModel):
    """What GraphQL's names are in Python's spelling."""

    model_config = ConfigDict(alias_generator=to_camel)


class _Total(_Graph):
    total_count: _Count


class _License(_Graph):
    spdx_id: _Short | None


class _Language(_Graph):
    name: _Short


class _Release(_Graph):
    tag_name: _Tag
    # A draft has none; it is never the latest.
    published_at: _Time | None


class GraphRepository(_Graph):
    id: _NodeId
    database_id: _Id
    name_with_owner: _FullName
    stargazer_count: _Count
    fork_count: _Count
    watchers: _Total
    issues: _Total
    is_archived: StrictBool
    is_disabled: StrictBool
    is_fork: StrictBool
    is_mirror: StrictBool
    pushed_at: _Time | None
    created_at: _Time
    license_info: _License | None
    primary_language: _Language | None
    latest_release: _Release | None

    def seen(self) -> Seen:
        release = self.latest_release
        return Seen(
            node_id=self.id,
            database_id=self.database_id,
            full_name=self.name_with_owner,
            stars=self.stargazer_count,
            forks=self.fork_count,
            watchers=self.watchers.total_count,
            open_issues=self.issues.total_count,
            is_archived=self.is_archived,
            is_disabled=self.is_disabled,
            is_fork=self.is_fork,
            is_mirror=self.is_mirror,
            began_at=self.created_at,
            pushed_at=self.pushed_at,
            license=_spdx(self.license_info.spdx_id if self.license_info else None),
            language=self.primary_language.name if self.primary_language else "",
            latest_release=release.tag_name if release else "",
            latest_release_at=release.published_at if release else None,
        )


class _RestLicense(BaseModel):
    spdx_id: _Short | None


class RestRepository(BaseModel):
    id: _Id
    node_id: _NodeId
    full_name: _FullName
    stargazers_count: _Count
    forks_count: _Count
    # `watchers_count` is that of the stars.
    subscribers_count: _Count
    archived: StrictBool
    disabled: StrictBool
    fork: StrictBool
    mirror_url: StrictStr | None
    pushed_at: _Time | None
    created_at: _Time
    license: _RestLicense | None
    language: _Short | None

    def seen(self) -> Seen:
        return Seen(
            node_id=self.node_id,
            database_id=self.id,
            full_name=self.full_name,
            stars=self.stargazers_count,
            forks=self.forks_count,
            watchers=self.subscribers_count,
            # `open_issues_count` counts pull requests as well.
            open_issues=None,
            is_archived=self.archived,
            is_disabled=self.disabled,
            is_fork=self.fork,
            is_mirror=self.mirror_url is not None,
            began_at=self.created_at,
            pushed_at=self.pushed_at,
            license=_spdx(self.license.spdx_id if self.license else None),
            language=self.language or "",
            latest_release=None,
            latest_release_at=None,
        )


class _Week(BaseModel):
    """A week that begins at so many seconds after 1970."""

    week: Annotated[StrictInt, Field(ge=0, lt=2**33)]
    total: _Count

    @property
    def starts_on(self) -> date:
        # Its midnight need not be that of UTC: the nearest one tells the day.
        return (datetime.fromtimestamp(self.week, UTC) + timedelta(hours=12)).date()


WEEKS = TypeAdapter(list[_Week])


_Oid = Annotated[StrictStr, Field(pattern=r"^[0-9a-f]{40,64}$")]


class _Named(BaseModel):
    sha: _Oid


class _Commit(BaseModel):
    tree: _Named


class RestCommit(_Named):
    commit: _Commit


# The newest first, of which one is asked for.
COMMITS = TypeAdapter(Annotated[list[RestCommit], Field(min_length=1)])


class _TreeEntry(BaseModel):
    path: StrictStr
    mode: StrictStr
    sha: _Oid
    size: _Count = 0


class RestTree(BaseModel):
    tree: list[_TreeEntry]
    truncated: StrictBool

    def entries(self) -> list[Entry]:
        """The regular files: 100644 and 100755; not links (120000), submodules (160000) and folders."""
        return [Entry(one.path, one.sha, one.size) for one in self.tree if one.mode.startswith("100")]


class RestAbout(BaseModel):
    id: _Id
    private: StrictBool
    homepage: StrictStr | None = None

    def about(self) -> About:
        return About(self.id, self.private, self.homepage or "")


class RestBlob(BaseModel):
    encoding: Literal["base64"]
    content: StrictStr


class GraphBlob(_Graph):
    """A file by GraphQL; `text` is None where it is no UTF-8."""

    text: StrictStr | None = None
    is_truncated: StrictBool = True


class _GraphRate(_Graph):
    cost: _Count
    limit: _Count
    remaining: _Count
    reset_at: _Time


class Error(BaseModel):
    """An error of GraphQL; with a path, it is of that part of the answer alone."""

    type: StrictStr = ""
    message: StrictStr = ""
    path: list[StrictInt | StrictStr] | None = None

    @property
    def is_limit(self) -> bool:
        return self.type.startswith("RATE_LIMIT") or (
            self.type != "NOT_FOUND" and speaks_of_limit(self.message)
        )

    @property
    def is_too_much(self) -> bool:
        if self.path:
            return self.type == "RESOURCE_LIMITS_EXCEEDED"
        return bool(_TOO_MUCH.search(self.message))

    @property
    def index(self) -> int | None:
        """Which of the repositories asked for it is of: `nodes`, 3 or r3; None for none of them."""
        match self.path:
            case ["nodes", int(index), *_]:
                return index
            case [str(alias), *_] if found := re.fullmatch("r([0-9]+)", alias):
                return int(found[1])
            case _:
                return None

    def missed(self) -> Missed:
        is_blocked = BLOCKED in self.message.lower()
        trouble = Trouble.BLOCKED if is_blocked else _TROUBLES.get(self.type, Trouble.BROKEN)
        return Missed(trouble, plain(self.message))


_TROUBLES = {"NOT_FOUND": Trouble.NOT_FOUND, "FORBIDDEN": Trouble.FORBIDDEN}


class Said(BaseModel):
    """An answer of GraphQL."""

    data: dict[str, Any] | None = None
    errors: list[Error] = []


def told_of(
    asked: Sequence[str], told: Sequence[object], errors: Sequence[Error]
) -> dict[str, Seen | Missed]:
    """What the answer says of each; one with an error in any part of it tells nothing."""
    missed = {error.index: error.missed() for error in errors}
    return {
        name: missed[index] if index in missed else seen_or_missed(GraphRepository, value)
        for index, (name, value) in enumerate(zip(asked, told, strict=True))
    }


def seen_or_missed(model: type[GraphRepository] | type[RestRepository], value: object) -> Seen | Missed:
    """What `value`, an object of GitHub's, says of a repository."""
    try:
        return model.model_validate(value).seen()
    except ValidationError as error:
        return Missed(Trouble.BROKEN, misfit(error))


def misfit(error: ValidationError) -> str:
    """The first thing in an answer that is not as GitHub describes it."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return plain(f"GitHub's answer does not fit: {place}: {first['msg']}")


def _spdx(license_id: str | None) -> str:
    # GitHub's word for a licence that it does not recognise.
    return "" if license_id in (None, "NOASSERTION") else license_id


def graph_rate(told: object, *, now: datetime) -> Rate | None:
    """GraphQL's `rateLimit`; None where it makes no sense, as where it ends further away than GitHub's hours do."""
    try:
        rate = _GraphRate.model_validate(told)
    except ValidationError:
        return None
    if abs(rate.reset_at - now) > LONGEST_WAIT:
        return None
    return Rate(quota=rate.limit, remaining=rate.remaining, reset_at=rate.reset_at, cost=rate.cost)
