import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.accounts.services.tokens import create_token
from apps.tools.models import Tool
from tests.factories.tools import PackageFactory, ToolFactory


class Api:
    """What a program does: requests with a token of `person`, without one if there is none."""

    def __init__(self, person: User | None = None, scope: str = "write") -> None:
        self.headers = {}
        if person:
            _, token = create_token(person=person, name="Mine", scope=scope, days=30)
            self.headers["Authorization"] = f"Bearer {token}"

    def __call__(self, method: str, path: str, data: Any = None, **headers: str) -> Any:
        return Client().generic(
            method,
            f"/api/v1/{path}",
            "" if data is None else data if isinstance(data, bytes) else _json(data),
            content_type="application/json",
            headers=self.headers | headers,
        )

    def get(self, path: str, **headers: str) -> Any:
        return self("GET", path, **headers)

    def post(self, path: str, data: Any, **headers: str) -> Any:
        return self("POST", path, data, **headers)


def _json(data: Any) -> bytes:
    return json.dumps(data).encode()


@pytest.fixture
def api() -> Callable[..., Api]:
    return Api


@pytest.fixture
def mine(alice: User) -> Api:
    """With a token of alice that may write."""
    return Api(alice)


@pytest.fixture
def flask() -> Tool:
    tool: Tool = ToolFactory(name="Flask")
    PackageFactory(tool=tool, type="pypi", name="flask")
    return tool


@pytest.fixture
def react() -> Tool:
    tool: Tool = ToolFactory(name="React")
    PackageFactory(tool=tool, type="npm", name="react")
    return tool
