"""The server of the fake GitHub and what a test may do with it."""

import contextlib
import json
import socket
import socketserver
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.github.fake import rest
from tests.github.fake.answers import Answer, Asked, Manner, failing, limited
from tests.github.fake.graph import execute, repositories_asked
from tests.github.fake.repositories import FakeRepository, made_up

TOKEN = "ghp_fake"
# What an organisation's refusal of personal tokens reads like.
TOKEN_POLICY = (
    "`{owner}` forbids access via a personal access token (classic). Please use a GitHub App, OAuth App, "
    "or a personal access token with fine-grained permissions."
)
HOUR = timedelta(hours=1)


@dataclass
class FakeRequest:
    """A request as the server saw it. `repositories`: how many it asked for."""

    path: str
    resource: str
    repositories: int
    started: datetime
    headers: dict[str, str] = field(default_factory=dict)
    ended: datetime | None = None
    status: int | None = None


@dataclass
class Hour:
    """What is left of an hour's quota of one resource."""

    quota: int
    used: int = 0
    reset_at: datetime = field(default_factory=lambda: _now().replace(microsecond=0) + HOUR)

    @property
    def remaining(self) -> int:
        return max(0, self.quota - self.used)


class FakeGitHub:
    """A GitHub at `url`, with the repositories that were added to it. Used as a context manager, it runs meanwhile."""

    def __init__(self, *, port: int = 0, seconds_per_request: float = 0) -> None:
        self.seconds_per_request = seconds_per_request
        # More repositories than that in one query are more than it computes.
        self.most_repositories = 200
        self.hours = {"graphql": Hour(5000), "rest": Hour(5000), "anonymous": Hour(60)}
        self.tokens = {TOKEN}
        # GitHub Apps: their public key (PEM) by id, the App of each installation; how long a token of theirs lasts.
        self.apps: dict[str, bytes] = {}
        self.installations: dict[str, str] = {}
        self.token_seconds = 3600
        self.issued: list[str] = []

        self.requests: list[FakeRequest] = []
        # Requests made before a time that it had told, to whom it had told it.
        self.too_early: list[FakeRequest] = []
        self.points = 0
        self.most_at_once = 0
        # What went wrong in the fake itself; `stop` raises the first.
        self.mistakes: list[BaseException] = []

        self._names: dict[str, FakeRepository] = {}
        self._former: dict[str, FakeRepository] = {}
        self._ids: dict[int, FakeRepository] = {}
        self._node_ids: dict[str, FakeRepository] = {}
        self._next_id = 1000
        self._failures: deque[tuple[str, dict[str, Any]]] = deque()
        self._told: dict[str, datetime] = {}
        self._under_way: dict[int, socket.socket] = {}
        self._lock = threading.RLock()
        self.stopped = threading.Event()

        self._server = _Server(("127.0.0.1", port), self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    # --- What there is on it --------------------------------------------------------------------

    def add(self, full_name: str, **figures: Any) -> FakeRepository:
        """A new repository; its figures may be changed later as well."""
        self._next_id += 1
        repository = FakeRepository(full_name, id=figures.pop("id", self._next_id), **figures)
        self._names[full_name.lower()] = repository
        self._ids[repository.id] = self._node_ids[repository.node_id] = repository
        return repository

    def add_made_up(self, full_name: str, **figures: Any) -> FakeRepository:
        """As `add`, with figures that depend on the name."""
        return self.add(full_name, **(made_up(full_name) | figures))

    def rename(self, old: str, new: str) -> FakeRepository:
        repository = self._names.pop(old.lower())
        self._former[old.lower()] = repository
        self._names[new.lower()] = repository
        repository.full_name = new
        return repository

    def remove(self, full_name: str) -> None:
        repository = self._names.pop(full_name.lower())
        del self._ids[repository.id], self._node_ids[repository.node_id]
        self._former = {name: other for name, other in self._former.items() if other is not repository}

    def replace(self, full_name: str, **figures: Any) -> FakeRepository:
        """The repository goes, and another one bears its name."""
        self.remove(full_name)
        return self.add(full_name, **figures)

    def block(self, full_name: str) -> None:
        self._names[full_name.lower()].blocked = True

    def forbid(self, full_name: str, message: str = "") -> None:
        """Its owner refuses tokens from now on; who has none may read it."""
        owner = full_name.partition("/")[0]
        self._names[full_name.lower()].forbidden = message or TOKEN_POLICY.format(owner=owner)

    def poison(self, full_name: str) -> None:
        """Every question about this one fails, and no other."""
        self._names[full_name.lower()].poisoned = True

    def find(self, full_name: str, *, follow_renames: bool = True) -> FakeRepository | None:
        former = self._former.get(full_name.lower()) if follow_renames else None
        return self._names.get(full_name.lower()) or former

    def by_id(self, database_id: int) -> FakeRepository | None:
        return self._ids.get(database_id)

    def by_node_id(self, node_id: str) -> FakeRepository | None:
        return self._node_ids.get(node_id)

    # --- How it fails ---------------------------------------------------------------------------

    def fail_next(self, kind: str, times: int = 1, **details: Any) -> None:
        """The next requests fail. `answers.failing` lists the kinds and their details."""
        self._failures.extend([(kind, details)] * times)

    def add_app(self, app_id: str, *, installation: str, public_key: bytes) -> None:
        self.apps[app_id] = public_key
        self.installations[installation] = app_id

    def revoke_tokens(self) -> None:
        self.tokens.clear()

    # --- Running --------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.close_connections()
        self._server.server_close()
        self._thread.join()
        if self.mistakes:
            raise self.mistakes[0]

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()

    # --- Answering ------------------------------------------------------------------------------

    @contextlib.contextmanager
    def under_way(self, request: FakeRequest, connection: socket.socket) -> Iterator[None]:
        """Counts `request` as one that is being worked on, until its answer is ready or nobody waits for it."""
        with self._lock:
            self.requests.append(request)
            if request.started < self._told.get(request.resource, request.started):
                self.too_early.append(request)
            # A client that gave up has closed its connection, whether or not we noticed.
            self._under_way = {key: one for key, one in self._under_way.items() if not is_gone(one)}
            self._under_way[id(request)] = connection
            self.most_at_once = max(self.most_at_once, len(self._under_way))
        try:
            yield
        finally:
            with self._lock:
                self._under_way.pop(id(request), None)
                request.ended = _now()

    def answer(self, asked: Asked, request: FakeRequest, waits: socket.socket) -> Answer:
        if self.seconds_per_request:
            self.wait(self.seconds_per_request, waits)
        with self._lock:
            answer = self._answer(asked, request)
            answer.headers = self._rate_headers(request.resource) | answer.headers
            until = answer.told_until(_now())
            if until:
                self._told[request.resource] = until
        if answer.seconds:
            self.wait(answer.seconds, waits)
        return answer

    def wait(self, seconds: float, connection: socket.socket) -> None:
        """Let time pass, until the client has gone or the server stops."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not is_gone(connection):
            if self.stopped.wait(min(0.05, seconds)):
                return

    def _answer(self, asked: Asked, request: FakeRequest) -> Answer:
        hour = self.hours[request.resource]
        if hour.reset_at <= _now():
            hour.used, hour.reset_at = 0, Hour(hour.quota).reset_at
        if asked.path == "/rate_limit":
            return rest.rate_limit(self.hours)
        signs = asked.path.startswith("/app/")
        if not signs and asked.token and asked.token not in self.tokens:
            return Answer(401, {"message": "Bad credentials"})
        failure = self._failures.popleft() if self._failures else None
        if failure and failure[0] != "partial":
            return failing(*failure, request.resource)
        if signs:
            return rest.access_token(self, asked)
        if not hour.remaining:
            return limited(request.resource, reset=hour.reset_at)
        hour.used += 1
        if asked.path != "/graphql":
            return rest.answer(self, asked)
        if not asked.token:
            return Answer(401, {"message": "This endpoint requires you to be authenticated."})
        self.points += 1
        rate = {
            "cost": 1,
            "limit": hour.quota,
            "nodeCount": request.repositories,
            "remaining": hour.remaining,
            "resetAt": hour.reset_at,
            "used": hour.used,
        }
        body = execute(self, asked.json["query"], asked.json.get("variables") or {}, rate)
        return Answer(200, _torn(body) if failure else body)

    def _rate_headers(self, resource: str) -> dict[str, str]:
        hour = self.hours[resource]
        return {
            "x-ratelimit-limit": str(hour.quota),
            "x-ratelimit-remaining": str(hour.remaining),
            "x-ratelimit-used": str(hour.used),
            "x-ratelimit-reset": str(int(hour.reset_at.timestamp())),
            "x-ratelimit-resource": "graphql" if resource == "graphql" else "core",
        }

    def state(self) -> dict[str, Any]:
        """What it counted, for another process: `GET /_fake`; a POST there is `fail_next`."""
        return {
            "requests": len(self.requests),
            "points": self.points,
            "most_at_once": self.most_at_once,
            "too_early": len(self.too_early),
        }


class _Server(ThreadingHTTPServer):
    def __init__(self, address: tuple[str, int], github: FakeGitHub) -> None:
        self.github = github
        self.connections: set[socket.socket] = set()
        # So that `server_close` waits for them: nothing of a test is left behind.
        self.daemon_threads = False
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # Without the look-up of the machine's name in HTTPServer, which may take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        # A client that gave up is none of our mistakes.
        if error and not isinstance(error, ConnectionError):
            self.github.mistakes.append(error)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._handle("GET")

    def do_POST(self) -> None:
        self._handle("POST")

    def _handle(self, method: str) -> None:
        github = self.server.github
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        asked = _asked(method, self.path, self.headers, body)
        if asked.path == "/_fake":
            if method == "POST":
                github.fail_next(**asked.json)
            self._send(Answer(200, github.state()))
            return
        query, variables = asked.json.get("query", ""), asked.json.get("variables") or {}
        resource = "graphql" if asked.path == "/graphql" else "rest" if asked.token else "anonymous"
        count = repositories_asked(query, variables) if asked.path == "/graphql" else 1
        request = FakeRequest(asked.path, resource, count, _now(), asked.headers)
        # Its end is noted before the last byte goes out: the next request may come right after that.
        with github.under_way(request, self.connection):
            answer = github.answer(asked, request, self.connection)
            request.status = answer.status
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        body = answer.body()
        lines = [f"HTTP/1.1 {answer.status} {self.responses.get(answer.status, ('Unknown',))[0]}"]
        headers = {
            "Server": "github.com",
            "Date": self.date_time_string(),
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": str(len(body)),
        } | answer.headers
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        match answer.manner:
            case Manner.WHOLE:
                self.wfile.write(head + body)
            case Manner.CUT:
                self.wfile.write(head + body[: len(body) // 2])
                self.close_connection = True
            case Manner.HUNG_UP:
                self.close_connection = True
            case Manner.DRIPPING:
                self.wfile.write(head)
                for byte in body:
                    if self.server.github.stopped.wait(0.02):
                        break
                    self.wfile.write(bytes([byte]))


def is_gone(connection: socket.socket) -> bool:
    """Whether the other side has closed it."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _asked(method: str, target: str, headers: Message, body: bytes) -> Asked:
    path, _, query = target.partition("?")
    return Asked(
        method=method,
        path=path,
        query=query,
        headers={name.lower(): value for name, value in headers.items()},
        json=json.loads(body) if body else {},
    )


def _torn(body: dict[str, Any]) -> dict[str, Any]:
    """The same answer, of which every second repository was lost to an error."""
    data = body["data"]
    places: list[tuple[list[str | int], Any, Any]] = [
        ([name], data, name)
        for name, value in data.items()
        if name != "rateLimit" and not isinstance(value, list)
    ]
    places += [
        ([name, index], value, index)
        for name, value in data.items()
        if isinstance(value, list)
        for index in range(len(value))
    ]
    errors = body.setdefault("errors", [])
    for path, holder, key in places[::2]:
        if holder[key] is not None:
            holder[key] = None
            errors.append({"message": "Something went wrong while executing your query.", "path": path})
    return body


def _now() -> datetime:
    return datetime.now(UTC)
