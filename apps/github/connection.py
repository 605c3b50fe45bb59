"""HTTP to GitHub's API: time-outs, bounds and refusals, the same for GraphQL and REST."""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from http import HTTPStatus
from ssl import SSLContext
from typing import Any, Self

import httpx
from django.conf import settings

CONNECT_SECONDS = 5
# GitHub ends a query after 10 seconds: who hears nothing for twice as long waits in vain.
READ_SECONDS = 20
# The whole of a question with its redirects, which may trickle in. Well within the lease of a claimed repository.
WHOLE_SECONDS = 40
# A hundred repositories are about 50 KB.
MAX_BYTES = 8_000_000
# A renamed repository that was handed over; more is a circle.
MAX_REDIRECTS = 3
# The star history exists from this version on.
REST_VERSION = "2026-03-10"
# GitHub's limits are by the minute and the hour: a time further away is none that it means.
LONGEST_WAIT = timedelta(days=1)
# Of Failure.reason and Repository.problem.
REASON_LENGTH = 300
# What GitHub's tokens look like, should one ever get into the words of an error.
_TOKEN = re.compile(r"\b(gh[a-z]_|github_pat_)\w+")
_LIMITED = re.compile(r"rate limit|abuse detection", re.IGNORECASE)


class GitHubError(Exception):
    """A request that gave nothing at all. The message says why, in words for a moderator."""


class TooLargeError(GitHubError):
    """The query was more than GitHub computes at once (502, 504, too slow, "Resource limits exceeded"): ask for fewer.

    Where it was for a single repository, that one is to blame, or GitHub as a whole.
    """


class LimitedError(GitHubError):
    """GitHub wants no request before `until` (a time with its zone); None: it does not say when.

    `is_hour`: only what is permitted in an hour of this kind of request is used up.
    """

    def __init__(self, reason: str, *, until: datetime | None, is_hour: bool = False) -> None:
        super().__init__(reason)
        self.until = until
        self.is_hour = is_hour


class UnavailableError(GitHubError):
    """GitHub failed, was cut off, was too slow, or sent what is no answer: try again later."""


class TooSlowError(UnavailableError):
    """GitHub was asked and did not answer in time."""


class RefusedError(GitHubError):
    """GitHub does not know our token (401), or the whole token is forbidden: a person must look."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; `content` is what its JSON says, None where it is none. `requests`: made to get it."""

    status: int
    headers: Mapping[str, str]
    content: Any
    requests: int

    @property
    def message(self) -> str:
        """What GitHub says in words, if anything; of several errors of GraphQL the first."""
        match self.content:
            case {"message": str(said)} | {"errors": [{"message": str(said)}, *_]}:
                return said
            case _:
                return ""


class Connection:
    """A connection to GitHub's API. A context manager; one request at a time."""

    def __init__(self) -> None:
        self._client = httpx.Client(
            # Bytes, as a product's name may have letters that ASCII has not.
            headers={
                b"User-Agent": f"{settings.PRODUCT_NAME} {settings.SITE_URL}".strip().encode(),
                b"Accept": b"application/vnd.github+json",
                b"X-GitHub-Api-Version": REST_VERSION.encode(),
            },
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            verify=_certificates(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        bearer: str | None,
        content: object = None,
        query: Mapping[str, int] | None = None,
    ) -> Reply:
        """One question, with the redirects that it takes for a GET; they stay on the host.

        Raises `LimitedError`; `RefusedError` for 401; `TooSlowError` and `UnavailableError` where nothing that is whole
        came back. Every other status is for the caller to judge.
        """
        url = httpx.URL(settings.GITHUB_API_URL + path, params=query)
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        end = time.monotonic() + WHOLE_SECONDS
        response, body = self._send(
            self._client.build_request(method, url, json=content, headers=headers), end
        )
        requests = 1
        while method == "GET" and requests <= MAX_REDIRECTS and (request := _redirect(response)):
            response, body = self._send(request, end)
            requests += 1
        reply = Reply(response.status_code, response.headers, _parsed(body), requests)
        if is_limited(reply):
            raise limited(words(reply), reply.headers)
        if reply.status == HTTPStatus.UNAUTHORIZED:
            raise RefusedError(words(reply))
        return reply

    def _send(self, request: httpx.Request, end: float) -> tuple[httpx.Response, bytes]:
        body = bytearray()
        try:
            response = self._client.send(request, stream=True)
            try:
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > MAX_BYTES:
                        raise UnavailableError(f"The answer is longer than {MAX_BYTES:,} bytes.")
                    if time.monotonic() > end:
                        raise TooSlowError(f"No whole answer within {WHOLE_SECONDS} seconds.")
            finally:
                response.close()
        except (httpx.ReadTimeout, httpx.WriteTimeout) as error:
            raise TooSlowError(f"No answer within {READ_SECONDS} seconds.") from error
        except httpx.HTTPError as error:
            raise UnavailableError(plain(f"{type(error).__name__}: {error}")) from error
        return response, bytes(body)


def is_limited(reply: Reply) -> bool:
    """Whether GitHub refused because it was asked too much; a 200 that says so in GraphQL is not seen here."""
    match reply.status:
        case HTTPStatus.TOO_MANY_REQUESTS:
            return True
        case HTTPStatus.SERVICE_UNAVAILABLE:
            return "retry-after" in reply.headers
        case HTTPStatus.FORBIDDEN:
            used_up = reply.headers.get("x-ratelimit-remaining") == "0"
            return used_up or "retry-after" in reply.headers or speaks_of_limit(reply.message)
        case _:
            return False


def limited(reason: str, headers: Mapping[str, str]) -> LimitedError:
    """The error for an answer with these headers that says it was asked too much."""
    # With `retry-after` it was asked too fast, whatever is left of the hour.
    is_hour = headers.get("x-ratelimit-remaining") == "0" and "retry-after" not in headers
    return LimitedError(reason, until=wait_until(headers, now=datetime.now(UTC)), is_hour=is_hour)


def speaks_of_limit(message: str) -> bool:
    return bool(_LIMITED.search(message))


def wait_until(headers: Mapping[str, str], *, now: datetime) -> datetime | None:
    """When GitHub may be asked again: by `retry-after`, else when a used up hour is over; None: it does not say.

    What is no number, not in the future, or further away than `LONGEST_WAIT` says nothing.
    """
    seconds = number(headers.get("retry-after"))
    if seconds is not None and 0 < seconds <= LONGEST_WAIT.total_seconds():
        return now + timedelta(seconds=seconds)
    if headers.get("x-ratelimit-remaining") == "0":
        until = moment(headers.get("x-ratelimit-reset"), now=now)
        return until if until and until > now else None
    return None


def moment(header: str | None, *, now: datetime) -> datetime | None:
    """The time that a header gives in seconds since 1970; None for one that is not within a day of `now`."""
    seconds = number(header)
    if seconds is None or abs(seconds - now.timestamp()) > LONGEST_WAIT.total_seconds():
        return None
    return datetime.fromtimestamp(seconds, UTC)


def number(header: str | None) -> int | None:
    """The whole number that a header gives, None for anything else."""
    return int(header) if header and re.fullmatch("[0-9]{1,12}", header) else None


@cache
def _certificates() -> SSLContext:
    # Reading them takes longer than a request.
    return httpx.create_ssl_context()


def _redirect(response: httpx.Response) -> httpx.Request | None:
    """What to ask next; None where it is no redirect, or one to another host, which has nothing to tell us."""
    if response.next_request is None:
        return None
    here, there = response.url, response.next_request.url
    same = (here.scheme, here.host, here.port) == (there.scheme, there.host, there.port)
    return response.next_request if same else None


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def words(reply: Reply) -> str:
    """The status and what GitHub says to it, fit to be stored and shown."""
    return plain(f"{reply.status} {reply.message}".strip())


def plain(text: str) -> str:
    """`text` without tokens and what PostgreSQL cannot store, and not longer than a failure's reason may be."""
    storable = text.encode("utf-8", "replace").decode().replace("\0", "")
    return _TOKEN.sub("(a token)", storable)[:REASON_LENGTH]
