"""The ranking of alternatives, worked out ahead of the pages that show it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db import connection, transaction

from apps.core.locks import hold_lock
from apps.tools.likeness import Traits, rank_all
from apps.tools.models import Alternative, Integration, Package, Tool, ToolRepository

_COMPANION_KINDS = {Integration.Kind.EXTENDS, Integration.Kind.RUNS_ON, Integration.Kind.BUILT_WITH}


# Some 50,000 rows: as objects they would cost more than the ranking.
_ADD = """
INSERT INTO tools_alternative (tool_id, other_id, rank, likeness)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::int[], %s::float8[])
"""


def replace_alternatives(*, compared: Iterable[tuple[int, int]]) -> int:
    """Rank the alternatives of every listed tool anew; answers the number of rows. Writes those of tools that changed.

    `compared` are pairs of tools' ids, one for each time that a comparison names both.
    """
    with transaction.atomic(), hold_lock("alternatives"):
        wanted = {
            id_: [(id_, other, rank, round(score, 4)) for rank, (other, score) in enumerate(ranked, start=1)]
            for id_, ranked in rank_all(_traits(compared))
        }
        former: dict[int, list[tuple[int, int, int, float]]] = defaultdict(list)
        columns = ("tool_id", "other_id", "rank", "likeness")
        for row in Alternative.objects.order_by("tool_id", "rank").values_list(*columns):
            former[row[0]].append(row)
        changed = [id_ for id_ in former.keys() | wanted.keys() if former.get(id_, []) != wanted.get(id_, [])]
        Alternative.objects.filter(tool__in=changed).delete()
        if rows := [row for id_ in changed for row in wanted.get(id_, [])]:
            with connection.cursor() as cursor:
                cursor.execute(_ADD, [list(column) for column in zip(*rows, strict=True)])
        return sum(map(len, wanted.values()))


def _traits(compared: Iterable[tuple[int, int]]) -> Mapping[int, Traits]:
    times: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for a, b in compared:
        times[a][b] += 1
        times[b][a] += 1
    ecosystems: dict[int, set[str]] = defaultdict(set)
    for tool_id, type_ in Package.objects.values_list("tool_id", "type"):
        ecosystems[tool_id].add(type_)
    neighbours: dict[int, set[int]] = defaultdict(set)
    companions: dict[int, set[int]] = defaultdict(set)
    for tool_id, other_id, kind in Integration.objects.values_list("tool_id", "other_id", "kind"):
        neighbours[tool_id].add(other_id)
        neighbours[other_id].add(tool_id)
        if kind in _COMPANION_KINDS:
            companions[tool_id].add(other_id)
    links = ToolRepository.objects.filter(is_primary=True, repository__stars__isnull=False)
    stars = dict(links.values_list("tool_id", "repository__stars"))
    rows = Tool.objects.listed().values_list("id", "function_id", "function__parent_id", "language")
    return {
        id_: Traits(
            id=id_,
            function=function,
            category=category or 0,
            language=language,
            ecosystems=frozenset(ecosystems[id_]),
            neighbours=frozenset(neighbours[id_]),
            companions=frozenset(companions[id_]),
            compared=dict(times[id_]),
            stars=stars.get(id_) or 0,
        )
        for id_, function, category, language in rows
    }
