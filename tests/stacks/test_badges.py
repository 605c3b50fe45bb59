"""Badges as SVG: whole, safe, and as wide as what they say."""

from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from apps.stacks import badges

SVG = "{http://www.w3.org/2000/svg}"


def parsed(svg: str) -> Element:
    root: Element = fromstring(svg)
    return root


@given(
    st.lists(st.text(max_size=60), max_size=6),
    st.text(max_size=80),
    st.sampled_from(badges.THEMES),
    st.integers(0, 10**6),
)
def test_badge_is_whole_whatever_it_says(names: list[str], title: str, theme: str, count: int) -> None:
    root = parsed(badges.draw(value=badges.tools_value(names, count), title=title, theme=theme))

    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "style", "clipPath", "g", "rect", "text"}
    assert ("style" in tags) == (theme == "auto")
    assert int(root.attrib["width"]) < 600


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", '"/><image href="x"/>', "a\x00\x08b", "\u202eevil", "]]>", "&lt;"]
)
def test_hostile_name_is_text(name: str) -> None:
    root = parsed(badges.draw(value=badges.tools_value([name], 1), title=name, theme="light"))

    words = [element.text for element in root.iter(f"{SVG}text")]
    assert words == ["tech stack", badges.plain(name)]
    assert root.attrib["aria-label"] == badges.plain(name) == root.find(f"{SVG}title").text  # type: ignore[union-attr]
    assert not {"\x00", "\x08", "\u202e"} & set(badges.plain(name))


@pytest.mark.parametrize(
    ("names", "count", "words"),
    [
        ([], 0, "0 tools"),
        ([], 1, "1 tool"),
        ([], 1200, "1,200 tools"),
        (["Python"], 1, "Python"),
        (["Python", "Django"], 14, "Python · Django +12"),
        (["A", "B", "C", "D", "E"], 5, "A · B · C · D +1"),
        (["W" * 60], 3, "3 tools"),
        (["Python", "W" * 60, "Go"], 3, "Python +2"),
    ],
)
def test_value_names_what_has_room(names: list[str], count: int, words: str) -> None:
    assert badges.tools_value(names, count) == words


def test_widths_follow_the_letters() -> None:
    assert badges.text_width("") == 0
    assert badges.text_width("illi") < badges.text_width("mmmm")
    assert badges.text_width("e\u0301") == badges.text_width("e")
    assert badges.text_width("日本") == 22


def test_rule_for_the_dark_is_named_by_its_digest() -> None:
    svg = badges.draw(value="x", title="x", theme="auto")

    assert badges._AUTO_STYLE in svg
    assert badges.STYLE_SOURCE.startswith("'sha256-")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_stand_out(theme: str) -> None:
    def light(fill: str) -> float:
        parts = [int(fill[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    fills = badges._FILLS[theme]
    for behind, word in ((fills[0], fills[1]), (fills[2], fills[3])):
        low, high = sorted((light(behind), light(word)))
        assert (high + 0.05) / (low + 0.05) >= 4.5
