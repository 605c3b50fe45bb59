"""The description of the API: whole, valid, and the same for everybody."""

import pytest
import yaml
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema

from apps.api import urls
from apps.api.views.schema import description

# What describes the rest, the second spelling of an address, and what is none.
NOT_DESCRIBED = {"schema/", "detect/", "<path:rest>"}


def test_schema_is_valid_and_without_warnings() -> None:
    GENERATOR_STATS.reset()
    description.cache_clear()

    schema = description()

    validate_schema(schema)
    assert not GENERATOR_STATS
    assert schema["components"]["securitySchemes"] == {"token": {"type": "http", "scheme": "bearer"}}


def test_schema_describes_every_address_and_method() -> None:
    paths = description()["paths"]
    wanted = {
        (f"/api/v1/{_as_described(str(pattern.pattern))}", method)
        for pattern in urls.urlpatterns
        if str(pattern.pattern) not in NOT_DESCRIBED
        for method in pattern.callback.cls.http_method_names
        if method != "options" and hasattr(pattern.callback.cls, method)
    }

    described = {(path, method) for path, methods in paths.items() for method in methods}

    assert described == wanted


def _as_described(route: str) -> str:
    for before, after in (("<str:", "{"), ("<int:pk>", "{id}"), (">", "}")):
        route = route.replace(before, after)
    return route


def test_every_operation_says_what_it_does() -> None:
    operations = [one for methods in description()["paths"].values() for one in methods.values()]

    assert all(one["summary"] and one["tags"] for one in operations)
    assert all({"401", "429"} <= one["responses"].keys() for one in operations)


def test_schema_is_served_to_anybody_as_json_and_yaml(client: Client) -> None:
    as_json, as_yaml = client.get("/api/v1/schema/"), client.get("/api/v1/schema/?format=yaml")

    assert as_json["Cache-Control"] == "public, max-age=3600"
    assert as_json.json()["openapi"].startswith("3.")
    assert yaml.safe_load(as_yaml.content) == as_json.json()
    assert "<script" not in as_json.content.decode()


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_schema_is_read_only(client: Client, method: str) -> None:
    assert getattr(client, method)("/api/v1/schema/").status_code == 405
