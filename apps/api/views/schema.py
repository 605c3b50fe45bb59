"""The description of the API for programs: OpenAPI 3."""

from functools import cache
from typing import Any, ClassVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiJsonRenderer2, OpenApiYamlRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How a token is sent."""

    target_class = "apps.api.access.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


@cache
def description() -> dict[str, Any]:
    """Made once in a process: it changes with a release."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(  # type: ignore[no-untyped-call]
        request=None, public=True
    )
    return schema


class SchemaView(APIView):  # type: ignore[misc]
    """JSON, or YAML by `?format=yaml` or the `Accept` header. The same for everybody."""

    schema = None
    authentication_classes: ClassVar[list[type]] = []
    permission_classes: ClassVar[list[type]] = []
    throttle_classes: ClassVar[list[type]] = []
    renderer_classes: ClassVar = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer]

    def get(self, request: Request) -> Response:
        return Response(description(), headers={"Cache-Control": "public, max-age=3600"})
