"""A repository of the fake GitHub, as plain figures that a test may change."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha1, sha256
from itertools import pairwise
from typing import Any


@dataclass
class FakeRepository:
    full_name: str
    id: int
    stars: int = 100
    forks: int = 10
    # Those who get mails of it; the API of REST calls them subscribers.
    watchers: int = 5
    open_issues: int = 3
    archived: bool = False
    disabled: bool = False
    fork: bool = False
    mirror: bool = False
    created_at: datetime = datetime(2015, 1, 4, tzinfo=UTC)
    pushed_at: datetime | None = datetime(2026, 9, 1, 12, tzinfo=UTC)
    license: str | None = "MIT"
    language: str | None = "Python"
    # The tag of the latest release; None where there is none.
    release: str | None = None
    released_at: datetime | None = datetime(2026, 8, 1, tzinfo=UTC)
    # Stars by week, newest first, the first day of each week a Sunday. None: `stars` spread over its whole life.
    weeks: list[tuple[date, int]] | None = None

    # What its default branch holds, by path; empty: no commit yet.
    files: dict[str, bytes] = field(default_factory=dict)
    # Paths that are links, to the path that is their content.
    links: set[str] = field(default_factory=set)

    blocked: bool = False
    # Its owner refuses tokens, though everybody can read it without one. The words of the refusal.
    forbidden: str = ""
    poisoned: bool = False
    # Fields of GraphQL that fail for this repository, such as "watchers".
    broken_fields: set[str] = field(default_factory=set)
    # Put over what REST tells of it, such as {"stargazers_count": None}.
    rest: dict[str, Any] = field(default_factory=dict)

    @property
    def node_id(self) -> str:
        return "R_" + urlsafe_b64encode(f"010:Repository{self.id}".encode()).decode().rstrip("=")

    @property
    def name(self) -> str:
        return self.full_name.partition("/")[2]

    @property
    def url(self) -> str:
        return f"https://github.com/{self.full_name}"

    @property
    def commit(self) -> str:
        """Another one whenever the files are others."""
        return sha1(repr(sorted(self.files.items())).encode()).hexdigest()  # noqa: S324

    def blobs(self) -> dict[str, bytes]:
        """What the files hold, by the ids that git gives it."""
        return {blob_id(content): content for content in self.files.values()}

    def star_weeks(self, today: date) -> list[tuple[date, int]]:
        if self.weeks is not None:
            return self.weeks
        first, last = _sunday(self.created_at.date()), _sunday(today)
        count = (last - first).days // 7 + 1
        totals = [self.stars * week // count for week in range(count + 1)]
        given = [after - before for before, after in pairwise(totals)]
        return [(first + timedelta(weeks=week), given[week]) for week in reversed(range(count))]


def blob_id(content: bytes) -> str:
    return sha1(b"blob %d\0" % len(content) + content).hexdigest()  # noqa: S324


def made_up(full_name: str) -> dict[str, Any]:
    """Figures of a repository that depend on nothing but its name."""
    digest = sha256(full_name.encode()).digest()
    a, b, c, d = (int.from_bytes(digest[i : i + 4], "big") for i in range(0, 16, 4))
    # Most repositories are small, few are large.
    stars = int(10 ** (1 + a % 4000 / 1000))
    created_at = datetime(2010, 1, 1, tzinfo=UTC) + timedelta(days=b % 5000)
    return {
        "stars": stars,
        "forks": stars // (3 + b % 20),
        "watchers": stars // 50,
        "open_issues": c % 300,
        "archived": c % 25 == 0,
        "created_at": created_at,
        "pushed_at": datetime(2026, 11, 1, tzinfo=UTC) - timedelta(days=d % 700),
        "license": ("MIT", "Apache-2.0", "BSD-3-Clause", None)[c % 4],
        "language": ("Python", "Go", "Rust", "TypeScript", None)[d % 5],
        "release": f"v{1 + a % 9}.{b % 20}.{c % 10}" if d % 3 else None,
    }


def _sunday(day: date) -> date:
    return day - timedelta(days=(day.weekday() + 1) % 7)
