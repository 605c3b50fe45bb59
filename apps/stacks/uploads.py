"""Files of a project as they arrive: only those that detection reads are kept, in memory, with their paths."""

import html
import re
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler
from django.http.multipartparser import MultiPartParser

from apps.detection.detect import is_wanted
from apps.detection.sights import File
from apps.detection.techstack import is_techstack

# All files and fields of a request. A repository's manifests are a tenth of it; an archive with its sources is not.
MAX_REQUEST_BYTES = 50_000_000
MAX_PATH_CHARACTERS = 500

_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
# Bills of materials bear any name: what they are is seen by their content.
_BILLS = (".json", ".xml", ".cdx", ".spdx")
_UNSEEN = re.compile("[\0-\x1f\x7f\ud800-\udfff]")


def is_archive(path: str) -> bool:
    return path.lower().endswith(_ARCHIVES)


def _is_kept(path: str) -> bool:
    return is_archive(path) or path.lower().endswith(_BILLS) or is_wanted(path) or is_techstack(path)


class _PathParser(MultiPartParser):
    """Leaves a file the path that the browser gave it: nothing is ever written under that name."""

    def sanitize_file_name(self, file_name: str) -> str | None:
        path = _UNSEEN.sub("", html.unescape(file_name)).replace("\\", "/")
        return path[:MAX_PATH_CHARACTERS].strip("/") or None


class ProjectUploadHandler(FileUploadHandler):
    """Collects `files` of a request; of those that detection does not read only the path, which tells the language.

    A request of more than `MAX_REQUEST_BYTES` ends with 400.
    """

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.files: list[File] = []
        self._is_parsing = False
        self._chunks: list[bytes] = []

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, str],  # noqa: N803 - as Django calls it
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> Any:
        if self._is_parsing:
            return None
        self._is_parsing = True
        if content_length > MAX_REQUEST_BYTES:
            raise RequestDataTooBig("The files are too large.")
        return _PathParser(META, input_data, [self], encoding).parse()

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._chunks = []
        self._keeps = _is_kept(str(self.file_name))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self._keeps:
            self._chunks.append(raw_data)

    def file_complete(self, file_size: int) -> None:
        self.files.append(File(str(self.file_name), b"".join(self._chunks)))
        self._chunks = []
