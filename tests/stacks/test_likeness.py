"""How alike two stacks are, and the worker that ranks them."""

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from apps.stacks import likeness
from apps.stacks.likeness import LEAST_LIKENESS, MOST_SIMILAR, Crowd
from apps.stacks.models import SimilarStack, Stack
from apps.stacks.services.likeness import crowd, rank, rank_all_stacks, rank_due_stacks
from apps.tools.models import Tool
from tests.factories.stacks import ItemFactory, SimilarStackFactory, StackFactory
from tests.factories.tools import ToolFactory

stacks = st.dictionaries(st.integers(1, 8), st.frozensets(st.integers(1, 6), min_size=1), min_size=2)


def crowd_of(*tools: str) -> Crowd:
    """A letter is a tool; stacks are numbered from 1."""
    return Crowd({pk: frozenset(map(ord, found)) for pk, found in enumerate(tools, start=1)})


@given(stacks)
def test_likeness_is_symmetric_and_between_0_and_1(found: dict[int, frozenset[int]]) -> None:
    all_of_them = Crowd(found)
    a, b, *_ = found

    assert 0 <= all_of_them.likeness(a, b) <= 1
    assert all_of_them.likeness(a, b) == pytest.approx(all_of_them.likeness(b, a))
    assert all_of_them.likeness(a, a) == pytest.approx(1)


@given(stacks)
def test_ranking_is_that_of_the_likeness(found: dict[int, frozenset[int]]) -> None:
    all_of_them = Crowd(found)
    stack = next(iter(found))

    ranked = all_of_them.most_similar(stack)

    right = {
        other: all_of_them.likeness(stack, other)
        for other, tools in found.items()
        if other != stack and len(tools & found[stack]) >= 2
    }
    assert {other for other, _, _ in ranked} == {
        other for other, score in right.items() if round(score, 4) >= LEAST_LIKENESS
    }
    for other, score, shared in ranked:
        assert score == pytest.approx(right[other], abs=1e-4)
        assert shared == len(found[other] & found[stack])
    assert [score for _, score, _ in ranked] == sorted((score for _, score, _ in ranked), reverse=True)


def test_what_few_run_says_more_than_what_many_run() -> None:
    found = crowd_of("abx", "abz", "ab", "xz", "xyz", "ab", "ab")

    rare = found.likeness(1, 4)
    common = found.likeness(1, 3)

    assert found.likeness(4, 5) > common
    assert 0 < rare < 1
    assert found.likeness(3, 4) == 0.0


def test_one_tool_in_common_is_chance() -> None:
    assert crowd_of("ab", "ac", "xy").most_similar(1) == []


def test_ranking_has_an_end() -> None:
    assert len(crowd_of(*["abcd"] * 20, "xy").most_similar(1)) == MOST_SIMILAR


def test_those_who_share_what_is_rare_are_looked_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    found = crowd_of("abx", "abx", "ab", "ab", "cd")
    assert [other for other, _, _ in found.most_similar(1)] == [2, 3, 4]

    monkeypatch.setattr(likeness, "ENOUGH", 1)

    assert [other for other, _, _ in found.most_similar(1)] == [2]


@pytest.fixture
def tools(db: None) -> list[Tool]:
    tools: list[Tool] = ToolFactory.create_batch(4)
    return tools


def make(tools: list[Tool], **values: object) -> Stack:
    stack: Stack = StackFactory(**values)
    for tool in tools:
        ItemFactory(stack=stack, tool=tool)
    return stack


def test_worker_ranks_every_public_stack(tools: list[Tool]) -> None:
    alike, same = make(tools), make(tools)
    private = make(tools, visibility="private")
    make(tools[:1])
    old = SimilarStackFactory(stack=private, other=alike)

    assert rank_all_stacks() == 3

    rows = SimilarStack.objects.order_by("stack_id").values_list("stack", "other", "rank", "shared")
    assert list(rows) == [(alike.pk, same.pk, 1, 4), (same.pk, alike.pk, 1, 4)]
    assert not SimilarStack.objects.filter(pk=old.pk).exists()


def test_minor_tools_and_past_ones_make_nobody_alike(tools: list[Tool]) -> None:
    make(tools)
    other = make(tools)
    make([])
    Tool.objects.filter(pk=tools[0].pk).update(is_minor=True)
    Tool.objects.filter(pk=tools[1].pk).update(is_listed=False)
    other.items.filter(tool=tools[2]).update(until="2024")

    rank_all_stacks()

    assert not SimilarStack.objects.exists()


def test_worker_ranks_what_is_due(tools: list[Tool]) -> None:
    now = timezone.now()
    due, later = make(tools, likeness_due_at=now), make(tools, likeness_due_at=now + timedelta(hours=1))
    gone = make(tools, likeness_due_at=now, visibility="private")
    SimilarStackFactory(stack=gone, other=due)

    assert (rank_due_stacks(), rank_due_stacks()) == (2, 0)

    assert SimilarStack.objects.get().stack == due
    assert Stack.objects.get(likeness_due_at__isnull=False) == later


@pytest.mark.django_db(transaction=True)
def test_stack_that_is_deleted_meanwhile_holds_up_no_other() -> None:
    tools = ToolFactory.create_batch(5)
    like_gone, gone = make(tools[:3]), make(tools[:3])
    one, other = make(tools[3:]), make(tools[3:])
    read_before = crowd()
    gone.delete()

    assert rank(read_before, [like_gone.pk, gone.pk, one.pk, other.pk]) == 4

    rows = SimilarStack.objects.order_by("stack").values_list("stack", "other")
    assert list(rows) == [(one.pk, other.pk), (other.pk, one.pk)]
