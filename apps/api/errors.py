"""What is answered when something is wrong: `{"detail": "A sentence."}`, or by field `{"name": ["A sentence."]}`."""

from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, ValidationError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.exceptions import MethodNotAllowed, NotAuthenticated, NotFound, Throttled
from rest_framework.response import Response
from rest_framework.views import exception_handler

from apps.api.parsers import RequestTooLarge


class Outdated(exceptions.APIException):  # type: ignore[misc]
    status_code = 412
    default_code = "changed"


def in_plain_words(error: Exception, context: dict[str, Any]) -> Response | None:
    """The framework's answer to an error, its own phrases put so that a person knows what to do."""
    if isinstance(error, ValidationError) and getattr(error, "code", "") == "changed":
        error = Outdated(error.messages[0])
    elif isinstance(error, ValidationError):
        # What a service refuses. Its own "__all__" is of no field.
        fields = error.message_dict if hasattr(error, "error_dict") else {"__all__": error.messages}
        error = exceptions.ValidationError(
            {"detail" if name == "__all__" else name: words for name, words in fields.items()}
            if fields.keys() != {"__all__"}
            else {"detail": " ".join(fields["__all__"])}
        )
    elif isinstance(error, RequestDataTooBig):
        error = RequestTooLarge("The request is larger than what is read here.")
    elif isinstance(error, SuspiciousOperation):
        error = exceptions.ParseError("The request could not be read.")
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, NotAuthenticated):
        response.data = {"detail": "Send a token of yours: Authorization: Bearer sst_..."}
    elif isinstance(error, MethodNotAllowed):
        allowed = ", ".join(sorted(context["view"].allowed_methods))
        response.data = {"detail": f"{context['request'].method} is not possible here. Try {allowed}."}
    elif isinstance(error, NotFound | Http404):
        response.data = {"detail": "There is nothing at this address."}
    elif isinstance(error, Throttled):
        whose = "with this token" if context["request"].auth else "from this address"
        response.data = {"detail": f"Too many requests {whose}. Try again in {error.wait} seconds."}
    return response
