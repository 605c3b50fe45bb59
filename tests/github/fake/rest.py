"""REST of the fake GitHub."""

import re
from base64 import encodebytes
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote

import jwt

from tests.github.fake.answers import Answer, Asked
from tests.github.fake.repositories import FakeRepository, blob_id

# The star history exists from this version of the API on.
VERSION = "2026-03-10"
MOST_WEEKS, MOST_PAGES = 30, 100
# GitHub takes no JWT that lives longer.
MOST_JWT_SECONDS = 600
NOT_FOUND = {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"}


def answer(github: Any, asked: Asked) -> Answer:
    """What GitHub says of the repository, or the star history, at this path."""
    parts = r"(/stargazers/history|/commits|/git/(?:trees|blobs)/[0-9a-f]+|/contents/.+)?"
    by_name = re.fullmatch(rf"/repos/([^/]+/[^/]+){parts}", unquote(asked.path))
    by_id = re.fullmatch(rf"/repositories/(\d+){parts}", asked.path)
    if by_name:
        name, rest = by_name.groups()
        repository = github.find(name)
        if repository and repository.full_name.lower() != name.lower():
            target = f"{github.url}/repositories/{repository.id}{rest or ''}"
            query = f"?{asked.query}" if asked.query else ""
            moved = {"message": "Moved Permanently", "url": target}
            return Answer(301, moved, {"Location": target + query})
    elif by_id:
        number, rest = by_id.groups()
        repository = github.by_id(int(number))
    else:
        return Answer(404, NOT_FOUND)
    if repository is None:
        return Answer(404, NOT_FOUND)
    if repository.blocked:
        return Answer(451, {"message": "Repository access blocked", "block": {"reason": "dmca"}})
    if repository.forbidden and asked.token:
        return Answer(403, {"message": repository.forbidden})
    if repository.poisoned:
        return Answer(500, {"message": "Server Error"})
    match (rest or "").strip("/").split("/"):
        case ["stargazers", _]:
            return _history(github, repository, asked)
        case ["commits"]:
            return _commits(repository)
        case ["git", "trees", oid]:
            return _tree(repository, oid)
        case ["git", "blobs", oid]:
            return _blob(repository, oid)
        case ["contents", *path]:
            content = repository.files.get("/".join(path))
            return Answer(404, NOT_FOUND) if content is None else _blob(repository, blob_id(content))
        case _:
            return Answer(200, _shown(repository))


def _commits(repository: FakeRepository) -> Answer:
    if not repository.files:
        return Answer(409, {"message": "Git Repository is empty."})
    # Its tree has an id of its own.
    tree = {"sha": repository.commit[::-1]}
    return Answer(200, [{"sha": repository.commit, "commit": {"message": "Made up.", "tree": tree}}])


def _tree(repository: FakeRepository, oid: str) -> Answer:
    if oid != repository.commit[::-1]:
        return Answer(404, NOT_FOUND)
    folders = {path.rpartition("/")[0] for path in repository.files} - {""}
    entries: list[dict[str, Any]] = [
        {"path": path, "mode": "040000", "type": "tree", "sha": blob_id(path.encode())} for path in folders
    ]
    for path, content in sorted(repository.files.items()):
        mode = "120000" if path in repository.links else "100644"
        entries.append(
            {"path": path, "mode": mode, "type": "blob", "sha": blob_id(content), "size": len(content)}
        )
    return Answer(200, {"sha": oid, "tree": entries, "truncated": False} | repository.rest)


def _blob(repository: FakeRepository, oid: str) -> Answer:
    content = repository.blobs().get(oid)
    if content is None:
        return Answer(404, NOT_FOUND)
    encoded = encodebytes(content).decode()
    return Answer(
        200, {"sha": oid, "size": len(content), "encoding": "base64", "content": encoded} | repository.rest
    )


def _shown(repository: FakeRepository) -> dict[str, Any]:
    license_id = repository.license
    return {
        "id": repository.id,
        "node_id": repository.node_id,
        "name": repository.name,
        "full_name": repository.full_name,
        "private": False,
        "html_url": repository.url,
        "fork": repository.fork,
        "mirror_url": "https://git.example.org/mirrored.git" if repository.mirror else None,
        "archived": repository.archived,
        "disabled": repository.disabled,
        "created_at": f"{repository.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "pushed_at": repository.pushed_at and f"{repository.pushed_at:%Y-%m-%dT%H:%M:%SZ}",
        "stargazers_count": repository.stars,
        # As GitHub has it: a name that lies.
        "watchers_count": repository.stars,
        "subscribers_count": repository.watchers,
        "forks_count": repository.forks,
        # With pull requests, of which there are always some.
        "open_issues_count": repository.open_issues + 7,
        "license": license_id and {"key": license_id.lower(), "name": license_id, "spdx_id": license_id},
        "language": repository.language,
    } | repository.rest


def _history(github: Any, repository: FakeRepository, asked: Asked) -> Answer:
    if asked.headers.get("x-github-api-version") != VERSION:
        return Answer(404, NOT_FOUND)
    query = parse_qs(asked.query)
    size, page = int(query.get("per_page", ["30"])[0]), int(query.get("page", ["1"])[0])
    if not (1 <= size <= MOST_WEEKS and 1 <= page <= MOST_PAGES):
        return Answer(422, {"message": "Validation Failed"})
    weeks = repository.star_weeks(datetime.now(UTC).date())
    start = (page - 1) * size
    links = []
    if start + size < len(weeks) and page < MOST_PAGES:
        base = f"{github.url}/repositories/{repository.id}/stargazers/history?per_page={size}"
        last = min(MOST_PAGES, -(-len(weeks) // size))
        links = [f'<{base}&page={page + 1}>; rel="next"', f'<{base}&page={last}>; rel="last"']
    content = [_week(day, total) for day, total in weeks[start : start + size]]
    return Answer(200, content, {"Link": ", ".join(links)} if links else {})


def _week(first_day: date, total: int) -> dict[str, Any]:
    begins = int(datetime.combine(first_day, time(), UTC).timestamp())
    return {"week": begins, "total": total, "days": [total, 0, 0, 0, 0, 0, 0]}


def rate_limit(hours: Mapping[str, Any]) -> Answer:
    def shown(hour: Any) -> dict[str, int]:
        return {
            "limit": hour.quota,
            "remaining": hour.remaining,
            "reset": int(hour.reset_at.timestamp()),
            "used": hour.used,
        }

    core = shown(hours["rest"])
    return Answer(200, {"resources": {"core": core, "graphql": shown(hours["graphql"])}, "rate": core})


def access_token(github: Any, asked: Asked) -> Answer:
    """A token of an installation, for who signs as its App."""
    match = re.fullmatch(r"/app/installations/(\w+)/access_tokens", asked.path)
    if not match or asked.method != "POST":
        return Answer(404, NOT_FOUND)
    try:
        app_id = jwt.decode(asked.token, options={"verify_signature": False})["iss"]
        claims = jwt.decode(
            asked.token, github.apps[app_id], algorithms=["RS256"], options={"require": ["iat", "exp", "iss"]}
        )
    except (jwt.PyJWTError, KeyError):
        return Answer(401, {"message": "A JSON web token could not be decoded"})
    if claims["exp"] - datetime.now(UTC).timestamp() > MOST_JWT_SECONDS:
        return Answer(401, {"message": "'Expiration time' claim ('exp') is too far in the future"})
    if github.installations.get(match[1]) != app_id:
        return Answer(404, NOT_FOUND)
    token = f"ghs_{app_id}_{len(github.issued) + 1}"
    github.issued.append(token)
    github.tokens.add(token)
    expires_at = datetime.now(UTC) + timedelta(seconds=github.token_seconds)
    return Answer(201, {"token": token, "expires_at": f"{expires_at:%Y-%m-%dT%H:%M:%SZ}"})
