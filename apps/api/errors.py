"""What is answered when something is wrong: `{"detail": "A sentence."}`."""

from typing import Any

from rest_framework.exceptions import MethodNotAllowed, NotAuthenticated, NotFound, Throttled
from rest_framework.response import Response
from rest_framework.views import exception_handler


def in_plain_words(error: Exception, context: dict[str, Any]) -> Response | None:
    """The framework's answer to an error, its own phrases put so that a person knows what to do."""
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, NotAuthenticated):
        response.data = {"detail": "Send a token of yours: Authorization: Bearer sst_..."}
    elif isinstance(error, MethodNotAllowed):
        allowed = ", ".join(sorted(context["view"].allowed_methods))
        response.data = {"detail": f"{context['request'].method} is not possible here. Try {allowed}."}
    elif isinstance(error, NotFound):
        response.data = {"detail": "There is nothing at this address."}
    elif isinstance(error, Throttled):
        response.data = {"detail": f"Too many requests with this token. Try again in {error.wait} seconds."}
    return response
