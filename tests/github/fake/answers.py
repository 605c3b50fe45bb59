"""What the fake GitHub was asked, and what it answers: as it should, or in one of its ways to fail."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any

PRIMARY = "API rate limit exceeded for user ID 1."
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: str
    headers: dict[str, str]
    json: dict[str, Any]

    @property
    def token(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ").strip()


class Manner(Enum):
    """How an answer goes over the line."""

    WHOLE = auto()
    CUT = auto()
    HUNG_UP = auto()
    DRIPPING = auto()


@dataclass
class Answer:
    """`content`: what JSON is made of, or bytes as they are. `seconds`: how long it takes."""

    status: int
    content: Any
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0
    manner: Manner = Manner.WHOLE
    is_refusal: bool = False

    def body(self) -> bytes:
        return self.content if isinstance(self.content, bytes) else json.dumps(self.content).encode()

    def told_until(self, now: datetime) -> datetime | None:
        """The time before which this answer wants no other request."""
        if not self.is_refusal:
            return None
        if self.headers.get("retry-after", "").isdecimal():
            return now + timedelta(seconds=min(int(self.headers["retry-after"]), 10**8))
        if self.headers.get("x-ratelimit-remaining") == "0":
            return datetime.fromtimestamp(int(self.headers["x-ratelimit-reset"]), UTC)
        return None


def limited(
    resource: str,
    *,
    retry_after: object = None,
    reset: datetime | None = None,
    as_status: int = 0,
    message: str = "",
) -> Answer:
    """A refusal for having asked too much. With neither time, it does not say until when."""
    status = as_status or (200 if resource == "graphql" else 403)
    message = message or (PRIMARY if reset else SECONDARY)
    content: Any = {"message": message}
    if status == 200:
        content = {"errors": [{"message": message} | ({"type": "RATE_LIMITED"} if reset else {})]}
    headers = {}
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    if reset:
        headers |= {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(reset.timestamp()))}
    return Answer(status, content, headers, is_refusal=True)


def failing(kind: str, details: dict[str, Any], resource: str) -> Answer:
    """A failure of one of these kinds, with these details:

    - a status, such as "502" (message=, headers=); "429" as "limited"
    - "limited" (retry_after=, reset=, as_status=200|403|429, message=): asked too much
    - "graphql_error" (message=): 200, with an error and no data; "too_large": more than it computes
    - "slow" (seconds=, or dripping=True: byte by byte), "cut", "hung_up", "not_json", "huge"
    - "json" (content=, headers=): 200, with this
    - "partial", which is made elsewhere: an error in place of the first repository and every second one from there
    """
    message = details.get("message", "")
    match kind:
        case "graphql_error":
            message = message or "A query attribute must be specified and must be a string."
            return Answer(200, {"errors": [{"message": message}]})
        case "too_large":
            error = {
                "type": "RESOURCE_LIMITS_EXCEEDED",
                "message": "Resource limits for this query exceeded.",
            }
            return Answer(200, {"data": None, "errors": [error]})
        case "not_json":
            return Answer(200, b"<html><body>We are having trouble.</body></html>")
        case "json":
            return Answer(200, details["content"], dict(details.get("headers", {})))
        case "huge":
            return Answer(200, b'{"data": "' + b"a" * 9_000_000 + b'"}')
        case "cut":
            return Answer(200, {"data": {"nodes": ["x" * 1000]}}, manner=Manner.CUT)
        case "hung_up":
            return Answer(200, {}, manner=Manner.HUNG_UP)
        case "slow" if details.get("dripping"):
            return Answer(200, {"data": "x" * 3000}, manner=Manner.DRIPPING)
        case "slow":
            return Answer(200, {"data": None}, seconds=details.get("seconds", 60))
        case "limited":
            return limited(resource, **details)
        case "429":
            return limited(resource, as_status=429, **details)
        case _:
            headers = details.get("headers", {})
            return Answer(int(kind), {"message": message or f"Failed with {kind}"}, dict(headers))
