import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from apps.core.folding import fold, names_address, one_line

ENGLISH = st.text(st.sampled_from("abcXYZ019 éÜñ"), min_size=1)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Fast, tiny CORE!", "fast tiny core"),
        ("  fast   tiny\ncore ", "fast tiny core"),
        ("Café Zürich", "cafe zurich"),
        ("Straße", "strasse"),
        ("C++ and C#", "c++ and c#"),
        ("snake_case", "snake_case"),
        ("Batteries included +", "batteries included"),
        ("_ Batteries ++ included # ", "batteries included"),
        ("++ _", "++ _"),
        ("e-mail", "e mail"),
        ("ﬁne", "fine"),
        ("１２", "12"),
        ("?!", "?!"),
        (" ? ! ", "? !"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_fold_leaves_what_a_text_says(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize("other", ["C", "C++", "C#"])
def test_fold_keeps_names_apart_that_differ_in_a_sign(other: str) -> None:
    assert [fold(name) == fold(other) for name in ("C", "C++", "C#")].count(True) == 1


@given(st.text(st.characters()))
@example("\u0301")
@example("İ")
def test_fold_of_what_is_folded_is_the_same(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(st.characters(), min_size=1))
@example("\u0301")
def test_fold_leaves_something_of_every_text(text: str) -> None:
    assume(text.strip())

    assert fold(text)


@given(ENGLISH)
def test_fold_ignores_case_and_spaces(text: str) -> None:
    assert fold(text.upper()) == fold(text.lower()) == fold(f"  {text.replace(' ', '   ')} ")


@given(ENGLISH, st.sampled_from(".,;:!?()[]'\"…–"))
def test_fold_ignores_punctuation_at_the_ends(text: str, sign: str) -> None:
    assume(text.strip())

    assert fold(f"{sign}{text}{sign}") == fold(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  One   file\r\nis\x0benough ", "One file is enough"),
        ("one \u200b file", "one file"),
        ("\u202eone\u2066", "one"),
        ("\u3164\u115f\u1160\uffa0", ""),
        ("김철수", "김철수"),
    ],
)
def test_one_line_leaves_what_is_seen(text: str, expected: str) -> None:
    assert one_line(text) == expected


@pytest.mark.parametrize(("text", "found"), [("See www.example.net", True), ("Node.js", False)])
def test_address_is_found(text: str, found: bool) -> None:
    assert names_address(text) is found
