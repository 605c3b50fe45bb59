from collections.abc import Callable
from datetime import date, timedelta

import pytest

from apps.tools.models import Point, Tool
from tests.factories.comparisons import make_comparison
from tests.factories.tools import (
    AlternativeFactory,
    IntegrationFactory,
    PackageFactory,
    PointFactory,
    StarReadingFactory,
    ToolAliasFactory,
    ToolFactory,
)


@pytest.fixture
def make_rich_tool(db: None) -> Callable[..., Tool]:
    """`make_rich_tool("Flask", rows=20)`: a tool with so many rows of each kind around it."""

    def make(name: str, *, rows: int = 20) -> Tool:
        tool = ToolFactory(
            name=name,
            stars=72_014,
            license="BSD-3-Clause",
            language="Python",
            first_release="2010-04-01",
            website="https://www.example.org/docs",
            features=["Routing by decorator", "Local, REST and GraphQL APIs"],
            status=Tool.Status.DEPRECATED,
            successor=ToolFactory(name=f"Successor of {name}"),
            facts_on=date(2026, 11, 22),
        )
        repository = tool.repositories.get()
        for at in range(rows):
            other = ToolFactory(name=f"{name} {at}", stars=at)
            ToolAliasFactory(tool=tool)
            PackageFactory(tool=tool)
            PointFactory(tool=tool)
            PointFactory(tool=tool, kind=Point.Kind.CON)
            IntegrationFactory(tool=tool, other=other)
            IntegrationFactory(tool=other, other=tool)
            AlternativeFactory(tool=tool, other=other, rank=at)
            StarReadingFactory(
                repository=repository, date=date(2020, 1, 1) + timedelta(days=31 * at), stars=1000 * at
            )
            make_comparison(tool, other)
        return tool

    return make
