"""Stacks on the pages of tools and comparisons: evidence, adoption, moves, companions; nothing that is private."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.stacks.models import Adoption, Stack, Tier, UsedWith
from apps.stacks.services.items import add_items, drop_item
from apps.stacks.templatetags.tool_stacks import adoption_chart
from apps.tools.models import Tool
from tests.factories.stacks import ItemFactory, StackFactory
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db

HIDDEN: list[dict[str, Any]] = [{"visibility": "private"}, {"visibility": "unlisted"}]


@pytest.fixture
def flask() -> Tool:
    return ToolFactory(name="Flask", slug="flask")


@pytest.fixture
def django() -> Tool:
    return ToolFactory(name="Django", slug="django")


def shown(client: Client, path: str = "/tools/flask/") -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def move(person: User, old: Tool, new: Tool, *, why_not: str = "", **values: Any) -> Stack:
    stack = StackFactory(person=person, **values)
    (item,) = add_items(person=person, stack=stack, tools=[old])
    drop_item(person=person, item=item, until="2025-03", why_not=why_not, replaced_by=new)
    return stack


def test_tool_says_who_runs_it_on_what_evidence(client: Client, flask: Tool) -> None:
    proved = ItemFactory(tool=flask, tier=Tier.PROVED, stack__name="Proved one").stack
    ItemFactory(tool=flask, tier=Tier.CLAIMED, stack__name="Claimed one")
    Tool.objects.filter(pk=flask.pk).update(stack_count=2, proved_count=1)
    text = shown(client)
    assert text.index("Proved one") < text.index("Claimed one")
    assert f'href="{proved.get_absolute_url()}"' in text
    assert "/stacks/?tool=flask&amp;tier=proved" in text
    assert "/stacks/?tool=flask&amp;tier=claimed" in text
    assert "/stacks/?tool=flask&amp;tier=verified" not in text


def test_tool_that_nobody_runs_says_so(client: Client, flask: Tool) -> None:
    assert "No stack with Flask has been shared yet" in shown(client)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_stack_that_is_not_public_is_nowhere(
    client: Client, alice: User, flask: Tool, django: Tool, hidden: dict[str, Any]
) -> None:
    move(alice, flask, django, why_not="A secret reason.", name="Secret", **hidden)
    add_items(person=alice, stack=StackFactory(person=alice, name="Secret too", **hidden), tools=[flask])
    for path in ("/tools/flask/", "/tools/django/", "/stackups/django-vs-flask/"):
        text = shown(client, path)
        assert "Secret" not in text
        assert "secret reason" not in text
    flask.refresh_from_db()
    assert flask.stack_count == 0


def test_moves_are_told_on_both_tools_and_their_comparison(
    client: Client, alice: User, flask: Tool, django: Tool
) -> None:
    stack = move(alice, flask, django, why_not="We wrote an **admin** of our own, badly.")
    move(alice, flask, django)
    left, came = shown(client), shown(client, "/tools/django/")
    assert "Moved away from Flask" in left
    assert "Moved to Django" in came
    both = shown(client, "/stackups/django-vs-flask/")
    assert "Moves between them" in both
    for text in (left, came, both):
        assert "2 stacks" in text
        assert "<strong>admin</strong>" in text
        assert stack.get_absolute_url() in text


def test_what_is_used_with_it_is_named(client: Client, flask: Tool, django: Tool) -> None:
    Tool.objects.filter(pk=flask.pk).update(stack_count=5)
    UsedWith.objects.create(tool=flask, other=django, rank=1, stacks=4, lift=2.0)
    text = shown(client)
    assert "Used with Flask" in text
    assert "4 stacks" in text


def months(tool: Tool, *counts: tuple[int, int, int]) -> list[Adoption]:
    return [
        Adoption(tool=tool, month=date(2025, 1 + at, 1), claimed=claimed, verified=verified, proved=proved)
        for at, (claimed, verified, proved) in enumerate(counts)
    ]


def test_adoption_is_drawn_for_all_and_by_evidence(client: Client, flask: Tool) -> None:
    Adoption.objects.bulk_create(months(flask, (1, 0, 0), (1, 2, 0), (1, 2, 3)))
    Tool.objects.filter(pk=flask.pk).update(stack_count=6)
    text = shown(client)
    assert "Adoption over time" in text
    assert "All stacks: 1 stacks in Jan 2025, 6 in Mar 2025." in text
    # Each chart has an id of its own.
    assert text.count('id="chart-stacks"') == 1


def test_adoption_leaves_out_evidence_that_nobody_has(flask: Tool) -> None:
    chart = adoption_chart(months(flask, (1, 0, 0), (2, 1, 0)))
    assert chart
    assert [(line.name, line.last.count) for line in chart.lines] == [("All stacks", 3), ("With evidence", 1)]
    assert adoption_chart([]) is None
    assert adoption_chart(months(flask, (1, 0, 0))) is None


def test_comparison_counts_stacks_by_evidence(client: Client, flask: Tool, django: Tool) -> None:
    Tool.objects.filter(pk=django.pk).update(stack_count=3, verified_count=2, proved_count=1)
    text = shown(client, "/stackups/django-vs-flask/")
    assert "3 stacks with Django" in text
    assert "0 stacks with Flask" in text
    assert "Of these proved" in text
    assert "/stacks/?tool=django&amp;tier=verified" in text


def test_tool_costs_the_same_for_more_stacks(
    client: Client, alice: User, flask: Tool, django: Tool, count_queries: Callable[..., Any]
) -> None:
    def share() -> None:
        add_items(person=alice, stack=StackFactory(person=alice), tools=[flask])
        move(alice, django, flask, why_not="Smaller.")

    share()
    with count_queries(at_most=17) as few:
        shown(client)
    for _ in range(4):
        share()
    with count_queries(at_most=len(few)):
        shown(client)
