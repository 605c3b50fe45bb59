"""The fake GitHub itself, over HTTP: what the tests of everything else rely on."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings as site
from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_ast_schema,
    parse,
    validate,
)

from apps.github.client import BY_ID, by_name_query, texts_query
from tests.github.fake import FakeGitHub
from tests.github.fake.graph import schema

REAL_SCHEMA = Path(
    os.environ.get("GITHUB_SCHEMA") or site.BASE_DIR.parent / "shared" / "github" / "schema.graphql"
)
QUERY = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Repository { stargazerCount } } rateLimit { remaining } }"


@pytest.fixture
def http(github: FakeGitHub) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=github.url, headers={"Authorization": "Bearer ghp_fake"}, timeout=30
    ) as client:
        yield client


def ask(http: httpx.Client, *ids: str) -> Any:
    return http.post("/graphql", json={"query": QUERY, "variables": {"ids": list(ids)}}).json()


@pytest.mark.skipif(
    not REAL_SCHEMA.exists(),
    reason=f"GitHub's own schema is not here: {REAL_SCHEMA} (GITHUB_SCHEMA names another)",
)
def test_queries_and_small_schema_agree_with_githubs_own():
    # Its descriptions are two thirds of it.
    text = re.sub(r'"""[\s\S]*?"""', "", REAL_SCHEMA.read_text())
    real = build_ast_schema(parse(text, no_location=True), assume_valid=True, assume_valid_sdl=True)
    for query in (BY_ID, by_name_query(1), by_name_query(100), texts_query(50)):
        assert validate(real, parse(query)) == []
    assert list(disagreements(schema(), real)) == []


def disagreements(ours: GraphQLSchema, real: GraphQLSchema) -> Iterator[str]:
    for name, mine in ours.type_map.items():
        if name.startswith("__"):
            continue
        theirs = real.type_map.get(name)
        if type(theirs) is not type(mine):
            yield name
        elif isinstance(mine, GraphQLEnumType):
            assert isinstance(theirs, GraphQLEnumType)
            if mine.values.keys() != theirs.values.keys():
                yield f"{name} values"
        elif isinstance(mine, GraphQLObjectType | GraphQLInterfaceType):
            assert isinstance(theirs, GraphQLObjectType | GraphQLInterfaceType)
            for field, definition in mine.fields.items():
                known = theirs.fields.get(field)
                arguments = {key: (str(one.type), one.default_value) for key, one in definition.args.items()}
                if not known or str(known.type) != str(definition.type):
                    yield f"{name}.{field}"
                elif (
                    not arguments.items()
                    <= {key: (str(one.type), one.default_value) for key, one in known.args.items()}.items()
                ):
                    yield f"{name}.{field}(...)"
            if not {one.name for one in mine.interfaces} <= {one.name for one in theirs.interfaces}:
                yield f"{name} implements"


def test_query_that_does_not_fit_the_schema_is_refused(http: httpx.Client):
    answer = http.post("/graphql", json={"query": "{ repository(owner: 1) { stars } }"}).json()
    assert "data" not in answer
    assert any("Cannot query field 'stars'" in error["message"] for error in answer["errors"])
    assert "Syntax Error" in http.post("/graphql", json={"query": "{"}).json()["errors"][0]["message"]


def test_errors_bear_their_type_and_path(github: FakeGitHub, http: httpx.Client):
    ids = [github.add(f"acme/{name}", stars=7).node_id for name in "ab"]
    github.forbid("acme/a")
    answer = ask(http, *ids, "R_none")
    assert answer["data"]["nodes"] == [None, {"stargazerCount": 7}, None]
    assert [(error["type"], error["path"]) for error in answer["errors"]] == [
        ("FORBIDDEN", ["nodes", 0]),
        ("NOT_FOUND", ["nodes", 2]),
    ]


def test_more_than_a_hundred_ids_are_refused(http: httpx.Client):
    answer = ask(http, *["R_1"] * 101)
    assert (answer["data"], answer["errors"][0]["type"]) == (None, "ARGUMENT_LIMIT")


def test_points_and_requests_are_counted_until_the_hour_is_used_up(github: FakeGitHub, http: httpx.Client):
    github.hours["graphql"].quota = 2
    node_id = github.add("acme/a").node_id
    assert [ask(http, node_id)["data"]["rateLimit"]["remaining"] for _ in range(2)] == [1, 0]
    refused = http.post("/graphql", json={"query": QUERY, "variables": {"ids": [node_id]}})
    assert refused.json()["errors"][0]["type"] == "RATE_LIMITED"
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert github.points == 2
    # The refusal said when the hour is over, and this is before.
    ask(http, node_id)
    assert [request.repositories for request in github.too_early] == [1]
    # REST has an hour of its own, and who has no token another one.
    assert http.get("/repos/acme/a").headers["x-ratelimit-remaining"] == "4999"
    anonymous = httpx.get(f"{github.url}/repos/acme/a")
    assert anonymous.headers["x-ratelimit-remaining"] == "59"
    limits = http.get("/rate_limit").json()["resources"]
    assert (limits["core"]["remaining"], limits["graphql"]["remaining"]) == (4999, 0)


def test_requests_at_once_are_counted_without_those_given_up(github: FakeGitHub, http: httpx.Client):
    github.fail_next("slow")
    with pytest.raises(httpx.ReadTimeout):
        http.get("/repos/acme/a", timeout=0.1)
    http.get("/repos/acme/a")
    assert github.most_at_once == 1
    github.fail_next("slow", times=2)
    waiting = socket.create_connection(("127.0.0.1", int(github.url.rpartition(":")[2])), timeout=30)
    with waiting:
        waiting.sendall(b"GET /repos/acme/a HTTP/1.1\r\nHost: x\r\n\r\n")
        while len(github.requests) < 3:
            time.sleep(0.01)
        with pytest.raises(httpx.ReadTimeout):
            http.get("/repos/acme/a", timeout=0.1)
    assert github.most_at_once == 2


def test_renamed_replaced_and_removed_repositories(github: FakeGitHub, http: httpx.Client):
    first = github.add("old/name")
    github.rename("old/name", "new/name")
    moved = http.get("/repos/old/name")
    assert (moved.status_code, moved.headers["location"]) == (301, f"{github.url}/repositories/{first.id}")
    assert http.get(f"/repositories/{first.id}").json()["full_name"] == "new/name"
    second = github.replace("new/name")
    assert http.get("/repos/new/name").json()["id"] == second.id != first.id
    assert http.get(f"/repositories/{first.id}").status_code == 404
    assert http.get("/repos/old/name").status_code == 404


def test_star_history_needs_its_version_and_small_pages(github: FakeGitHub, http: httpx.Client):
    repository = github.add("acme/a", stars=1000)
    path = "/repos/acme/a/stargazers/history"
    version = {"X-GitHub-Api-Version": "2026-03-10"}
    assert http.get(path).status_code == 404
    assert http.get(path, params={"per_page": 31}, headers=version).status_code == 422
    assert http.get(path, params={"page": 101}, headers=version).status_code == 422
    total, page = 0, path
    while page:
        answer = http.get(page, headers=version)
        total += sum(week["total"] for week in answer.json())
        page = answer.links.get("next", {}).get("url", "")
    assert total == repository.stars
    assert all(sum(week["days"]) == week["total"] for week in answer.json())


def test_unknown_paths_and_tokens(github: FakeGitHub, http: httpx.Client):
    assert http.get("/users/acme").status_code == 404
    assert http.get("/app/installations/1").status_code == 404
    assert http.post("/app/installations/1/access_tokens").status_code == 401
    assert http.get("/repos/acme/a", headers={"Authorization": "Bearer other"}).status_code == 401


def test_fake_runs_alone_with_the_figures_of_a_star_history(tmp_path: Path):
    history = tmp_path / "history.csv"
    history.write_text(
        "repository,date,stars,forks,open_issues,language\n"
        "pallets/flask,2026-08-01,71000,17000,5,Python\npallets/flask,2019-01-01,5,1,5,Python\n"
    )
    command = [sys.executable, "-m", "tests.github.fake", "--port", "0", "--repositories", "3"]
    with subprocess.Popen(
        [*command, "--history", str(history)], stdout=subprocess.PIPE, text=True, cwd=site.BASE_DIR
    ) as process:
        try:
            assert process.stdout
            url = process.stdout.readline().split()[0].removeprefix("GITHUB_API_URL=")
            with httpx.Client(base_url=url, timeout=30) as http:
                assert http.get("/repos/pallets/flask").json()["stargazers_count"] == 71000
                assert http.get("/repos/owner-0/repository-2").status_code == 200
                http.post("/_fake", json={"kind": "502", "times": 1})
                assert http.get("/repos/pallets/flask").status_code == 502
                assert http.get("/_fake").json() == {
                    "requests": 3,
                    "points": 0,
                    "most_at_once": 1,
                    "too_early": 0,
                }
        finally:
            process.kill()
