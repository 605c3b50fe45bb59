"""Whatever a file holds, each parser reads it or says that it can't, and the other files are read all the same."""

import json
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.detection.contents import decode
from apps.detection.detect import detect
from apps.detection.knowledge import Knowledge, KnownTool
from apps.detection.parsers.base import Parser, TextFile, Tree
from apps.detection.sights import File, Limits, Sight, UnreadableError
from tests.detection import hostile

KNOWN = Knowledge.of([KnownTool("left-pad", "Left pad", packages=frozenset({("npm", "left-pad")}))])
GOOD = File("sound/package.json", b'{"dependencies": {"left-pad": "1.0.0"}}')
# One pattern of each parser stands for the others.
BY_PARSER = list({parser.parse: (name, parser) for name, parser in hostile.NAMES}.values())
ids = [name for name, _ in BY_PARSER]


def parse(name: str, parser: Parser, text: str) -> list[Sight]:
    """What the parser gives; nothing where it says that it can't."""
    file = TextFile(f"a/{name}", text)
    sights: list[Sight] = []
    with suppress(UnreadableError):
        sights.extend(parser.parse(file, Tree({file.path: text, name: text})))
    for sight in sights:
        assert isinstance(sight.name, str)
        assert isinstance(sight.version, str)
        assert sight.path == file.path
        assert sight.line is None or sight.line >= 1
        assert 0 <= sight.confidence <= 1
    return sights


@pytest.mark.parametrize(("name", "parser"), BY_PARSER, ids=ids)
def test_parser_raises_nothing_else_on_texts_made_to_break_it(name: str, parser: Parser) -> None:
    for text in hostile.texts(2_000):
        parse(name, parser, text)


@pytest.mark.parametrize(("name", "parser"), BY_PARSER, ids=ids)
def test_parser_raises_nothing_else_when_any_value_is_of_any_type(name: str, parser: Parser) -> None:
    chance = random.Random(name)
    for _ in range(12):
        document = hostile.document(chance)
        for written in (hostile.as_json, hostile.as_yaml, hostile.as_toml, hostile.as_xml):
            parse(name, parser, written(document))


@pytest.mark.parametrize(
    ("name", "text"), hostile.SLOW, ids=[f"{at}-{name}" for at, (name, _) in enumerate(hostile.SLOW)]
)
def test_detect_comes_to_an_end_when_a_text_is_made_to_last(name: str, text: str) -> None:
    # Beside a catalog, for what is looked up once for each line.
    catalog = File("pnpm-workspace.yaml", b"catalog:\n" + b"".join(b"  a%d: 1\n" % at for at in range(2_000)))
    report = detect([File(name, text.encode()), catalog, GOOD], KNOWN)
    assert report.tools == ("left-pad",)


@pytest.mark.parametrize("read", [hostile.as_json, hostile.as_yaml, hostile.as_toml, hostile.as_xml])
def test_detect_says_nothing_of_mistakes_of_ours_when_values_are_of_wrong_types(
    read: Callable[[Any], str],
) -> None:
    chance = random.Random(7)
    files = [
        File(f"{at}/{name}", read(hostile.document(chance)).encode())
        for at, (name, _) in enumerate(BY_PARSER)
    ]
    report = detect([*files, GOOD], KNOWN)
    assert report.tools == ("left-pad",)
    assert not [unread for unread in report.unread if unread.reason == "could not be read"]


def test_detect_stops_within_a_file_when_its_time_is_over() -> None:
    manifest = json.dumps({"dependencies": {f"a{at}": "1" for at in range(100)}}).encode()
    files = [File("package.json", manifest), File("z/Gemfile", b"gem 'rails'")]
    report = detect(files, KNOWN, limits=Limits(seconds=0))
    reasons = {unread.path: unread.reason for unread in report.unread}
    assert set(reasons) == {"package.json", "z/Gemfile"}
    assert "takes too long" in reasons["z/Gemfile"]


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from([name for name, _ in hostile.NAMES]), st.binary(max_size=300)), max_size=4
    )
)
def test_detect_finds_the_sound_file_among_any_others(others: list[tuple[str, bytes]]) -> None:
    report = detect([*(File(path, content) for path, content in others), GOOD], KNOWN)
    assert report.tools == ("left-pad",)


@settings(max_examples=60)
@given(st.sampled_from([name for name, _ in hostile.NAMES]), st.text(max_size=300))
def test_detect_finds_the_sound_file_beside_any_text(name: str, text: str) -> None:
    content = text.encode("utf-8", errors="surrogatepass")
    report = detect([File(name, content), GOOD], KNOWN)
    assert report.tools == ("left-pad",)
    assert not any("\0" in unread.reason for unread in report.unread)


@settings(max_examples=60)
@given(st.lists(st.text(max_size=40), max_size=5))
def test_detect_finds_the_sound_file_whatever_the_paths_are(paths: list[str]) -> None:
    report = detect([*(File(path, b"{}") for path in paths), GOOD], KNOWN)
    assert report.tools == ("left-pad",)


@settings(max_examples=60)
@given(st.binary(max_size=200))
def test_decode_gives_text_for_any_bytes(content: bytes) -> None:
    assert "\r" not in decode(content)
