"""Reads that join: what the pages of tools show."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector
from django.db import connection
from django.db.models import Case, Count, F, FilteredRelation, IntegerField, Q, QuerySet, Value, When, Window
from django.db.models.functions import Lower, RowNumber
from django.utils import timezone
from rapidfuzz import fuzz, process

from apps.accounts.models import User
from apps.github.growth import SPANS, Reading
from apps.github.models import Repository
from apps.tools.models import Category, Integration, Point, PointAnswer, Tool, ToolFollow, ToolRepository
from apps.tools.points import COMPARED_POINTS, POINTS_PAGE, READ_POINTS, SHOWN_POINTS, marks, similar

# Below this a name is no typing error of the other.
FUZZY_CUTOFF = 75
# Fewer make no list: a longer span shows more.
FEWEST_TRENDING = 10


@dataclass(frozen=True, slots=True)
class CategoryCount:
    """A node of the taxonomy, how many listed tools it holds, and its children that hold any."""

    node: Category
    count: int
    children: Sequence["CategoryCount"]


def taxonomy() -> list[CategoryCount]:
    """The whole tree with counts of listed tools; nodes without any are left out. One query."""
    nodes = list(
        Category.objects.annotate(count=Count("tools", filter=Q(tools__is_listed=True))).order_by(
            "position", "name"
        )
    )
    children: dict[int | None, list[Category]] = {}
    by_id = {node.pk: node for node in nodes}
    for node in nodes:
        children.setdefault(node.parent_id, []).append(node)
        if node.parent_id:
            # So that `trail` and the address cost no query.
            node.parent = by_id[node.parent_id]

    def build(node: Category) -> CategoryCount:
        below = [child for child in map(build, children.get(node.pk, [])) if child.count]
        own: int = node.count  # type: ignore[attr-defined]
        return CategoryCount(node, own + sum(child.count for child in below), below)

    return [layer for layer in map(build, children.get(None, [])) if layer.count]


# The spans over which growth is known, in days, and what follows "in".
TRENDING_SPANS = {7: "7 days", 90: "90 days", 365: "a year"}


def trending_days() -> int:
    """The shortest span, in days, over which enough tools are known to have grown; 90 where none has. One query."""
    spans = [span.days for span in SPANS]
    first, *others = [
        Tool.objects.trending(days)
        .annotate(days=Value(days))
        .values_list("days", flat=True)[:FEWEST_TRENDING]
        for days in spans
    ]
    known = Counter(first.union(*others, all=True))
    return next((days for days in spans if known[days] >= FEWEST_TRENDING), 90)


def repositories_of(tools: Sequence[Tool]) -> dict[int, Repository]:
    """The primary repository of each tool that has one, by the tool's id. One query."""
    links = ToolRepository.objects.filter(tool__in=tools, is_primary=True).select_related("repository")
    return {link.tool_id: link.repository for link in links}


# The readings of others, and the last one of each month of our own: one look-up by index for each month, where all of
# ten years would be 3,650 rows. None of a repository for which the row stood before.
_READINGS = """
WITH r AS (
    SELECT id, coalesce(same_since, '-infinity') AS since FROM github_repository WHERE id = ANY(%(ids)s)
)
SELECT r.id, date, stars, false AS is_own
FROM r JOIN github_starreading ON repository_id = r.id AND date >= r.since
UNION ALL
SELECT r.id, last.date, last.stars, true
FROM r
CROSS JOIN LATERAL (
    SELECT min(date) AS first, max(date) AS last FROM github_snapshot
    WHERE repository_id = r.id AND date >= r.since
) AS own
CROSS JOIN LATERAL generate_series(date_trunc('month', own.first::timestamp), own.last, '1 month') AS month
CROSS JOIN LATERAL (
    SELECT date, stars FROM github_snapshot
    WHERE repository_id = r.id AND date >= month::date AND date < (month + interval '1 month')::date
    ORDER BY date DESC LIMIT 1
) AS last
ORDER BY date, is_own
"""


def readings_of(repositories: Sequence[Repository]) -> dict[int, list[Reading]]:
    """What a chart shows of the stars of each repository, by its id, by ascending date: the monthly readings of others,
    and of what our workers read the last of each month. Ours where both are of one day. One query.
    """
    result: dict[int, dict[date, Reading]] = {repository.pk: {} for repository in repositories}
    with connection.cursor() as cursor:
        cursor.execute(_READINGS, {"ids": [*result]})
        for repository_id, day, stars, is_own in cursor.fetchall():
            result[repository_id][day] = Reading(day, stars, is_own)
    return {pk: [*readings.values()] for pk, readings in result.items()}


@dataclass(frozen=True, slots=True)
class Link:
    """An integration from one side: the words for it and the tool on the other side."""

    words: str
    other: Tool


def integrations_of(tools: Sequence[Tool]) -> dict[int, list[Link]]:
    """The integrations of each tool with listed ones, seen from its side, by its id. One query."""
    ids = {tool.pk for tool in tools}
    result: dict[int, list[Link]] = {pk: [] for pk in ids}
    rows = Integration.objects.filter(Q(tool__in=ids) | Q(other__in=ids)).select_related("tool", "other")
    for row in rows:
        if row.tool_id in ids and row.other.is_listed:
            result[row.tool_id].append(Link(row.get_kind_display(), row.other))
        if row.other_id in ids and row.tool.is_listed:
            result[row.other_id].append(Link(Integration.REVERSE[row.kind], row.tool))
    for links in result.values():
        links.sort(key=lambda link: (link.words, link.other.name.lower()))
    return result


@dataclass(frozen=True, slots=True)
class PointGroup:
    """The pros or the cons of a tool: how many there are, and those that a page shows, in their order."""

    kind: str
    count: int
    shown: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Points:
    """The pros and cons of a tool that were read, in the order of points.py, and how many there are."""

    tool: Tool
    pros: Sequence[Point]
    cons: Sequence[Point]
    pro_count: int
    con_count: int
    limit: int | None = None

    @property
    def groups(self) -> list[PointGroup]:
        """The two lists, each cut off after `limit`."""
        both = (
            (Point.Kind.PRO, self.pro_count, self.pros),
            (Point.Kind.CON, self.con_count, self.cons),
        )
        return [PointGroup(str(kind), count, rows[: self.limit]) for kind, count, rows in both]

    @property
    def total(self) -> int:
        return self.pro_count + self.con_count

    @property
    def is_cut(self) -> bool:
        return len(self.shown) < self.total

    @property
    def shown(self) -> list[Point]:
        """What a page shows of both lists: those whose votes it asks for."""
        return [point for group in self.groups for point in group.shown]


def points_of(tools: Sequence[Tool], *, limit: int = SHOWN_POINTS) -> dict[int, Points]:
    """The best pros and cons of each tool, by its id, with authors and marks; a page shows `limit` of each kind.

    One query.
    """
    return _points(tools, first=1, last=READ_POINTS, limit=limit)


def points_page(tool: Tool, number: int) -> Points:
    """Page `number`, from 1, of all pros and cons of `tool`, with authors and marks. One query, which costs the same
    for every page."""
    return _points([tool], first=(number - 1) * POINTS_PAGE + 1, last=number * POINTS_PAGE)[tool.pk]


def page_of(point: Point) -> int:
    """The number of the page of all pros and cons of its tool on which `point` stands. One query."""
    equal = Q(rank=point.rank)
    before = (
        Q(rank__gt=point.rank)
        | equal & Q(position__lt=point.position)
        | equal & Q(position=point.position, pk__lt=point.pk)
    )
    return Point.objects.filter(before, tool=point.tool_id, kind=point.kind).count() // POINTS_PAGE + 1


def _points(tools: Sequence[Tool], *, first: int, last: int, limit: int | None = None) -> dict[int, Points]:
    """Of each tool and kind those from place `first` to `last` by votes."""
    by_list: dict[str, Any] = {"partition_by": [F("tool"), F("kind")]}
    places = Point.objects.filter(tool__in=tools).annotate(
        place=Window(RowNumber(), order_by=[F("rank").desc(), F("position"), F("id")], **by_list),
        list_count=Window(Count("id"), **by_list),
    )
    rows: dict[tuple[int, str], list[Point]] = defaultdict(list)
    counts: dict[tuple[int, str], int] = {}
    # The first of each list in any case: it says how many there are.
    for point in _marked(places.filter(Q(place=1) | Q(place__range=(first, last)))):
        key = (point.tool_id, point.kind)
        counts[key] = point.list_count
        if point.place >= first:
            rows[key].append(point)
    # The rows come by votes, and sorting keeps the order among equals.
    for points in rows.values():
        points.sort(key=lambda point: bool(point.marks))
    found = {}
    for tool in tools:
        pro, con = (tool.pk, Point.Kind.PRO), (tool.pk, Point.Kind.CON)
        found[tool.pk] = Points(tool, rows[pro], rows[con], counts.get(pro, 0), counts.get(con, 0), limit)
    return found


def point_for(viewer: User | AnonymousUser, pk: int) -> Point | None:
    """A pro or con that `viewer` may see, with its tool, author and marks. One query."""
    points = Point.objects.filter(pk=pk, tool__in=Tool.objects.visible_to(viewer)).select_related("tool")
    return next(iter(_marked(points)), None)


def _marked(points: QuerySet[Point]) -> list[Any]:
    primary = FilteredRelation("tool__repository_links", condition=Q(tool__repository_links__is_primary=True))
    rows = (
        points.select_related("author")
        .annotate(main_link=primary)
        .annotate(latest_release=F("main_link__repository__latest_release"))
        .order_by("-rank", "position", "id")
    )
    today = timezone.localdate()
    for point in rows:
        point.marks = marks(
            about=point.about,
            true_count=point.true_count,
            outdated_count=point.outdated_count,
            latest_release=point.latest_release or "",
            today=today,
        )
    return list(rows)


def similar_points(tool: Tool, kind: str, text: str, *, but: int = 0) -> list[Point]:
    """The pros or cons of `tool` that say nearly what `text` says, the most alike first. One query."""
    best = Point.objects.filter(tool=tool, kind=kind).exclude(pk=but)[:COMPARED_POINTS]
    points = {point.pk: point for point in best}
    return [points[pk] for pk in similar(text, {pk: point.text for pk, point in points.items()})]


class MyAnswer(NamedTuple):
    """The reader's own answer to "Still true?", and whether it counts yet."""

    is_true: bool
    is_counted: bool


def answers_of(person: User | AnonymousUser, points: Sequence[Point]) -> dict[int, MyAnswer]:
    """What `person` answered to "Still true?", by the id of the point. One query, none for anonymous readers."""
    if not person.is_authenticated:
        return {}
    rows = PointAnswer.objects.filter(person=person, point__in=points)
    found = rows.values_list("point_id", "is_true", "is_counted")
    return {pk: MyAnswer(is_true, is_counted) for pk, is_true, is_counted in found}


def followed_ids(person: User | AnonymousUser, tools: Sequence[Tool]) -> set[int]:
    """The ids of those of `tools` that `person` follows. One query, none for anonymous readers."""
    if not person.is_authenticated:
        return set()
    rows = ToolFollow.objects.filter(person=person, tool__in=tools)
    return set(rows.values_list("tool_id", flat=True))


def new_points_for(person: User, since: datetime) -> list[tuple[str, str]]:
    """What others said after `since` of tools that `person` follows, newest first: texts and addresses. One query."""
    points = Point.objects.filter(tool__follows__person=person, tool__is_listed=True, created_at__gt=since)
    rows = points.exclude(author=person).select_related("tool").order_by("-id")
    return [
        (
            f"{point.tool.name}, {point.get_kind_display()}: {point.text} ({point.about})",
            point.get_absolute_url(),
        )
        for point in rows
    ]


def search_tools(query: str, *, limit: int) -> list[Tool]:
    """The listed tools that `query` names, best first: by name, by words of the text, or by likeness of the name; with
    their growth.

    Three queries at most. An empty query finds nothing.
    """
    query = " ".join(query.replace("\0", "").split())[:100]
    if not query:
        return []
    words = SearchQuery(query, config="english", search_type="websearch")
    vector = SearchVector("name", weight="A", config="english") + SearchVector(
        "tagline", weight="B", config="english"
    )
    lower = query.lower()
    named = (
        Tool.objects.listed()
        .with_function()
        .with_growth()
        .alias(name_key=Lower("name"), document=vector)
        .annotate(
            nearness=Case(
                When(name_key=lower, then=Value(0)),
                When(slug=lower, then=Value(0)),
                When(pk__in=Tool.objects.filter(aliases__slug=lower).values("pk"), then=Value(0)),
                When(name_key__startswith=lower, then=Value(1)),
                When(name_key__contains=lower, then=Value(2)),
                When(document=words, then=Value(3)),
                output_field=IntegerField(),
            ),
            relevance=SearchRank(vector, words),
            # Of many names that begin alike the best known is meant: "redi" is Redis, not one of its clients.
            fame=Case(When(nearness__in=(1, 2), then=F("stars"))),
        )
        .filter(nearness__isnull=False)
        .order_by("nearness", F("fame").desc(nulls_last=True), F("relevance").desc(), "name_key", "id")
    )
    found: list[Tool] = [*named[:limit]]
    return found or _misspelt(lower, limit)


def _misspelt(query: str, limit: int) -> list[Tool]:
    names = dict(Tool.objects.listed().values_list("pk", Lower("name")))
    close = process.extract(query, names, scorer=fuzz.ratio, score_cutoff=FUZZY_CUTOFF, limit=min(limit, 8))
    order = [pk for _, _, pk in close]
    tools = Tool.objects.with_function().with_growth().in_bulk(order)
    return [tools[pk] for pk in order]
