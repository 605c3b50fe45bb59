"""Lines of names that a reader of TOML, JSON or XML found, at a bounded cost."""

import pytest

from apps.detection.parsers.places import MAX_MISSES, MAX_TRIES, Places, numbered
from apps.detection.sights import UnreadableError


def test_names_are_found_as_whole_words_in_their_order() -> None:
    places = Places("[a]\nreact-dom = 1\nreact = 2\n[b]\nreact = 3")
    assert places.seek("[a]") == 1
    assert [places.line(name) for name in ("react", "react", "react-dom")] == [3, 5, 2]


def test_seek_goes_to_the_top_when_no_heading_is_there() -> None:
    places = Places("a\nb\na")
    places.seek("b")
    assert places.seek("x", "y") is None
    assert places.line("a") == 1


def test_name_that_stands_only_within_others_has_no_line() -> None:
    assert Places("xa " * (MAX_TRIES + 1) + "\na").line("a") is None


def test_search_ends_after_many_misses() -> None:
    places = Places("here")
    assert [places.line(f"gone{at}") for at in range(MAX_MISSES)] == [None] * MAX_MISSES
    assert places.line("here") is None


def test_numbered_gives_lines_up_to_the_most() -> None:
    lines = numbered("a\n\nb", 2)
    assert [next(lines), next(lines)] == [(1, "a"), (2, "")]
    with pytest.raises(UnreadableError, match="more than 2 lines"):
        next(lines)
