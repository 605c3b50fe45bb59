import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.stacks.versions import MAX_CHARACTERS, is_exact, is_lower, plain, says_the_same


@pytest.mark.parametrize(
    ("version", "number"),
    [
        ("^18.2.0", "18.2.0"),
        ("~> 3.1", "3.1"),
        (">=2,<3", "2"),
        ("==1.0.*", "1.0"),
        ("v1.4.2", "1.4.2"),
        ("16-alpine", "16"),
        ("3.12-slim-bookworm", "3.12"),
        ("5.0.0-rc.1", "5.0.0-rc.1"),
        ("4.2b1", "4.2b1"),
        ("lts", "lts"),
        ("bookworm", "bookworm"),
        ("*", ""),
        ("latest", ""),
        ("", ""),
        ("workspace:*", ""),
        ("9" * 100, "9" * MAX_CHARACTERS),
    ],
)
def test_plain_version_is_the_number_in_it(version: str, number: str) -> None:
    assert plain(version) == number


@pytest.mark.parametrize(
    ("version", "answer"),
    [
        ("1.2.3", True),
        ("==1.2.3", True),
        ("v1.2", True),
        ("1.2.3-rc.1", True),
        ("^1.2.3", False),
        ("16", False),
    ],
)
def test_version_is_exact_as_in_lock_files(version: str, answer: bool) -> None:
    assert is_exact(version) is answer


@pytest.mark.parametrize(
    ("a", "b", "answer"),
    [
        ("3", "3.1.2", True),
        ("3.1.2", "3", True),
        ("3", "3", True),
        ("3", "31", False),
        ("", "3", True),
        ("3.1", "3.2", False),
    ],
)
def test_less_exact_version_says_the_same(a: str, b: str, answer: bool) -> None:
    assert says_the_same(a, b) is answer


@pytest.mark.parametrize(
    ("a", "b", "answer"),
    [
        ("9", "10", True),
        ("10.0", "9.9", False),
        ("1.2", "1.2.1", True),
        ("lts", "18", True),
        ("2", "2", False),
    ],
)
def test_versions_compare_number_by_number(a: str, b: str, answer: bool) -> None:
    assert is_lower(a, b) is answer


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_has_a_short_plain_version_and_compares(a: str, b: str) -> None:
    assert len(plain(a)) <= MAX_CHARACTERS
    assert not (is_lower(a, b) and is_lower(b, a))
