from rest_framework.decorators import api_view
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers import MeSerializer, TokenSerializer

# What is a person's own belongs in no cache.
PRIVATE = {"Cache-Control": "private, no-store"}


@api_view(["GET"])  # type: ignore[untyped-decorator]
def me(request: Request) -> Response:
    """The person whose token it is, and what the token may do."""
    data = {**MeSerializer(request.user).data, "token": TokenSerializer(request.auth).data}
    return Response(data, headers=PRIVATE)


@api_view(["GET", "POST", "PUT", "PATCH", "DELETE"])  # type: ignore[untyped-decorator]
def nothing_here(request: Request, rest: str) -> Response:
    """404 as JSON, for what is no address of the API."""
    raise NotFound
