"""Uploads are hostile: of what is too large nothing is kept while it arrives."""

from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.core.files.uploadhandler import TemporaryFileUploadHandler

# The largest thing that a form of ours takes is a picture of 4 MB. A little more, so that it is never cut short.
MAX_KEPT_BYTES = 5_000_000
# A photograph as cameras write it is read to its end, and thrown away, so that the form can say what is wrong with
# it; whoever sends more than that is cut off.
MAX_UPLOAD_BYTES = 30_000_000
# No form of ours takes more, but the import of a project, which has a handler of its own.
MAX_UPLOADED_FILES = 10


class LimitedUploadHandler(TemporaryFileUploadHandler):
    """Keeps files in the temporary folder, no more than `MAX_KEPT_BYTES` of a request.

    A file that brings more is empty and says its true size, which a form must refuse. Above `MAX_UPLOAD_BYTES` the
    request ends with 400: not by `StopUpload`, which has views work with the half of a form that had arrived.
    """

    received = 0
    files = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        self.files += 1
        if self.files > MAX_UPLOADED_FILES:
            raise TooManyFilesSent("The request brings more files than any form takes.")
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.received += len(raw_data)
        if self.received > MAX_UPLOAD_BYTES:
            # The parser only closes those that came whole.
            self.file.close()
            raise RequestDataTooBig("The request brings more than a picture.")
        if self.received <= MAX_KEPT_BYTES:
            super().receive_data_chunk(raw_data, start)
        else:
            self.file.seek(0)
            self.file.truncate()
