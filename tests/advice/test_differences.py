from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.advice.differences import CONTEXT_CHARACTERS, MAX_PAIRS, Part, differences, shortened

# Few letters, so that much is alike.
texts = st.text("ab \n.", max_size=80)


def old_of(parts: list[Part]) -> str:
    return "".join(part.text for part in parts if part.kind != "new")


def new_of(parts: list[Part]) -> str:
    return "".join(part.text for part in parts if part.kind != "old")


def test_changed_words_are_told_from_those_that_stayed() -> None:
    found = differences("We run Flask on\ntwo servers.\n", "We run Django on\nthree big servers.\n")

    assert found == [
        Part("same", "We run "),
        Part("old", "Flask"),
        Part("new", "Django"),
        Part("same", " on\n"),
        Part("old", "two"),
        Part("new", "three big"),
        Part("same", " servers.\n"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "", []),
        ("the same", "the same", [Part("same", "the same")]),
        ("", "new", [Part("new", "new")]),
        ("old", "", [Part("old", "old")]),
    ],
)
def test_simple_texts_differ_simply(before: str, after: str, expected: list[Part]) -> None:
    assert differences(before, after) == expected


@settings(max_examples=60)
@given(texts, texts)
def test_pieces_make_up_both_texts(before: str, after: str) -> None:
    found = differences(before, after)

    assert (old_of(found), new_of(found)) == (before, after)
    assert all(part.text for part in found)
    assert all(one.kind != other.kind for one, other in pairwise(found))


WORDS = int(MAX_PAIRS**0.5)


def test_texts_too_long_to_compare_are_shown_as_replaced() -> None:
    before, after = "a " * WORDS + "same", "b " * WORDS + "same"

    assert differences(before, after) == [
        Part("old", before[:-5]),
        Part("new", after[:-5]),
        Part("same", " same"),
    ]


def test_only_so_many_words_of_one_text_are_compared() -> None:
    # Between lines that stay, each with more than half of what may be compared of a whole text.
    before, after = (
        "".join(f"{n}:\n{words}\n" for n in range(2))
        for words in (("x a " * (WORDS // 5), "a y " * (WORDS // 5)))
    )

    found = differences(before, after)

    assert (old_of(found), new_of(found)) == (before, after)
    second = found[[part.text.endswith("1:\n") for part in found].index(True) + 1 :]
    assert len(second) == 3 < len(found) - len(second)


def test_one_word_in_a_long_text_is_found() -> None:
    words = [f"word{n}" for n in range(3000)]
    found = differences(" ".join(words), " ".join([*words[:1500], "other", *words[1501:]]))

    assert [part for part in found if part.kind != "same"] == [
        Part("old", "word1500"),
        Part("new", "other"),
    ]


def test_long_pieces_that_stayed_are_cut_beside_the_change() -> None:
    long = "x" * (4 * CONTEXT_CHARACTERS)
    some = "y" * CONTEXT_CHARACTERS

    found = shortened(
        [Part("same", long), Part("new", "!"), Part("same", some), Part("old", "?"), Part("same", long)]
    )

    cut = Part("cut", "x" * 3 * CONTEXT_CHARACTERS)
    kept = Part("same", "x" * CONTEXT_CHARACTERS)
    assert found == [cut, kept, Part("new", "!"), Part("same", some), Part("old", "?"), kept, cut]


@settings(max_examples=40)
@given(
    st.lists(st.builds(Part, st.sampled_from(["same", "old", "new"]), st.integers(1, 900).map("a".__mul__)))
)
def test_shortened_pieces_say_the_same(parts: list[Part]) -> None:
    found = shortened(parts)

    assert (old_of(found), new_of(found)) == (old_of(parts), new_of(parts))
