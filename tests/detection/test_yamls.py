"""YAML as plain values, of friends and of foes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.detection.parsers import yamls
from apps.detection.sights import UnreadableError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 3.10\nb: on\nc: ~\nd:\ne: ''", {"a": "3.10", "b": "on", "c": None, "d": None, "e": ""}),
        ("a: !Ref Table\nb: !ENV [X, y]\nc: !Sub {k: v}", {"a": "Table", "b": ["X", "y"], "c": {"k": "v"}}),
        ("script:\n  - !reference [.setup, script]\n  - make", {"script": [[".setup", "script"], "make"]}),
        ("a: !!python/object/apply:os.system [ls]", {"a": ["ls"]}),
        ("a: !!null ''\nb: !!int 3", {"a": "", "b": "3"}),
        ("a: 1\na: 2", {"a": "2"}),
        ("x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}", {"x": {"a": "1", "b": "2"}, "y": {"a": "1", "b": "3"}}),
        ("x: &x {a: 1}\ny: &y {a: 2, b: 2}\nz: {<<: [*x, *y]}", None),
        ("? [1, 2]\n: a\nb: c", {"b": "c"}),
        ("# a: 1\nb: 2 # c: 3", {"b": "2"}),
        ("- a\n- [b]", ["a", ["b"]]),
        ("", None),
        ("---\n---\n- a", ["a"]),
    ],
)
def test_load_takes_tags_for_what_they_stand_before(text: str, value: Any) -> None:
    loaded = yamls.load(text)

    if value is None and "z" in text:
        assert loaded["z"] == {"a": "1", "b": "2"}
    else:
        assert loaded == value


def test_load_all_gives_every_document() -> None:
    assert list(yamls.load_all("a: 1\n---\n- b\n---\n")) == [{"a": "1"}, ["b"], None]


def test_strings_know_their_lines() -> None:
    loaded = yamls.load("a:\n  - b\n  - |\n    c\n    d\n")

    assert [yamls.line_of(part) for part in (next(iter(loaded)), *loaded["a"])] == [1, 2, 3]
    assert yamls.line_of("plain") is None


def test_a_billion_laughs_are_refused_before_they_are_told() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{one}: &{one} [{', '.join([f'*{before}'] * 9)}]"
        for before, one in zip("abcdefghi", "bcdefghij", strict=True)
    ]

    with pytest.raises(UnreadableError) as refused:
        yamls.load("\n".join(lines))

    assert refused.value.reason == "unfolds to too many values"
    assert refused.value.line == 6


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("[" * 5000, "nested", 1),
        ("- " * 5000, "nested", 1),
        ("{a: " * 5000, "nested", 1),
        ("a: &a [*a]", "anchor", 1),
        ("b: 1\na: *missing", "anchor", 2),
        ("a:\n\tb: 1", "is not YAML", 2),
        ("a: b: c", "is not YAML", 1),
        ("a: 'x", "is not YAML", 1),
        ("a: \x00", "characters", None),
        ("a: \ud800", "characters", None),
    ],
)
def test_what_is_no_yaml_is_said_with_its_line(text: str, reason: str, line: int | None) -> None:
    with pytest.raises(UnreadableError) as refused:
        yamls.load(text)

    assert reason in refused.value.reason
    assert refused.value.line == line


_values = st.recursive(
    st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), min_size=1).filter(
        lambda text: text not in ("null", "~", "Null", "NULL")
    ),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet="abc", min_size=1), inner),
    max_leaves=8,
)


@given(_values)
def test_load_reads_what_a_writer_wrote(value: Any) -> None:
    assert yamls.load(json.dumps({"value": value})) == {"value": value}


@given(st.text(alphabet="ab:-[]{}&*!'\"\n #|>%?,\t<", max_size=60))
def test_load_never_fails_but_with_words(text: str) -> None:
    try:
        loaded = yamls.load(text)
    except UnreadableError:
        loaded = None
    assert loaded is None or isinstance(loaded, str | list | dict)
