import pytest

from apps.detection.sights import Kind
from tests.detection.reading import names, read, told

PUBSPEC = """\
name: till_app
environment:
  sdk: ^3.5.0
  flutter: ">=3.24.0"
dependencies:
  flutter:
    sdk: flutter
  dio: ^5.7.0
  # http: ^1.2.0
  firebase_core:
    hosted: https://pub.example
    version: 3.6.0
  forms:
    git: https://git.example.org/forms.git
  till_models:
    path: ../models
  bare:
dev_dependencies:
  flutter_test:
    sdk: flutter
  mocktail: any
"""


def test_pubspec_is_read_with_flutter_as_a_runtime():
    sights = read("pubspec.yaml", PUBSPEC)
    assert told(sights) == [
        "8 dio ^5.7.0 runtime",
        "10 firebase_core 3.6.0 runtime",
        "13 forms runtime",
        "17 bare runtime",
        "21 mocktail any development",
    ]
    assert names(sights, Kind.OWN) == ["till_app", "till_models"]
    assert told(sights, Kind.RUNTIME) == ["4 flutter >=3.24.0 runtime", "3 dart ^3.5.0 runtime"]


def test_pubspec_without_flutter_names_dart_alone():
    assert told(read("pubspec.yaml", "name: x\n"), Kind.RUNTIME) == ["dart runtime"]


@pytest.mark.parametrize(
    "text", ["- a", "3", "name: [a]\ndependencies: [b]\nenvironment: x", "dependencies: {[a]: 1, b: [c]}"]
)
def test_pubspec_of_wrong_types_is_read_without_failing(text):
    assert set(names(read("pubspec.yaml", text))) <= {"b"}


def test_pubspec_lock_gives_versions():
    text = """\
packages:
  dio:
    dependency: "direct main"
    source: hosted
    version: "5.7.0"
  mocktail:
    dependency: "direct dev"
    source: hosted
    version: "1.0.4"
  flutter:
    source: sdk
    version: "0.0.0"
  odd: 3
"""
    assert told(read("pubspec.lock", text)) == ["2 dio 5.7.0 runtime ?", "6 mocktail 1.0.4 development ?"]
