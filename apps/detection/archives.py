"""Archives that people drop: what detection needs of them, and no more, from hostile bytes.

Nothing is written to disk, so links lead nowhere and a path can't leave anything.
"""

import gzip
import io
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from apps.detection.detect import DEFAULT_LIMITS, MAX_PATHS, MAX_UNREAD, has_parser
from apps.detection.paths import clean_path, is_left_out, shown_path
from apps.detection.sights import File, Limits, Unread

# Text packs to a fifth or a twentieth; a lock file of one line said over and over to less than this.
MAX_RATIO = 200
RATIO_FROM_BYTES = 1_000_000
# How much a tar.gz may unpack to, of which all has to be unpacked to be passed over: about half a second's work.
MAX_UNPACKED = 200_000_000
# Of a long name or the other extra facts of one member of a tar.
MAX_HEADER = 100_000

_ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar")
# macOS puts one file of its own beside each of ours.
_NOISE = ("__MACOSX/", "._", ".DS_Store")


# What the libraries raise on bytes that no packer wrote.
_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
    OverflowError,
)


class ArchiveError(Exception):
    """What came is no archive that can be read; the words are for its owner."""


@dataclass(frozen=True, slots=True)
class _Member:
    path: str
    size: int
    # At most so many bytes of it; to be called before the next member is asked for.
    read: Callable[[int], bytes]
    # Why it can't be read; "" if it can.
    reason: str = ""


@dataclass(slots=True)
class _Taken:
    files: dict[str, bytes] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)

    def refuse(self, path: str, reason: str) -> None:
        if len(self.unread) < MAX_UNREAD:
            self.unread.append(Unread(shown_path(path), reason))


def read_archive(
    name: str, content: bytes, *, limits: Limits = DEFAULT_LIMITS
) -> tuple[list[File], list[Unread]]:
    """The files of a zip, tar or tar.gz: those that detection reads, and of the others the paths, without content.

    A folder that all of them stand in, as GitHub's archives have it, is taken off their paths. What could not be read
    stands in the second list. Raises `ArchiveError`.
    """
    taken = _Taken()
    try:
        _take(_members(name, content), taken, limits)
    except _DAMAGED as error:
        if not taken.files:
            raise ArchiveError(f"{shown_path(name)} is damaged: it can't be unpacked.") from error
        taken.refuse(name, "is damaged: what came before was read")
    top = _common_folder(taken.files)
    files = [File(path.removeprefix(top), content) for path, content in sorted(taken.files.items())]
    unread = [Unread(one.path.removeprefix(top), one.reason) for one in taken.unread]
    return files, unread


def _members(name: str, content: bytes) -> Iterator[_Member]:
    if content[:4] in (b"PK\3\4", b"PK\5\6"):
        return _zip_members(content)
    if content[:2] == b"\x1f\x8b":
        return _tar_members(gzip.GzipFile(fileobj=io.BytesIO(content)))
    if content[257:262] == b"ustar":
        return _tar_members(io.BytesIO(content))
    raise ArchiveError(
        f"{shown_path(name)} is no archive that can be read here: make it a zip, tar or tar.gz."
    )


def _take(members: Iterator[_Member], taken: _Taken, limits: Limits) -> None:
    total = 0
    for count, member in enumerate(members):
        path = clean_path(member.path)
        if count >= MAX_PATHS:
            taken.refuse("", f"there are more than {MAX_PATHS:,} files: the others were left out")
            return
        if path is None:
            taken.refuse(member.path, "its path leads out of the archive, is too long or not printable")
            continue
        if path.startswith(_NOISE) or "/._" in path or path in taken.files:
            continue
        # The first folder may be one that is taken off later.
        below = path.partition("/")[2]
        wanted = has_parser(path) and not is_left_out(below or path)
        reason = member.reason if wanted else ""
        if not wanted and path.lower().endswith(_ARCHIVES) and not is_left_out(below or path):
            reason = "is an archive in the archive: unpack it first"
        elif wanted and not reason:
            if member.size > limits.long_file_bytes:
                reason = f"is larger than {limits.long_file_bytes:,} bytes"
            elif total + member.size > limits.total_bytes:
                reason = f"is more than the {limits.total_bytes:,} bytes that are read in all"
        if reason:
            taken.refuse(path, reason)
            wanted = False
        try:
            taken.files[path] = member.read(member.size) if wanted else b""
        except _DAMAGED:
            taken.refuse(path, "is damaged")
        else:
            total += len(taken.files[path])


def _common_folder(paths: dict[str, bytes]) -> str:
    """The folder, with its slash, that all of `paths` stand in; "" if there is none."""
    tops = {path.partition("/")[0] if "/" in path else "" for path in paths}
    top = tops.pop() if len(tops) == 1 else ""
    return f"{top}/" if top else ""


def _zip_members(content: bytes) -> Iterator[_Member]:
    # The whole directory becomes objects as soon as it is opened.
    if content.count(b"PK\1\2") > MAX_PATHS:
        raise ArchiveError(f"The archive holds more than {MAX_PATHS:,} files.")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                read = partial(_read_zipped, archive, info)
                yield _Member(info.filename, info.file_size, read, _reason_against(info))


def _reason_against(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & 0x1:
        return "is encrypted"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a link"
    # The others unpack a few bytes to any size at once.
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is packed in a way that is not read here"
    if info.file_size > RATIO_FROM_BYTES and info.file_size > MAX_RATIO * max(info.compress_size, 1):
        return "is packed so tight that it is not unpacked"
    return ""


def _read_zipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    with archive.open(info) as file:
        return file.read(most)


class _CarefulInfo(tarfile.TarInfo):
    """Refuses members that would have to be held in memory to be understood."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_CarefulInfo":
        info = super().frombuf(buf, encoding, errors)
        is_header = info.type in (
            tarfile.XHDTYPE,
            tarfile.XGLTYPE,
            tarfile.SOLARIS_XHDTYPE,
            tarfile.GNUTYPE_LONGNAME,
            tarfile.GNUTYPE_LONGLINK,
        )
        if info.size < 0 or (is_header and info.size > MAX_HEADER):
            raise tarfile.ReadError("a header is too large")
        return info


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Bounded:
    """Reads on until so much was read that it can only be a bomb."""

    def __init__(self, file: _Readable) -> None:
        self._file = file
        self._left = MAX_UNPACKED

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise tarfile.ReadError("it unpacks to too much")
        return data


def _tar_members(file: _Readable) -> Iterator[_Member]:
    # As a stream: it never goes back, whatever the headers say.
    stream: Any = _Bounded(file)
    with tarfile.open(fileobj=stream, mode="r|", tarinfo=_CarefulInfo) as archive:
        kept: list[Any] = vars(archive)["members"]
        while info := archive.next():
            # It keeps all that came; we need none of them again.
            kept.clear()
            read = partial(_read_member, archive, info)
            if info.issparse():
                yield _Member(info.name, 0, read, "is packed in a way that is not read here")
            elif info.isreg():
                yield _Member(info.name, info.size, read)
            elif info.issym() or info.islnk():
                yield _Member(info.name, 0, read, "is a link")


def _read_member(archive: tarfile.TarFile, info: tarfile.TarInfo, most: int) -> bytes:
    file = archive.extractfile(info)
    return file.read(most) if file else b""
