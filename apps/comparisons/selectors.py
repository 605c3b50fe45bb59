"""Reads that join: what a stackup page shows, in a number of queries that does not depend on the tools."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from django.db.models import Prefetch, prefetch_related_objects
from django.utils import timezone

from apps.comparisons.matrix import Column, Section, matrix
from apps.comparisons.models import Comparison, ComparisonTool, DifferenceText
from apps.comparisons.services import canonical_slug
from apps.github.chart import StarChart, star_chart
from apps.github.models import Repository
from apps.tools import selectors as tools_selectors
from apps.tools.models import Alternative, Package, Point, Tool

ALTERNATIVES = 10
RELATED = 6

# The sides in their order; each has its colour and its kind of rule.
SIDES = ("a", "b", "c", "d")


@dataclass(frozen=True, slots=True)
class Side:
    """One tool of a stackup and all that is shown of it."""

    key: str
    tool: Tool
    repository: Repository | None
    integrations: Sequence[tools_selectors.Link]
    points: tools_selectors.Points
    pick_when: Sequence[str]


@dataclass(frozen=True, slots=True)
class Measure:
    """A count of every side, for the table of numbers; None: unknown. `days` are those that the counts are of,
    None for what is counted live on this site."""

    label: str
    values: Sequence[int | None]
    days: Sequence[date | None]

    @property
    def pairs(self) -> list[tuple[int | None, date | None]]:
        return list(zip(self.values, self.days, strict=True))

    @property
    def peak(self) -> int:
        return max([0, *(value for value in self.values if value)])


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """A numbered difference with a text for each side that it is about."""

    topic: str
    about: str
    texts: Sequence[tuple[Side, str]]


@dataclass(frozen=True, slots=True)
class WrittenComparison:
    """What was written about all the sides, or about some of them."""

    comparison: Comparison
    title: str
    differences: Sequence[DifferenceRow]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class RankedAlternative:
    """A tool like the sides, and the addresses of its comparison with each."""

    tool: Tool
    versus: Sequence[tuple[Tool, str]]


@dataclass(frozen=True, slots=True)
class RelatedStackup:
    """A comparison worth a link: of tools in the order of their slugs, and its row where it has one."""

    slug: str
    tools: Sequence[Tool]
    comparison: Comparison | None = None

    @property
    def title(self) -> str:
        return " vs ".join(tool.name for tool in self.tools)


@dataclass(frozen=True, slots=True)
class Stackup:
    """Everything on a stackup page."""

    slug: str
    title: str
    sides: Sequence[Side]
    measures: Sequence[Measure]
    written: Sequence[WrittenComparison]
    facts: Sequence[Section]
    chart: StarChart | None
    alternatives: Sequence[RankedAlternative]
    related: Sequence[RelatedStackup]

    @property
    def whole(self) -> WrittenComparison | None:
        """The text about exactly these tools."""
        return next((written for written in self.written if written.is_whole), None)

    @property
    def tools(self) -> list[Tool]:
        return [side.tool for side in self.sides]

    @property
    def points(self) -> list[Point]:
        """The pros and cons that are shown."""
        return [point for side in self.sides for point in side.points.shown]

    @property
    def counts(self) -> dict[str, int]:
        return {
            "differences": sum(len(written.differences) for written in self.written),
            "pros": sum(side.points.pro_count for side in self.sides),
            "cons": sum(side.points.con_count for side in self.sides),
        }


def stackup(tools: Sequence[Tool]) -> Stackup:
    """The stackup of two to four tools, sorted by slug, with their functions selected. Ten queries."""
    repositories = tools_selectors.repositories_of(tools)
    readings = tools_selectors.readings_of(list(repositories.values()))
    integrations = tools_selectors.integrations_of(tools)
    points = tools_selectors.points_of(tools)
    packages: dict[int, list[Package]] = defaultdict(list)
    for package in Package.objects.filter(tool__in=tools):
        packages[package.tool_id].append(package)
    compared = _comparisons_among(tools)
    sides = [
        Side(
            key=key,
            tool=tool,
            repository=repositories.get(tool.pk),
            integrations=integrations[tool.pk],
            points=points[tool.pk],
            pick_when=_pick_when(compared, tool, len(tools)),
        )
        for key, tool in zip(SIDES, tools, strict=False)
    ]
    columns = [
        Column(
            tool=side.tool,
            repository=side.repository,
            packages=packages[side.tool.pk],
        )
        for side in sides
    ]
    alternatives = _alternatives(tools)
    return Stackup(
        slug=canonical_slug([tool.slug for tool in tools]),
        title=" vs ".join(tool.name for tool in tools),
        sides=sides,
        measures=_measures(sides),
        written=_written(compared, sides),
        facts=matrix(columns, now=timezone.now()),
        chart=star_chart(
            {
                side.key: (side.tool.name, readings[side.repository.pk] if side.repository else [])
                for side in sides
            }
        ),
        alternatives=alternatives,
        related=_related(tools, [alternative.tool for alternative in alternatives]),
    )


def _measures(sides: Sequence[Side]) -> list[Measure]:
    days = [side.repository.figures_on if side.repository else None for side in sides]
    now = [None] * len(sides)
    return [
        Measure("Stacks", [side.tool.stack_count for side in sides], now),
        Measure("Followers", [side.tool.follower_count for side in sides], now),
        Measure("Votes", [side.tool.vote_count for side in sides], now),
        Measure("GitHub stars", [side.repository.stars if side.repository else None for side in sides], days),
        Measure("Forks", [side.repository.forks if side.repository else None for side in sides], days),
    ]


def _comparisons_among(tools: Sequence[Tool]) -> dict[Comparison, list[ComparisonTool]]:
    """The comparisons that have a text and name only `tools`, with their sides; those of most tools first."""
    ids = {tool.pk for tool in tools}
    slugs = [
        canonical_slug([tool.slug for tool in group])
        for size in range(len(tools), 1, -1)
        for group in combinations(tools, size)
    ]
    rows = ComparisonTool.objects.filter(comparison__slug__in=slugs, tool__in=ids).select_related(
        "comparison"
    )
    found: dict[Comparison, list[ComparisonTool]] = defaultdict(list)
    for row in rows:
        if row.comparison.summary:
            found[row.comparison].append(row)
    return dict(sorted(found.items(), key=lambda item: slugs.index(item[0].slug)))


def _pick_when(compared: dict[Comparison, list[ComparisonTool]], tool: Tool, size: int) -> list[str]:
    """When to pick `tool` over exactly the others."""
    for sides in compared.values():
        if len(sides) == size:
            return next((side.pick_when for side in sides if side.tool_id == tool.pk), [])
    return []


def _written(
    compared: dict[Comparison, list[ComparisonTool]], sides: Sequence[Side]
) -> list[WrittenComparison]:
    by_tool = {side.tool.pk: side for side in sides}
    texts: dict[int, dict[int, list[DifferenceText]]] = defaultdict(lambda: defaultdict(list))
    rows = DifferenceText.objects.filter(
        difference__comparison__in=list(compared), tool__in=list(by_tool)
    ).select_related("difference")
    for row in rows.order_by("difference__position"):
        texts[row.difference.comparison_id][row.difference_id].append(row)
    result = []
    for comparison, comparison_sides in compared.items():
        names = [side.tool.name for side in sides if side.tool.pk in {s.tool_id for s in comparison_sides}]
        differences = [
            DifferenceRow(
                topic=group[0].difference.topic,
                about=group[0].difference.about,
                texts=sorted(
                    ((by_tool[text.tool_id], text.text) for text in group), key=lambda pair: pair[0].key
                ),
            )
            for group in texts[comparison.pk].values()
        ]
        result.append(
            WrittenComparison(
                comparison, " vs ".join(names), differences, len(comparison_sides) == len(sides)
            )
        )
    return result


def _alternatives(tools: Sequence[Tool]) -> list[RankedAlternative]:
    """The tools most like all of `tools` together: by the sum of their likeness."""
    ids = [tool.pk for tool in tools]
    rows = Alternative.objects.filter(tool__in=ids, other__is_listed=True).exclude(other__in=ids)
    sums: dict[Tool, float] = defaultdict(float)
    for row in rows.select_related("other__function").order_by("rank"):
        sums[row.other] += row.likeness
    best = sorted(sums, key=lambda tool: (-sums[tool], tool.slug))[:ALTERNATIVES]
    return [
        RankedAlternative(tool, [(side, canonical_slug([tool.slug, side.slug])) for side in tools])
        for tool in best
    ]


def _related(tools: Sequence[Tool], alternatives: Sequence[Tool]) -> list[RelatedStackup]:
    """Comparisons that share a tool with this one, filled up with those of the tools and their alternatives."""
    this = canonical_slug([tool.slug for tool in tools])
    ids = [tool.pk for tool in [*tools, *alternatives]]
    about = Comparison.objects.listed().about(ids).exclude(slug=this)[:RELATED]
    found = {stackup.slug: stackup for stackup in with_tools(about)}
    for other in alternatives:
        for tool in tools:
            if len(found) < RELATED:
                pair = sorted([tool, other], key=lambda one: one.slug)
                slug = canonical_slug([tool.slug, other.slug])
                found.setdefault(slug, RelatedStackup(slug, pair))
    return list(found.values())


def with_tools(comparisons: Iterable[Comparison]) -> list[RelatedStackup]:
    """`comparisons` with their tools. One query, beside that of the rows."""
    rows = list(comparisons)
    prefetch_related_objects(rows, Prefetch("sides", ComparisonTool.objects.select_related("tool")))
    return [RelatedStackup(row.slug, [side.tool for side in row.sides.all()], row) for row in rows]


def stackups_about(tools: Sequence[Tool], *, limit: int) -> list[RelatedStackup]:
    """Comparisons that name any of `tools`. Two queries."""
    return with_tools(Comparison.objects.listed().about([tool.pk for tool in tools])[:limit])
