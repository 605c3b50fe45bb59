"""GitHub's GraphQL and REST, read only.

Knows no database: `turns.py` says when a request may be made, `connection.py` carries it, `answers.py` reads it.
"""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import quote

from pydantic import ValidationError

from apps.github import credentials
from apps.github.answers import (
    BLOCKED,
    COMMITS,
    TOO_MANY,
    WEEKS,
    About,
    Answer,
    Entry,
    Error,
    GraphBlob,
    Listing,
    Missed,
    Rate,
    RestAbout,
    RestBlob,
    RestRepository,
    RestTree,
    Said,
    Seen,
    Trouble,
    Week,
    Weeks,
    graph_rate,
    misfit,
    seen_or_missed,
    told_of,
)
from apps.github.connection import (
    Connection,
    GitHubError,
    LimitedError,
    RefusedError,
    Reply,
    TooLargeError,
    TooSlowError,
    UnavailableError,
    limited,
    moment,
    number,
    plain,
    words,
)
from apps.github.weeks import LAST_PAGE, WEEKS_ON_A_PAGE

__all__ = [
    "About",
    "Answer",
    "Entry",
    "GitHub",
    "GitHubError",
    "LimitedError",
    "Listing",
    "Missed",
    "Rate",
    "RefusedError",
    "Seen",
    "TooLargeError",
    "Trouble",
    "UnavailableError",
    "Week",
    "Weeks",
]

_SEEN = """
fragment seen on Repository {
  id databaseId nameWithOwner stargazerCount forkCount watchers { totalCount } issues(states: OPEN) { totalCount }
  isArchived isDisabled isFork isMirror pushedAt createdAt licenseInfo { spdxId } primaryLanguage { name }
  latestRelease { tagName publishedAt }
}
"""
_RATE = "rateLimit { cost limit remaining resetAt }"
BY_ID = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ...seen }} {_RATE} }} {_SEEN}"


class GitHub:
    """GitHub's API for the credentials of the settings, or as nobody. A context manager; one request at a time."""

    # Of GraphQL's: `nodes(ids:)` takes no more.
    MAX_BATCH = 100

    def __init__(self, *, anonymous: bool = False) -> None:
        self._anonymous = anonymous
        self._connection = Connection()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._connection.close()

    def by_name(self, names: Sequence[str]) -> Answer:
        """First contact: GraphQL, by owner/name with aliases, following renames. Raises GitHubError."""
        variables: dict[str, object] = {}
        for index, name in enumerate(names):
            variables[f"o{index}"], _, variables[f"n{index}"] = name.partition("/")
        data, errors, rate = self._query(by_name_query(len(names)), variables, count=len(names))
        return Answer(told_of(names, [data.get(f"r{index}") for index in range(len(names))], errors), rate)

    def by_id(self, node_ids: Sequence[str]) -> Answer:
        """GraphQL `nodes(ids:)`. Raises GitHubError."""
        data, errors, rate = self._query(BY_ID, {"ids": list(node_ids)}, count=len(node_ids))
        nodes = data.get("nodes")
        if not isinstance(nodes, list) or len(nodes) != len(node_ids):
            raise UnavailableError("GitHub did not answer for each of the repositories.")
        return Answer(told_of(node_ids, nodes, errors), rate)

    def one(self, full_name: str) -> Answer:
        """REST, a single repository; follows a redirect to the same host (301: renamed). Raises GitHubError."""
        reply = self._ask("GET", f"/repos/{quote(full_name)}")
        seen = _missed(reply) or seen_or_missed(RestRepository, reply.content)
        return Answer({full_name: seen}, _rate(reply))

    def star_weeks(self, full_name: str, *, page: int = 1) -> tuple[Weeks | Missed, Rate | None]:
        """REST: a page of the star history by week, newest first, and the rate. Raises GitHubError."""
        query = {"per_page": WEEKS_ON_A_PAGE, "page": page}
        reply = self._ask("GET", f"/repos/{quote(full_name)}/stargazers/history", query=query)
        return _missed(reply) or _weeks(reply, page), _rate(reply)

    def about(self, full_name: str) -> tuple[About | Missed, Rate | None]:
        """REST: which repository has this name. Raises GitHubError.

        One that is not for all, but for the owner of our token, is told of as if it were not there.
        """
        reply = self._ask("GET", f"/repos/{quote(full_name)}")
        missed = _missed(reply)
        if missed:
            return missed, _rate(reply)
        try:
            about = RestAbout.model_validate(reply.content).about()
        except ValidationError as error:
            return Missed(Trouble.BROKEN, misfit(error)), _rate(reply)
        return Missed(Trouble.NOT_FOUND, "It is private.") if about.is_private else about, _rate(reply)

    def listing(self, full_name: str) -> tuple[Listing | Missed, Rate | None]:
        """REST, two requests: the files of the last commit of the default branch. Raises GitHubError.

        An empty repository has none.
        """
        path = f"/repos/{quote(full_name)}"
        reply = self._ask("GET", f"{path}/commits", query={"per_page": 1})
        if reply.status == HTTPStatus.CONFLICT:
            return Listing("", [], is_truncated=False), _rate(reply)
        missed = _missed(reply)
        if missed:
            return missed, _rate(reply)
        try:
            newest = COMMITS.validate_python(reply.content)[0]
            reply = self._ask("GET", f"{path}/git/trees/{newest.commit.tree.sha}", query={"recursive": 1})
            tree = RestTree.model_validate(reply.content)
        except ValidationError as error:
            return _missed(reply) or Missed(Trouble.BROKEN, misfit(error)), _rate(reply)
        return Listing(newest.sha, tree.entries(), tree.truncated), _rate(reply)

    def texts(self, full_name: str, oids: Sequence[str]) -> tuple[dict[str, bytes], Rate | None]:
        """GraphQL: what files hold, by their ids, without those that are cut short or no UTF-8. Raises GitHubError."""
        owner, _, name = full_name.partition("/")
        variables = {f"x{index}": oid for index, oid in enumerate(oids)}
        data, _, rate = self._query(
            texts_query(len(oids)), variables | {"owner": owner, "name": name}, count=len(oids)
        )
        repository: Any = data.get("repository")
        found: dict[str, bytes] = {}
        for index, oid in enumerate(oids):
            try:
                blob = GraphBlob.model_validate(repository[f"f{index}"])
            except (ValidationError, TypeError, KeyError):
                continue
            if blob.text is not None and not blob.is_truncated:
                found[oid] = blob.text.encode("utf-8", "replace")
        return found, rate

    def blob(self, full_name: str, oid: str) -> tuple[bytes | Missed, Rate | None]:
        """REST: what a file holds. Raises GitHubError."""
        return self._content(f"/repos/{quote(full_name)}/git/blobs/{oid}")

    def file(self, full_name: str, path: str) -> tuple[bytes | Missed, Rate | None]:
        """REST: what the file at `path` of the default branch holds. Raises GitHubError."""
        return self._content(f"/repos/{quote(full_name)}/contents/{quote(path)}")

    def _content(self, address: str) -> tuple[bytes | Missed, Rate | None]:
        reply = self._ask("GET", address)
        missed = _missed(reply)
        if missed:
            return missed, _rate(reply)
        try:
            return b64decode(RestBlob.model_validate(reply.content).content), _rate(reply)
        except ValidationError as error:
            return Missed(Trouble.BROKEN, misfit(error)), _rate(reply)
        except ValueError:
            return Missed(Trouble.BROKEN, "The content is not in base64."), _rate(reply)

    def _query(
        self, query: str, variables: Mapping[str, object], *, count: int
    ) -> tuple[Mapping[str, Any], Sequence[Error], Rate | None]:
        """The data of a GraphQL query for `count` repositories, the errors of single ones, and the rate."""
        if not 0 < count <= self.MAX_BATCH:
            raise ValueError(f"1 to {self.MAX_BATCH} repositories at once, not {count}.")
        try:
            reply = self._ask("POST", "/graphql", content={"query": query, "variables": variables})
        except TooSlowError as error:
            raise TooLargeError(str(error)) from error
        if reply.status in (
            HTTPStatus.BAD_GATEWAY,
            HTTPStatus.SERVICE_UNAVAILABLE,
            HTTPStatus.GATEWAY_TIMEOUT,
        ):
            raise TooLargeError(words(reply))
        if reply.status == HTTPStatus.FORBIDDEN:
            raise RefusedError(words(reply))
        try:
            said = Said.model_validate(reply.content)
        except ValidationError as error:
            raise UnavailableError(f"No answer of GraphQL: {words(reply)}") from error
        _raise_for_all(said, reply, count)
        if said.data is None:
            raise UnavailableError(f"No data: {words(reply)}")
        rate = graph_rate(said.data.get("rateLimit"), now=datetime.now(UTC))
        return said.data, said.errors, rate

    def _ask(
        self, method: str, path: str, *, content: object = None, query: Mapping[str, int] | None = None
    ) -> Reply:
        token = None if self._anonymous else credentials.bearer()
        try:
            return self._connection.ask(method, path, bearer=token, content=content, query=query)
        except RefusedError:
            # An App's token may be withdrawn before its time; another one is to be had.
            if token is None or not credentials.forget(token):
                raise
        return self._connection.ask(method, path, bearer=credentials.bearer(), content=content, query=query)


def by_name_query(count: int) -> str:
    """GraphQL for `count` repositories, r0, r1 ..., by the variables o0 (owner) and n0 (name), o1 and n1 ..."""
    variables = ", ".join(f"$o{index}: String!, $n{index}: String!" for index in range(count))
    fields = " ".join(
        f"r{index}: repository(owner: $o{index}, name: $n{index}, followRenames: true) {{ ...seen }}"
        for index in range(count)
    )
    return f"query({variables}) {{ {fields} {_RATE} }} {_SEEN}"


def texts_query(count: int) -> str:
    """GraphQL for what `count` files of a repository hold, f0, f1 ..., by the variables x0, x1 ..., their ids."""
    variables = ", ".join(f"$x{index}: GitObjectID!" for index in range(count))
    fields = " ".join(
        f"f{index}: object(oid: $x{index}) {{ ... on Blob {{ text isTruncated }} }}" for index in range(count)
    )
    head = f"query($owner: String!, $name: String!, {variables})"
    return f"{head} {{ repository(owner: $owner, name: $name) {{ {fields} }} {_RATE} }}"


def _raise_for_all(said: Said, reply: Reply, count: int) -> None:
    """Raise the error that leaves nothing of the answer, if there is one."""
    for error in said.errors:
        if error.is_limit:
            raise limited(plain(error.message), reply.headers)
    for error in said.errors:
        if error.is_too_much and (count > 1 or not error.path):
            raise TooLargeError(plain(error.message))
        if error.index is None:
            raise UnavailableError(plain(f"GraphQL: {error.message}"))


def _missed(reply: Reply) -> Missed | None:
    """What an answer of REST means that is no 200."""
    reason = words(reply)
    match reply.status:
        case HTTPStatus.OK:
            return None
        case HTTPStatus.NOT_FOUND | HTTPStatus.GONE:
            return Missed(Trouble.NOT_FOUND, reason)
        case HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS:
            return Missed(Trouble.BLOCKED, reason)
        case HTTPStatus.FORBIDDEN:
            is_blocked = BLOCKED in reply.message.lower()
            return Missed(Trouble.BLOCKED if is_blocked else Trouble.FORBIDDEN, reason)
        case status if status > HTTPStatus.INTERNAL_SERVER_ERROR:
            raise UnavailableError(reason)
        case _:
            # A 500 too: GitHub is there and stumbles over this repository, so the others go on.
            return Missed(Trouble.BROKEN, reason)


def _weeks(reply: Reply, page: int) -> Weeks | Missed:
    try:
        rows = WEEKS.validate_python(reply.content)
    except ValidationError as error:
        return Missed(Trouble.BROKEN, misfit(error))
    weeks = [Week(row.starts_on, row.total) for row in rows]
    return Weeks(weeks, _next_page(reply.headers.get("link", ""), page))


def _rate(reply: Reply) -> Rate | None:
    """The rate by the headers of REST; None where they make no sense."""
    quota, remaining = (number(reply.headers.get(f"x-ratelimit-{name}")) for name in ("limit", "remaining"))
    reset_at = moment(reply.headers.get("x-ratelimit-reset"), now=datetime.now(UTC))
    if quota is None or remaining is None or reset_at is None or max(quota, remaining) >= TOO_MANY:
        return None
    return Rate(quota=quota, remaining=remaining, reset_at=reset_at, cost=reply.requests)


def _next_page(link: str, page: int) -> int | None:
    """The next page where the Link header says that there is one."""
    return page + 1 if 'rel="next"' in link and page < LAST_PAGE else None
