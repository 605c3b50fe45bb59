import pytest

from apps.detection import contents as module
from apps.detection.contents import PACKED_FROM_BYTES, Contents, is_text


def test_contents_give_back_long_and_short_texts() -> None:
    contents = Contents()
    long = "ä" * PACKED_FROM_BYTES
    contents.add("long", long.encode())
    contents.add("short", b"a\r\nb")
    assert dict(contents) == {"short": "a\nb", "long": long}
    assert len(contents) == 2
    assert "long" in contents
    assert "other" not in contents


def test_contents_pack_short_texts_once_they_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PLAIN_BYTES", 5)
    contents = Contents()
    for name in ("a", "b", "c"):
        contents.add(name, name.encode() * 4)
    assert dict(contents) == {"a": "aaaa", "b": "bbbb", "c": "cccc"}


def test_contents_know_no_other_path() -> None:
    with pytest.raises(KeyError):
        Contents()["a"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a", True),
        (b"ab\0", False),
        (b"a\0b\0", True),
        (b"\xff\xfea\0", True),
        (b"\xef\xbb\xbfa\0", False),
    ],
)
def test_content_with_zeros_is_text_only_in_two_bytes_a_letter(content: bytes, expected: bool) -> None:
    assert is_text(content) is expected
