"""How the body of a request is read: never more of it than the address has a use for."""

import json
from typing import IO, Any

from django.conf import settings
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser, JSONParser

from apps.stacks.uploads import ProjectUploadHandler

# All files of a request as they are sent: base64 makes a third more of them. Detection itself has limits of its own.
MAX_FILES_BYTES = 20_000_000


class RequestTooLarge(APIException):  # type: ignore[misc]
    status_code = 413
    default_code = "too_large"


class LimitedJSONParser(JSONParser):  # type: ignore[misc]
    """JSON of at most `max_bytes`. The framework's own reads whatever is sent."""

    max_bytes: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: dict[str, Any] | None = None
    ) -> Any:
        try:
            data = super().parse(_Bounded(stream, self.max_bytes), media_type, parser_context)
            # Half of a pair can be escaped, but neither stored nor sent back in what says that it is wrong.
            json.dumps(data, ensure_ascii=False).encode()
        except RecursionError:
            raise ParseError("JSON parse error - it is nested too deeply.") from None
        except UnicodeEncodeError:
            raise ParseError("JSON parse error - it holds half of a surrogate pair.") from None
        return data


class FilesJSONParser(LimitedJSONParser):
    max_bytes = MAX_FILES_BYTES


class FilesFormParser(BaseParser):  # type: ignore[misc]
    """A form with files, as curl and browsers send it: the name of a file is its path, whatever its field is called."""

    media_type = "multipart/form-data"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        request = (parser_context or {})["request"]
        handler = ProjectUploadHandler(request._request)
        try:
            fields, _ = MultiPartParser(
                {**request.META, "CONTENT_TYPE": media_type}, stream, [handler], "utf-8"
            ).parse()
        except MultiPartParserError as error:
            raise ParseError(f"The form could not be read: {error}") from None
        return {**fields.dict(), "files": handler.files}


class _Bounded:
    """A stream that refuses to give more than `limit` bytes."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._stream, self._limit = stream, limit

    def read(self, size: int = -1) -> bytes:
        wanted = self._limit + 1
        data = self._stream.read(wanted if size < 0 else min(size, wanted))
        self._limit -= len(data)
        if self._limit < 0:
            raise RequestTooLarge("The request is larger than what is read here.")
        return data
