import codecs
import json
import logging
from collections.abc import Iterator

import pytest

from apps.detection import detect as module
from apps.detection.detect import MAX_PLACES, MAX_UNREAD, detect, is_wanted
from apps.detection.globs import Globs
from apps.detection.knowledge import Knowledge, KnownTool
from apps.detection.parsers.base import Parser, TextFile, Tree
from apps.detection.sights import File, Kind, Limits, Scope, Sight
from tests.detection.known import KNOWN, npm, report_of, tools_of

MANIFEST = '{"name": "shop", "dependencies": {"react": "^19.0.0", "typescript": "5"}}'


def manifest(**sections: object) -> str:
    return json.dumps({"dependencies": {"typescript": "5"}, **sections})


def test_detect_says_tool_purl_version_path_line_scope_and_confidence() -> None:
    report = report_of(
        {"web/package.json": '{\n "name": "shop",\n "dependencies": {\n  "react": "^19.0.0"\n }\n}'}
    )
    [finding] = [finding for finding in report.findings if finding.tool == "react"]
    assert (finding.purl, finding.version, finding.path, finding.line) == (
        "pkg:npm/react",
        "^19.0.0",
        "web/package.json",
        4,
    )
    assert (finding.kind, finding.scope, finding.confidence, finding.is_direct) == (
        Kind.PACKAGE,
        Scope.RUNTIME,
        1.0,
        True,
    )


def test_detect_gives_the_same_whatever_the_order() -> None:
    files = [
        File("a/package.json", MANIFEST.encode()),
        File("package.json", MANIFEST.encode()),
        File("x.py", b""),
    ]
    assert detect(files, KNOWN) == detect(files[::-1], KNOWN)


@pytest.mark.parametrize(
    "content",
    [
        codecs.BOM_UTF8 + MANIFEST.encode(),
        codecs.BOM_UTF16_LE + MANIFEST.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + MANIFEST.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + MANIFEST.encode("utf-32-le"),
        MANIFEST.encode("utf-16-le"),
        MANIFEST.encode("utf-16-be"),
        MANIFEST.replace(" ", "\r\n").encode(),
        MANIFEST.replace("shop", "sh\xf6p").encode("latin-1"),
    ],
)
def test_detect_decodes(content: bytes) -> None:
    assert "react" in tools_of({"package.json": content})


def test_one_bad_file_never_hides_the_rest() -> None:
    report = report_of({"a/package.json": "{", "b/package.json": b"ab\0", "package.json": MANIFEST})
    assert "react" in report.tools
    assert [(unread.path, unread.reason) for unread in report.unread] == [
        ("a/package.json", "is not JSON: Expecting property name enclosed in double quotes (line 1)"),
        ("b/package.json", "is not text"),
    ]


def test_minor_tools_are_found_and_not_named() -> None:
    report = report_of({"package.json": manifest(dependencies={"lodash": "4", "typescript": "5"})})
    assert "lodash" not in report.tools
    assert "lodash" in {finding.tool for finding in report.findings}


def test_a_projects_own_packages_are_dropped() -> None:
    files: dict[str, str | bytes] = {
        "package.json": manifest(name="@sentry/node", devDependencies={"next": "15"}),
        "web/package.json": manifest(dependencies={"@sentry/node": "8", "typescript": "5"}),
    }
    assert "sentry" not in tools_of(files)
    assert "nextjs" in tools_of(files)


def test_a_projects_own_image_is_dropped() -> None:
    compose = "services:\n  a:\n    image: acme/shop:1\n  b:\n    image: library/postgres:16\n"
    assert report_of({"package.json": MANIFEST, "compose.yml": compose}).unknown == ()
    assert report_of({"web/package.json": MANIFEST, "compose.yml": compose}).unknown == (
        "pkg:docker/acme/shop",
    )


def test_unknown_names_direct_packages_that_the_catalogue_does_not_know() -> None:
    report = report_of(
        {
            "package.json": manifest(dependencies={"@acme/left": "1", "react": "19", "typescript": "5"}),
            "package-lock.json": json.dumps(
                {
                    "packages": {
                        "node_modules/deep": {"version": "1"},
                        "node_modules/@acme/left": {"version": "1"},
                    }
                }
            ),
        }
    )
    assert report.unknown == ("pkg:npm/%40acme/left",)


LOCK = json.dumps(
    {
        "packages": {
            "": {"dependencies": {"react": "^19.0.0"}},
            "node_modules/react": {"version": "19.1.2"},
            "node_modules/next": {"version": "15.0.1"},
        }
    }
)


def test_lock_file_gives_the_version_of_what_the_manifest_names_and_nothing_else() -> None:
    report = report_of({"app/package.json": MANIFEST, "package-lock.json": LOCK})
    versions = {finding.tool: finding.version for finding in report.findings}
    assert versions["react"] == "19.1.2"
    assert "nextjs" not in versions


def test_lock_file_without_manifest_gives_findings() -> None:
    report = report_of({"a/package-lock.json": LOCK, "b/package.json": manifest()})
    assert "react" in report.tools
    assert "nextjs" not in report.tools
    assert [finding.is_direct for finding in report.findings if finding.tool == "nextjs"] == [False]


def test_lock_file_of_another_folder_gives_no_versions() -> None:
    report = report_of({"a/package-lock.json": LOCK, "b/package.json": MANIFEST})
    assert {f.version for f in report.findings if f.path == "b/package.json" and f.tool == "react"} == {
        "^19.0.0"
    }


def test_files_are_evidence_with_the_scope_of_their_tool() -> None:
    report = report_of({".github/workflows/ci.yml": "", "api/Dockerfile.dev": "", "next.config.mjs": "x"})
    assert report.tools == ("docker", "github-actions", "nextjs", "nodejs")
    assert {finding.tool: finding.scope for finding in report.findings} == {
        "docker": Scope.DEVELOPMENT,
        "github-actions": Scope.BUILD,
        "nextjs": Scope.DEVELOPMENT,
        "nodejs": Scope.DEVELOPMENT,
    }


@pytest.mark.parametrize(
    ("packages", "named"),
    [
        (["@aws-sdk/client-s3"], False),
        (["@aws-sdk/client-s3", "@aws-sdk/client-sqs"], True),
        (["@aws-sdk/client-s3", "@aws-sdk/credential-providers"], True),
        (["@aws-sdk/credential-providers"], True),
    ],
)
def test_umbrella_is_named_for_two_of_its_parts_or_something_of_its_own(
    packages: list[str], named: bool
) -> None:
    parts = ("s3", "sqs")
    knowledge = Knowledge.of(
        [
            *(KnownTool(part, part, packages=npm(f"@aws-sdk/client-{part}")) for part in parts),
            KnownTool("aws", "AWS", prefixes=("pkg:npm/%40aws-sdk/*",), implied_by=parts, is_umbrella=True),
        ]
    )
    text = json.dumps({"dependencies": dict.fromkeys(packages, "3")})
    report = detect([File("package.json", text.encode())], knowledge)
    assert ("aws" in report.tools) == named
    assert "aws" in {finding.tool for finding in report.findings}


def test_implied_tools_stand_on_the_evidence_of_what_implies_them() -> None:
    report = report_of({"next.config.mjs": ""})
    [finding] = [finding for finding in report.findings if finding.tool == "nodejs"]
    assert (finding.kind, finding.path) == (Kind.FILE, "next.config.mjs")


def test_languages_count_by_their_share_of_source_files() -> None:
    files: dict[str, str | bytes] = {f"src/{number}.py": "" for number in range(30)}
    files |= {f"web/{number}.ts": "" for number in range(6)} | {"release.sh": "", "README.md": ""}
    report = report_of(files)
    assert report.tools == ("python", "typescript")
    assert {finding.tool: finding.confidence for finding in report.findings}["shell"] < 0.5


def test_languages_do_not_count_by_files_that_are_there_for_a_tool() -> None:
    report = report_of({"next.config.mjs": "", "a.py": ""})
    assert "javascript" not in report.tools
    assert "python" in report.tools


def test_languages_know_endings_of_two_parts() -> None:
    assert tools_of({"a.blade.php": "", "b.test.php": "", "c.tar.gz": ""}) == ("blade", "php")


def test_what_stands_in_vendored_and_sample_folders_is_left_out() -> None:
    assert (
        tools_of(
            {"node_modules/x/package.json": MANIFEST, "examples/package.json": MANIFEST, "dist/a.py": ""}
        )
        == ()
    )


def test_places_of_a_tool_are_bounded_and_the_best_come_first() -> None:
    files: dict[str, str | bytes] = {f"packages/p{number:02}/package.json": MANIFEST for number in range(50)}
    files["package.json"] = manifest(
        peerDependencies={"react": "19"}, peerDependenciesMeta={"react": {"optional": True}}
    )
    places = [finding for finding in report_of(files).findings if finding.tool == "react"]
    assert len(places) == MAX_PLACES
    assert places[0].path == "packages/p00/package.json"
    assert all(place.confidence == 1.0 for place in places)


def test_a_mere_mention_is_found_and_not_named() -> None:
    report = report_of(
        {
            "package.json": manifest(
                peerDependencies={"react": "19"}, peerDependenciesMeta={"react": {"optional": True}}
            )
        }
    )
    assert "react" not in report.tools
    assert "react" in {finding.tool for finding in report.findings}


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(file_bytes=80), "is larger than 80 bytes"),
        (Limits(files=1), "is more than the 1 files that are read"),
        (Limits(total_bytes=100), "is more than the 100 bytes that are read in all"),
        (Limits(seconds=-1), "was left out: reading all files takes too long"),
    ],
)
def test_limits_leave_files_out_and_say_so(limits: Limits, reason: str) -> None:
    files = [File("a/package.json", MANIFEST.encode()), File("b/package.json", MANIFEST.encode() + b" " * 30)]
    report = detect(files, KNOWN, limits=limits)
    assert (report.unread[-1].path, report.unread[-1].reason) == ("b/package.json", reason)


def test_lock_files_may_be_longer() -> None:
    limits = Limits(file_bytes=50, long_file_bytes=500)
    report = detect([File("package-lock.json", LOCK.encode())], KNOWN, limits=limits)
    assert "react" in report.tools


def test_unsafe_paths_are_refused_and_twins_passed_over() -> None:
    files = [
        File("../package.json", MANIFEST.encode()),
        File("/package.json", MANIFEST.encode()),
        File("package.json", b'{"dependencies": {"next": "1"}}'),
        File("./package.json", MANIFEST.encode()),
    ]
    report = detect(files, KNOWN)
    assert "nextjs" in report.tools
    assert "react" not in report.tools
    assert [unread.path for unread in report.unread] == ["../package.json", "/package.json"]


def test_refusals_are_bounded() -> None:
    report = detect([File(f"/{number}", b"") for number in range(MAX_UNREAD + 7)], KNOWN)
    assert len(report.unread) == MAX_UNREAD + 1
    assert report.unread[-1].reason == "and 7 more"


def test_paths_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PATHS", 2)
    report = detect([File(f"{number}.py", b"") for number in range(4)], KNOWN)
    assert [unread.reason for unread in report.unread] == [
        "there are more than 2 files: the others were left out"
    ]
    assert report.tools == ("python",)


def test_what_manifests_name_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SIGHTS", 1)
    report = report_of({"package.json": MANIFEST})
    assert [finding.tool for finding in report.findings] == ["react"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RecursionError(), "is nested too deep or too large"),
        (MemoryError(), "is nested too deep or too large"),
        (KeyError("a mistake of ours"), "could not be read"),
    ],
)
def test_a_parser_that_fails_hides_nothing(
    error: Exception, reason: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def parse(file: TextFile, tree: Tree) -> Iterator[Sight]:
        yield Sight(Kind.PACKAGE, "rails", file.path, type="gem")
        raise error

    monkeypatch.setattr(module, "_PARSERS", Globs([("*.odd", Parser(("*.odd",), parse))]))
    caplog.set_level(logging.CRITICAL, "apps.detection.detect")
    report = report_of({"a.odd": "x"})
    assert report.tools == ("rails", "ruby")
    assert [unread.reason for unread in report.unread] == [reason]


@pytest.mark.parametrize("name", ["", " ", "x" * 201, "a\0b", "rai\nls"])
def test_names_that_are_none_are_passed_over(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(file: TextFile, tree: Tree) -> Iterator[Sight]:
        yield Sight(Kind.PACKAGE, name, file.path, type="gem")
        yield Sight(Kind.PACKAGE, "x/", file.path, type="gem")

    monkeypatch.setattr(module, "_PARSERS", Globs([("*.odd", Parser(("*.odd",), parse))]))
    assert report_of({"a.odd": "x"}).findings == ()


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("package.json", True),
        ("apps/web/package.json", True),
        ("yarn.lock", True),
        ("mise.toml", True),
        ("src/main.py", False),
        ("logo.png", False),
        ("node_modules/a/package.json", False),
        ("/package.json", False),
        ("../package.json", False),
    ],
)
def test_is_wanted_names_what_is_read(path: str, wanted: bool) -> None:
    assert is_wanted(path) == wanted
