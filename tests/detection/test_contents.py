import pytest

from apps.detection import contents as module
from apps.detection.contents import PACKED_FROM_BYTES, Contents


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
