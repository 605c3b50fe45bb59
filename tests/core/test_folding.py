import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from apps.core.folding import fold

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
