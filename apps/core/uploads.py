"""Uploads are hostile: what is too large is cut off while it arrives."""

from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler

# The largest thing that a form of ours takes is a picture of 4 MB; what is a little larger gets a friendly error.
MAX_UPLOAD_BYTES = 5_000_000


class LimitedUploadHandler(TemporaryFileUploadHandler):
    """Keeps files in the temporary folder and breaks the connection once a request brings more than allowed."""

    received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.received += len(raw_data)
        if self.received > MAX_UPLOAD_BYTES:
            raise StopUpload(connection_reset=True)
        super().receive_data_chunk(raw_data, start)
