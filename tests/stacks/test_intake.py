"""What people hand in: archives, bills of materials and lists among files of a project."""

import io
import json
import tarfile
import zipfile

import pytest

from apps.detection.knowledge import Knowledge, KnownTool
from apps.detection.sights import File
from apps.stacks import intake
from apps.stacks.intake import read_files
from apps.stacks.services.tiers import LEAST_CONFIDENCE

KNOWLEDGE = Knowledge.of(
    [
        KnownTool("flask", "Flask", packages=frozenset([("pypi", "flask")])),
        KnownTool("react", "React", packages=frozenset([("npm", "react")])),
    ]
)
BILL = json.dumps(
    {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "components": [{"type": "library", "name": "react", "purl": "pkg:npm/react@18.2.0"}],
    }
).encode()
LIST = b"tools:\n- name: Flask\n  package_url: https://pypi.org/project/flask\n"


def tar(path: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        info = tarfile.TarInfo(path)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("files", "tools", "source"),
    [
        ([("requirements.txt", b"flask\n")], ["flask"], "upload"),
        ([("x.tar.gz", tar("x/requirements.txt", b"flask\n"))], ["flask"], "upload"),
        ([("sbom.json", BILL)], ["react"], "sbom"),
        ([("techstack.yml", LIST)], ["flask"], "techstack"),
        # The word of another site is no evidence for what stands beside it.
        ([("sbom.json", BILL), ("techstack.yml", LIST)], ["react"], "sbom"),
        ([("README.md", b""), ("techstack.yml", LIST)], [], "upload"),
        ([("sbom.json", BILL), ("requirements.txt", b"flask\n")], ["flask", "react"], "upload"),
        ([], [], "upload"),
    ],
)
def test_files_are_read_as_what_they_are(
    files: list[tuple[str, bytes]], tools: list[str], source: str
) -> None:
    report, seen = read_files([File(*file) for file in files], KNOWLEDGE)

    assert (list(report.tools), seen) == (tools, source)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("x.zip", b"no archive"),
        ("sbom.json", b'{"bomFormat": "CycloneDX", "specVersion": "9"}'),
        ("techstack.yml", b"tools: ["),
        ("package.json", b"{"),
    ],
)
def test_what_can_t_be_read_hides_nothing_else(path: str, content: bytes) -> None:
    report, _ = read_files([File(path, content), File("requirements.txt", b"flask\n")], KNOWLEDGE)

    assert report.tools == ("flask",)
    assert [one.path for one in report.unread] == [path]


def test_list_among_files_is_a_mere_mention() -> None:
    claim = LIST + b"  detection_source: requirements.txt\n"

    report, _ = read_files([File("README.md", b""), File("techstack.yml", claim)], KNOWLEDGE)

    (found,) = report.findings
    assert (found.tool, found.path) == ("flask", "techstack.yml")
    assert found.confidence < LEAST_CONFIDENCE


def test_common_folder_is_left_out_of_paths_and_equal_ones_kept_apart() -> None:
    files = [File("rider/requirements.txt", b"flask\n"), File("rider/requirements.txt", b"flask\n")]

    report, _ = read_files(files, KNOWLEDGE)

    assert {one.path for one in report.findings} == {"requirements.txt", "2/requirements.txt"}


def test_no_more_bills_are_read_than_make_sense(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MAX_BILLS", 1)

    report, _ = read_files([File("a.json", BILL), File("b.json", BILL)], KNOWLEDGE)

    assert [one.path for one in report.unread] == ["b.json"]


def test_archives_share_what_may_be_unpacked() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(4):
            archive.writestr(f"{number}/package-lock.json", b" " * 9_000_000)
    bombs = [File(f"{number}.zip", buffer.getvalue()) for number in range(3)]

    report, _ = read_files([*bombs, File("requirements.txt", b"flask\n")], KNOWLEDGE)

    assert report.tools == ("flask",)
    assert report.unread


def test_bills_that_are_too_much_together_are_read_as_far_as_they_go(monkeypatch: pytest.MonkeyPatch) -> None:
    bill = json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": []}).encode()
    monkeypatch.setattr(intake, "MAX_BILLS_BYTES", len(bill))
    report, _ = read_files([File("a.cdx.json", bill), File("b.cdx.json", bill)], Knowledge())
    assert [one.path for one in report.unread] == ["b.cdx.json"]
