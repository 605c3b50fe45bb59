"""The ranking of alternatives, worked out ahead of the pages that show it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db import transaction

from apps.core.locks import hold_lock
from apps.tools.likeness import Traits, rank_alternatives
from apps.tools.models import Alternative, Integration, Package, Tool, ToolRepository

_COMPANION_KINDS = {Integration.Kind.EXTENDS, Integration.Kind.RUNS_ON, Integration.Kind.BUILT_WITH}


def replace_alternatives(*, compared: Iterable[tuple[int, int]]) -> int:
    """Rank the alternatives of every listed tool anew; answers the number of rows.

    `compared` are pairs of tools' ids, one for each time that a comparison names both.
    """
    with transaction.atomic(), hold_lock("alternatives"):
        traits = _traits(compared)
        groups: dict[int, list[Traits]] = defaultdict(list)
        for trait in traits.values():
            groups[trait.category].append(trait)
        rows = []
        for trait in traits.values():
            candidates = {other.id: other for other in groups[trait.category]}
            candidates |= {other: traits[other] for other in trait.compared if other in traits}
            for rank, (other, score) in enumerate(rank_alternatives(trait, candidates.values()), start=1):
                rows.append(
                    Alternative(tool_id=trait.id, other_id=other, rank=rank, likeness=round(score, 4))
                )
        Alternative.objects.all().delete()
        Alternative.objects.bulk_create(rows, batch_size=2000)
        return len(rows)


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
