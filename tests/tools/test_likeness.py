import dataclasses
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.tools.likeness import (
    LEAST_LIKENESS,
    MOST_ALTERNATIVES,
    Traits,
    jaccard,
    likeness,
    rank_all,
    rank_alternatives,
)

small_ids = st.integers(1, 6)
ecosystems = st.frozensets(st.sampled_from(["pypi", "npm", "gem", "cargo"]))
traits = st.builds(
    Traits,
    id=small_ids,
    function=small_ids,
    category=st.integers(1, 2),
    language=st.sampled_from(["", "Python", "Rust"]),
    ecosystems=ecosystems,
    neighbours=st.frozensets(small_ids),
    companions=st.frozensets(small_ids),
    stars=st.integers(0, 100),
)


def make(pk: int, **values: object) -> Traits:
    return Traits(**{"id": pk, "function": 1, "category": 1} | values)  # type: ignore[arg-type]


def compare(a: Traits, b: Traits, times: int) -> tuple[Traits, Traits]:
    return dataclasses.replace(a, compared={b.id: times}), dataclasses.replace(b, compared={a.id: times})


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (make(1), make(2, function=2, category=2), 0.0),
        (make(1), make(2, function=2), 0.05),
        (make(1), make(2), 0.40),
        (make(1, language="Rust"), make(2, language="Rust"), 0.55),
        (make(1, language="Rust"), make(2, language="Python"), 0.40),
        (make(1, ecosystems=frozenset({"npm"})), make(2, ecosystems=frozenset({"npm", "pypi"})), 0.45),
        (make(1, neighbours=frozenset({7, 8, 9})), make(2, neighbours=frozenset({7})), 0.45),
        (make(1, compared={2: 1}), make(2, compared={1: 1}), 0.50),
        (make(1, compared={2: 9}), make(2, compared={1: 9}), 0.60),
    ],
)
def test_likeness_adds_up_what_two_tools_share(a: Traits, b: Traits, expected: float) -> None:
    assert likeness(a, b) == pytest.approx(expected)


def test_likeness_is_nothing_for_a_companion() -> None:
    framework, extension = make(1), make(2, companions=frozenset({1}))

    assert likeness(framework, extension) == 0.0


def test_likeness_counts_a_companion_when_people_compare_the_two() -> None:
    framework, extension = compare(make(1), make(2, companions=frozenset({1})), 1)

    assert likeness(framework, extension) == pytest.approx(0.50)


@given(a=traits, b=traits, times=st.integers(0, 5))
@settings(deadline=None)
def test_likeness_is_symmetric_and_a_share(a: Traits, b: Traits, times: int) -> None:
    a, b = compare(a, b, times)

    found = likeness(a, b)

    assert found == pytest.approx(likeness(b, a))
    assert 0.0 <= found <= 1.0 + 1e-9


@given(a=traits, b=traits, stars=st.integers(0, 10**6))
@settings(deadline=None)
def test_likeness_does_not_look_at_popularity(a: Traits, b: Traits, stars: int) -> None:
    assert likeness(a, b) == likeness(a, dataclasses.replace(b, stars=stars))


@given(a=ecosystems, b=ecosystems)
@settings(deadline=None)
def test_jaccard_is_one_only_for_equal_sets_that_hold_something(
    a: frozenset[object], b: frozenset[object]
) -> None:
    index = jaccard(a, b)

    assert (index == 1.0) == (a == b and bool(a))
    assert (index == 0.0) == (not a & b)
    assert index == jaccard(b, a)


def test_rank_puts_the_most_alike_first() -> None:
    tool = make(1, language="Rust")

    ranked = rank_alternatives(tool, [make(2), make(3, language="Rust"), make(4, function=2)])

    assert [pk for pk, _ in ranked] == [3, 2]


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        ([make(2, stars=5), make(3, stars=50)], [3, 2]),
        ([make(3, stars=5), make(2, stars=5)], [2, 3]),
    ],
)
def test_rank_breaks_ties_by_stars_then_by_id(candidates: list[Traits], expected: list[int]) -> None:
    assert [pk for pk, _ in rank_alternatives(make(1), candidates)] == expected


def test_rank_leaves_the_tool_itself_out() -> None:
    assert rank_alternatives(make(1), [make(1)]) == []


@given(tool=traits, others=st.lists(traits, max_size=30, unique_by=lambda other: other.id))
@settings(deadline=None)
def test_rank_is_in_order_and_above_the_least(tool: Traits, others: list[Traits]) -> None:
    ranked = rank_alternatives(tool, others)

    scores = [score for _, score in ranked]
    assert all(score >= LEAST_LIKENESS for score in scores)
    assert all(a >= b - 1e-6 for a, b in pairwise(scores))


def test_rank_ends_with_as_many_as_a_page_can_use() -> None:
    ranked = rank_alternatives(make(1), [make(pk) for pk in range(2, 40)])

    assert len(ranked) == MOST_ALTERNATIVES


@given(data=st.data(), tools=st.lists(traits, max_size=6, unique_by=lambda tool: tool.id))
@settings(deadline=None)
def test_rank_all_finds_what_looking_at_every_pair_finds(data: st.DataObject, tools: list[Traits]) -> None:
    compared = data.draw(
        st.frozensets(st.tuples(small_ids, small_ids).filter(lambda pair: pair[0] < pair[1]))
    )
    of = {
        tool.id: dataclasses.replace(
            tool,
            # A function is of one category.
            category=tool.function % 2,
            compared={b if tool.id == a else a: 1 for a, b in compared if tool.id in (a, b)},
        )
        for tool in tools
    }

    found = dict(rank_all(of))

    assert found == {
        tool.id: rank_alternatives(
            tool, [b for b in of.values() if b.category == tool.category or b.id in tool.compared]
        )
        for tool in of.values()
    }
