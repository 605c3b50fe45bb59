"""What all addresses of the API have in common."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse
from rest_framework.exceptions import NotFound
from rest_framework.views import APIView

from apps.api.serializers import ProblemSerializer

# For the description: what may be wrong, by status. `errors(403, 404)` gives those, and what may befall any request.
_ERRORS = {
    400: "Something is wrong with what was sent: a sentence, or sentences by field.",
    401: "No token, or one that does not work.",
    403: "The token may only read, or you may not do this; it says why.",
    404: "There is nothing at this address, or nothing that you may see.",
    412: "Somebody changed it since the version that If-Match names.",
    413: "The request is larger than what is read here.",
    429: "Too many requests. Retry-After says how many seconds to wait.",
}


# For the description: anybody may ask, with or without a token.
OPEN: Any = [{}, {"token": []}]


def errors(*statuses: int) -> dict[int, OpenApiResponse]:
    return {status: OpenApiResponse(ProblemSerializer, _ERRORS[status]) for status in (*statuses, 401, 429)}


class ApiView(APIView):  # type: ignore[misc]
    """Answers that no cache keeps: what is shown depends on the token."""

    @property
    def default_response_headers(self) -> dict[str, str]:
        return {**super().default_response_headers, "Cache-Control": "private, no-store"}


class NothingHereView(ApiView):
    """404 as JSON, for what is no address of the API."""

    # Not described: it is none.
    schema = None

    def _nothing(self, request: Any, rest: str) -> None:
        raise NotFound

    get = post = put = patch = delete = _nothing
