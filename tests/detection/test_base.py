import pytest

from apps.detection.parsers.base import Lines, TextFile, Tree, check_brackets, load_json, load_toml, load_xml
from apps.detection.sights import UnreadableError


def test_tree_finds_the_nearest_file_above() -> None:
    tree = Tree({"a": "top", "x/a": "near", "x/y/b": ""})
    assert tree.nearest("x/y/b", "a") == TextFile("x/a", "near")
    assert tree.nearest("z/b", "a") == TextFile("a", "top")
    assert tree.nearest("a", "c") is None


def test_tree_finds_all_files_of_a_name() -> None:
    assert [file.path for file in Tree({"a": "", "x/a": "", "x/ba": ""}).named("a")] == ["a", "x/a"]


@pytest.mark.parametrize(("offset", "line"), [(0, 1), (1, 1), (2, 2), (3, 3), (4, 3)])
def test_lines_count_from_one(offset: int, line: int) -> None:
    assert Lines("a\n\nbc").at(offset) == line


def test_lines_find_a_text() -> None:
    lines = Lines("a\nb\na")
    assert (lines.of("b"), lines.of("a", 1), lines.of("c")) == (2, 3, None)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ('// top\n{"a": "http://x", /* b */ "c": [1, 2,], }', {"a": "http://x", "c": [1, 2]}),
        ('{"a": "/* no */ // comment"} // end', {"a": "/* no */ // comment"}),
        ('{"a": "\\" // x"}', {"a": '" // x'}),
        ('{"a": "[[["}', {"a": "[[["}),
    ],
)
def test_load_json_passes_over_comments_and_last_commas(text: str, value: object) -> None:
    assert load_json(text) == value


def test_load_json_says_where_it_breaks() -> None:
    with pytest.raises(UnreadableError) as caught:
        load_json('{\n "a": 1\n "b": 2}')
    assert caught.value.line == 3


@pytest.mark.parametrize("text", ["[" * 61, '{"a":' * 61, "[[" * 10**5])
def test_check_brackets_refuses_depth(text: str) -> None:
    with pytest.raises(UnreadableError, match="deep"):
        check_brackets(text)


def test_check_brackets_counts_what_is_open() -> None:
    check_brackets("[]{}" * 100 + "[" * 60 + '"[[["')


@pytest.mark.parametrize("text", ["9" * 5000, '{"a": ' + "9" * 5000 + "}"])
def test_load_json_refuses_endless_numbers(text: str) -> None:
    with pytest.raises(UnreadableError):
        load_json(text)


def test_load_toml_reads_and_says_where_it_breaks() -> None:
    assert load_toml("[a]\nb = 1") == {"a": {"b": 1}}
    with pytest.raises(UnreadableError) as caught:
        load_toml("a = 1\nb = =")
    assert caught.value.line == 2


@pytest.mark.parametrize("text", ["a = " + "9" * 5000, "a = 1\na = 2", "[a]\n[a]"])
def test_load_toml_refuses_what_is_none(text: str) -> None:
    with pytest.raises(UnreadableError):
        load_toml(text)


def test_load_xml_takes_namespaces_off() -> None:
    root = load_xml('<?xml version="1.0" encoding="utf-16"?>\n<p xmlns="urn:x"><!-- <a> --><b c="1"/></p>')
    assert root.tag == "p"
    assert [(child.tag, child.get("c")) for child in root if isinstance(child.tag, str)] == [("b", "1")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<a>", "is not XML"),
        ("<a>" * 61, "deep"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "entities"),
        (
            '<!DOCTYPE a SYSTEM "file:///etc/passwd" [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
            "entities",
        ),
        ("<a>\0</a>", "XML"),
    ],
)
def test_load_xml_refuses_hostile_text(text: str, words: str) -> None:
    with pytest.raises(UnreadableError, match=words):
        load_xml(text)


@pytest.mark.parametrize(
    "text", ["[" + "1," * 300_001 + "1]", "[" + "{}" * 300_001 + "]"], ids=["commas", "brackets"]
)
def test_load_json_refuses_more_values_than_memory_should_hold(text: str) -> None:
    with pytest.raises(UnreadableError, match="too many values"):
        load_json(text)


@pytest.mark.parametrize("text", ["a" + ".a" * 70 + " = 1", "#" * 300_001], ids=["dotted", "long"])
def test_load_toml_refuses_what_takes_long_to_read(text: str) -> None:
    with pytest.raises(UnreadableError):
        load_toml(text)


def test_lines_are_found_back_and_forth() -> None:
    lines = Lines("a\nb\nc\nd")
    assert [lines.at(offset) for offset in (6, 2, 4, 0, 7)] == [4, 2, 3, 1, 4]
