import pytest

from apps.detection.parsers.swift import repository
from apps.detection.sights import Kind
from tests.detection.reading import names, read, told


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://github.com/vapor/vapor.git", "github.com/vapor/vapor"),
        ("https://GitHub.com/vapor/vapor/", "github.com/vapor/vapor"),
        ("git@github.com:vapor/vapor.git", "github.com/vapor/vapor"),
        ("ssh://git@git.example.org/a/b", "git.example.org/a/b"),
        ("../Local", ""),
        ("", ""),
        ("https://", ""),
    ],
)
def test_repositories_are_named_by_their_address(address, name):
    assert repository(address) == name


PACKAGE = """\
// swift-tools-version:5.9
import PackageDescription
let package = Package(
    name: "till",
    dependencies: [
        .package(url: "https://github.com/vapor/vapor.git", from: "4.99.0"),
        // .package(url: "https://github.com/gone/away.git", from: "1.0.0"),
        .package(url: "https://github.com/vapor/fluent", .upToNextMajor(from: "4.8.0")),
        .package(name: "Named", url: "https://github.com/a/named.git", exact: "1.0.0"),
        .package(
            url: "https://github.com/b/ranged.git",
            "1.2.0"..<"2.0.0"
        ),
        .package(url: "https://github.com/c/branched", branch: "main"),
        .package(path: "../Core"),
        .package(id: "mona.LinkedList", from: "1.0.0"),
    ]
)
"""


def test_package_swift_is_read():
    sights = read("Package.swift", PACKAGE)
    assert told(sights) == [
        "6 github.com/vapor/vapor 4.99.0 runtime",
        "8 github.com/vapor/fluent 4.8.0 runtime",
        "9 github.com/a/named 1.0.0 runtime",
        "11 github.com/b/ranged 1.2.0 runtime",
        "14 github.com/c/branched main runtime",
    ]
    assert told(sights, Kind.RUNTIME) == ["1 swift 5.9 runtime"]


@pytest.mark.parametrize(
    "text",
    [
        '{"pins": [\n {"identity": "vapor", "location": "https://github.com/vapor/vapor.git", "state": {"version": "4.1"}}, 3]}',  # noqa: E501
        '{"object": {"pins": [\n {"package": "vapor", "repositoryURL": "https://github.com/vapor/vapor", "state": {"version": "4.1"}}]}}',  # noqa: E501
    ],
)
def test_package_resolved_is_read_in_all_its_formats(text):
    assert told(read("Package.resolved", text)) == ["2 github.com/vapor/vapor 4.1 runtime ?"]


def test_xcode_projects_are_read():
    text = """\
/* Begin XCRemoteSwiftPackageReference section */
    AB12 /* XCRemoteSwiftPackageReference "Nuke" */ = {
        isa = XCRemoteSwiftPackageReference;
        repositoryURL = "https://github.com/kean/Nuke";
        requirement = {
            kind = upToNextMajorVersion;
            minimumVersion = 12.8.0;
        };
    };
    SWIFT_VERSION = 5.0;
"""
    sights = read("App.xcodeproj/project.pbxproj", text)
    assert told(sights) == ["4 github.com/kean/Nuke 12.8.0 runtime"]
    assert told(sights, Kind.RUNTIME) == ["10 swift 5.0 runtime"]


def test_podfile_and_its_lock_are_read():
    text = """\
platform :ios, '15.0'
target 'Till' do
  pod 'Firebase/Auth', '~> 11.0'
  # pod 'Gone'
  pod "Alamofire"
  pod 'Core', :path => '../core'
end
target 'TillTests' do
  pod 'Quick', '7.6'
end
"""
    sights = read("ios/Podfile", text)
    assert told(sights) == ["3 Firebase ~> 11.0 runtime", "5 Alamofire runtime", "9 Quick 7.6 development"]
    assert names(sights, Kind.OWN) == ["Core"]
    lock = "PODS:\n  - Alamofire (5.10.1)\n  - Firebase/Auth (11.4.0):\n    - Firebase/CoreOnly\n  - Firebase/CoreOnly (11.4.0)\n\nDEPENDENCIES:\n  - Alamofire (~> 5)\n"  # noqa: E501
    assert told(read("ios/Podfile.lock", lock)) == [
        "2 Alamofire 5.10.1 runtime ?",
        "3 Firebase 11.4.0 runtime ?",
    ]


def test_cartfile_is_read():
    text = '# comment\ngithub "Alamofire/Alamofire" ~> 5.9\ngit "https://git.example.org/a/b.git" "main"\nbinary "x"\n'
    assert told(read("Cartfile", text)) == [
        "2 github.com/Alamofire/Alamofire 5.9 runtime",
        "3 git.example.org/a/b main runtime",
    ]
    assert told(read("Cartfile.private", 'github "Quick/Nimble"')) == [
        "1 github.com/Quick/Nimble development"
    ]
