"""Tools with everything that a stackup page can show of them."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise

import pytest

from apps.github.models import StarReading
from apps.tools.models import Integration, Point, Tool
from tests.factories.accounts import UserFactory
from tests.factories.comparisons import make_comparison
from tests.factories.tools import (
    AlternativeFactory,
    IntegrationFactory,
    PackageFactory,
    PointFactory,
    StarReadingFactory,
    ToolFactory,
)

# More pros and cons than are shown.
READINGS, POINTS, LINKS, PACKAGES, ALTERNATIVES, DIFFERENCES = 90, 14, 12, 6, 12, 8


def prose(chance: random.Random, words: int) -> str:
    """Words of no language, which compress no better than those of one."""
    return " ".join("".join(chance.choices("etaoinshrdlu", k=chance.randint(2, 9))) for _ in range(words))


@pytest.fixture
def rich_tools(db: None) -> Callable[[int], list[Tool]]:
    """`rich_tools(4)`: so many tools sorted by slug, written about pair by pair and all together."""

    def make(count: int) -> list[Tool]:
        chance = random.Random(count)
        tools = [_rich_tool(chance, at) for at in range(count)]
        for tool, other in pairwise(tools):
            make_comparison(tool, other, differences=DIFFERENCES)
        if count > 2:
            make_comparison(*tools, differences=DIFFERENCES)
        make_comparison(tools[0], ToolFactory(name="Rival"))
        for at in range(ALTERNATIVES):
            other = ToolFactory(name=f"Other {at}", tagline=prose(chance, 12), logo="flask")
            for tool in tools:
                AlternativeFactory(tool=tool, other=other, rank=at + 1, likeness=0.9 - at / 100)
        return tools

    return make


def _rich_tool(chance: random.Random, at: int) -> Tool:
    tool: Tool = ToolFactory(
        name=f"Rich {at}",
        tagline=prose(chance, 12),
        description="\n\n".join(prose(chance, 60) for _ in range(3)),
        features=[prose(chance, 4)[:60] for _ in range(8)],
        website=f"https://rich-{at}.example",
        license="MIT",
        language="Rust",
        first_release="2015-05-15",
        facts_on=date(2026, 11, 22),
        stars=50_000 + at,
    )
    repository = tool.repository_links.get().repository
    StarReading.objects.bulk_create(
        StarReadingFactory.build(
            repository=repository,
            date=date(2019, 1, 1) + timedelta(days=30 * month),
            stars=500 * month + chance.randint(0, 400),
        )
        for month in range(READINGS)
    )
    for kind in Point.Kind:
        for _ in range(POINTS):
            PointFactory(tool=tool, kind=kind, text=prose(chance, 14)[:140], author=UserFactory())
    for number in range(LINKS):
        kind = list(Integration.Kind)[number % len(Integration.Kind)]
        IntegrationFactory(tool=tool, other=ToolFactory(name=f"Link {at} {number}"), kind=kind)
    for _ in range(PACKAGES):
        PackageFactory(tool=tool)
    return tool
