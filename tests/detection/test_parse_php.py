import pytest

from apps.detection.sights import Kind
from tests.detection.reading import names, read, read_partly, told

COMPOSER = """\
{
  "name": "example/till",
  "require": {
    "php": "^8.3",
    "ext-pdo_pgsql": "*",
    "ext-redis": "*",
    "composer-runtime-api": "^2",
    "laravel/framework": "^11.0",
    "predis/predis": "^2.2"
  },
  "require-dev": {
    "phpunit/phpunit": "^11",
    "laravel/framework": "^11.0"
  }
}
"""


def test_composer_is_read_with_the_platform():
    sights = read("composer.json", COMPOSER)
    assert told(sights) == [
        "8 laravel/framework ^11.0 runtime",
        "9 predis/predis ^2.2 runtime",
        "12 phpunit/phpunit ^11 development",
        "13 laravel/framework ^11.0 development",
    ]
    assert names(sights, Kind.OWN) == ["example/till"]
    assert told(sights, Kind.RUNTIME) == ["4 php ^8.3 runtime"]
    assert [(s.name, s.confidence) for s in sights if s.kind == Kind.SCHEME] == [
        ("pgsql", 0.5),
        ("redis", 0.5),
    ]


@pytest.mark.parametrize(
    "text", ["[]", "3", '{"require": ["a/b"], "require-dev": 3, "name": []}', '{"require": {"a/b": []}}']
)
def test_composer_of_wrong_types_is_read_without_failing(text):
    assert set(names(read("composer.json", text))) <= {"a/b"}


def test_composer_that_does_not_parse_is_refused_with_the_line():
    _, error = read_partly("composer.json", '{\n  "require": {\n    "php": \n}')
    assert error is not None
    assert error.line == 4


def test_composer_lock_gives_versions():
    text = """\
{"packages": [
  {"name": "laravel/framework", "version": "v11.30.0", "require": {"php": "^8.2"}},
  {"name": 3}, 4
 ],
 "packages-dev": [
  {"name": "phpunit/phpunit", "version": "11.4.3"}
 ]}
"""
    assert told(read("composer.lock", text)) == [
        "2 laravel/framework v11.30.0 runtime ?",
        "6 phpunit/phpunit 11.4.3 development ?",
    ]
