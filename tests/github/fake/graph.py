"""GraphQL of the fake GitHub: validated and executed by graphql-core against the schema beside this file."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from tests.github.fake.repositories import FakeRepository

SCHEMA_FILE = Path(__file__).with_name("schema.graphql")

WENT_WRONG = (
    "Something went wrong while executing your query. Please include `FA4E:1:2:3` when reporting this issue."
)
TOO_MUCH = "Resource limits for this query exceeded."
# Of a text that is longer GraphQL tells the beginning.
MOST_TEXT = 512_000
# GitHub's own limit.
MOST_IDS = 100


class RefusalError(Exception):
    """An error with a type, as GitHub gives it beside the message."""

    def __init__(self, message: str, kind: str = "", **extensions: Any) -> None:
        super().__init__(message)
        self.kind = kind
        self.extensions = extensions


def execute(github: Any, query: str, variables: Mapping[str, Any], rate: Mapping[str, Any]) -> dict[str, Any]:
    """GitHub's answer to `query`, as what JSON is made of."""
    document, errors = _read(query)
    if document is None or errors:
        return {"errors": [_formatted(error) for error in errors]}
    context = {"github": github, "rate": rate, "resolved": 0}
    result: ExecutionResult = execute_sync(
        schema(), document, variable_values=dict(variables), context_value=context, field_resolver=_resolve
    )
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = [_formatted(error) for error in result.errors]
    return answer


def repositories_asked(query: str, variables: Mapping[str, Any]) -> int:
    """How many repositories `query` asks for; 0 for one that is no GraphQL."""
    document, _ = _read(query)
    if document is None:
        return 0
    ids = sum(len(value) for value in variables.values() if isinstance(value, list))
    roots = [
        node
        for definition in document.definitions
        for node in definition.selection_set.selections
        if isinstance(node, FieldNode) and node.name.value == "repository"
    ]
    return ids + len(roots)


@lru_cache(maxsize=1)
def schema() -> GraphQLSchema:
    built = build_schema(SCHEMA_FILE.read_text())
    built.type_map["Node"].resolve_type = lambda value, *_: "Repository"  # type: ignore[attr-defined]
    built.type_map["GitObject"].resolve_type = lambda value, *_: "Blob"  # type: ignore[attr-defined]
    return built


@lru_cache(maxsize=64)
def _read(query: str) -> tuple[DocumentNode | None, list[GraphQLError]]:
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, [error]
    return document, validate(schema(), document)


def _resolve(source: Any, info: Any, **arguments: Any) -> Any:
    github = info.context["github"]
    name = info.field_name
    match info.parent_type.name, name:
        case "Query", "repository":
            full_name = f"{arguments['owner']}/{arguments['name']}"
            repository = github.find(full_name, follow_renames=arguments["followRenames"])
            if repository is None:
                raise RefusalError(
                    f"Could not resolve to a Repository with the name '{full_name}'.", "NOT_FOUND"
                )
            return _allowed(repository, info)
        case "Query", "nodes":
            ids = arguments["ids"]
            if len(ids) > MOST_IDS:
                raise RefusalError(
                    f"You may not provide more than {MOST_IDS} node ids; you provided {len(ids)}.",
                    "ARGUMENT_LIMIT",
                )
            return [_node(node_id, info) for node_id in ids]
        case "Query", "node":
            node = _node(arguments["id"], info)
            if isinstance(node, Exception):
                raise node
            return node
        case "Query", "rateLimit":
            return info.context["rate"]
        case "Repository", "object":
            return _blob(source, arguments["oid"])
        case "Repository", _:
            return _of_repository(source, name)
        case _:
            return _plain(source[name])


def _node(node_id: str, info: Any) -> Any:
    repository = info.context["github"].by_node_id(node_id)
    if repository is None:
        return RefusalError(f"Could not resolve to a node with the global id of '{node_id}'", "NOT_FOUND")
    try:
        return _allowed(repository, info)
    except RefusalError as refusal:
        return refusal


def _allowed(repository: FakeRepository, info: Any) -> FakeRepository:
    """`repository`, unless it is one that GitHub refuses to tell of."""
    info.context["resolved"] += 1
    if info.context["resolved"] > info.context["github"].most_repositories:
        raise RefusalError(TOO_MUCH, "RESOURCE_LIMITS_EXCEEDED")
    if repository.blocked:
        raise RefusalError("Repository access blocked", "FORBIDDEN")
    if repository.forbidden:
        raise RefusalError(repository.forbidden, "FORBIDDEN", saml_failure="SAML" in repository.forbidden)
    if repository.poisoned:
        raise RefusalError(WENT_WRONG)
    return repository


def _of_repository(repository: FakeRepository, name: str) -> Any:
    if name in repository.broken_fields:
        raise RefusalError(WENT_WRONG)
    release = repository.release and {
        "id": f"RE_{repository.id}",
        "tagName": repository.release,
        "name": repository.release,
        "publishedAt": repository.released_at,
        "createdAt": repository.released_at,
        "isDraft": False,
        "isPrerelease": False,
        "url": f"{repository.url}/releases/tag/{repository.release}",
    }
    license_id = repository.license
    return _plain(
        {
            "id": repository.node_id,
            "databaseId": repository.id,
            "name": repository.name,
            "nameWithOwner": repository.full_name,
            "url": repository.url,
            "stargazerCount": repository.stars,
            "forkCount": repository.forks,
            "watchers": {"totalCount": repository.watchers},
            "issues": {"totalCount": repository.open_issues},
            "isArchived": repository.archived,
            "isDisabled": repository.disabled,
            "isFork": repository.fork,
            "isMirror": repository.mirror,
            "createdAt": repository.created_at,
            "pushedAt": repository.pushed_at,
            "licenseInfo": license_id
            and {
                "id": "L_1",
                "key": license_id.lower(),
                "name": license_id,
                "spdxId": license_id,
                "url": None,
            },
            "primaryLanguage": repository.language
            and {"id": "LG_1", "name": repository.language, "color": None},
            "latestRelease": release,
        }[name]
    )


def _blob(repository: FakeRepository, oid: str) -> dict[str, Any] | None:
    content = repository.blobs().get(oid)
    if content is None:
        return None
    try:
        text = content[:MOST_TEXT].decode()
    except UnicodeDecodeError:
        text = None
    return {
        "id": f"B_{oid}",
        "oid": oid,
        "byteSize": len(content),
        "isBinary": text is None,
        "isTruncated": text is not None and len(content) > MOST_TEXT,
        "text": text,
    }


def _plain(value: Any) -> Any:
    return f"{value:%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else value


def _formatted(error: GraphQLError) -> dict[str, Any]:
    shown: dict[str, Any] = dict(error.formatted)
    if isinstance(error.original_error, RefusalError) and error.original_error.kind:
        shown["type"] = error.original_error.kind
    return shown
