import gzip
import io
import stat
import struct
import tarfile
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.detection import archives
from apps.detection.archives import ArchiveError, read_archive
from apps.detection.detect import MAX_UNREAD
from apps.detection.sights import File, Limits

Entries = list[tuple[str, bytes]]
SOUND: Entries = [("package.json", b"{}"), ("src/a.py", b"print()")]


def zipped(entries: Entries, packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", packed) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return target.getvalue()


def tarred(entries: Entries, mode: str = "w:gz", **fields: object) -> bytes:
    """`fields` are set on every entry."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in entries:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for field, value in fields.items():
                setattr(info, field, value)
            archive.addfile(info, io.BytesIO(content))
    return target.getvalue()


def packed(entries: Entries) -> list[bytes]:
    return [zipped(entries), zipped(entries, zipfile.ZIP_STORED), tarred(entries), tarred(entries, "w")]


@pytest.mark.parametrize("content", packed(SOUND))
def test_archive_gives_what_is_read_and_the_paths_of_others(content: bytes) -> None:
    assert read_archive("a", content) == ([File("package.json", b"{}"), File("src/a.py", b"")], [])


@pytest.mark.parametrize("content", packed([(f"shop-main/{name}", text) for name, text in SOUND]))
def test_a_folder_that_all_files_stand_in_is_taken_off(content: bytes) -> None:
    files, _ = read_archive("a", content)
    assert files == [File("package.json", b"{}"), File("src/a.py", b"")]


@pytest.mark.parametrize("folder", ["examples", "dist", "vendor"])
def test_the_name_of_the_common_folder_does_not_matter(folder: str) -> None:
    files, _ = read_archive("a", tarred([(f"{folder}/package.json", b"{}"), (f"{folder}/a.py", b"")]))
    assert files[1] == File("package.json", b"{}")


@pytest.mark.parametrize(
    "path", ["../package.json", "/package.json", "a/../../package.json", "C:/package.json"]
)
def test_paths_that_lead_out_are_refused(path: str) -> None:
    for content in packed([(path, b"{}"), *SOUND]):
        files, unread = read_archive("a", content)
        assert [file.path for file in files] == ["package.json", "src/a.py"]
        assert [one.path for one in unread] == [path]


def test_noise_of_macos_is_passed_over() -> None:
    files, unread = read_archive(
        "a", zipped([("x/package.json", b"{}"), ("__MACOSX/x/._package.json", b"?")])
    )
    assert ([file.path for file in files], unread) == (["package.json"], [])


@pytest.mark.parametrize("name", ["inner.zip", "inner.tar.gz"])
def test_archives_in_archives_stay_unread(name: str) -> None:
    for content in packed([(name, zipped(SOUND)), *SOUND]):
        _, unread = read_archive("a", content)
        assert [(one.path, "archive in the archive" in one.reason) for one in unread] == [(name, True)]


def test_links_in_a_zip_stay_unread() -> None:
    info = zipfile.ZipInfo("package.json")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(info, "/etc/passwd")
        archive.writestr("a/", "")
        archive.writestr("Gemfile", "x")
    files, unread = read_archive("a", target.getvalue())
    assert files == [File("Gemfile", b"x"), File("package.json", b"")]
    assert [one.reason for one in unread] == ["is a link"]


@pytest.mark.parametrize("type_", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_in_a_tar_stay_unread(type_: bytes) -> None:
    files, unread = read_archive("a", tarred([("package.json", b"")], type=type_, linkname="/etc/passwd"))
    assert files == [File("package.json", b"")]
    assert [one.reason for one in unread] == ["is a link"]


@pytest.mark.parametrize("type_", [tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_devices_and_folders_in_a_tar_are_passed_over(type_: bytes) -> None:
    assert read_archive("a", tarred([("package.json", b"")], type=type_)) == ([], [])


def test_encrypted_files_stay_unread() -> None:
    content = bytearray(zipped([("package.json", b"{}"), ("Gemfile", b"")]))
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(mark) + offset] |= 1
    files, unread = read_archive("a", bytes(content))
    assert [one.reason for one in unread] == ["is encrypted"]
    assert File("package.json", b"") in files


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_packings_stay_unread(packing: int) -> None:
    _, unread = read_archive("a", zipped([("package.json", b"{}")], packing))
    assert [one.reason for one in unread] == ["is packed in a way that is not read here"]


def test_a_file_packed_too_tight_stays_unread() -> None:
    files, unread = read_archive("a", zipped([("package.json", b" " * 2_000_000), ("Gemfile", b"x")]))
    assert File("Gemfile", b"x") in files
    assert [one.reason for one in unread] == ["is packed so tight that it is not unpacked"]


def test_files_are_bounded_one_by_one_and_in_sum() -> None:
    limits = Limits(long_file_bytes=20, total_bytes=30)
    entries = [
        ("a/Gemfile", b"x" * 21),
        ("b/Gemfile", b"x" * 20),
        ("c/Gemfile", b"x" * 11),
        ("d/Gemfile", b"x" * 10),
    ]
    for content in packed(entries):
        files, unread = read_archive("a", content, limits=limits)
        assert [len(file.content) for file in files] == [0, 20, 0, 10]
        assert [one.reason for one in unread] == [
            "is larger than 20 bytes",
            "is more than the 30 bytes that are read in all",
        ]


def test_the_number_of_files_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_PATHS", 2)
    files, unread = read_archive("a", tarred([(f"{number}.py", b"") for number in range(4)]))
    assert [file.path for file in files] == ["0.py", "1.py"]
    assert [one.reason for one in unread] == ["there are more than 2 files: the others were left out"]
    with pytest.raises(ArchiveError, match="more than 2 files"):
        read_archive("a", zipped([(f"{number}.py", b"") for number in range(4)]))


def test_refusals_are_bounded() -> None:
    _, unread = read_archive("a", tarred([(f"../{number}", b"") for number in range(MAX_UNREAD + 5)]))
    assert len(unread) == MAX_UNREAD


def test_what_a_tar_unpacks_to_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_UNPACKED", 100_000)
    content = tarred([("Gemfile", b"x"), ("film.mp4", b"\1" * 1_000_000), ("package.json", b"{}")])
    files, unread = read_archive("shop.tgz", content)
    assert [file.path for file in files] == ["Gemfile", "film.mp4"]
    assert [(one.path, one.reason) for one in unread] == [
        ("shop.tgz", "is damaged: what came before was read")
    ]


def test_a_tar_with_endless_headers_is_refused() -> None:
    for type_ in (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME):
        with pytest.raises(ArchiveError):
            read_archive("a", tarred([("x", b"1" * 200_000)], "w", type=type_))


def test_a_damaged_file_hides_no_other() -> None:
    content = zipped([("package.json", b"{}"), ("Gemfile", b"gem")], zipfile.ZIP_STORED).replace(
        b"{}", b"[]", 1
    )
    files, unread = read_archive("a", content)
    assert files == [File("Gemfile", b"gem")]
    assert [(one.path, one.reason) for one in unread] == [("package.json", "is damaged")]


def test_a_tar_that_breaks_off_gives_what_came_before() -> None:
    content = tarred([("Gemfile", b"gem"), ("package.json", b"1" * 5000)], "w")[:3000]
    files, unread = read_archive("a.tar", content)
    assert files[0] == File("Gemfile", b"gem")
    assert "damaged" in unread[-1].reason


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"PK\3\4",
        b"PK\3\4" + b"\0" * 100,
        b"\x1f\x8b",
        b"\x1f\x8bgarbage",
        gzip.compress(b"{}" * 400, mtime=0),
        b"\0" * 257 + b"ustar" + b"\0" * 900,
        b"Rar!\x1a\x07\x00",
        zipped(SOUND)[:-30],
        struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 9, 9, 2**31, 2**31, 0),
    ],
    # An archive may hold the time at which it was made, and both processes must find tests of the same names.
    ids=lambda _: "content",
)
def test_what_is_no_archive_is_refused_with_words(content: bytes) -> None:
    with pytest.raises(ArchiveError, match=r"x\.zip"):
        read_archive("x.zip", content)


@settings(max_examples=100)
@given(
    st.sampled_from(packed(SOUND)), st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=9)
)
def test_damage_gives_an_error_of_ours_at_most(content: bytes, changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(content)
    for place, value in changes:
        damaged[place % len(damaged)] = value
    files: list[File] = []
    with suppress(ArchiveError):
        files, _ = read_archive("a", bytes(damaged))
    assert all(".." not in file.path.split("/") for file in files)
