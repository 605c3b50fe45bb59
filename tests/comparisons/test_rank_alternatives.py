import pytest

from apps.comparisons import tasks
from apps.comparisons.services import rank_alternatives
from apps.tools.models import Alternative, Tool
from stackshare.celery import app
from tests.factories.comparisons import make_comparison
from tests.factories.tools import FunctionFactory, ToolFactory

pytestmark = pytest.mark.django_db


def others_of(tool: Tool) -> list[Tool]:
    return [row.other for row in Alternative.objects.filter(tool=tool).select_related("other")]


def test_ranking_counts_every_pair_of_a_comparison() -> None:
    a, b, c, d = (ToolFactory(name=name) for name in "ABCD")
    make_comparison(b, c, d)
    make_comparison(c, d)

    rank_alternatives()

    assert others_of(d) == [c, b, a]
    assert others_of(a) == [b, c, d]


def test_ranking_looks_beyond_the_category_for_what_is_compared() -> None:
    elsewhere = FunctionFactory(slug="elsewhere", parent__slug="elsewhere")
    a, b = ToolFactory(name="A", language="Rust"), ToolFactory(name="B", language="Rust", function=elsewhere)
    for other in (ToolFactory(name="C", is_listed=False), ToolFactory(name="D", is_listed=False)):
        make_comparison(a, b, other)

    rank_alternatives()

    assert others_of(a) == [b]


def test_task_ranks_and_is_harmless_to_repeat() -> None:
    ToolFactory(name="A")
    ToolFactory(name="B")

    tasks.rank_alternatives()
    tasks.rank_alternatives()

    assert Alternative.objects.count() == 2


def test_task_is_the_one_that_beat_rings() -> None:
    names = {entry["task"] for entry in app.conf.beat_schedule.values()}

    assert tasks.rank_alternatives.name in names
