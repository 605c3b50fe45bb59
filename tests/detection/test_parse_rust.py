import pytest

from apps.detection.sights import Kind
from tests.detection.reading import names, read, read_partly, told

ROOT = """\
[workspace]
members = ["crates/*"]

[workspace.dependencies]
serde = { version = "1.0.210", features = ["derive"] }
sqlx = { version = "0.8", features = ["postgres"] }
ledger = { path = "crates/ledger" }
http1 = { package = "http", version = "1" }
"""

MEMBER = """\
[package]
name = "till"
rust-version = "1.80"

[dependencies]
tokio = { version = "1", features = ["full"] }
serde.workspace = true
sqlx = { workspace = true, features = ["runtime-tokio"] }
ledger = { workspace = true }
http1 = { workspace = true }
axum = "0.7"
forked = { git = "https://git.example.org/forked", tag = "v2" }
other = { version = "3", package = "real-name" }

[target.'cfg(unix)'.dependencies]
nix = "0.29"

[dev-dependencies]
insta = "1"

[build-dependencies]
cc = "1"
"""


def test_cargo_members_inherit_from_their_workspace():
    sights = read("crates/till/Cargo.toml", MEMBER, {"Cargo.toml": ROOT, "crates/Cargo.toml": "[package]"})
    assert told(sights) == [
        "6 tokio 1 runtime",
        "7 serde 1.0.210 runtime",
        "8 sqlx 0.8 runtime",
        "10 http 1 runtime",
        "11 axum 0.7 runtime",
        "12 forked v2 runtime",
        "13 real-name 3 runtime",
        "19 insta 1 development",
        "22 cc 1 build",
        "16 nix 0.29 runtime",
    ]
    assert names(sights, Kind.OWN) == ["till", "ledger"]
    assert names(sights, Kind.SCHEME) == ["full", "derive", "runtime-tokio", "postgres"]
    assert told(sights, Kind.RUNTIME) == ["3 rust 1.80 runtime"]


def test_cargo_members_without_their_workspace_have_no_versions():
    assert told(read("till/Cargo.toml", "[dependencies]\nserde.workspace = true")) == ["2 serde runtime"]


@pytest.mark.parametrize(("beside", "mark"), [({}, ""), ({"a/Cargo.toml": ""}, " ?")])
def test_cargo_workspace_speaks_for_its_members_only_where_none_is(beside, mark):
    assert told(read("Cargo.toml", ROOT, beside)) == [
        f"5 serde 1.0.210 runtime{mark}",
        f"6 sqlx 0.8 runtime{mark}",
        f"8 http 1 runtime{mark}",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "package = 3\ndependencies = []\nworkspace = 'x'\ntarget = 4",
        "[dependencies]\na = 1\nb = []\nc = {features = 'x'}\nd = {version = 3}\n[target]\nx = 1",
        "[workspace]\ndependencies = ['a']\n[package]\nname = []",
    ],
)
def test_cargo_of_wrong_types_is_read_without_failing(text):
    assert set(names(read("Cargo.toml", text))) <= {"c", "d"}


def test_cargo_that_does_not_parse_yields_what_can_be_read():
    sights, error = read_partly("Cargo.toml", '[dependencies]\naxum = "0.7"\n[dev-dependencies]\ninsta = \n')
    assert names(sights) == ["axum"]
    assert error is not None
    assert error.line == 4


def test_cargo_lock_tells_members_from_packages():
    text = """\
version = 4

[[package]]
name = "axum"
version = "0.7.9"
source = "registry+https://index.example"
dependencies = [
 "tower",
]

[[package]]
name = "till"
version = "0.1.0"
"""
    sights = read("Cargo.lock", text)
    assert told(sights) == ["4 axum 0.7.9 runtime ?"]
    assert names(sights, Kind.OWN) == ["till"]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("rust-toolchain.toml", '[toolchain]\nchannel = "1.82.0"\n', ["2 rust 1.82.0 runtime"]),
        ("rust-toolchain", "nightly-2026-01-01\n", ["1 rust nightly-2026-01-01 runtime"]),
        ("rust-toolchain.toml", "toolchain = 3", ["rust runtime"]),
    ],
)
def test_rust_toolchains_name_the_version(path, text, expected):
    assert told(read(path, text), Kind.RUNTIME) == expected


def test_rust_toolchain_that_does_not_parse_is_refused():
    assert read_partly("rust-toolchain.toml", "[toolchain\nx")[1] is not None
