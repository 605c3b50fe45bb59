"""What the files that are read hold: kept small until it is asked for, then as text."""

import zlib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from collections.abc import Iterator, Mapping

_MARKS = (
    (BOM_UTF8, "utf-8"),
    (BOM_UTF32_LE, "utf-32-le"),
    (BOM_UTF32_BE, "utf-32-be"),
    (BOM_UTF16_LE, "utf-16-le"),
    (BOM_UTF16_BE, "utf-16-be"),
)

# Longer files, most often lock files, are packed while they wait, and all others once these are so many bytes: text
# packs to a tenth or so, at some 100 MB a second.
PACKED_FROM_BYTES = 100_000
PLAIN_BYTES = 15_000_000


def decode(content: bytes) -> str:
    """Text of `content` by its byte-order mark or as UTF-8, bad bytes replaced, line ends as \\n."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            text = content[len(mark) :].decode(encoding, errors="replace")
            break
    else:
        # Without a mark, ASCII in two bytes a letter.
        if b"\0" in content[:2]:
            text = content.decode("utf-16-be" if content[0] == 0 else "utf-16-le", errors="replace")
        else:
            # While it is small: a letter beyond the usual ones makes four bytes of each of the text.
            if b"\r" in content:
                content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            return content.decode("utf-8", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def is_text(content: bytes) -> bool:
    """Whether bytes may be text: those with zeros are only if they begin as UTF-16 or UTF-32 does."""
    return (
        b"\0" not in content
        or b"\0" in content[:2]
        or any(content.startswith(mark) for mark, encoding in _MARKS if encoding != "utf-8")
    )


class Contents(Mapping[str, str]):
    """Texts by path. Each is unpacked and decoded anew when it is taken, so that few are in memory at once."""

    def __init__(self) -> None:
        self._plain: dict[str, bytes] = {}
        self._plain_bytes = 0
        self._packed: dict[str, bytes] = {}

    def add(self, path: str, content: bytes) -> None:
        if len(content) < PACKED_FROM_BYTES and self._plain_bytes < PLAIN_BYTES:
            self._plain[path] = content
            self._plain_bytes += len(content)
        else:
            self._packed[path] = zlib.compress(content, 1)

    def __getitem__(self, path: str) -> str:
        if path in self._packed:
            return decode(zlib.decompress(self._packed[path]))
        return decode(self._plain[path])

    def __contains__(self, path: object) -> bool:
        return path in self._plain or path in self._packed

    def __iter__(self) -> Iterator[str]:
        yield from self._plain
        yield from self._packed

    def __len__(self) -> int:
        return len(self._plain) + len(self._packed)
